// Arrays as arguments: checked for what they hold, never cast, and copied only where their elements
// don't lie side by side in their own order.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

namespace arrays
{

namespace py = pybind11;

template <typename T>
using Array = py::array_t<T, py::array::c_style>;

inline std::size_t size_of(const py::array &array)
{
    return static_cast<std::size_t>(array.size());
}

inline std::vector<py::ssize_t> shape_of(const py::array &array)
{
    return {array.shape(), array.shape() + array.ndim()};
}

inline bool same_shape(const py::array &a, const py::array &b)
{
    return a.ndim() == b.ndim() && std::equal(a.shape(), a.shape() + a.ndim(), b.shape());
}

inline std::string text_of(const py::handle &object)
{
    return py::str(object).cast<std::string>();
}

[[noreturn]] inline void refuse(const std::string &why)
{
    throw std::invalid_argument(why);
}

[[noreturn]] inline void refuse_type(const char *name, const std::string &wanted,
                                     const std::string &got)
{
    throw py::type_error(std::string(name) + ": expected an array" + wanted + ", got " + got);
}

// The array that it is: pybind11 would make one of a list, and says less when it can't.
inline py::array array_of(const char *name, const py::object &object)
{
    if (!py::isinstance<py::array>(object)) {
        refuse_type(name, "", text_of(py::type::of(object)));
    }
    return py::reinterpret_borrow<py::array>(object);
}

// A float32; NaN and infinities are for the caller to refuse.
inline float float_of(const char *name, const py::object &number)
{
    const double value = PyFloat_AsDouble(number.ptr());

    if (value == -1.0 && PyErr_Occurred() != nullptr) {
        PyErr_Clear();
        refuse(std::string(name) + ": need a float32");
    }
    return static_cast<float>(value);
}

// Clipped on the way, because what doesn't fit is out of range as well.
inline std::int64_t integer_of(const char *name, const py::object &number, std::int64_t low,
                               std::int64_t high)
{
    const py::ssize_t value = PyNumber_AsSsize_t(number.ptr(), nullptr);
    const bool is_integer = value != -1 || PyErr_Occurred() == nullptr;

    PyErr_Clear();
    if (!is_integer || value < low || value > high) {
        refuse(std::string(name) + ": need " + std::to_string(low) + " to " + std::to_string(high) +
               ", got " + text_of(py::repr(number)));
    }
    return value;
}

// Whether the elements are T's in this machine's byte order. The number of a type is compared first
// because it's read, where equality is asked of numpy.
template <typename T>
bool holds(const py::array &array)
{
    const py::dtype type = array.dtype();
    const bool is_native = type.byteorder() == '=' || type.byteorder() == '|';

    return (is_native && type.num() == py::dtype::num_of<T>()) || type.equal(py::dtype::of<T>());
}

constexpr int IN_ORDER = py::array::c_style | py::detail::npy_api::NPY_ARRAY_ALIGNED_;

inline bool lies_in_order(const py::array &array)
{
    return (array.flags() & IN_ORDER) == IN_ORDER;
}

// The array, or a copy whose elements lie in order. Nothing is known of its shape.
template <typename T>
Array<T> in_order(const char *name, const py::object &object)
{
    const py::array array = array_of(name, object);

    if (!holds<T>(array)) {
        refuse_type(name, " of " + text_of(py::dtype::of<T>()), text_of(array.dtype()));
    }
    if (lies_in_order(array)) {
        return py::reinterpret_borrow<Array<T>>(array);
    }
    py::array_t<T, IN_ORDER> copy(array);

    return py::reinterpret_steal<Array<T>>(copy.release());
}

// `wanted` is how the message writes it, for example "[n]".
[[noreturn]] inline void refuse_shape(const char *name, const std::string &wanted,
                                      const py::array &array)
{
    refuse(std::string(name) + ": need shape " + wanted + ", got " +
           text_of(py::list(array.attr("shape"))));
}

// An array of one dimension, in order.
template <typename T>
Array<T> vector_of(const char *name, const py::object &object)
{
    Array<T> values = in_order<T>(name, object);

    if (values.ndim() != 1) {
        refuse_shape(name, "[n]", values);
    }
    return values;
}

// The same, of `length` elements.
template <typename T>
Array<T> vector_of(const char *name, const py::object &object, py::ssize_t length)
{
    Array<T> values = in_order<T>(name, object);

    if (values.ndim() != 1 || values.shape(0) != length) {
        refuse_shape(name, "[" + std::to_string(length) + "]", values);
    }
    return values;
}

// As many as C counts in 32 bits.
inline std::uint32_t count_of(const char *name, const py::array &array)
{
    if (array.shape(0) > std::int64_t{UINT32_MAX}) {
        refuse(std::string(name) + ": more than 2^32 - 1");
    }
    return static_cast<std::uint32_t>(array.shape(0));
}

inline bool all_finite(const Array<float> &values)
{
    const float *const first = values.data();

    return std::all_of(first, first + values.size(), [](float x) { return std::isfinite(x); });
}

// What the caller gave to write to, or a new array.
template <typename T>
Array<T> output(const py::object &out, const std::vector<py::ssize_t> &shape)
{
    if (out.is_none()) {
        return Array<T>(shape);
    }
    const py::array array = array_of("out", out);

    if (!holds<T>(array)) {
        refuse_type("out", " of " + text_of(py::dtype::of<T>()), text_of(array.dtype()));
    }
    if (static_cast<std::size_t>(array.ndim()) != shape.size() ||
        !std::equal(shape.begin(), shape.end(), array.shape())) {
        refuse_shape("out", text_of(py::cast(shape)), array);
    }
    if (!lies_in_order(array)) {
        refuse("out: not C-contiguous and aligned");
    }
    if (!array.writeable()) {
        refuse("out: read-only");
    }
    return py::reinterpret_borrow<Array<T>>(array);
}

// Both are in order. C may write where it reads, but not beside it.
inline void require_apart(const py::array &input, const py::array &out)
{
    const auto *const a = static_cast<const char *>(input.data());
    const auto *const b = static_cast<const char *>(out.data());
    const bool is_same = a == b && input.itemsize() == out.itemsize();

    if (!is_same && a < b + out.nbytes() && b < a + input.nbytes()) {
        refuse("out: overlaps the input");
    }
}

} // namespace arrays
