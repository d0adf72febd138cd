/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { INPUTS, RAW_INPUTS } from "../edgegen/spec.js";
import { element } from "./dom.js";
import { imageInput } from "./image-input.js";
import { soundInput } from "./sound-input.js";
import { tensorInput } from "./tensor-input.js";

/**
 * What a model takes for one input: an image of any size, samples in -1 to 1, or a tensor.
 *
 * @typedef {ImageBitmap | ImageData | import("./numbers.js").Numbers} Value
 */

/**
 * One of the model's inputs, as the visitor sees it.
 *
 * @typedef {object} InputView
 * @property {string} name the model's own
 * @property {HTMLElement} root
 * @property {() => Value | null} read the latest value; null before there is one
 * @property {(file: File) => Promise<void>} drop takes a file that was dropped or pasted
 * @property {(type: string) => boolean} accepts whether `drop` takes files of that MIME type
 */

/**
 * Tells the page that an input has a new value, or none any more. Gives what the model says to it, or null where it
 * said nothing: another input is still missing, or it failed and the page says why.
 *
 * @typedef {() => Promise<import("./answer.js").Answer | null>} Offer
 */

/**
 * A view for each of the model's inputs, in their order.
 *
 * @param {HTMLElement} parent
 * @param {Offer} offer
 * @returns {InputView[]}
 */
export function createInputs(parent, offer) {
  return INPUTS.map((tensor, index) => {
    const raw = RAW_INPUTS.find(({ input }) => input === index);
    const view = raw
      ? (raw.kind === "image" ? imageInput : soundInput)(tensor, raw, offer)
      : tensorInput(tensor, index, offer);
    if (INPUTS.length > 1) {
      const group = element("fieldset");
      group.append(element("legend", `${index + 1}. ${tensor.name}`), view.root);
      parent.append(group);
    } else {
      parent.append(view.root);
    }
    return view;
  });
}
