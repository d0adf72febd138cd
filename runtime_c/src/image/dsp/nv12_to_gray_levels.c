#include "edgegen/image/dsp_part.h"

EG_IMAGE_DEFINE_LUMA_DSP(eg_image_nv12_to_gray_levels_dsp, 1, true, EG_IMAGE_LEVELS_DSP)
