#include "edgegen/image/dsp_part.h"

EG_IMAGE_DEFINE_COLORS_DSP(eg_image_rgb_to_s8_dsp, 0, EG_IMAGE_S8_DSP)
