# Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
"""What holds for the model as it was generated; add what holds for your application."""

from __future__ import annotations

import numpy as np
import pytest

from digits_runtime import Model, UsageProblem, selftest


def test_this_machine_computes_what_the_model_computes() -> None:
    with Model() as model:
        report = selftest.run(model)
    assert report.passed, report.text()


def test_a_prediction_has_the_outputs_that_are_promised() -> None:
    with Model() as model:
        outputs = model.predict([tensor.zeros() for tensor in model.inputs])
        assert [(str(each.dtype), each.shape) for each in outputs] == [
            (tensor.dtype, tensor.shape) for tensor in model.outputs
        ]


def test_an_array_of_another_shape_is_refused() -> None:
    with Model() as model:
        wrong = [np.zeros((*tensor.shape, 2), tensor.dtype) for tensor in model.inputs]
        with pytest.raises(UsageProblem, match="shape"):
            model.predict(wrong)
