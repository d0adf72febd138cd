/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { InputError } from "../edgegen/errors.js";
import { makeInputs, readGolden } from "../edgegen/golden.js";
import { describe, elementsOf } from "../edgegen/tensors.js";
import { fromTemplate, part } from "./dom.js";
import { onFile } from "./image-input.js";
import { clearErrors, report } from "./notices.js";
import { parseNpy, parseText, random, textLimit, zeros } from "./numbers.js";

/** @typedef {import("./inputs.js").InputView} InputView */
/** @typedef {import("./inputs.js").Offer} Offer */
/** @typedef {import("./numbers.js").Numbers} Numbers */

/**
 * An input that nothing describes: numbers, typed, pasted, from a file, or made up.
 *
 * @param {import("../edgegen/types.d.ts").TensorInfo} tensor
 * @param {number} index which of the model's inputs
 * @param {Offer} offer
 * @returns {InputView}
 */
export function tensorInput(tensor, index, offer) {
  const root = fromTemplate("tensor-input");
  const text = part(root, "text", HTMLTextAreaElement);
  const summary = part(root, "summary", HTMLElement);
  const total = elementsOf(tensor).toLocaleString("en");
  /** @type {Numbers | null} */
  let value = null;

  part(root, "about", HTMLElement).textContent =
    `${describe(tensor)}: ${total} numbers. ` +
    (tensor.scale === 0
      ? "Files: JSON, CSV or numpy's .npy."
      : `Real numbers are quantised in steps of ${tensor.scale}; a .npy of ${tensor.dtype} is taken as it is.`);

  /**
   * @param {string} from in words
   * @param {() => Numbers | Promise<Numbers>} make
   */
  const take = async (from, make) => {
    try {
      value = await make();
      clearErrors("input");
      summary.textContent = `${from}: ${preview(value)}`;
      await offer();
    } catch (error) {
      report("input", error);
    }
  };

  /** @param {File} file */
  const drop = (file) => take(file.name, () => fromFile(file, tensor));

  /** @param {string} name @param {() => void} run */
  const onClick = (name, run) => part(root, name, HTMLButtonElement).addEventListener("click", run);
  onClick("random", () => void take("Random", () => random(tensor)));
  onClick("zeros", () => void take("Zeros", () => zeros(tensor)));
  onClick("golden", () => void take("Golden example", () => goldenInput(index)));
  onClick("use", () => void take("Yours", () => parseText(text.value, tensor)));
  onFile(root, drop);
  text.addEventListener("paste", (event) => {
    // A text field with millions of characters would freeze the tab before anyone could look at it.
    const pasted = event.clipboardData?.getData("text/plain") ?? "";
    if (pasted.length > textLimit(tensor)) {
      event.preventDefault();
      void take("Yours", () => parseText(pasted, tensor));
    }
  });

  return {
    name: tensor.name,
    root,
    read: () => value,
    drop,
    accepts: (type) => !/^(image|audio|video)\//.test(type),
  };
}

/**
 * An input of the first golden vector: the numbers that every self-test of this project replays.
 *
 * @param {number} index which of the model's inputs
 * @returns {Promise<Numbers>}
 */
async function goldenInput(index) {
  const { seeds } = await readGolden();
  const made = makeInputs(seeds[0] ?? 0)[index];
  if (!made) {
    throw new InputError("There is no golden example of this input.");
  }
  return /** @type {Numbers} */ (made);
}

/**
 * @param {File} file
 * @param {import("../edgegen/types.d.ts").TensorInfo} tensor
 * @returns {Promise<Numbers>}
 */
async function fromFile(file, tensor) {
  if (file.size === 0) {
    throw new InputError("The file is empty.", {
      fix: `Choose one with ${elementsOf(tensor).toLocaleString("en")} numbers.`,
    });
  }
  if (file.size > textLimit(tensor)) {
    throw new InputError(
      `The file has ${file.size.toLocaleString("en")} bytes, too many for this input.`,
      { fix: `The model takes ${elementsOf(tensor).toLocaleString("en")} numbers.` },
    );
  }
  const isNpy = new Uint8Array(await file.slice(0, 1).arrayBuffer())[0] === 0x93;
  return isNpy ? parseNpy(await file.arrayBuffer(), tensor) : parseText(await file.text(), tensor);
}

/** @param {Numbers} values */
function preview(values) {
  const first = [...values.slice(0, 6)].map((value) => Number(Number(value).toPrecision(4)));
  return first.join(", ") + (values.length > first.length ? ", …" : "");
}
