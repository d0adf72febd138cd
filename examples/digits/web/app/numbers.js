/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { InputError } from "../edgegen/errors.js";
import { arrayOf, elementsOf } from "../edgegen/tensors.js";

/** @typedef {import("../edgegen/types.d.ts").TensorInfo} TensorInfo */
/** @typedef {import("../edgegen/types.d.ts").DType} DType */

/**
 * A tensor's elements: of its own type, or real numbers as Float32Array, which the model quantises.
 *
 * @typedef {import("../edgegen/types.d.ts").TypedArray} Numbers
 */

// What quantised tensors hold.
const CODES = Object.freeze({
  int8: { low: -128, high: 127 },
  uint8: { low: 0, high: 255 },
  int16: { low: -32768, high: 32767 },
});

// Of numpy's type names, the ones that stand for a tensor's own elements.
/** @type {Readonly<Record<string, DType>>} */
const NPY_TYPES = Object.freeze({
  "|b1": "bool",
  "|i1": "int8",
  "|u1": "uint8",
  "<i2": "int16",
  "<u2": "uint16",
  "<i4": "int32",
  "<u4": "uint32",
  "<i8": "int64",
  "<u8": "uint64",
  "<f4": "float32",
  "<f8": "float64",
});

/**
 * The most text that can be such a tensor: 32 characters a number, and some for a head line.
 *
 * @param {TensorInfo} tensor
 */
export function textLimit(tensor) {
  return 32 * elementsOf(tensor) + 4096;
}

/**
 * Real numbers from text: JSON, nested as the shape is or flat, or numbers between commas,
 * semicolons, spaces or line ends.
 *
 * @param {string} text
 * @param {TensorInfo} tensor
 * @returns {Numbers}
 * @throws {InputError} says which number or dimension is wrong
 */
export function parseText(text, tensor) {
  if (text.length > textLimit(tensor)) {
    throw new InputError(
      `That is ${text.length.toLocaleString("en")} characters for ${count(tensor)} numbers.`,
      { fix: `Give exactly ${count(tensor)} numbers.` },
    );
  }
  const trimmed = text.trim();
  if (!trimmed) {
    throw new InputError("There are no numbers.", { fix: `Give ${count(tensor)} of them.` });
  }
  const values = trimmed.startsWith("[") ? fromJson(trimmed, tensor) : fromList(trimmed);
  return fromReal(values, tensor);
}

/**
 * Real numbers as the model takes them.
 *
 * @param {readonly number[]} values
 * @param {TensorInfo} tensor
 * @returns {Numbers}
 * @throws {InputError} too many, too few, or one that is not finite
 */
export function fromReal(values, tensor) {
  if (values.length !== elementsOf(tensor)) {
    throw new InputError(
      `There are ${values.length.toLocaleString("en")} numbers; the model takes ${count(tensor)}.`,
      { fix: `Its input has the shape [${tensor.shape.join(", ")}].` },
    );
  }
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new InputError(`Number ${wrong + 1} is ${values[wrong]}, which is not finite.`, {
      fix: "A model computes with finite numbers only: put one in its place.",
    });
  }
  if (tensor.scale !== 0 || tensor.dtype.startsWith("float")) {
    return tensor.dtype === "float64" ? Float64Array.from(values) : Float32Array.from(values);
  }
  return integers(values, tensor);
}

/**
 * An array out of a numpy file. One of the tensor's own type is taken as it is, quantised or not;
 * floating point numbers are real numbers.
 *
 * @param {ArrayBuffer} file
 * @param {TensorInfo} tensor
 * @returns {Numbers}
 * @throws {InputError} it is damaged, or of another type or shape
 */
export function parseNpy(file, tensor) {
  const { type, shape, data } = npy(file);
  const fits = (/** @type {readonly number[]} */ wanted) => String(shape) === String(wanted);
  const withoutBatch = tensor.shape[0] === 1 ? tensor.shape.slice(1) : tensor.shape;
  if (!fits(tensor.shape) && !fits(withoutBatch)) {
    throw new InputError(`The array has the shape [${shape.join(", ")}].`, {
      fix: `The model takes [${tensor.shape.join(", ")}].`,
    });
  }
  if (type !== tensor.dtype && !type.startsWith("float")) {
    throw new InputError(`The array holds ${type}; the model takes ${tensor.dtype}.`, {
      fix: `Save it as ${tensor.dtype}, or real numbers as float32.`,
    });
  }
  const bytes = elementsOf({ ...tensor, shape }) * arrayOf(type).BYTES_PER_ELEMENT;
  if (data.byteLength !== bytes) {
    throw new InputError(`The file has ${data.byteLength} bytes of numbers, not ${bytes}.`, {
      fix: "It is damaged: save it again.",
    });
  }
  const array = /** @type {Numbers} */ (new (arrayOf(type))(data));
  if (array instanceof Float32Array || array instanceof Float64Array) {
    return fromReal([...array], tensor);
  }
  return array;
}

/**
 * Zeros, of the integer that stands for zero where the tensor is quantised.
 *
 * @param {TensorInfo} tensor
 * @returns {Numbers}
 */
export function zeros(tensor) {
  return fromReal(new Array(elementsOf(tensor)).fill(0), tensor);
}

/**
 * Random elements over all that the type can hold; real numbers in -1 to 1 for floats, and no
 * integer beyond 0 and 1 where nothing says what it stands for: it may be a position in a table.
 *
 * @param {TensorInfo} tensor
 * @returns {Numbers}
 */
export function random(tensor) {
  const range = CODES[/** @type {keyof typeof CODES} */ (tensor.dtype)];
  const draw = () => {
    if (tensor.scale !== 0 && range) {
      const code = range.low + Math.floor(Math.random() * (range.high - range.low + 1));
      return (code - tensor.zeroPoint) * tensor.scale;
    }
    return tensor.dtype.startsWith("float") ? Math.random() * 2 - 1 : Math.round(Math.random());
  };
  return fromReal(Array.from({ length: elementsOf(tensor) }, draw), tensor);
}

/**
 * @param {string} text
 * @param {TensorInfo} tensor
 * @returns {number[]}
 */
function fromJson(text, tensor) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InputError("The text begins as JSON does, with a bracket, but cannot be read as JSON.", {
      fix: "Write numbers in brackets, [1, 2.5, -3]; NaN and Infinity are no JSON.",
      cause,
    });
  }
  /** @type {number[]} */
  const values = [];
  const sizes = shapeOf(value, values);
  const wanted = tensor.shape.join(", ");
  const flat = sizes.length === 1;
  const withoutBatch = tensor.shape[0] === 1 ? tensor.shape.slice(1).join(", ") : wanted;
  if (!flat && sizes.join(", ") !== wanted && sizes.join(", ") !== withoutBatch) {
    throw new InputError(`The array has the shape [${sizes.join(", ")}].`, {
      fix: `The model takes [${wanted}], or as many numbers in one list.`,
    });
  }
  return values;
}

/**
 * The shape of nested arrays; their numbers are added to `values`.
 *
 * @param {unknown} value
 * @param {number[]} values
 * @returns {number[]}
 */
function shapeOf(value, values) {
  if (typeof value === "number") {
    values.push(value);
    return [];
  }
  if (!Array.isArray(value)) {
    throw new InputError(`Number ${values.length + 1} is ${JSON.stringify(value).slice(0, 20)}.`, {
      fix: "Write nothing but numbers and brackets.",
    });
  }
  /** @type {number[] | null} */
  let inner = null;
  for (const each of value) {
    const found = shapeOf(each, values);
    if (inner && String(inner) !== String(found)) {
      throw new InputError(`The rows differ in length, at number ${values.length}.`, {
        fix: "Give each row the same number of columns.",
      });
    }
    inner = found;
  }
  return [value.length, ...(inner ?? [])];
}

/**
 * @param {string} text
 * @returns {number[]}
 */
function fromList(text) {
  return text.split(/[\s,;]+/).filter(Boolean).map((word, index) => {
    const value = /^[+-]?(nan|inf|infinity)$/i.test(word) ? NaN : Number(word);
    if (Number.isNaN(value)) {
      throw new InputError(`Number ${index + 1} is "${word.slice(0, 20)}", which is not a finite number.`, {
        fix: "Write numbers like 1, -2.5 or 3e-4, with commas or spaces between them.",
      });
    }
    return value;
  });
}

/**
 * @param {readonly number[]} values
 * @param {TensorInfo} tensor
 * @returns {Numbers}
 */
function integers(values, tensor) {
  const wrong = values.findIndex((value) => !Number.isSafeInteger(value));
  if (wrong >= 0) {
    throw new InputError(`Number ${wrong + 1} is ${values[wrong]}, which is no integer.`, {
      fix: `The model takes ${tensor.dtype}.`,
    });
  }
  if (tensor.dtype === "int64" || tensor.dtype === "uint64") {
    const whole = values.map(BigInt);
    return tensor.dtype === "int64" ? BigInt64Array.from(whole) : BigUint64Array.from(whole);
  }
  const made = /** @type {Int32ArrayConstructor} */ (arrayOf(tensor.dtype)).from(values);
  const changed = values.findIndex((value, index) => made[index] !== value);
  if (changed >= 0) {
    throw new InputError(`Number ${changed + 1} is ${values[changed]}, beyond ${tensor.dtype}.`);
  }
  return made;
}

/**
 * The parts of a .npy file: `\x93NUMPY`, the format's version, the length of the head, the head (a
 * Python dictionary), the elements.
 *
 * @param {ArrayBuffer} file
 * @returns {{type: DType, shape: number[], data: ArrayBuffer}}
 */
function npy(file) {
  const damaged = (/** @type {string} */ why) =>
    new InputError(`The file is no numpy array that this page reads: ${why}.`, {
      fix: 'Write it with numpy.save("input.npy", array).',
    });
  const bytes = new Uint8Array(file);
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(1, 6)) !== "NUMPY") {
    throw damaged("it starts differently");
  }
  const view = new DataView(file);
  const isFirst = bytes[6] === 1;
  const start = isFirst ? 10 : 12;
  const end = start + (isFirst ? view.getUint16(8, true) : view.getUint32(8, true));
  const head = new TextDecoder("latin1").decode(bytes.subarray(start, Math.min(end, start + 4096)));
  const name = /'descr': *'([^']*)'/.exec(head)?.[1] ?? "";
  const sizes = /'shape': *\(([\d, ]*)\)/.exec(head)?.[1];
  const type = NPY_TYPES[name];
  if (!type || sizes === undefined) {
    throw damaged(name ? `its elements are ${name}` : "its head is damaged");
  }
  if (/'fortran_order': *True/.test(head)) {
    throw damaged("its columns come first");
  }
  return {
    type,
    shape: sizes.split(",").filter((size) => size.trim()).map(Number),
    data: file.slice(end),
  };
}

/** @param {TensorInfo} tensor */
function count(tensor) {
  return elementsOf(tensor).toLocaleString("en");
}
