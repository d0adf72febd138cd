#include "edgegen/nn/dot_product.h"
#include "edgegen/nn/fully_connected.h"

void eg_run_fully_connected_s8(const eg_fully_connected_s8 *layer, const int8_t *input,
                               int8_t *output)
{
    const int32_t channels = layer->output_depth;

    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        for (int32_t o = 0; o < channels; o += EG_LANES) {
            const int32_t end = o + EG_LANES < channels ? o + EG_LANES : channels;
            uint32_t sums[EG_LANES] = {0};
            int32_t offsets[EG_LANES];

            eg_lane_offsets(o, channels, layer->input_depth, offsets);
            eg_dot_products_s8(input, layer->weights, offsets, layer->input_depth, sums);
            eg_write_outputs_s8(&layer->output, sums, o, end, output);
        }
        input += layer->input_depth;
        output += channels;
    }
}
