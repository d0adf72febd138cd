/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { byId, describe, svg } from "./dom.js";
import { clockStep, formatTime, percentiles, percentilesNote, summarize } from "./statistics.js";

const KEPT = 100;
const WIDTH = 400;
const HEIGHT = 88;

/** Times of the latest inferences: percentiles, and a bar for each. */
export class Latency {
  /** @type {number[]} */
  #times = [];

  #step = clockStep();

  constructor() {
    this.#show();
  }

  /** @param {number} milliseconds of one inference */
  add(milliseconds) {
    this.#times.push(milliseconds);
    if (this.#times.length > KEPT) {
      this.#times.shift();
    }
    this.#show();
  }

  /** Another backend: other times. */
  clear() {
    this.#times = [];
    this.#show();
  }

  #show() {
    const times = this.#times;
    const summary = summarize(times);
    const { p50, p90, min, max, count } = summary;
    const isShort = (/** @type {number} */ value) => value < this.#step;
    const text = (/** @type {number} */ value) =>
      isShort(value) ? `< ${formatTime(this.#step)}` : formatTime(value);
    describe(byId("percentiles", HTMLDListElement), percentiles(summary, text));
    byId("latency-text", HTMLElement).textContent =
      `The last ${KEPT} inferences, the latest at the right; the line is the median.` +
      `${percentilesNote(count)} Measured in this browser, whose clock has steps of ` +
      `${formatTime(this.#step)}.`;
    const chart = byId("latency-chart", SVGSVGElement);
    chart.setAttribute(
      "aria-label",
      count
        ? `The last ${count} inferences: ${text(min)} to ${text(max)}, half of them within ${text(p50)}`
        : "No inference yet",
    );
    // Up to 1.6 times the 90th percentile: a few slow inferences do not flatten the others.
    const top = 1.6 * p90 || 1;
    const width = WIDTH / KEPT;
    const bars = times.map((time, index) => {
      const height = Math.max(1, Math.min(1, time / top) * HEIGHT);
      const x = WIDTH - (count - index) * width;
      return svg("rect", { x, y: HEIGHT - height, width: width * 0.7, height });
    });
    const y = HEIGHT - (p50 / top) * HEIGHT;
    const median = count ? [svg("line", { x1: 0, x2: WIDTH, y1: y, y2: y })] : [];
    chart.replaceChildren(...bars, ...median);
  }
}
