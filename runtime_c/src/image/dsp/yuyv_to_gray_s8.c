#include "edgegen/image/dsp_part.h"

EG_IMAGE_DEFINE_LUMA_DSP(eg_image_yuyv_to_gray_s8_dsp, 2, true, EG_IMAGE_S8_DSP)
