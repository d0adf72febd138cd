/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { percentile } from "../edgegen/percentile.js";

// Measurements without which a percentile would be another name for the greatest.
const LEAST_P90 = 10;
const LEAST_P99 = 100;

/**
 * @typedef {object} Summary
 * @property {number} count
 * @property {number} min
 * @property {number} p50
 * @property {number} p90
 * @property {number} p99
 * @property {number} max
 * @property {number} mean
 */

/**
 * What many measurements come to.
 *
 * @param {readonly number[]} values at least one
 * @returns {Summary} in the unit of the values
 */
export function summarize(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    count: sorted.length,
    min: percentile(sorted, 0),
    p50: percentile(sorted, 50),
    p90: percentile(sorted, 90),
    p99: percentile(sorted, 99),
    max: percentile(sorted, 100),
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
  };
}

/**
 * Percentiles for people. Of few measurements the higher ones are no more than the greatest, and
 * are left out: `percentilesNote` says so.
 *
 * @param {Summary} summary
 * @param {(value: number) => string} format
 * @returns {[term: string, value: string][]}
 */
export function percentiles({ count, p50, p90, p99 }, format) {
  const known = (/** @type {number} */ value, /** @type {number} */ least) =>
    count < least ? "–" : format(value);
  return [
    ["p50", known(p50, 1)],
    ["p90", known(p90, LEAST_P90)],
    ["p99", known(p99, LEAST_P99)],
  ];
}

/**
 * @param {number} count of measurements
 * @returns {string} "" where there are enough
 */
export function percentilesNote(count) {
  if (count >= LEAST_P99) {
    return "";
  }
  const p90 = count < LEAST_P90 ? `p90 takes ${LEAST_P90} of them, ` : "";
  return ` ${p90}p99 ${p90 ? "" : "takes "}${LEAST_P99}.`;
}

/**
 * Milliseconds for people: three digits, and microseconds below a millisecond.
 *
 * @param {number} milliseconds
 */
export function formatTime(milliseconds) {
  if (milliseconds < 1) {
    return `${Math.round(milliseconds * 1000)} µs`;
  }
  return `${Number(milliseconds.toPrecision(3))} ms`;
}

/**
 * How finely this browser tells the time, in milliseconds: many make their clocks coarse, unless the
 * page is isolated from other origins.
 */
export function clockStep() {
  let least = Infinity;
  for (let time = performance.now(), count = 0; count < 5; count++) {
    let next = time;
    while (next === time) {
      next = performance.now();
    }
    least = Math.min(least, next - time);
    time = next;
  }
  return least;
}

/**
 * Bytes for people.
 *
 * @param {number} bytes
 */
export function formatBytes(bytes) {
  if (bytes < 1000) {
    return `${bytes} bytes`;
  }
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * A real number for people: three significant digits, never "-0".
 *
 * @param {number} value
 */
export function formatNumber(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3)) + 0) : String(value);
}
