#include "edgegen/image/dsp_part.h"

EG_IMAGE_DEFINE_COLORS_DSP(eg_image_rgb_reversed_to_u8_dsp, 2, EG_IMAGE_U8_DSP)
