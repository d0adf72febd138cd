// edgegen/micro_audio.h from Python: tables are checked here, as C can't, everything else by the C.
#include "micro_audio.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <pybind11/numpy.h>

#include "arrays.hpp"

#include "edgegen/micro_audio.h"

namespace py = pybind11;

namespace
{

using namespace arrays;

void check(eg_micro_audio_status status)
{
    if (status != EG_MICRO_AUDIO_OK) {
        throw std::invalid_argument(eg_micro_audio_status_text(status));
    }
}

// The tables of a plan of edgegen.micro_audio, held, and the C's plan of them.
class Plan
{
  public:
    Plan(const py::object &plan, bool portable)
        : window_(plan.attr("window")), order_(plan.attr("order")), factors_(plan.attr("factors")),
          split_factors_(plan.attr("split_factors")), widths_(plan.attr("widths")),
          weights_(plan.attr("weights"))
    {
        const py::object gains = plan.attr("gains");

        if (!gains.is_none()) {
            gains_ = Array<std::int16_t>(gains);
            plan_.gains = gains_.data();
        }
        plan_.window = window_.data();
        plan_.order = order_.data();
        plan_.factors = factors_.data();
        plan_.split_factors = split_factors_.data();
        plan_.widths = widths_.data();
        plan_.weights = weights_.data();
        plan_.transform =
            portable ? &eg_micro_audio_transform_any : eg_micro_audio_best_transform();
        plan_.frame_length = plan.attr("frame_length").cast<std::uint32_t>();
        plan_.hop = plan.attr("hop").cast<std::uint32_t>();
        plan_.fft_size = plan.attr("fft_size").cast<std::uint32_t>();
        plan_.channels = plan.attr("channels").cast<std::uint32_t>();
        plan_.first_bin = plan.attr("first_bin").cast<std::uint32_t>();
        for (std::size_t i = 0; i < 2; ++i) {
            plan_.smoothing[i] = plan.attr("smoothing")[py::int_(i)].cast<std::uint32_t>();
        }
        plan_.min_signal_remaining = plan.attr("min_signal_remaining").cast<std::uint32_t>();
        plan_.smoothing_bits = plan.attr("smoothing_bits").cast<std::uint32_t>();
        plan_.gain_shift = plan.attr("gain_shift").cast<std::uint32_t>();
        plan_.correction_bits = plan.attr("correction_bits").cast<std::int32_t>();
        plan_.log_shift = plan.attr("log_shift").cast<std::uint32_t>();
        plan_.has_log = plan.attr("has_log").cast<bool>();
        if (!tables_fit()) {
            throw std::invalid_argument("plan: a table's size or content is wrong");
        }
    }
    Plan(const Plan &) = delete;
    Plan &operator=(const Plan &) = delete;

    const eg_micro_audio_plan *get() const
    {
        return &plan_;
    }

  private:
    bool tables_fit() const
    {
        const std::size_t numbers = plan_.fft_size / 2;
        const bool is_power_of_4 = (numbers & 0x55555555U) != 0;
        const std::size_t groups = is_power_of_4 ? numbers / 4 : numbers / 2;
        std::size_t factors = 0;

        for (std::size_t m = is_power_of_4 ? 4 : 2; m < numbers; m *= 4) {
            factors += 3 * m;
        }
        const std::size_t bins =
            std::accumulate(widths_.data(), widths_.data() + widths_.size(), std::size_t{0});

        return size_of(window_) == plan_.frame_length && size_of(order_) == groups &&
               std::all_of(order_.data(), order_.data() + order_.size(),
                           [groups](std::uint16_t at) { return at < groups; }) &&
               size_of(factors_) == 2 * factors && size_of(split_factors_) == numbers &&
               size_of(widths_) == std::size_t{plan_.channels} + 1 &&
               size_of(weights_) == 2 * bins &&
               (plan_.gains == nullptr || size_of(gains_) == EG_MICRO_AUDIO_GAINS);
    }

    Array<std::int16_t> window_;
    Array<std::uint16_t> order_;
    Array<std::int16_t> factors_;
    Array<std::int16_t> split_factors_;
    Array<std::uint16_t> widths_;
    Array<std::uint16_t> weights_;
    Array<std::int16_t> gains_;
    eg_micro_audio_plan plan_{};
};

// One sound's state and its workspace.
class Sound
{
  public:
    explicit Sound(const eg_micro_audio_plan *plan)
        : workspace_(eg_micro_audio_workspace_bytes(plan) / sizeof(std::uint32_t) + 1)
    {
        check(eg_micro_audio_init(&audio_, plan, workspace_.data(),
                                  workspace_.size() * sizeof(std::uint32_t)));
    }
    Sound(const Sound &) = delete;
    Sound &operator=(const Sound &) = delete;

    eg_micro_audio *get()
    {
        return &audio_;
    }

  private:
    std::vector<std::uint32_t> workspace_;
    eg_micro_audio audio_{};
};

class MicroAudio
{
  public:
    MicroAudio(const py::object &plan, bool portable)
        : plan_(plan, portable), whole_(plan_.get()), stream_(plan_.get())
    {
    }

    Array<std::uint16_t> run(const py::object &sound)
    {
        const eg_micro_audio_plan &plan = *plan_.get();
        const Array<std::int16_t> samples = vector_of<std::int16_t>("samples", sound);
        const std::size_t rows = rows_within(size_of(samples));
        Array<std::uint16_t> features = make_rows(rows);

        check(eg_micro_audio_reset(whole_.get()));
        for (std::size_t i = 0; i < rows; ++i) {
            check(eg_micro_audio_run(whole_.get(), samples.data() + i * plan.hop,
                                     features.mutable_data() + i * plan.channels));
        }
        return features;
    }

    Array<std::uint16_t> feed(const py::object &chunk)
    {
        const Array<std::int16_t> samples = vector_of<std::int16_t>("samples", chunk);
        const std::size_t count = size_of(samples);
        Array<std::uint16_t> features = make_rows(rows_within(stream_.get()->held + count));
        std::uint16_t row[EG_MICRO_AUDIO_MAX_CHANNELS];
        std::uint16_t *to = features.mutable_data();

        for (std::size_t used = 0; used < count;) {
            std::size_t taken = 0;
            bool is_row = false;

            check(eg_micro_audio_push(stream_.get(), samples.data() + used, count - used, &taken,
                                      row, &is_row));
            used += taken;
            if (is_row) {
                to = std::copy(row, row + plan_.get()->channels, to);
            }
        }
        return features;
    }

    void reset()
    {
        check(eg_micro_audio_reset(stream_.get()));
    }

  private:
    std::size_t rows_within(std::size_t count) const
    {
        const eg_micro_audio_plan &plan = *plan_.get();

        return count < plan.frame_length ? 0 : (count - plan.frame_length) / plan.hop + 1;
    }

    Array<std::uint16_t> make_rows(std::size_t rows) const
    {
        return Array<std::uint16_t>(
            {static_cast<py::ssize_t>(rows), static_cast<py::ssize_t>(plan_.get()->channels)});
    }

    Plan plan_;
    Sound whole_;
    Sound stream_;
};

Array<std::int8_t> to_s8(const py::object &rows, const py::object &divisor,
                         const py::object &zero_point)
{
    const Array<std::uint16_t> features = in_order<std::uint16_t>("features", rows);
    const auto by = static_cast<std::uint32_t>(integer_of("divisor", divisor, 1, 1 << 24));
    const auto zero =
        static_cast<std::int32_t>(integer_of("zero_point", zero_point, INT8_MIN, INT8_MAX));
    Array<std::int8_t> output(shape_of(features));

    check(
        eg_micro_audio_to_s8(features.data(), size_of(features), by, zero, output.mutable_data()));
    return output;
}

} // namespace

void bind_micro_audio(py::module_ &module)
{
    py::class_<MicroAudio>(module, "MicroAudio")
        .def(py::init<const py::object &, bool>(), py::arg("plan"), py::arg("portable"))
        .def("__call__", &MicroAudio::run, py::arg("samples"))
        .def("feed", &MicroAudio::feed, py::arg("samples"))
        .def("reset", &MicroAudio::reset)
        .def_static("to_int8", &to_s8, py::arg("features"),
                    py::arg("divisor") = EG_MICRO_AUDIO_S8_DIVISOR,
                    py::arg("zero_point") = EG_MICRO_AUDIO_S8_ZERO_POINT);
}
