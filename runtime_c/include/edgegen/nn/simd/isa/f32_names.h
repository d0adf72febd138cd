/* The instruction sets that the float kernels of nn/simd exist for. */
#ifndef EDGEGEN_NN_SIMD_ISA_F32_NAMES_H
#define EDGEGEN_NN_SIMD_ISA_F32_NAMES_H

/* DECLARE(NAME) for each. */
#define EG_SIMD_F32_FUNCTIONS(DECLARE)                                                             \
    DECLARE(avx2);                                                                                 \
    DECLARE(neon);                                                                                 \
    DECLARE(wasm)

#endif /* EDGEGEN_NN_SIMD_ISA_F32_NAMES_H */
