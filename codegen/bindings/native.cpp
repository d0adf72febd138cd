// Python's view of runtime_c, and nothing else: every function here calls one from there.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "arrays.hpp"
#include "audio.hpp"
#include "image.hpp"
#include "micro_audio.hpp"

#include "edgegen/clock.h"
#include "edgegen/cycles.h"
#include "edgegen/histogram.h"
#include "edgegen/quantize.h"
#include "edgegen/sensor.h"
#include "edgegen/status.h"
#include "edgegen/stopwatch.h"
#include "edgegen/vectors.h"

namespace py = pybind11;

namespace
{

using namespace arrays;

void check(eg_status status)
{
    if (status != EG_OK) {
        throw std::invalid_argument(eg_status_text(status));
    }
}

// What is left for C to refuse, in words that name the argument.
void check(eg_status status, const char *refusal)
{
    if (status != EG_OK) {
        throw std::invalid_argument(refusal);
    }
}

// What quantize.h asks of a scale and a zero point.
struct Quantisation {
    float scale;
    std::int32_t zero_point;

    Quantisation(const py::object &scale_given, const py::object &zero_point_given)
        : scale(float_of("scale", scale_given)),
          zero_point(static_cast<std::int32_t>(
              integer_of("zero_point", zero_point_given, INT8_MIN, INT8_MAX)))
    {
        if (!(scale > 0.0F && std::isfinite(scale))) {
            refuse("scale: need a finite float32 above 0, got " + text_of(scale_given));
        }
    }
};

Array<std::int8_t> quantize(const py::object &values, const py::object &scale,
                            const py::object &zero_point, const py::object &out)
{
    const Array<float> input = in_order<float>("values", values);
    const Quantisation by(scale, zero_point);
    Array<std::int8_t> codes = output<std::int8_t>(out, shape_of(input));

    require_apart(input, codes);
    check(eg_quantize_f32_s8(input.data(), size_of(input), by.scale, by.zero_point,
                             codes.mutable_data()));
    return codes;
}

Array<float> dequantize(const py::object &values, const py::object &scale,
                        const py::object &zero_point, const py::object &out)
{
    const Array<std::int8_t> input = in_order<std::int8_t>("values", values);
    const Quantisation by(scale, zero_point);
    Array<float> real = output<float>(out, shape_of(input));

    require_apart(input, real);
    check(eg_dequantize_s8_f32(input.data(), size_of(input), by.scale, by.zero_point,
                               real.mutable_data()));
    return real;
}

Array<float> softmax(const py::object &array, const py::object &out)
{
    const Array<float> logits = in_order<float>("logits", array);

    if (logits.ndim() == 0 || logits.shape(logits.ndim() - 1) == 0) {
        refuse("logits: need values along the last axis, got shape " +
               text_of(array.attr("shape")));
    }
    Array<float> shares = output<float>(out, shape_of(logits));
    const auto columns = static_cast<std::size_t>(logits.shape(logits.ndim() - 1));
    float *const first = shares.mutable_data();

    require_apart(logits, shares);
    for (std::size_t at = 0; at < size_of(logits); at += columns) {
        check(eg_vector_softmax_f32(logits.data() + at, columns, first + at),
              "logits: NaN, +infinity or nothing but -infinity");
    }
    return shares;
}

// Calls `function` with the values, float32 or int8, of one dimension.
template <typename Function>
auto with_scores(const py::object &object, Function function)
{
    const py::array values = array_of("values", object);

    if (holds<float>(values)) {
        return function(vector_of<float>("values", values));
    }
    if (!holds<std::int8_t>(values)) {
        refuse_type("values", " of float32 or int8", text_of(values.dtype()));
    }
    return function(vector_of<std::int8_t>("values", values));
}

eg_status top_k_of(const float *values, std::size_t count, std::size_t k, std::uint32_t *indices)
{
    return eg_vector_top_k_f32(values, count, k, indices);
}

eg_status top_k_of(const std::int8_t *values, std::size_t count, std::size_t k,
                   std::uint32_t *indices)
{
    return eg_vector_top_k_s8(values, count, k, indices);
}

Array<std::uint32_t> top_k(const py::object &values, const py::object &number,
                           const py::object &out)
{
    return with_scores(values, [&](const auto &scores) {
        const std::int64_t k = integer_of("k", number, 1, scores.size());
        Array<std::uint32_t> indices = output<std::uint32_t>(out, {k});

        require_apart(scores, indices);
        check(top_k_of(scores.data(), size_of(scores), static_cast<std::size_t>(k),
                       indices.mutable_data()),
              "values: NaN");
        return indices;
    });
}

std::uint32_t argmax(const py::object &values)
{
    return with_scores(values, [](const auto &scores) {
        std::uint32_t index = 0;

        if (scores.size() == 0) {
            refuse("values: empty");
        }
        check(top_k_of(scores.data(), size_of(scores), 1, &index), "values: NaN");
        return index;
    });
}

Array<std::uint32_t> nms(const py::object &box_array, const py::object &score_array,
                         const py::object &class_array, const py::object &score_given,
                         const py::object &iou_given, const py::object &max_boxes)
{
    const Array<float> boxes = in_order<float>("boxes", box_array);

    if (boxes.ndim() != 2 || boxes.shape(1) != 4) {
        refuse_shape("boxes", "[n, 4]", boxes);
    }
    const std::uint32_t count = count_of("boxes", boxes);
    const Array<float> scores = vector_of<float>("scores", score_array, count);
    std::optional<Array<std::int32_t>> classes;

    if (!class_array.is_none()) {
        classes = vector_of<std::int32_t>("classes", class_array, count);
    }
    const float score_threshold = float_of("score_threshold", score_given);
    const float iou_threshold = float_of("iou_threshold", iou_given);

    if (!(iou_threshold >= 0.0F && iou_threshold <= 1.0F)) {
        refuse("iou_threshold: need 0 to 1, got " + std::to_string(iou_threshold));
    }
    if (std::isnan(score_threshold)) {
        refuse("score_threshold: NaN");
    }
    const std::int64_t most =
        max_boxes.is_none() ? count : integer_of("max_boxes", max_boxes, INT64_MIN, INT64_MAX);

    if (most < 0) {
        refuse("max_boxes: need 0 or more, got " + text_of(max_boxes));
    }
    const auto capacity = static_cast<std::uint32_t>(std::min<std::int64_t>(most, count));
    std::vector<std::uint32_t> workspace(count + std::size_t{1}); // data() is then not NULL
    std::vector<std::uint32_t> kept(capacity + std::size_t{1});
    std::uint32_t kept_count = 0;
    const eg_nms layer = {boxes.data(), scores.data(),   classes ? classes->data() : nullptr,
                          count,        score_threshold, iou_threshold};

    check(eg_nms_run(&layer, workspace.data(), eg_nms_workspace_bytes(count), capacity, kept.data(),
                     &kept_count),
          "boxes, scores: NaN, or a box that isn't finite or of an area above 2^126");
    return Array<std::uint32_t>(static_cast<py::ssize_t>(kept_count), kept.data());
}

eg_status scale_of(const float *values, std::size_t count, std::uint32_t channels,
                   const float *factor, const float *offset, float *scaled)
{
    return eg_scale_f32(values, count, channels, factor, offset, scaled);
}

eg_status scale_of(const std::int16_t *values, std::size_t count, std::uint32_t channels,
                   const float *factor, const float *offset, float *scaled)
{
    return eg_scale_s16(values, count, channels, factor, offset, scaled);
}

template <typename T>
Array<float> scale_values(const py::array &array, const py::object &factor_array,
                          const py::object &offset_array, const py::object &out)
{
    const Array<T> values = in_order<T>("values", array);

    if (values.ndim() == 0 || values.shape(values.ndim() - 1) == 0) {
        refuse("values: need channels along the last axis, got shape " +
               text_of(array.attr("shape")));
    }
    const py::ssize_t channels = values.shape(values.ndim() - 1);
    const Array<float> factor = vector_of<float>("factor", factor_array, channels);
    const Array<float> offset = vector_of<float>("offset", offset_array, channels);
    const std::uint32_t width = count_of("factor", factor);
    Array<float> scaled = output<float>(out, shape_of(values));

    require_apart(values, scaled);
    check(scale_of(values.data(), size_of(values) / width, width, factor.data(), offset.data(),
                   scaled.mutable_data()),
          "values, factor, offset: NaN or infinity");
    return scaled;
}

Array<float> scale(const py::object &object, const py::object &factor, const py::object &offset,
                   const py::object &out)
{
    const py::array values = array_of("values", object);

    if (holds<float>(values)) {
        return scale_values<float>(values, factor, offset, out);
    }
    if (!holds<std::int16_t>(values)) {
        refuse_type("values", " of float32 or int16", text_of(values.dtype()));
    }
    return scale_values<std::int16_t>(values, factor, offset, out);
}

// The structs of sensor.h with the buffers that they point into.
class Ring
{
  public:
    Ring(std::uint32_t length, std::uint32_t channels, std::uint32_t hop)
        : buffer_(std::size_t{length} * channels)
    {
        check(eg_ring_init(&ring_, length, channels, hop, buffer_.data()));
    }

    // All windows that `frames` completes, one after the other.
    Array<float> push(const py::object &array)
    {
        const Array<float> frames = in_order<float>("frames", array);
        const py::ssize_t channels = ring_.channels;

        if (frames.ndim() != 2 || frames.shape(1) != channels) {
            refuse_shape("frames", "[n, " + std::to_string(channels) + "]", frames);
        }
        if (!all_finite(frames)) { // before the first of several calls
            refuse("frames: NaN or infinity");
        }
        const std::uint32_t count = count_of("frames", frames);
        const std::uint32_t windows =
            count < ring_.missing ? 0 : (count - ring_.missing) / ring_.hop + 1;
        Array<float> output({static_cast<py::ssize_t>(windows),
                             static_cast<py::ssize_t>(ring_.length),
                             static_cast<py::ssize_t>(ring_.channels)});
        float *window = output.mutable_data();

        for (std::uint32_t used = 0; used < count;) {
            std::uint32_t taken = 0;

            check(eg_ring_push(&ring_, frames.data() + std::size_t{used} * ring_.channels,
                               count - used, &taken));
            used += taken;
            if (eg_ring_is_complete(&ring_)) {
                check(eg_ring_read(&ring_, window));
                window += buffer_.size();
            }
        }
        return output;
    }

  private:
    std::vector<float> buffer_;
    eg_ring ring_{};
};

class Moving
{
  public:
    explicit Moving(std::uint32_t length) : buffer_(length)
    {
        check(eg_moving_init(&moving_, length, buffer_.data()));
    }

    // The means, and the variances, after each of the samples.
    std::pair<Array<float>, Array<float>> push(const py::object &array)
    {
        const Array<float> samples = vector_of<float>("samples", array);
        const float *const first = samples.data();

        if (!std::all_of(first, first + samples.size(),
                         [](float x) { return std::fabs(x) <= 1e15F; })) {
            refuse("samples: NaN or a magnitude above 10^15");
        }
        Array<float> means(samples.size());
        Array<float> variances(samples.size());
        float *const mean = means.mutable_data();
        float *const variance = variances.mutable_data();

        for (py::ssize_t i = 0; i < samples.size(); ++i) {
            check(eg_moving_push(&moving_, first[i]));
            check(eg_moving_read(&moving_, mean + i, variance + i));
        }
        return {means, variances};
    }

  private:
    std::vector<eg_moving_part> buffer_;
    eg_moving moving_{};
};

class Biquad
{
  public:
    Biquad(float b0, float b1, float b2, float a1, float a2)
    {
        check(eg_biquad_init(&biquad_, b0, b1, b2, a1, a2),
              "b0, b1, b2, a1, a2: need finite ones, |a2| < 1 and |a1| < 1 + a2");
    }

    Array<float> run(const py::object &array, const py::object &out)
    {
        const Array<float> samples = vector_of<float>("samples", array);
        Array<float> filtered = output<float>(out, shape_of(samples));

        require_apart(samples, filtered);
        check(eg_biquad_run(&biquad_, samples.data(), size_of(samples), filtered.mutable_data()),
              "samples: NaN or infinity");
        return filtered;
    }

  private:
    eg_biquad biquad_{};
};

class Resampler
{
  public:
    Resampler(std::uint32_t up, std::uint32_t down)
        : workspace_(eg_resampler_workspace_bytes(up, down) / sizeof(float))
    {
        check(eg_resampler_init(&resampler_, up, down, workspace_.data(),
                                workspace_.size() * sizeof(float)));
    }

    Array<float> run(const py::object &array)
    {
        const Array<float> samples = vector_of<float>("samples", array);
        const std::size_t count = eg_resampler_output_count(&resampler_, size_of(samples));
        Array<float> output(static_cast<py::ssize_t>(count));

        check(eg_resampler_run(&resampler_, samples.data(), size_of(samples), output.mutable_data(),
                               count),
              "samples: NaN or infinity");
        return output;
    }

  private:
    std::vector<float> workspace_;
    eg_resampler resampler_{};
};

class CycleCounter
{
  public:
    explicit CycleCounter(std::uint64_t calibration_ns)
    {
        if (eg_cycles_start(&cycles_, 0) == EG_CYCLES_NONE) {
            throw std::runtime_error("the processor has no counter that a program may read");
        }
        if (cycles_.hz == 0 &&
            eg_cycles_calibrate(&cycles_, &eg_clock_ns, calibration_ns) != EG_OK) {
            throw std::runtime_error("the processor's counter or the clock stands still");
        }
    }

    std::uint64_t now()
    {
        return eg_cycles_now(&cycles_);
    }

    std::uint64_t to_ns(std::uint64_t count) const
    {
        return eg_cycles_to_ns(&cycles_, count);
    }

    const char *source() const
    {
        return eg_cycles_source_text(cycles_.source);
    }

    std::uint64_t hz() const
    {
        return cycles_.hz;
    }

  private:
    eg_cycles cycles_{};
};

// A stopwatch with its histogram beside it.
struct Stopwatch {
    eg_stopwatch watch{};
    eg_histogram histogram{};

    explicit Stopwatch(std::uint64_t overhead_ns)
    {
        watch.overhead_ns = overhead_ns;
        watch.histogram = &histogram;
    }
    Stopwatch(const Stopwatch &) = delete; // the stopwatch points into the struct
    Stopwatch &operator=(const Stopwatch &) = delete;

    std::uint64_t percentile_ns(std::uint32_t percent) const
    {
        std::uint64_t length_ns = 0;

        check(eg_stopwatch_percentile_ns(&watch, percent, &length_ns),
              "percent: above 100, or there is no lap");
        return length_ns;
    }
};

std::uint64_t now_or(std::optional<std::uint64_t> now_ns)
{
    return now_ns ? *now_ns : eg_clock_ns();
}

void start(Stopwatch &stopwatch, std::optional<std::uint64_t> now_ns)
{
    check(eg_stopwatch_start(&stopwatch.watch, now_or(now_ns)), "the stopwatch runs already");
}

constexpr const char *NOT_LATER = "now_ns: before the lap's start, or the stopwatch stands still";

std::uint64_t lap(Stopwatch &stopwatch, std::optional<std::uint64_t> now_ns)
{
    std::uint64_t lap_ns = 0;

    check(eg_stopwatch_lap(&stopwatch.watch, now_or(now_ns), &lap_ns), NOT_LATER);
    return lap_ns;
}

std::uint64_t stop(Stopwatch &stopwatch, std::optional<std::uint64_t> now_ns)
{
    std::uint64_t lap_ns = 0;

    check(eg_stopwatch_stop(&stopwatch.watch, now_or(now_ns), &lap_ns), NOT_LATER);
    return lap_ns;
}

} // namespace

PYBIND11_MODULE(_native, module)
{
    module.def("clock_ns", &eg_clock_ns);
    module.def("quantize", &quantize, py::arg("values"), py::arg("scale"), py::arg("zero_point"),
               py::arg("out"));
    module.def("dequantize", &dequantize, py::arg("values"), py::arg("scale"),
               py::arg("zero_point"), py::arg("out"));

    module.def("softmax", &softmax, py::arg("logits"), py::arg("out"));
    module.def("top_k", &top_k, py::arg("values"), py::arg("k"), py::arg("out"));
    module.def("argmax", &argmax, py::arg("values"));
    module.def("nms", &nms, py::arg("boxes"), py::arg("scores"), py::arg("classes"),
               py::arg("score_threshold"), py::arg("iou_threshold"), py::arg("max_boxes"));

    module.def("scale", &scale, py::arg("values"), py::arg("factor"), py::arg("offset"),
               py::arg("out"));
    py::class_<Ring>(module, "Ring")
        .def(py::init<std::uint32_t, std::uint32_t, std::uint32_t>(), py::arg("length"),
             py::arg("channels"), py::arg("hop"))
        .def("push", &Ring::push, py::arg("frames"));
    py::class_<Moving>(module, "Moving")
        .def(py::init<std::uint32_t>(), py::arg("length"))
        .def("push", &Moving::push, py::arg("samples"));
    py::class_<Biquad>(module, "Biquad")
        .def(py::init<float, float, float, float, float>(), py::arg("b0"), py::arg("b1"),
             py::arg("b2"), py::arg("a1"), py::arg("a2"))
        .def("run", &Biquad::run, py::arg("samples"), py::arg("out"));
    py::class_<Resampler>(module, "Resampler")
        .def(py::init<std::uint32_t, std::uint32_t>(), py::arg("up"), py::arg("down"))
        .def("run", &Resampler::run, py::arg("samples"));

    py::class_<CycleCounter>(module, "CycleCounter")
        .def(py::init<std::uint64_t>(), py::arg("calibration_ns"))
        .def("now", &CycleCounter::now)
        .def("to_ns", &CycleCounter::to_ns, py::arg("count"))
        .def_property_readonly("source", &CycleCounter::source)
        .def_property_readonly("hz", &CycleCounter::hz);
    py::class_<Stopwatch>(module, "Stopwatch")
        .def(py::init<std::uint64_t>(), py::arg("overhead_ns"))
        .def("start", &start, py::arg("now_ns") = py::none())
        .def("lap", &lap, py::arg("now_ns") = py::none())
        .def("stop", &stop, py::arg("now_ns") = py::none())
        .def("percentile_ns", &Stopwatch::percentile_ns, py::arg("percent"))
        .def_property_readonly("running", [](const Stopwatch &s) { return s.watch.running; })
        .def_property_readonly("laps", [](const Stopwatch &s) { return s.watch.laps; })
        .def_property_readonly("total_ns", [](const Stopwatch &s) { return s.watch.total_ns; })
        .def_property_readonly("min_ns", [](const Stopwatch &s) { return s.watch.min_ns; })
        .def_property_readonly("max_ns", [](const Stopwatch &s) { return s.watch.max_ns; })
        .def_property_readonly("overhead_ns",
                               [](const Stopwatch &s) { return s.watch.overhead_ns; })
        .def_property_readonly("mean_ns",
                               [](const Stopwatch &s) { return eg_stopwatch_mean_ns(&s.watch); });

    bind_audio(module);
    bind_image(module);
    bind_micro_audio(module);
}
