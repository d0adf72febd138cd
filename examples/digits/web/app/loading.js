/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { byId } from "./dom.js";
import { notify } from "./notices.js";
import { formatBytes } from "./statistics.js";

/** @typedef {import("../edgegen/types.d.ts").Progress} Progress */

/**
 * @param {string} text in the pill at the top of the page
 * @param {"ready" | "waiting" | "failed"} [kind] the colour of its dot
 */
export function showState(text, kind = "ready") {
  const state = byId("state", HTMLElement);
  state.textContent = text;
  state.dataset.kind = kind;
}

/** Shows that the model is being loaded. */
export function startLoading() {
  byId("loading", HTMLElement).hidden = false;
  byId("loading-bar", HTMLProgressElement).removeAttribute("value");
  byId("loading-text", HTMLElement).textContent = "Getting ready";
  showState("Loading", "waiting");
}

/** @param {Progress} progress */
export function showProgress({ loaded, total, fromCache = 0, warning }) {
  if (warning) {
    notify("storage", warning.message, warning.fix);
    return;
  }
  if (total > 0) {
    byId("loading-bar", HTMLProgressElement).value = loaded / total;
  }
  const from =
    fromCache === 0
      ? ""
      : fromCache >= loaded
        ? ", kept on this device"
        : `, ${formatBytes(fromCache)} of them kept on this device`;
  byId("loading-text", HTMLElement).textContent =
    `${formatBytes(loaded)} of ${formatBytes(total)}${from}`;
}

/** The model is there, or it is not and the page says so elsewhere. */
export function endLoading() {
  byId("loading", HTMLElement).hidden = true;
}
