/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */
/* digits: read the camera, preprocess, infer, act.
 *
 * As it stands it runs on a synthetic camera and prints what the model makes of it. FILL IN marks
 * what makes it your product.
 */
#include <cstddef>
#include <cstdint>

#include "console.h"
#include "port.h"
#include "digits/labels.h"
#include "digits/model.h"
#include "digits/preprocess.h"

namespace
{

constexpr int kFrames = 3; // FILL IN: a product loops for ever

// The model's working memory. Startup code does not clear it.
alignas(DIGITS_ARENA_ALIGNMENT) std::uint8_t arena[DIGITS_ARENA_BYTES]
    __attribute__((section(".bss.noinit")));

void require(const char *where, eg_status status)
{
    if (status == EG_OK) {
        return;
    }
    eg_console_text(where);
    eg_console_text(": ");
    eg_console_text(eg_status_text(status));
    eg_console_text("\n");
    eg_port_exit(1);
}

// FILL IN: the camera's next frame for input 0: 64 x 48 pixels, gray8, rows without gaps.
// Here: a slope that moves from frame to frame.
const std::uint8_t *camera_frame_0(int frame)
{
    static std::uint8_t bytes[DIGITS_FRAME_0_BYTES];
    for (std::size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = static_cast<std::uint8_t>(i + static_cast<std::size_t>(frame) * 16U);
    }
    return bytes;
}

// Frames -> model inputs, as they were in training: edgegen.toml says how.
void preprocess(int frame)
{
    const eg_image image_0 = digits_frame_0(camera_frame_0(frame));
    require("preprocess", digits_preprocess_0(&image_0));
}

// Element `i` of output 0 as a real value.
float output_0(std::size_t i)
{
    const int steps = digits_output_0()[i] - DIGITS_OUTPUT_0_ZERO_POINT;
    return DIGITS_OUTPUT_0_SCALE * static_cast<float>(steps);
}

std::size_t top_class()
{
    std::size_t best = 0;
    for (std::size_t i = 1; i < DIGITS_OUTPUT_0_ELEMENTS; i++) {
        if (output_0(i) > output_0(best)) {
            best = i;
        }
    }
    return best;
}

// Model outputs -> the world. FILL IN: thresholds, debouncing, the actuator.
void act()
{
    const std::size_t best = top_class();
    eg_console_text(digits_labels[best]);
    eg_console_text(" ");
    eg_console_float(output_0(best));
    eg_console_text("\n");
}

} // namespace

int main()
{
    eg_port_init();
    require("init", digits_init(arena, sizeof arena));
    for (int frame = 0; frame < kFrames; frame++) {
        preprocess(frame);
        require("invoke", digits_invoke());
        act();
    }
    eg_port_exit(0);
}
