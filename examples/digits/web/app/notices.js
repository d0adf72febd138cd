/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { byId, element } from "./dom.js";

/**
 * @typedef {object} Action
 * @property {string} label of the button
 * @property {() => void} run
 */

/**
 * Says something at the top of the page, once; screen readers read it out politely.
 *
 * @param {string} what happened
 * @param {string} [fix] what to do about it
 * @param {{kind?: "error" | "info", action?: Action}} [options]
 * @returns {() => void} takes it away again
 */
export function notify(what, fix = "", { kind = "info", action } = {}) {
  const list = byId("notices", HTMLElement);
  for (const old of list.children) {
    if (old instanceof HTMLElement && old.dataset.what === what) {
      old.remove();
    }
  }
  const notice = element("div", "", "notice");
  notice.dataset.kind = kind;
  notice.dataset.what = what;
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
    byId("main", HTMLElement).focus();
  }));
  list.append(notice);
  // Of many, the latest are what matters.
  while (list.children.length > 3) {
    list.firstElementChild?.remove();
  }
  return () => notice.remove();
}

/** Takes all errors away: what the visitor did now went well. */
export function clearErrors() {
  for (const notice of byId("notices", HTMLElement).querySelectorAll('[data-kind="error"]')) {
    notice.remove();
  }
}

/**
 * Says what went wrong and how to mend it. An abort is the visitor's own wish and says nothing.
 *
 * @param {unknown} error
 * @param {Action} [action]
 */
export function report(error, action) {
  if (error instanceof DOMException && error.name === "AbortError") {
    return;
  }
  const { message, fix } = explain(error);
  notify(message, fix, { kind: "error", action });
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
