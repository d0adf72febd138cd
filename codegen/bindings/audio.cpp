// edgegen/audio.h from Python: arrays are checked here, everything else by native_audio.py.
#include "audio.hpp"

#include <algorithm>
#include <complex>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <pybind11/complex.h>
#include <pybind11/numpy.h>

#include "arrays.hpp"

#include "edgegen/audio.h"

namespace py = pybind11;

namespace
{

using namespace arrays;

void check(eg_status status, const char *refusal)
{
    if (status != EG_OK) {
        throw std::invalid_argument(refusal);
    }
}

// float32 as they are; int16 in 1 / 32768, which is exact.
Array<float> samples_of(const py::object &object)
{
    const py::array samples = array_of("samples", object);

    if (holds<float>(samples)) {
        return vector_of<float>("samples", samples);
    }
    if (!holds<std::int16_t>(samples)) {
        refuse_type("samples", " of float32 or int16", text_of(samples.dtype()));
    }
    const Array<std::int16_t> whole = vector_of<std::int16_t>("samples", samples);
    Array<float> made(whole.size());

    std::transform(whole.data(), whole.data() + whole.size(), made.mutable_data(),
                   [](std::int16_t sample) { return static_cast<float>(sample) / 32768.0F; });
    return made;
}

Array<std::complex<float>> real_fft(const py::object &array)
{
    const Array<float> samples = vector_of<float>("samples", array);
    const std::uint32_t size = count_of("samples", samples);
    const std::size_t bytes = eg_real_fft_workspace_bytes(size);
    std::vector<float> workspace(bytes / sizeof(float));
    Array<std::complex<float>> spectrum(samples.size() / 2 + 1);
    eg_real_fft fft{};

    check(eg_real_fft_prepare(&fft, size, workspace.data(), bytes),
          "samples: need a power of two from 8 to 8192");
    check(eg_real_fft_run(&fft, samples.data(), reinterpret_cast<float *>(spectrum.mutable_data())),
          "samples: can't be transformed");
    return spectrum;
}

class AudioFeatures
{
  public:
    AudioFeatures(const eg_audio_spec &spec, bool portable)
        : path_(portable ? EG_AUDIO_PORTABLE : eg_audio_best_path())
    {
        const std::size_t bytes = eg_audio_workspace_bytes(&spec);

        workspace_.resize(bytes / sizeof(float) + 1);
        check(bytes > 0 ? EG_OK : EG_INVALID_ARGUMENT, "a size is out of range");
        check(eg_audio_prepare(&plan_, &spec, workspace_.data(), bytes),
              "mel_bands: a band holds no frequency of the FFT; take fewer, or a larger fft_size");
        buffer_.resize(plan_.frame_length);
        scratch_.resize(eg_audio_clip_scratch_bytes(&plan_, path_) / sizeof(float));
        check(eg_audio_stream_init(&stream_, &plan_, buffer_.data(), scratch_.data()), "no stream");
    }
    AudioFeatures(const AudioFeatures &) = delete; // the stream points into the struct
    AudioFeatures &operator=(const AudioFeatures &) = delete;

    Array<float> run(const py::object &array)
    {
        const Array<float> samples = samples_of(array);
        const auto count = static_cast<std::size_t>(samples.size());
        Array<float> rows = rows_of(eg_audio_frame_count(&plan_, count));

        check(eg_audio_run_clip(&plan_, path_, samples.data(), count, scratch_.data(),
                                scratch_.size() * sizeof(float), rows.mutable_data()),
              "samples: NaN or infinity");
        return rows;
    }

    Array<float> push(const py::object &array)
    {
        const Array<float> samples = samples_of(array);
        const std::uint32_t count = count_of("samples", samples);
        const std::uint32_t missing = plan_.frame_length - stream_.held;
        Array<float> rows =
            rows_of(count < missing ? 0 : (count - missing) / plan_.hop + std::size_t{1});
        float *row = rows.mutable_data();
        float spare[EG_AUDIO_MAX_BANDS]; // after the last row there is none to point to

        if (!all_finite(samples)) { // before the first of several calls
            refuse("samples: NaN or infinity");
        }
        for (std::uint32_t used = 0; used < count;) {
            std::uint32_t taken = 0;
            bool is_row = false;
            const bool fits = row < rows.data() + rows.size();

            check(eg_audio_stream_push(&stream_, samples.data() + used, count - used, &taken,
                                       fits ? row : spare, &is_row),
                  "samples: NaN or infinity");
            used += taken;
            row += is_row ? eg_audio_features(&plan_) : 0;
        }
        return rows;
    }

    const char *path() const
    {
        switch (path_) {
        case EG_AUDIO_AVX2:
            return "avx2";
        case EG_AUDIO_VECTOR4:
            return "vector4";
        default:
            return "portable";
        }
    }

    // The fields of eg_audio_plan; tables as views, which keep the object alive.
    static py::dict plan(const py::object &self)
    {
        const auto &features = self.cast<const AudioFeatures &>();
        const eg_audio_plan &plan = features.plan_;
        const eg_real_fft &fft = plan.fft;
        const std::size_t half = (plan.mel_bands + 1) / 2;
        const std::size_t weights =
            std::size_t{2} * (plan.corners[plan.mel_bands + 1] - plan.corners[0]);
        py::dict made;

        made["fft_size"] = fft.size;
        made["frame_length"] = plan.frame_length;
        made["hop"] = plan.hop;
        made["mel_bands"] = plan.mel_bands;
        made["coefficients"] = plan.coefficients;
        made["log_floor"] = plan.log_floor;
        made["order"] = view(fft.order, fft.size / 2, self);
        made["twiddles"] =
            view(fft.twiddles, static_cast<std::size_t>(fft.separators - fft.twiddles), self);
        made["separators"] = view(fft.separators, fft.size / 2 - 2, self);
        made["window"] = view(plan.window, plan.frame_length, self);
        made["corners"] = view(plan.corners, plan.mel_bands + 2, self);
        made["weights"] = view(plan.weights, weights, self);
        made["dct"] = view(plan.dct, plan.coefficients * half, self);
        return made;
    }

  private:
    template <typename T>
    static py::array view(const T *values, std::size_t count, const py::object &owner)
    {
        py::array array(py::dtype::of<T>(), static_cast<py::ssize_t>(count), values, owner);

        array.attr("flags").attr("writeable") = false;
        return array;
    }

    Array<float> rows_of(std::size_t count) const
    {
        return Array<float>(
            {static_cast<py::ssize_t>(count), static_cast<py::ssize_t>(eg_audio_features(&plan_))});
    }

    eg_audio_path path_;
    std::vector<float> workspace_;
    std::vector<float> buffer_;
    std::vector<float> scratch_;
    eg_audio_plan plan_{};
    eg_audio_stream stream_{};
};

} // namespace

void bind_audio(py::module_ &module)
{
    module.def("real_fft", &real_fft, py::arg("samples"));
    py::class_<AudioFeatures>(module, "AudioFeatures")
        .def(py::init([](float sample_rate, std::uint32_t frame_length, std::uint32_t hop,
                         std::uint32_t fft_size, std::uint32_t mel_bands,
                         std::uint32_t coefficients, float low_hz, float high_hz, float log_floor,
                         int window, int mel_scale, bool mel_slopes, bool mel_norm, bool portable) {
                 const eg_audio_spec spec = {sample_rate,
                                             frame_length,
                                             hop,
                                             fft_size,
                                             mel_bands,
                                             coefficients,
                                             low_hz,
                                             high_hz,
                                             log_floor,
                                             static_cast<eg_audio_window>(window),
                                             static_cast<eg_audio_mel_scale>(mel_scale),
                                             mel_slopes,
                                             mel_norm};

                 return new AudioFeatures(spec, portable);
             }),
             py::arg("sample_rate"), py::arg("frame_length"), py::arg("hop"), py::arg("fft_size"),
             py::arg("mel_bands"), py::arg("coefficients"), py::arg("low_hz"), py::arg("high_hz"),
             py::arg("log_floor"), py::arg("window"), py::arg("mel_scale"), py::arg("mel_slopes"),
             py::arg("mel_norm"), py::arg("portable"))
        .def("run", &AudioFeatures::run, py::arg("samples"))
        .def("push", &AudioFeatures::push, py::arg("samples"))
        .def("_plan", &AudioFeatures::plan)
        .def_property_readonly("path", &AudioFeatures::path);
}
