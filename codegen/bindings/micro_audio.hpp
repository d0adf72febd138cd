#pragma once

#include <pybind11/pybind11.h>

void bind_micro_audio(pybind11::module_ &module);
