#include "edgegen/image/dsp_part.h"

EG_IMAGE_DEFINE_LUMA_DSP(eg_image_gray_to_levels_dsp, 1, false, EG_IMAGE_LEVELS_DSP)
