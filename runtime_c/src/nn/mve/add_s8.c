#include "edgegen/nn/mve/elementwise.h"

#include "edgegen/fixed_point.h"
#include "edgegen/isa_mve.h"

#if EG_HAS_MVE

/* Four elements in 8 instructions: a saturating shift to the left by 24 - shift, then one to the
 * right by 24, is what cuts off at both ends. */
void eg_run_add_s8_mve(const eg_add_s8_mve *layer, const int8_t *input1, const int8_t *input2,
                       int8_t *output)
{
    __asm__ volatile("vdup.32 q2, %[factor1]\n\t"
                     "dlstp.32 lr, %[elements]\n"
                     "1:\n\t"
                     "vldrb.s32 q0, [%[input1]], #4\n\t"
                     "vldrb.s32 q1, [%[input2]], #4\n\t"
                     "vmlas.s32 q0, q2, %[constant]\n\t"
                     "vmla.s32 q0, q1, %[factor2]\n\t"
                     "vqshl.s32 q0, %[left]\n\t"
                     "vshr.s32 q0, q0, #24\n\t"
                     "vstrb.32 q0, [%[output]], #4\n\t"
                     "letp lr, 1b"
                     : [input1] "+l"(input1), [input2] "+l"(input2), [output] "+l"(output)
                     : [factor1] "r"(layer->factor1), [factor2] "r"(layer->factor2),
                       [constant] "r"(layer->constant), [left] "r"(24 - layer->shift),
                       [elements] "r"(layer->elements)
                     : "lr", "q0", "q1", "q2", "memory", "cc");
}

#else

void eg_run_add_s8_mve(const eg_add_s8_mve *layer, const int8_t *input1, const int8_t *input2,
                       int8_t *output)
{
    for (int32_t i = 0; i < layer->elements; ++i) {
        const int32_t sum =
            layer->constant + input1[i] * layer->factor1 + input2[i] * layer->factor2;

        output[i] = (int8_t)eg_clamp_i32(sum >> layer->shift, -128, 127);
    }
}

#endif
