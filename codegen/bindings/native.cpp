// Python's view of runtime_c, and nothing else: every function here calls one from there.
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "edgegen/clock.h"
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

std::uint64_t now_or(std::optional<std::uint64_t> now_ns)
{
    return now_ns ? *now_ns : eg_clock_ns();
}

void start(eg_stopwatch &watch, std::optional<std::uint64_t> now_ns)
{
    check(eg_stopwatch_start(&watch, now_or(now_ns)));
}

std::uint64_t lap(eg_stopwatch &watch, std::optional<std::uint64_t> now_ns)
{
    std::uint64_t lap_ns = 0;

    check(eg_stopwatch_lap(&watch, now_or(now_ns), &lap_ns));
    return lap_ns;
}

std::uint64_t stop(eg_stopwatch &watch, std::optional<std::uint64_t> now_ns)
{
    std::uint64_t lap_ns = 0;

    check(eg_stopwatch_stop(&watch, now_or(now_ns), &lap_ns));
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

    py::class_<eg_stopwatch>(module, "Stopwatch")
        .def(py::init([] { return eg_stopwatch{}; }))
        .def("start", &start, py::arg("now_ns") = py::none())
        .def("lap", &lap, py::arg("now_ns") = py::none())
        .def("stop", &stop, py::arg("now_ns") = py::none())
        .def_readonly("running", &eg_stopwatch::running)
        .def_readonly("laps", &eg_stopwatch::laps)
        .def_readonly("total_ns", &eg_stopwatch::total_ns)
        .def_readonly("min_ns", &eg_stopwatch::min_ns)
        .def_readonly("max_ns", &eg_stopwatch::max_ns);
}
