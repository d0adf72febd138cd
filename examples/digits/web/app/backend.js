/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { BACKENDS } from "../edgegen/spec.js";
import { byId, element } from "./dom.js";
import { recall, remember } from "./settings.js";

/** @typedef {import("../edgegen/model.js").Model} Model */

/**
 * As `load` takes it.
 *
 * @typedef {{backend?: string, threads: number}} Choice
 */

/** Leaves it to the page. @type {Choice} */
export const AUTOMATIC = Object.freeze({ threads: 0 });

/** Backends that were passed over since the page was opened, and why. */
const refused = /** @type {Map<string, string>} */ (new Map());

// Runtimes that share the work between threads; the others have one.
const WITH_THREADS = /^(onnxruntime|litert)-wasm$/;

/**
 * The choice of a backend and of its threads.
 *
 * @param {() => void} onChange
 */
export function connectBackend(onChange) {
  const select = byId("backend", HTMLSelectElement);
  const threads = byId("threads", HTMLSelectElement);
  const most = crossOriginIsolated ? Math.min(8, navigator.hardwareConcurrency || 1) : 1;
  select.append(new Option("The best one here", ""), ...BACKENDS.map((each) => new Option(each, each)));
  threads.append(new Option("Automatic", "0"));
  threads.append(...Array.from({ length: most }, (_, index) => new Option(String(index + 1))));
  select.value = BACKENDS.includes(recall("backend")) ? recall("backend") : "";
  threads.value = String(Math.min(most, Number(recall("threads")) || 0));
  for (const [key, each] of /** @type {const} */ ([["backend", select], ["threads", threads]])) {
    each.addEventListener("change", () => {
      remember(key, each.value);
      onChange();
    });
  }
}

/** @returns {Choice} */
export function chosenBackend() {
  const backend = byId("backend", HTMLSelectElement).value;
  const threads = Number(byId("threads", HTMLSelectElement).value);
  return { ...(backend && { backend }), threads };
}

/**
 * Goes back to what runs here; the visitor may choose again.
 *
 * @param {Choice} choice
 */
export function chooseBackend({ backend = "", threads }) {
  byId("backend", HTMLSelectElement).value = backend;
  byId("threads", HTMLSelectElement).value = String(threads);
  remember("backend", backend);
  remember("threads", String(threads));
  enableBackend(true);
}

/** @param {boolean} enabled whether another backend may be chosen now */
export function enableBackend(enabled) {
  byId("backend", HTMLSelectElement).disabled = !enabled;
  byId("threads", HTMLSelectElement).disabled = !enabled;
}

/**
 * Says what is in use, and why others are not.
 *
 * @param {Model} model
 */
export function showBackend(model) {
  const threads = byId("threads-field", HTMLElement);
  for (const { backend, reason } of model.considered) {
    refused.set(backend, reason);
  }
  refused.delete(model.backend);
  enableBackend(true);
  for (const option of byId("backend", HTMLSelectElement).options) {
    option.disabled = refused.has(option.value);
  }
  threads.hidden = !WITH_THREADS.test(model.backend);
  byId("backend-text", HTMLElement).textContent = threads.hidden || crossOriginIsolated
    ? `In use: ${model.backend}.`
    : `In use: ${model.backend}, with one thread: more need a page that is cross-origin isolated.`;
  byId("backend-reasons", HTMLElement).replaceChildren(
    ...[...refused].map(([backend, reason]) => {
      const item = element("li");
      // Most reasons are sentences about it.
      const rest = reason.startsWith(`${backend} `) ? reason.slice(backend.length) : `: ${reason}`;
      item.append(element("strong", backend), rest);
      return item;
    }),
  );
}
