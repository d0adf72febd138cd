#include "edgegen/nn/mve/conv_2d.h"

void eg_run_pointwise_s8_mve(const eg_pointwise_s8_mve *layer, const int8_t *input, int8_t *output)
{
    layer->multiply(&layer->matrix, &layer->positions, input, output);
}
