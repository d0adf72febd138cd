// Python's view of runtime_c, and nothing else: every function here calls one from there.
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "edgegen/clock.h"
#include "edgegen/histogram.h"
#include "edgegen/quantize.h"
#include "edgegen/status.h"
#include "edgegen/stopwatch.h"

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
}
