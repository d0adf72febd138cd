/* What this processor has beyond what the program was compiled for: asked when a program chooses
 * among ways to compute the same. */
#ifndef EDGEGEN_CPU_H
#define EDGEGEN_CPU_H

#include <stdbool.h>

#if defined(__linux__) && (defined(__arm__) || defined(__aarch64__))
#include <sys/auxv.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* NEON: every AArch64 has it; of Armv7-A, Linux says. */
static inline bool eg_cpu_has_neon(void)
{
#if defined(__ARM_NEON)
    return true;
#elif defined(__arm__) && defined(__linux__)
    const unsigned long neon = 1UL << 12; /* HWCAP_NEON of Linux's <asm/hwcap.h> for Arm */

    return (getauxval(AT_HWCAP) & neon) != 0;
#else
    return false;
#endif
}

#if defined(__aarch64__)

/* The dot product of Armv8.2. */
static inline bool eg_cpu_has_dotprod(void)
{
#if defined(__ARM_FEATURE_DOTPROD)
    return true;
#elif defined(__linux__)
    const unsigned long dotprod = 1UL << 20; /* HWCAP_ASIMDDP of Linux's <asm/hwcap.h> for Arm64 */

    return (getauxval(AT_HWCAP) & dotprod) != 0;
#else
    return false;
#endif
}

#endif

#if defined(__x86_64__)

static inline bool eg_cpu_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}

/* AVX-512's VNNI, in vectors of 256 bits. */
static inline bool eg_cpu_has_vnni(void)
{
    return eg_cpu_has_avx2() && __builtin_cpu_supports("avx512vl") != 0 &&
           __builtin_cpu_supports("avx512vnni") != 0;
}

#endif

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_CPU_H */
