#include "edgegen/image/dsp_part.h"

EG_IMAGE_DEFINE_COLORS_DSP(eg_image_rgb_to_levels_dsp, 0, EG_IMAGE_LEVELS_DSP)
