/* Helium (MVE), the vectors of Armv8.1-M, that the fast int8 kernels are written with.
 *
 * A kernel's inner loop is a block of instructions where EG_HAS_MVE, and C that computes the same
 * elsewhere, so that it can be tested on any machine: also without optimisation, for then no
 * compiler finds the registers that the blocks ask for.
 */
#ifndef EDGEGEN_ISA_MVE_H
#define EDGEGEN_ISA_MVE_H

#include <stdint.h>
#include <string.h>

#if defined(__ARM_FEATURE_MVE) && __ARM_FEATURE_MVE && defined(__OPTIMIZE__)
#define EG_HAS_MVE 1
#include <arm_mve.h>
#else
#define EG_HAS_MVE 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if EG_HAS_MVE

/* memset, 16 bytes in 2 instructions. */
static inline void eg_fill(int8_t *to, int32_t value, int32_t bytes)
{
    __asm__ volatile("vdup.8 q0, %[value]\n\t"
                     "wlstp.8 lr, %[bytes], 2f\n"
                     "1:\n\t"
                     "vstrb.8 q0, [%[to]], #16\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [to] "+r"(to)
                     : [bytes] "r"(bytes), [value] "r"(value)
                     : "q0", "lr", "memory", "cc");
}

/* Copies `lines` times `bytes` bytes, 16 in 3 instructions; the lines lie `from_step` and `to_step`
 * bytes apart. lines is positive. */
static inline void eg_copy_lines(int8_t *to, int32_t to_step, const int8_t *from, int32_t from_step,
                                 int32_t bytes, int32_t lines)
{
    if (bytes <= 16) {
        __asm__ volatile("vctp.8 %[bytes]\n\t"
                         "dls lr, %[lines]\n"
                         "1:\n\t"
                         "vpstt\n\t"
                         "vldrbt.u8 q0, [%[from]]\n\t"
                         "vstrbt.8 q0, [%[to]]\n\t"
                         "add %[from], %[from], %[from_step]\n\t"
                         "add %[to], %[to], %[to_step]\n\t"
                         "le lr, 1b"
                         : [to] "+r"(to), [from] "+r"(from)
                         : [bytes] "r"(bytes), [lines] "r"(lines), [from_step] "r"(from_step),
                           [to_step] "r"(to_step)
                         : "q0", "lr", "memory", "cc");
        return;
    }
    __asm__ volatile("sub %[from_step], %[from_step], %[moved]\n\t"
                     "sub %[to_step], %[to_step], %[moved]\n"
                     "1:\n\t"
                     "dlstp.8 lr, %[bytes]\n"
                     "2:\n\t"
                     "vldrb.u8 q0, [%[from]], #16\n\t"
                     "vstrb.8 q0, [%[to]], #16\n\t"
                     "letp lr, 2b\n\t"
                     "add %[from], %[from], %[from_step]\n\t"
                     "add %[to], %[to], %[to_step]\n\t"
                     "subs %[lines], %[lines], #1\n\t"
                     "bne 1b"
                     : [to] "+r"(to), [from] "+r"(from), [lines] "+r"(lines),
                       [from_step] "+r"(from_step), [to_step] "+r"(to_step)
                     : [bytes] "r"(bytes), [moved] "r"((bytes + 15) / 16 * 16)
                     : "q0", "lr", "memory", "cc");
}

#else

static inline void eg_fill(int8_t *to, int32_t value, int32_t bytes)
{
    memset(to, value, (size_t)bytes);
}

static inline void eg_copy_lines(int8_t *to, int32_t to_step, const int8_t *from, int32_t from_step,
                                 int32_t bytes, int32_t lines)
{
    for (; lines > 0; --lines) {
        memcpy(to, from, (size_t)bytes);
        to += to_step;
        from += from_step;
    }
}

#endif

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_ISA_MVE_H */
