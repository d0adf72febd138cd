"""Other people's runtimes on every operator: what they cannot run or compute otherwise is refused.

Without the refusals the self-test of a project would be the first to know. All else is held against
LiteRT's reference kernels here, by the measure that the self-tests take.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import openvino
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edgegen import golden
from edgegen.engines.litert import LitertEngine
from edgegen.engines.openvino import OpenVinoEngine
from edgegen.frontends import tflite
from edgegen.model import DType, Model
from edgegen.targets.golden_files import RUNTIME_FLOAT_TOLERANCE
from edgegen.targets.linux_golden import RMS_LIMITS
from support import model_zoo
from support.tflite_builder import ModelBuilder, dump

Run = Callable[[bytes, Model], list[list[Any]]]

# LiteRT has no reference kernel for the one, and for the other one whose integers are far from
# TensorFlow Lite Micro's, and from those of its own fast kernel.
_NO_REFERENCE = ("elu_", "sum_int8")

REFUSED = {
    "litert": {
        "assign_variable_float32",  # these two begin with a value: it would run them
        "assign_variable_int8",
        "svdf_int8",
        "unidirectional_sequence_lstm_int8",
    },
    "openvino": {
        "assign_variable_float32",
        "assign_variable_int8",
        "cast_int8",
        "conv_2d_int16",
        "reduce_max_int8",
        "svdf_float32",
        "svdf_int8",
        "unidirectional_sequence_lstm_float32",
        "unidirectional_sequence_lstm_int8",
    },
}


def vectors(model: Model) -> Iterator[list[Any]]:
    return (golden.make_inputs(model, seed) for seed in (1, 2, 3))


def interpret(data: bytes, model: Model, **options: Any) -> list[list[Any]]:
    interpreter = Interpreter(model_content=data, num_threads=1, **options)
    interpreter.allocate_tensors()
    found = []
    for inputs in vectors(model):
        for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        details = interpreter.get_output_details()
        found.append([interpreter.get_tensor(detail["index"]) for detail in details])
    return found


def reference(data: bytes, model: Model) -> list[list[Any]]:
    return interpret(data, model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)


@functools.cache
def core() -> Any:
    return openvino.Core()


def compute(data: bytes, model: Model) -> list[list[Any]]:
    with tempfile.NamedTemporaryFile(suffix=".tflite") as file:  # it reads no .tflite from memory
        file.write(data)
        file.flush()
        read = core().read_model(file.name)
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    compiled = core().compile_model(read, "CPU", settings)
    request = compiled.create_infer_request()
    found = []
    for inputs in vectors(model):
        outputs = request.infer(inputs)
        found.append([np.array(outputs[port]) for port in compiled.outputs])
    return found


RUNTIMES: dict[str, tuple[Any, Run]] = {
    "litert": (LitertEngine(), interpret),
    "openvino": (OpenVinoEngine(), compute),
}


def with_names_of_their_own(data: bytes) -> bytes:
    """OpenVINO takes tensors of one name for each other, and the zoo's constants have one."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    for subgraph in model.subgraphs:
        for number, tensor in enumerate(subgraph.tensors):
            name = tensor.name.decode() if isinstance(tensor.name, bytes) else tensor.name
            tensor.name = f"{name}_{number}"
    return dump(model)


def distance(pairs: list[tuple[Any, Any]], zero_point: int) -> float:
    """The root mean square of the differences over that of the expected values."""
    one = np.concatenate([np.ravel(got) for got, _ in pairs]).astype(np.float64) - zero_point
    other = np.concatenate([np.ravel(want) for _, want in pairs]).astype(np.float64) - zero_point
    differs = ~((one == other) | (np.isnan(one) & np.isnan(other)))  # roots of negative numbers
    apart = np.sqrt(np.square(one[differs] - other[differs]).sum())
    size = np.sqrt(np.square(other[~np.isnan(other)]).sum())
    return float(apart / size) if size else float(apart)


def problem(name: str, data: bytes, engine: str) -> str:
    """What a runtime does to a model that it should run; "" if all is well."""
    model = tflite.parse(data, f"{name}.tflite")
    got, want = RUNTIMES[engine][1](data, model), reference(data, model)
    for number, index in enumerate(model.outputs):
        tensor = model.tensors[index]
        is_float = tensor.dtype is DType.FLOAT32
        limit = RUNTIME_FLOAT_TOLERANCE if is_float else RMS_LIMITS[engine]
        zero_point = tensor.zero_point if tensor.quant else 0
        pairs = [(one[number], other[number]) for one, other in zip(got, want, strict=True)]
        found = distance(pairs, zero_point)
        if not found <= limit:
            return f"{name}: output {number} is {found:.3g} away"
    return ""


@pytest.mark.parametrize("engine", RUNTIMES)
def test_every_operator_is_refused_or_right(engine: str) -> None:
    refused, problems = set(), []
    for name, zoo in model_zoo.models().items():
        data = with_names_of_their_own(zoo)
        if RUNTIMES[engine][0].refusals(tflite.parse(data, name)):
            refused.add(name)
        elif not name.startswith(_NO_REFERENCE):
            problems.append(problem(name, data, engine))
    assert not list(filter(None, problems))
    assert refused == REFUSED[engine]


@pytest.mark.parametrize("name", ["reduce_max_int8", "cast_int8"])
def test_what_openvino_computes_otherwise(name: str) -> None:
    """If this fails, a newer OpenVINO does it right: then it need not be refused."""
    assert problem(name, with_names_of_their_own(model_zoo.models()[name]), "openvino")


@pytest.mark.parametrize(
    ("engine", "name"),
    [
        ("litert", "svdf_int8"),
        ("openvino", "assign_variable_int8"),
        ("openvino", "svdf_float32"),
        ("openvino", "unidirectional_sequence_lstm_float32"),
    ],
)
def test_what_a_runtime_cannot_run(engine: str, name: str) -> None:
    """As above, for what fails."""
    data = with_names_of_their_own(model_zoo.models()[name])
    with pytest.raises(RuntimeError):
        RUNTIMES[engine][1](data, tflite.parse(data, name))


def test_tensors_of_one_name_are_refused() -> None:
    data = model_zoo.models()["chain"]
    (first, *_) = OpenVinoEngine().refusals(tflite.parse(data, "chain"))
    assert first.code == "EG222"
    with pytest.raises(RuntimeError):
        compute(data, tflite.parse(data, "chain"))


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_litert_wants_a_bias(kind: str) -> None:
    """It refuses the one, and crashes on the other: so nothing is run here."""
    builder = ModelBuilder()
    source = builder.tensor("x", [1, 4, 4, 2], scale=0.1)
    result = builder.tensor("y", [1, 4, 4, 2], scale=0.5)
    shape = [2, 3, 3, 2] if kind == "CONV_2D" else [1, 3, 3, 2]
    weights = builder.tensor("w", shape, scale=0.01, data=np.ones(shape))
    builder.op(kind, [source, weights], [result], version=3, padding="SAME")
    model = tflite.parse(builder.build([source], [result]), "model.tflite")
    (refusal,) = LitertEngine().refusals(model)
    assert refusal.code == "EG221"
    assert "bias" in refusal.cause
    assert not OpenVinoEngine().refusals(model)
