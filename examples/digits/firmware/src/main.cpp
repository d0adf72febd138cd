/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */
/* digits: read the sensor, preprocess, infer, act.
 *
 * As it stands it runs on a synthetic sensor and prints what the model makes of it. FILL IN marks
 * what makes it your product.
 */
#include <cstddef>
#include <cstdint>
#include <limits>

#include "console.h"
#include "port.h"
#include "digits/labels.h"
#include "digits/model.h"

namespace
{

constexpr int kFrames = 3; // FILL IN: a product loops for ever

// The model's working memory. Startup code does not clear it.
alignas(DIGITS_ARENA_ALIGNMENT) std::uint8_t arena[DIGITS_ARENA_BYTES]
    __attribute__((section(".bss.noinit")));

// FILL IN: sample `i` of a frame, in the unit that the model was trained on.
// Here: a triangle wave between -1 and 1 that moves from frame to frame.
float read_sensor(int frame, std::size_t i)
{
    constexpr std::size_t kHalf = 32;
    const std::size_t phase = (i + static_cast<std::size_t>(frame) * 7U) % (2U * kHalf);
    const std::size_t height = phase < kHalf ? phase : 2U * kHalf - phase;
    return static_cast<float>(height) * (2.0F / static_cast<float>(kHalf)) - 1.0F;
}

// real = scale * (element - zero_point), rounded to nearest and saturated.
template <typename Element>
Element quantise(float real, float scale, int zero_point)
{
    using Limits = std::numeric_limits<Element>;
    const float element = real / scale + static_cast<float>(zero_point);
    const float rounded = element + (element < 0.0F ? -0.5F : 0.5F);
    if (!(rounded > static_cast<float>(Limits::lowest()))) {
        return Limits::lowest();
    }
    if (rounded >= static_cast<float>(Limits::max())) {
        return Limits::max();
    }
    return static_cast<Element>(rounded);
}

// Sensor -> model inputs. FILL IN: scaling, windowing, features, as they were in training.
void preprocess(int frame)
{
    int8_t *const input_0 = digits_input_0();
    for (std::size_t i = 0; i < DIGITS_INPUT_0_ELEMENTS; i++) {
        const float real = read_sensor(frame, i);
        input_0[i] = quantise<int8_t>(real, DIGITS_INPUT_0_SCALE,
                                       DIGITS_INPUT_0_ZERO_POINT);
    }
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

[[noreturn]] void stop(const char *where, eg_status status)
{
    eg_console_text(where);
    eg_console_text(": ");
    eg_console_text(eg_status_text(status));
    eg_console_text("\n");
    eg_port_exit(1);
}

} // namespace

int main()
{
    eg_port_init();
    eg_status status = digits_init(arena, sizeof arena);
    if (status != EG_OK) {
        stop("init", status);
    }
    for (int frame = 0; frame < kFrames; frame++) {
        preprocess(frame);
        status = digits_invoke();
        if (status != EG_OK) {
            stop("invoke", status);
        }
        act();
    }
    eg_port_exit(0);
}
