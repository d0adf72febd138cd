/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

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
 * What many measurements come to. A percentile is the smallest measurement that at least so many
 * per cent do not exceed (nearest rank), so it is always one that was measured.
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
 * @param {readonly number[]} sorted ascending
 * @param {number} percent 0 to 100
 * @returns {number} NaN of nothing
 */
export function percentile(sorted, percent) {
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return sorted[rank - 1] ?? NaN;
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
