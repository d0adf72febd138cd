/* Float arithmetic as it is written: every operation rounds to its type, none are fused. Then a
 * formula gives the same bits on every machine. To be included before any such function. */
#ifndef EDGEGEN_EXACT_FLOAT_H
#define EDGEGEN_EXACT_FLOAT_H

#include <float.h>

#if defined(FLT_EVAL_METHOD) && (FLT_EVAL_METHOD == 1 || FLT_EVAL_METHOD == 2)
#error "edgegen: this compiler keeps floats in a wider type; compile with -msse2 -mfpmath=sse"
#endif

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__) && defined(__FP_FAST_FMAF) && !defined(__STRICT_ANSI__)
#pragma GCC optimize("fp-contract=off") /* -std=c99 implies it, -std=gnu99 doesn't */
#endif

#endif /* EDGEGEN_EXACT_FLOAT_H */
