/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { OUTPUTS } from "../edgegen/spec.js";
import { byId, describe, element, svg } from "./dom.js";
import { formatNumber, summarize } from "./statistics.js";

/** @typedef {import("./answer.js").Answer} Answer */

const VALUES_SHOWN = 100;

// A camera's answers change faster than anyone listens: the latest is read out this often at most.
const QUIET_MILLISECONDS = 1500;

let latest = "";
let isQuiet = true;

/**
 * Shows what the model said. The table has all of it; the answer above it is read out to those who
 * do not see it, but not every frame of a camera.
 *
 * @param {Answer} answer
 * @param {readonly Float32Array[]} outputs real numbers
 */
export function showResult({ ranked, text }, outputs) {
  const [best] = ranked;
  announce(`Result: ${text}`);
  const label = byId("answer-label", HTMLElement);
  label.textContent = best ? best.label : text;
  label.dataset.length = lengthOf(label.textContent);
  byId("answer-score", HTMLElement).textContent = best ? best.text : "";
  byId("answer", HTMLElement).dataset.state = "filled";
  const parent = byId("outputs", HTMLElement);
  if (best) {
    showClasses(parent, ranked);
  } else {
    parent.replaceChildren(...outputs.map(valuesOf));
  }
}

/** What was shown belongs to an input that is gone. */
export function clearResult() {
  const answer = byId("answer", HTMLElement);
  if (answer.dataset.state !== "filled") {
    return;
  }
  delete answer.dataset.state;
  announce("No result");
  const label = byId("answer-label", HTMLElement);
  delete label.dataset.length;
  label.textContent = "Nothing yet";
  byId("answer-score", HTMLElement).textContent = "Give the model an input.";
  byId("outputs", HTMLElement).replaceChildren();
}

/** @param {string} text for screen readers */
function announce(text) {
  latest = text;
  const region = byId("announcement", HTMLElement);
  if (isQuiet && region.textContent !== latest) {
    isQuiet = false;
    region.textContent = latest;
    setTimeout(() => {
      isQuiet = true;
      announce(latest);
    }, QUIET_MILLISECONDS);
  }
}

/**
 * A digit is set larger than a word, and a word larger than a sentence.
 *
 * @param {string} text
 */
function lengthOf(text) {
  return text.length <= 3 ? "sign" : text.length <= 24 ? "word" : "sentence";
}

/**
 * @param {HTMLElement} parent
 * @param {Answer["ranked"]} ranked
 */
function showClasses(parent, ranked) {
  const rows = ranked.map(({ label, text, share }) => {
    const row = element("tr");
    const name = element("th", label);
    name.scope = "row";
    const score = element("td", text, "score");
    const bar = element("span", "", "share");
    bar.style.setProperty("--share", String(Math.max(0, Math.min(1, share))));
    const barCell = element("td", "", "bar-cell");
    barCell.append(bar);
    row.append(name, barCell, score);
    return row;
  });
  const table = element("table", "", "classes");
  const body = element("tbody");
  body.append(...rows);
  table.append(element("caption", "Most likely classes"), head(["Class", "Share", "Score"]), body);
  parent.replaceChildren(table);
}

/**
 * An output that is no choice of classes: what it comes to, and its first values.
 *
 * @param {Float32Array} values
 * @param {number} index
 */
function valuesOf(values, index) {
  const { name = "", shape = [] } = OUTPUTS[index] ?? {};
  const section = element("section");
  const facts = element("dl", "", "figures");
  const { min, mean, max } = summarize([...values]);
  describe(facts, [
    ["Shape", `[${shape.join(", ")}]`],
    ["Least", formatNumber(min)],
    ["Mean", formatNumber(mean)],
    ["Most", formatNumber(max)],
  ]);
  const shown = Array.from(values.slice(0, VALUES_SHOWN), formatNumber).join("  ");
  const all = element("details");
  const count = Math.min(values.length, VALUES_SHOWN);
  all.append(element("summary", count < values.length ? `First ${count} values` : "Values"));
  all.append(element("p", shown, "values"));
  section.append(element("h3", name), ...(values.length > 1 ? [curve(values)] : []), facts, all);
  return section;
}

/**
 * Values in their order, from the least at the bottom to the greatest at the top.
 *
 * @param {Float32Array} values at least two
 */
function curve(values) {
  const { min, max } = summarize([...values]);
  const chart = svg("svg", {
    class: "curve",
    viewBox: "0 0 400 100",
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": `${values.length} values from ${formatNumber(min)} to ${formatNumber(max)}`,
  });
  // A vector may be longer than the chart is wide.
  const step = Math.max(1, Math.floor(values.length / 800));
  const points = [];
  for (let index = 0; index < values.length; index += step) {
    const x = (index * 400) / (values.length - 1);
    const y = 97 - ((values[index] - min) / (max - min || 1)) * 94;
    points.push(`${x.toFixed(1)},${y.toFixed(1)}`);
  }
  chart.append(svg("polyline", { points: points.join(" ") }));
  return chart;
}

/** @param {readonly string[]} names */
function head(names) {
  const row = element("tr");
  for (const name of names) {
    const cell = element("th", name);
    cell.scope = "col";
    row.append(cell);
  }
  const made = element("thead");
  made.append(row);
  return made;
}
