// edgegen/image.h from Python: arrays are checked here, everything else by the C.
#include "image.hpp"

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "edgegen/image.h"
#include "edgegen/image/dsp.h"
#include "edgegen/image/kernels.h"

namespace py = pybind11;

namespace
{

[[noreturn]] void refuse(const char *argument, const std::string &why)
{
    throw std::invalid_argument(std::string(argument) + ": " + why);
}

void check(eg_image_status status)
{
    if (status != EG_IMAGE_OK) {
        throw std::invalid_argument(eg_image_status_text(status));
    }
}

std::string text_of(const std::vector<py::ssize_t> &shape)
{
    return py::str(py::tuple(py::cast(shape))).cast<std::string>();
}

// Without the copy that array_t would make of what doesn't fit.
py::array as_array(const char *argument, const py::object &object)
{
    if (!py::isinstance<py::array>(object)) {
        refuse(argument, "not a numpy array");
    }
    return py::reinterpret_borrow<py::array>(object);
}

// Most arrays have the very object that stands for their type.
bool is_type(const py::array &array, const py::dtype &type)
{
    const py::dtype its = array.dtype();

    return its.is(type) || its.equal(type);
}

bool has_shape(const py::array &array, const std::vector<py::ssize_t> &shape, std::size_t skip)
{
    const std::size_t dimensions = shape.size() - skip;

    return static_cast<std::size_t>(array.ndim()) == dimensions &&
           std::equal(shape.begin() + static_cast<std::ptrdiff_t>(skip), shape.end(),
                      array.shape());
}

using Workspace = std::vector<std::uint64_t>;

void prepare(const eg_image_spec &spec, const eg_image_source &source, Workspace &workspace,
             eg_image_plan &plan)
{
    const std::size_t bytes = eg_image_workspace_bytes(&spec);

    workspace.resize((bytes + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t));
    // An illegal spec needs no workspace, and is what is complained about first.
    check(eg_image_prepare(&spec, &source, workspace.data(), bytes, &plan));
}

const char *name_of(eg_image_path path)
{
    static const char *const names[EG_IMAGE_PATH_COUNT] = {"fastest", "portable", "sse41",
                                                           "avx2",    "neon",     "dsp"};

    return names[path];
}

#define NAME_IF(kernel, name)                                                                      \
    if ((kernel) == (name)) {                                                                      \
        return #name;                                                                              \
    }

// What a plan for a device may name.
const char *name_of(eg_image_part_writer *kernel)
{
    NAME_IF(kernel, eg_image_write_part)
    NAME_IF(kernel, eg_image_pick_gray)
    NAME_IF(kernel, eg_image_pick_luma)
    NAME_IF(kernel, eg_image_pick_rgb)
    NAME_IF(kernel, eg_image_gray_to_levels_dsp)
    NAME_IF(kernel, eg_image_gray_to_s8_dsp)
    NAME_IF(kernel, eg_image_gray_to_u8_dsp)
    NAME_IF(kernel, eg_image_nv12_to_gray_levels_dsp)
    NAME_IF(kernel, eg_image_nv12_to_gray_s8_dsp)
    NAME_IF(kernel, eg_image_nv12_to_gray_u8_dsp)
    NAME_IF(kernel, eg_image_rgb_reversed_to_levels_dsp)
    NAME_IF(kernel, eg_image_rgb_reversed_to_s8_dsp)
    NAME_IF(kernel, eg_image_rgb_reversed_to_u8_dsp)
    NAME_IF(kernel, eg_image_rgb_to_levels_dsp)
    NAME_IF(kernel, eg_image_rgb_to_s8_dsp)
    NAME_IF(kernel, eg_image_rgb_to_u8_dsp)
    NAME_IF(kernel, eg_image_yuyv_to_gray_levels_dsp)
    NAME_IF(kernel, eg_image_yuyv_to_gray_s8_dsp)
    NAME_IF(kernel, eg_image_yuyv_to_gray_u8_dsp)
    throw std::logic_error("a part writer without a name");
}

const char *name_of(eg_image_row_reader *kernel)
{
    NAME_IF(kernel, eg_image_read_rgb)
    NAME_IF(kernel, eg_image_read_rgb_as_gray)
    NAME_IF(kernel, eg_image_read_gray)
    NAME_IF(kernel, eg_image_read_gray_as_rgb)
    NAME_IF(kernel, eg_image_read_yuyv)
    NAME_IF(kernel, eg_image_read_yuyv_as_gray)
    NAME_IF(kernel, eg_image_read_nv12)
    NAME_IF(kernel, eg_image_read_nv12_as_gray)
    throw std::logic_error("a row reader without a name");
}

const char *name_of(eg_image_row_writer *kernel)
{
    NAME_IF(kernel, eg_image_write_f32)
    NAME_IF(kernel, eg_image_write_q8)
    throw std::logic_error("a row writer without a name");
}

#undef NAME_IF

template <typename Kernel>
py::object name_or_none(Kernel *kernel)
{
    return kernel == nullptr ? py::object(py::none()) : py::object(py::str(name_of(kernel)));
}

template <typename T>
py::tuple tuple_of(const T *values, std::size_t count)
{
    return py::tuple(py::cast(std::vector<T>(values, values + count)));
}

py::tuple tuple_of(const eg_image_box &box)
{
    return py::make_tuple(box.left, box.top, box.width, box.height);
}

class ImagePreprocessor
{
  public:
    ImagePreprocessor(const eg_image_spec &spec, const eg_image_source &source)
        : spec_(spec), source_(source),
          type_(spec.type == EG_IMAGE_FLOAT32 ? py::dtype::of<float>()
                : spec.type == EG_IMAGE_INT8  ? py::dtype::of<std::int8_t>()
                                              : py::dtype::of<std::uint8_t>())
    {
        prepare(spec, source, workspace_, plan_);

        const py::ssize_t channels = spec.color == EG_IMAGE_COLOR_GRAY ? 1 : 3;
        shape_ = spec.layout == EG_IMAGE_NHWC
                     ? std::vector<py::ssize_t>{1, spec.height, spec.width, channels}
                     : std::vector<py::ssize_t>{1, channels, spec.height, spec.width};
        const py::ssize_t height = source.height;
        switch (source.format) {
        case EG_IMAGE_GRAY8:
            image_shape_ = {height, source.width};
            break;
        case EG_IMAGE_NV12:
            image_shape_ = {height / 2 * 3, source.width};
            break;
        case EG_IMAGE_YUYV:
            image_shape_ = {height, source.width, 2};
            break;
        case EG_IMAGE_RGBA8:
            image_shape_ = {height, source.width, 4};
            break;
        default:
            image_shape_ = {height, source.width, 3};
            break;
        }
    }

    ImagePreprocessor(const ImagePreprocessor &) = delete;
    ImagePreprocessor &operator=(const ImagePreprocessor &) = delete;

    py::array run(const py::object &image, const py::object &tensor)
    {
        const py::array pixels = as_array("image", image);
        const eg_image frame = frame_of(pixels);
        py::array output = tensor.is_none() ? py::array(type_, shape_) : checked(tensor);

        if (!tensor.is_none() && overlap(pixels, frame, output)) {
            refuse("tensor", "overlaps the image");
        }
        check(eg_image_run(&plan_, &frame, output.mutable_data()));
        return output;
    }

    const std::vector<py::ssize_t> &shape() const
    {
        return shape_;
    }

    const py::dtype &dtype() const
    {
        return type_;
    }

    const char *path() const
    {
        return name_of(plan_.path);
    }

    // A device's plan of the same tensor, as its members are called, kernels by name: the portable
    // path's, or that of the DSP instructions if they take it.
    py::dict plan(bool has_dsp) const
    {
        eg_image_spec spec = spec_;
        Workspace workspace;
        eg_image_plan plan;

        spec.path = has_dsp ? EG_IMAGE_PATH_DSP : EG_IMAGE_PATH_PORTABLE;
        prepare(spec, source_, workspace, plan);

        const auto width = static_cast<std::size_t>(plan.part.width);
        const std::size_t channels = plan.color == EG_IMAGE_COLOR_GRAY ? 1 : 3;
        py::dict members;

        members["crop"] = tuple_of(plan.crop);
        members["part"] = tuple_of(plan.part);
        members["fill"] = tuple_of(plan.fill, channels);
        members["value_scale"] = tuple_of(plan.value_scale, channels);
        members["offset"] = tuple_of(plan.offset, channels);
        members["multiplier"] = tuple_of(plan.multiplier, channels);
        members["bias"] = tuple_of(plan.bias, channels);
        members["shift"] = plan.shift;
        members["low"] = plan.low;
        members["high"] = plan.high;
        members["columns"] = tuple_of(plan.columns, width);
        members["fractions"] = tuple_of(plan.fractions, width);
        members["inner_columns"] = plan.inner_columns;
        members["row_values"] =
            plan.rows[0] == nullptr ? 0 : static_cast<std::size_t>(plan.width) * channels;
        members["write_part"] = name_of(plan.write_part);
        members["read_row"] = name_or_none(plan.read_row);
        members["write_row"] = name_or_none(plan.write_row);
        members["write_border"] = plan.write_border == nullptr
                                      ? py::object(py::none())
                                      : py::object(py::str("eg_image_write_border"));
        return members;
    }

  private:
    eg_image frame_of(const py::array &image) const
    {
        if (!is_type(image, byte_)) {
            refuse("image", "expected uint8, got " + py::str(image.dtype()).cast<std::string>());
        }
        if (!has_shape(image, image_shape_, 0)) {
            refuse("image", "expected the shape " + text_of(image_shape_) + ", got " +
                                text_of({image.shape(), image.shape() + image.ndim()}));
        }
        py::ssize_t row = 1;
        for (py::ssize_t i = image.ndim() - 1; i > 0; --i) {
            // The stride of a side of one says nothing.
            if (image.shape(i) > 1 && image.strides(i) != row) {
                refuse("image", "the pixels of a row do not lie side by side");
            }
            row *= image.shape(i);
        }
        const py::ssize_t stride = image.shape(0) > 1 ? image.strides(0) : row;
        if (stride < row) {
            refuse("image", "the stride of " + std::to_string(stride) +
                                " bytes is shorter than a row of " + std::to_string(row));
        }
        const auto *pixels = static_cast<const std::uint8_t *>(image.data());
        const auto step = static_cast<std::size_t>(stride);
        const auto *chroma = source_.format == EG_IMAGE_NV12
                                 ? pixels + step * static_cast<std::size_t>(source_.height)
                                 : nullptr;

        return {pixels, step, chroma, step};
    }

    py::array checked(const py::object &object) const
    {
        py::array tensor = as_array("tensor", object);

        if (!is_type(tensor, type_)) {
            refuse("tensor", "expected " + py::str(type_).cast<std::string>() + ", got " +
                                 py::str(tensor.dtype()).cast<std::string>());
        }
        if (!has_shape(tensor, shape_, 0) && !has_shape(tensor, shape_, 1)) {
            refuse("tensor", "expected the shape " + text_of(shape_) + ", got " +
                                 text_of({tensor.shape(), tensor.shape() + tensor.ndim()}));
        }
        if ((tensor.flags() & py::array::c_style) == 0) {
            refuse("tensor", "not C-contiguous");
        }
        if (!tensor.writeable()) {
            refuse("tensor", "read-only");
        }
        return tensor;
    }

    bool overlap(const py::array &image, const eg_image &frame, const py::array &tensor) const
    {
        const auto begin = reinterpret_cast<std::uintptr_t>(frame.pixels);
        const auto end = begin + frame.stride * static_cast<std::size_t>(image.shape(0));
        const auto first = reinterpret_cast<std::uintptr_t>(tensor.data());
        const auto last = first + static_cast<std::size_t>(tensor.nbytes());

        return first < end && begin < last;
    }

    eg_image_spec spec_;
    eg_image_source source_;
    py::dtype byte_ = py::dtype::of<std::uint8_t>();
    py::dtype type_;
    Workspace workspace_;
    eg_image_plan plan_ = {};
    std::vector<py::ssize_t> shape_;
    std::vector<py::ssize_t> image_shape_;
};

} // namespace

void bind_image(py::module_ &module)
{
    py::class_<ImagePreprocessor>(module, "ImagePreprocessor")
        .def(py::init([](int format, std::int32_t source_width, std::int32_t source_height,
                         std::int32_t width, std::int32_t height, int color, int layout, int type,
                         int resize, int fit, std::array<std::uint8_t, 3> fill,
                         std::array<float, 3> scale, std::array<float, 3> offset, float quant_scale,
                         std::int32_t zero_point, int path) {
                 const eg_image_spec spec = {
                     width,
                     height,
                     static_cast<eg_image_color>(color),
                     static_cast<eg_image_layout>(layout),
                     static_cast<eg_image_type>(type),
                     static_cast<eg_image_resize>(resize),
                     static_cast<eg_image_fit>(fit),
                     {fill[0], fill[1], fill[2]},
                     {scale[0], scale[1], scale[2]},
                     {offset[0], offset[1], offset[2]},
                     quant_scale,
                     zero_point,
                     static_cast<eg_image_path>(path),
                 };
                 const eg_image_source source = {static_cast<eg_image_format>(format), source_width,
                                                 source_height};

                 return new ImagePreprocessor(spec, source);
             }),
             py::arg("format"), py::arg("source_width"), py::arg("source_height"), py::arg("width"),
             py::arg("height"), py::arg("color"), py::arg("layout"), py::arg("type"),
             py::arg("resize"), py::arg("fit"), py::arg("fill"), py::arg("scale"),
             py::arg("offset"), py::arg("quant_scale"), py::arg("zero_point"), py::arg("path"))
        .def("__call__", &ImagePreprocessor::run, py::arg("image"), py::arg("tensor") = py::none())
        .def_property_readonly(
            "shape",
            [](const ImagePreprocessor &self) { return py::tuple(py::cast(self.shape())); })
        .def_property_readonly("dtype", &ImagePreprocessor::dtype)
        .def_property_readonly("path", &ImagePreprocessor::path)
        .def("plan", &ImagePreprocessor::plan);
}
