/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { byId } from "./dom.js";
import { notify } from "./notices.js";

/** @typedef {import("./inputs.js").InputView} InputView */

/**
 * Files may be dropped anywhere on the page, and pasted: the first input that takes one of the kind
 * gets it.
 *
 * @param {readonly InputView[]} views
 */
export function connectDrop(views) {
  const hint = byId("drop-hint", HTMLElement);
  // Entering a child is told before leaving its parent.
  let depth = 0;

  /** @param {Iterable<File>} files */
  const take = (files) => {
    const [file] = files;
    if (!file) {
      return;
    }
    const view = views.find(({ accepts }) => accepts(file.type));
    if (view) {
      void view.drop(file);
    } else {
      notify("input", `Nothing here takes a file of type ${file.type || "unknown"}.`, "", {
        kind: "error",
      });
    }
  };
  const hasFiles = (/** @type {DragEvent} */ event) =>
    event.dataTransfer?.types.includes("Files") ?? false;
  /** @param {number} change */
  const count = (change) => {
    depth = Math.max(0, depth + change);
    hint.hidden = depth === 0;
  };

  addEventListener("dragenter", (event) => hasFiles(event) && count(1));
  addEventListener("dragleave", (event) => hasFiles(event) && count(-1));
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (hasFiles(event)) {
      event.preventDefault();
      count(-depth);
      take(event.dataTransfer?.files ?? []);
    }
  });
  addEventListener("paste", (event) => {
    const files = event.clipboardData?.files ?? [];
    if (files.length > 0) {
      event.preventDefault();
      take(files);
    }
  });
}
