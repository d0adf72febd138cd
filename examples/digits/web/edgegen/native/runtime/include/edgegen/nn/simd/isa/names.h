/* The instruction sets that kernels of nn/simd exist for. */
#ifndef EDGEGEN_NN_SIMD_ISA_NAMES_H
#define EDGEGEN_NN_SIMD_ISA_NAMES_H

/* DECLARE(NAME) for each. */
#define EG_SIMD_FUNCTIONS(DECLARE)                                                                 \
    DECLARE(avx2);                                                                                 \
    DECLARE(dotprod);                                                                              \
    DECLARE(neon);                                                                                 \
    DECLARE(vnni);                                                                                 \
    DECLARE(wasm)

#endif /* EDGEGEN_NN_SIMD_ISA_NAMES_H */
