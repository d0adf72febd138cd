/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { byId, element } from "./dom.js";

/**
 * @typedef {object} Action
 * @property {string} label of the button
 * @property {() => void} run
 */

/**
 * Says something where it is in view wherever the page is scrolled to; screen readers read it out
 * politely. It takes the place of what the same source said before, and stays until that source has
 * something else to say or the visitor dismisses it.
 *
 * @param {string} source of the message, such as "input" or "update"
 * @param {string} what happened
 * @param {string} [fix] what to do about it
 * @param {{kind?: "error" | "info", action?: Action}} [options]
 */
export function notify(source, what, fix = "", { kind = "info", action } = {}) {
  const notice = element("div", "", "notice");
  notice.dataset.kind = kind;
  notice.dataset.source = source;
  const text = element("div");
  text.append(element("p", what, "what"));
  if (fix) {
    text.append(element("p", fix));
  }
  notice.append(text);
  if (action) {
    notice.append(button(action.label, "", () => {
      notice.remove();
      action.run();
    }));
  }
  notice.append(button("Dismiss", "quiet", () => {
    notice.remove();
    byId("main", HTMLElement).focus({ preventScroll: true });
  }));
  remove((old) => old.dataset.source === source);
  byId("notices", HTMLElement).append(notice);
}

/**
 * Takes the errors of a source away: what the visitor did now went well.
 *
 * @param {string} source
 */
export function clearErrors(source) {
  remove(({ dataset }) => dataset.source === source && dataset.kind === "error");
}

/**
 * Says what went wrong and how to mend it. An abort is the visitor's own wish and says nothing.
 *
 * @param {string} source
 * @param {unknown} error
 * @param {Action} [action]
 */
export function report(source, error, action) {
  if (error instanceof DOMException && error.name === "AbortError") {
    return;
  }
  const { message, fix } = explain(error);
  notify(source, message, fix, { kind: "error", action });
}

/**
 * @param {unknown} error
 * @returns {{message: string, fix: string}}
 */
export function explain(error) {
  if (error instanceof Error) {
    const fix = "fix" in error && typeof error.fix === "string" ? error.fix : "";
    return { message: error.message || error.name, fix };
  }
  return { message: String(error), fix: "" };
}

/** @param {(notice: HTMLElement) => boolean} which */
function remove(which) {
  for (const notice of [...byId("notices", HTMLElement).children]) {
    if (notice instanceof HTMLElement && which(notice)) {
      notice.remove();
    }
  }
}

/**
 * @param {string} label
 * @param {string} className
 * @param {() => void} run
 */
function button(label, className, run) {
  const made = element("button", label, className);
  made.type = "button";
  made.addEventListener("click", run);
  return made;
}
