"""Every reason for refusing a model: its number, what it means, how to mend it.

EG1xx come from the frontends and hold for every target; EG2xx come from engines,
so another engine may take the model. A number never changes its meaning and is
never given out again. The table in the documentation is made from `REASONS`.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgegen.errors import Diagnostic


@dataclass(frozen=True, slots=True)
class Reason:
    """One row of the table.

    Attributes:
        code: ``EG`` and three digits.
        title: What was found, in a few words.
        meaning: Why that cannot be taken.
        fix: The converter setting or change that mends it.
    """

    code: str
    title: str
    meaning: str
    fix: str


_FULL_INT8 = (
    "Give the converter calibration data: converter.optimizations = [tf.lite.Optimize.DEFAULT] "
    "and converter.representative_dataset = ..., or leave both out for a float32 model."
)

_REASONS = (
    Reason(
        "EG101",
        "unsupported operator",
        "The graph holds an operator that edgegen has no code for.",
        "Replace the layer by supported ones; `edgegen inspect` and the documentation list them.",
    ),
    Reason(
        "EG102",
        "custom operator",
        "A custom operator has no definition inside the model file.",
        "Convert without custom and TensorFlow operators: converter.allow_custom_ops = False, "
        "converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS].",
    ),
    Reason(
        "EG103",
        "dynamic shape",
        "A dimension is only known at run time, and memory is planned before.",
        "Fix every dimension before converting: tf.keras.Input(shape, batch_size=1), or a "
        "tf.TensorSpec((1, ...)) for each input.",
    ),
    Reason(
        "EG104",
        "hybrid quantisation",
        "Weights are int8 but activations are float32 (dynamic-range quantisation).",
        _FULL_INT8,
    ),
    Reason(
        "EG105",
        "float16",
        "Weights or activations are stored as float16.",
        "Leave tf.float16 out of converter.target_spec.supported_types.",
    ),
    Reason(
        "EG106",
        "sparse tensor",
        "The weights are stored in a sparse encoding.",
        "Leave EXPERIMENTAL_SPARSITY out of converter.optimizations.",
    ),
    Reason(
        "EG107",
        "unsupported element type",
        "A tensor, or this use of it, has an element type that edgegen does not handle.",
        "Use float32, or int8 or int16 with full integer quantisation, around this layer.",
    ),
    Reason(
        "EG108",
        "weights below 8 bits",
        "The weights are packed in 2 or 4 bits.",
        "Quantise the weights to 8 bits.",
    ),
    Reason(
        "EG109",
        "several subgraphs",
        "The file holds more than one graph: several signatures, or control flow.",
        "Convert one signature without tf.cond and tf.while_loop; give RNN layers unroll=True.",
    ),
    Reason(
        "EG110",
        "missing quantisation",
        "An integer tensor has no scale and zero point.",
        _FULL_INT8,
    ),
    Reason(
        "EG111",
        "uint8 quantisation",
        "The model uses the old uint8 quantisation of TensorFlow 1.",
        "Convert again with TensorFlow 2, which quantises to int8; uint8 remains possible for "
        "the model's inputs and outputs (converter.inference_input_type = tf.uint8).",
    ),
    Reason(
        "EG112",
        "wrong rank",
        "A tensor has more or fewer dimensions than the operator works on.",
        "Reshape the tensor around this layer; images are batch, height, width, channels.",
    ),
    Reason(
        "EG113",
        "parameter only known at run time",
        "Weights, a bias, axes, paddings or a shape are computed by the graph itself.",
        "Make it a constant before converting. For weight-only quantised models: " + _FULL_INT8,
    ),
    Reason(
        "EG114",
        "data outside of the model",
        "A tensor's data lies in another file or behind the flatbuffer.",
        "Save the model as one .tflite file below 2 GB with its weights inside.",
    ),
    Reason(
        "EG115",
        "contradictory shapes",
        "The shapes in the file are not those that the operator computes.",
        "Convert the model again; a tool that edited the file has left it inconsistent.",
    ),
    Reason(
        "EG116",
        "unsupported parameter",
        "An operator's parameter is out of range or asks for a variant that is not supported.",
        "Change the layer's parameter and convert again.",
    ),
    Reason(
        "EG117",
        "unsupported quantisation parameters",
        "A scale or zero point is out of range, of the wrong count, or not what the operator "
        "requires.",
        "Convert again with the standard int8 scheme of TensorFlow 2: symmetric weights, one "
        "scale per tensor or per output channel.",
    ),
    Reason(
        "EG118",
        "wrong number of inputs or outputs",
        "An operator has more or fewer tensors than it is defined with.",
        "Convert the model again; a tool that edited the file has left it inconsistent.",
    ),
    Reason(
        "EG119",
        "broken graph",
        "A tensor is read before it is computed, computed twice, or never.",
        "Convert the model again; a tool that edited the file has left it inconsistent.",
    ),
    Reason(
        "EG120",
        "grouped convolution",
        "A convolution's kernel sees only a part of the input channels.",
        "Split the layer into one convolution per group and a concatenation, or use a depthwise "
        "convolution.",
    ),
    Reason(
        "EG121",
        "state",
        "A tensor keeps its value from one inference to the next in a way that is not supported: "
        "variables are read and assigned by operators of their own, initialised by constants, or "
        "the state of one SVDF or UNIDIRECTIONAL_SEQUENCE_LSTM.",
        "Make the state an input and an output of the model.",
    ),
    Reason(
        "EG122",
        "too large",
        "A tensor exceeds 2 GiB, or the graph has more than 65,536 tensors or operators.",
        "Reduce the model.",
    ),
    Reason(
        "EG123",
        "constant is not finite",
        "A float constant holds NaN or infinity, so the outputs are no numbers either.",
        "Compare the converted model with its source, then convert again: "
        "from_concrete_functions([f]) without a second argument, or from_saved_model.",
    ),
    Reason(
        "EG201",
        "no aot kernel",
        "The aot engine has no kernel that gives this operator TFLM's exact result.",
        "Choose another engine, or change the layer and convert the model again.",
    ),
    Reason(
        "EG210",
        "element type that TFLM's kernel lacks",
        "TensorFlow Lite Micro has the operator, but not in this element type.",
        "Convert to float32, or to int8 with full integer quantisation; or use the aot engine.",
    ),
    Reason(
        "EG211",
        "int16 fully connected layer with a scale per output",
        "CMSIS-NN computes int16 fully connected layers with one scale for all weights.",
        "Use the aot engine, or set "
        "converter._experimental_disable_per_channel_quantization_for_dense_layers = True.",
    ),
    Reason(
        "EG212",
        "operator without a list of TFLM's sources",
        "edgegen does not know which of TensorFlow Lite Micro's source files run it.",
        "Use the aot engine.",
    ),
    Reason(
        "EG220",
        "file format of other engines",
        "The engine reads models in another file format.",
        "Use another engine, or convert the model: aot, tflm and litert read .tflite, onnxruntime "
        ".onnx, openvino both.",
    ),
    Reason(
        "EG221",
        "operator that the runtime lacks",
        "The engine is a runtime that has no kernel for the operator, or not for this use of it.",
        "Use another engine, or change the layer and convert the model again.",
    ),
    Reason(
        "EG222",
        "tensors of one name",
        "The engine is a runtime that tells tensors apart by their names.",
        "Use another engine, or give every layer a name of its own and convert the model again.",
    ),
    Reason(
        "EG223",
        "input or output of a type that the runtime lacks",
        "The engine is a runtime that takes and gives tensors of some element types alone.",
        "Use another engine, or convert the model with float32 or quantised int8 inputs and "
        "outputs.",
    ),
)

REASONS: dict[str, Reason] = {reason.code: reason for reason in _REASONS}


def diagnostic(code: str, where: str, cause: str, fix: str | None = None) -> Diagnostic:
    """A `Diagnostic` with the table's fix, unless a more precise one is given.

    Args:
        code: A key of `REASONS`; a KeyError otherwise.
        where: Node or tensor, in the model's own words.
        cause: One sentence with what was found there.
    """
    reason = REASONS[code]
    return Diagnostic(code, where, cause, reason.fix if fix is None else fix)


def wrong_format(found: str, *taken: str) -> tuple[Diagnostic, ...]:
    """The refusal of an engine that reads the formats ``taken``; empty when that is one of them."""
    if found in taken:
        return ()
    cause = f"the engine reads {' and '.join(taken)}, and this is {found}."
    return (diagnostic("EG220", "model file", cause),)
