#include "edgegen/nn/fully_connected_s16.h"

#include "edgegen/nn/dot_product.h"
#include "edgegen/nn/dot_product_s16.h"

void eg_run_fully_connected_s16(const eg_fully_connected_s16 *layer, const int16_t *input,
                                int16_t *output)
{
    const int32_t channels = layer->output_depth;

    for (int32_t batch = 0; batch < layer->batches; ++batch) {
        for (int32_t o = 0; o < channels; o += EG_LANES) {
            const int32_t end = o + EG_LANES < channels ? o + EG_LANES : channels;
            eg_sums_s16 sums = eg_no_sums_s16(layer->output.products);
            int32_t offsets[EG_LANES];

            eg_lane_offsets(o, channels, layer->input_depth, offsets);
            eg_add_products_s16(input, layer->weights, offsets, layer->input_depth,
                                layer->output.products, &sums);
            eg_write_outputs_s16(&layer->output, sums.carried, sums.recent, o, end, output);
        }
        input += layer->input_depth;
        output += channels;
    }
}
