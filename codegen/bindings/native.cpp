// Python's view of runtime_c, and nothing else: every function here calls one from there.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "audio.hpp"
#include "image.hpp"
#include "micro_audio.hpp"

#include "edgegen/clock.h"
#include "edgegen/histogram.h"
#include "edgegen/quantize.h"
#include "edgegen/sensor.h"
#include "edgegen/status.h"
#include "edgegen/stopwatch.h"
#include "edgegen/vectors.h"

namespace py = pybind11;

namespace
{

template <typename T>
using Array = py::array_t<T, py::array::c_style>;

void check(eg_status status)
{
    if (status != EG_OK) {
        throw std::invalid_argument(eg_status_text(status));
    }
}

// For arguments that native.py has checked: what is left for C to refuse, in its words.
void check(eg_status status, const char *refusal)
{
    if (status != EG_OK) {
        throw std::invalid_argument(refusal);
    }
}

std::size_t size_of(const py::array &array)
{
    return static_cast<std::size_t>(array.size());
}

std::vector<py::ssize_t> shape_of(const py::array &array)
{
    return {array.shape(), array.shape() + array.ndim()};
}

Array<std::int8_t> quantize(const Array<float> &input, float scale, std::int32_t zero_point)
{
    Array<std::int8_t> output(shape_of(input));

    check(eg_quantize_f32_s8(input.data(), static_cast<std::size_t>(input.size()), scale,
                             zero_point, output.mutable_data()));
    return output;
}

Array<float> dequantize(const Array<std::int8_t> &input, float scale, std::int32_t zero_point)
{
    Array<float> output(shape_of(input));

    check(eg_dequantize_s8_f32(input.data(), static_cast<std::size_t>(input.size()), scale,
                               zero_point, output.mutable_data()));
    return output;
}

Array<float> softmax(const Array<float> &logits)
{
    Array<float> output(shape_of(logits));
    const auto columns = static_cast<std::size_t>(logits.shape(logits.ndim() - 1));

    for (std::size_t at = 0; at < size_of(logits); at += columns) {
        check(eg_vector_softmax_f32(logits.data() + at, columns, output.mutable_data() + at),
              "logits: NaN, +infinity or nothing but -infinity");
    }
    return output;
}

Array<std::uint32_t> top_k_f32(const Array<float> &values, py::ssize_t k)
{
    Array<std::uint32_t> indices(k);

    check(eg_vector_top_k_f32(values.data(), size_of(values), static_cast<std::size_t>(k),
                              indices.mutable_data()),
          "values: NaN");
    return indices;
}

Array<std::uint32_t> top_k_s8(const Array<std::int8_t> &values, py::ssize_t k)
{
    Array<std::uint32_t> indices(k);

    check(eg_vector_top_k_s8(values.data(), size_of(values), static_cast<std::size_t>(k),
                             indices.mutable_data()));
    return indices;
}

Array<std::uint32_t> nms(const Array<float> &boxes, const Array<float> &scores,
                         const std::optional<Array<std::int32_t>> &classes, float score_threshold,
                         float iou_threshold, std::uint32_t capacity)
{
    const auto count = static_cast<std::uint32_t>(scores.size());
    std::vector<std::uint32_t> workspace(count + 1); // not empty: data() is then not NULL
    std::vector<std::uint32_t> kept(std::min(capacity, count) + std::size_t{1});
    std::uint32_t kept_count = 0;
    const eg_nms layer = {boxes.data(), scores.data(),   classes ? classes->data() : nullptr,
                          count,        score_threshold, iou_threshold};

    check(eg_nms_run(&layer, workspace.data(), eg_nms_workspace_bytes(count),
                     std::min(capacity, count), kept.data(), &kept_count),
          "boxes, scores: NaN, or a box whose area isn't finite");
    return Array<std::uint32_t>(static_cast<py::ssize_t>(kept_count), kept.data());
}

Array<float> scale_f32(const Array<float> &values, const Array<float> &scale,
                       const Array<float> &offset)
{
    Array<float> output(shape_of(values));
    const auto channels = static_cast<std::uint32_t>(scale.size());

    check(eg_scale_f32(values.data(), size_of(values) / channels, channels, scale.data(),
                       offset.data(), output.mutable_data()),
          "values, scale, offset: NaN or infinity");
    return output;
}

Array<float> scale_s16(const Array<std::int16_t> &values, const Array<float> &scale,
                       const Array<float> &offset)
{
    Array<float> output(shape_of(values));
    const auto channels = static_cast<std::uint32_t>(scale.size());

    check(eg_scale_s16(values.data(), size_of(values) / channels, channels, scale.data(),
                       offset.data(), output.mutable_data()),
          "scale, offset: NaN or infinity");
    return output;
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
    Array<float> push(const Array<float> &frames)
    {
        const auto count = static_cast<std::uint32_t>(frames.shape(0));
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
    std::pair<Array<float>, Array<float>> push(const Array<float> &samples)
    {
        Array<float> means(samples.size());
        Array<float> variances(samples.size());

        for (py::ssize_t i = 0; i < samples.size(); ++i) {
            check(eg_moving_push(&moving_, samples.data()[i]));
            check(eg_moving_read(&moving_, means.mutable_data() + i, variances.mutable_data() + i));
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
              "need finite coefficients, |a2| < 1 and |a1| < 1 + a2");
    }

    Array<float> run(const Array<float> &samples)
    {
        Array<float> output(samples.size());

        check(eg_biquad_run(&biquad_, samples.data(), size_of(samples), output.mutable_data()),
              "samples: NaN or infinity");
        return output;
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

    Array<float> run(const Array<float> &samples)
    {
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

// A stopwatch with its histogram beside it.
struct Stopwatch {
    eg_stopwatch watch{};
    eg_histogram histogram{};

    explicit Stopwatch(std::uint32_t calibration_rounds)
    {
        if (calibration_rounds > 0) {
            check(eg_stopwatch_calibrate(&watch, &eg_clock_ns, calibration_rounds));
        }
        watch.histogram = &histogram;
    }
    Stopwatch(const Stopwatch &) = delete; // the stopwatch points into the struct
    Stopwatch &operator=(const Stopwatch &) = delete;

    std::uint64_t percentile_ns(std::uint32_t percent) const
    {
        std::uint64_t length_ns = 0;

        check(eg_stopwatch_percentile_ns(&watch, percent, &length_ns));
        return length_ns;
    }
};

std::uint64_t now_or(std::optional<std::uint64_t> now_ns)
{
    return now_ns ? *now_ns : eg_clock_ns();
}

void start(Stopwatch &stopwatch, std::optional<std::uint64_t> now_ns)
{
    check(eg_stopwatch_start(&stopwatch.watch, now_or(now_ns)));
}

std::uint64_t lap(Stopwatch &stopwatch, std::optional<std::uint64_t> now_ns)
{
    std::uint64_t lap_ns = 0;

    check(eg_stopwatch_lap(&stopwatch.watch, now_or(now_ns), &lap_ns));
    return lap_ns;
}

std::uint64_t stop(Stopwatch &stopwatch, std::optional<std::uint64_t> now_ns)
{
    std::uint64_t lap_ns = 0;

    check(eg_stopwatch_stop(&stopwatch.watch, now_or(now_ns), &lap_ns));
    return lap_ns;
}

} // namespace

PYBIND11_MODULE(_native, module)
{
    module.def("clock_ns", &eg_clock_ns);
    module.def("quantize", &quantize, py::arg("input").noconvert(), py::arg("scale"),
               py::arg("zero_point"));
    module.def("dequantize", &dequantize, py::arg("input").noconvert(), py::arg("scale"),
               py::arg("zero_point"));

    module.def("softmax", &softmax, py::arg("logits").noconvert());
    module.def("top_k", &top_k_f32, py::arg("values").noconvert(), py::arg("k"));
    module.def("top_k", &top_k_s8, py::arg("values").noconvert(), py::arg("k"));
    module.def("nms", &nms, py::arg("boxes").noconvert(), py::arg("scores").noconvert(),
               py::arg("classes"), py::arg("score_threshold"), py::arg("iou_threshold"),
               py::arg("capacity"));

    module.def("scale", &scale_f32, py::arg("values").noconvert(), py::arg("scale").noconvert(),
               py::arg("offset").noconvert());
    module.def("scale", &scale_s16, py::arg("values").noconvert(), py::arg("scale").noconvert(),
               py::arg("offset").noconvert());
    py::class_<Ring>(module, "Ring")
        .def(py::init<std::uint32_t, std::uint32_t, std::uint32_t>(), py::arg("length"),
             py::arg("channels"), py::arg("hop"))
        .def("push", &Ring::push, py::arg("frames").noconvert());
    py::class_<Moving>(module, "Moving")
        .def(py::init<std::uint32_t>(), py::arg("length"))
        .def("push", &Moving::push, py::arg("samples").noconvert());
    py::class_<Biquad>(module, "Biquad")
        .def(py::init<float, float, float, float, float>(), py::arg("b0"), py::arg("b1"),
             py::arg("b2"), py::arg("a1"), py::arg("a2"))
        .def("run", &Biquad::run, py::arg("samples").noconvert());
    py::class_<Resampler>(module, "Resampler")
        .def(py::init<std::uint32_t, std::uint32_t>(), py::arg("up"), py::arg("down"))
        .def("run", &Resampler::run, py::arg("samples").noconvert());

    py::class_<Stopwatch>(module, "Stopwatch")
        .def(py::init<std::uint32_t>(), py::kw_only(), py::arg("calibration_rounds") = 0)
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
