/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { load } from "../edgegen/model.js";

/** @typedef {import("../edgegen/model.js").Model} Model */
/** @typedef {import("./inputs.js").Value} Value */

/** The model in use: one at a time. */
export class Session {
  /** @type {Model | null} */
  model = null;

  #opening = new AbortController();

  /**
   * Loads the model in place of the one before.
   *
   * @param {{backend?: string, threads?: number}} choice
   * @param {(progress: import("../edgegen/model.js").Progress) => void} onProgress
   * @returns {Promise<Model>}
   * @throws what `load` throws, and AbortError where another call came after this one
   */
  async open(choice, onProgress) {
    this.#opening.abort();
    this.#opening = new AbortController();
    const { signal } = this.#opening;
    this.model?.dispose();
    this.model = null;
    const model = await load({ ...choice, onProgress, signal });
    if (signal.aborted) {
      model.dispose();
      throw signal.reason;
    }
    this.model = model;
    return model;
  }
}
