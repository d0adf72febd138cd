/* What one would write for a model by hand: bilinear in float, one loop, nothing clever. */
#ifndef PEER_IMAGE_H
#define PEER_IMAGE_H

#include <stdint.h>

typedef struct peer_image {
    const uint8_t *pixels;
    int32_t width, height;
} peer_image;

/* level * scale + offset, quantised. */
typedef struct peer_tensor {
    int8_t *to;
    int32_t width, height;
    float scale[3], offset[3];
    float quant_scale;
    int32_t zero_point;
} peer_tensor;

void peer_rgb(peer_image image, peer_tensor tensor);
void peer_gray(peer_image image, peer_tensor tensor);
void peer_yuyv_as_gray(peer_image image, peer_tensor tensor);

#endif /* PEER_IMAGE_H */
