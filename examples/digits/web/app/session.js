/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { load } from "../edgegen/model.js";

/** @typedef {import("../edgegen/types.d.ts").Progress} Progress */
/** @typedef {import("../edgegen/model.js").Model} Model */
/** @typedef {import("./inputs.js").Value} Value */

// Of a model that is in memory twice, while it moves from one backend to another.
const MOST_BYTES = 256e6;

/** The model in use: one at a time. */
export class Session {
  /** @type {Model | null} */
  model = null;

  #opening = new AbortController();

  /** Of the latest load. */
  #bytes = 0;

  /**
   * Loads the model. The one before works on until this one is there, unless there is hardly the
   * memory for both; where this one fails, it stays.
   *
   * @param {{backend?: string, threads?: number}} choice
   * @param {(progress: Progress) => void} onProgress
   * @returns {Promise<Model>}
   * @throws what `load` throws, and AbortError where another call came after this one
   */
  async open(choice, onProgress) {
    this.#opening.abort();
    this.#opening = new AbortController();
    const { signal } = this.#opening;
    if (this.#bytes > MOST_BYTES) {
      this.#replace(null);
    }
    const model = await load({
      ...choice,
      signal,
      onProgress: (progress) => {
        this.#bytes = progress.total || this.#bytes;
        onProgress(progress);
      },
    });
    if (signal.aborted) {
      model.dispose();
      throw signal.reason;
    }
    this.#replace(model);
    return model;
  }

  /** @param {Model | null} model */
  #replace(model) {
    this.model?.dispose();
    this.model = model;
  }
}
