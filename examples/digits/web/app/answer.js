/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { LABELS, OUTPUTS } from "../edgegen/spec.js";
import { formatNumber, summarize } from "./statistics.js";

/**
 * A class and its score.
 *
 * @typedef {object} Ranked
 * @property {string} label
 * @property {string} text the score for people
 * @property {number} share of a full bar, 0 to 1
 */

/**
 * What the model said, for people.
 *
 * @typedef {object} Answer
 * @property {readonly Ranked[]} ranked best first; empty where the model does not classify
 * @property {string} text all of it in a few words
 * @property {number} score of the best class; 0 where there is none
 */

const CLASSES_SHOWN = 8;

// Without labels, a longer vector that sums up to one is hardly a choice between classes.
const MOST_CLASSES = 1000;

/**
 * @param {readonly Float32Array[]} outputs real numbers, in the order of the model's outputs
 * @returns {Answer}
 */
export function interpret(outputs) {
  const scores = outputs[0] ?? new Float32Array();
  const shares = sharesOf(scores);
  if (!isChoice(scores, shares)) {
    return { ranked: [], text: inWords(scores), score: 0 };
  }
  const order = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const top = order.slice(0, CLASSES_SHOWN);
  const ranked = top.map((index) => ({
    label: LABELS[index] ?? `Class ${index}`,
    text: shares.areProbabilities ? percent(scores[index] ?? 0) : formatNumber(scores[index] ?? 0),
    share: shares.of(scores[index] ?? 0),
  }));
  const [best] = ranked;
  return {
    ranked,
    text: best ? `${best.label}, ${best.text}` : "",
    score: scores[order[0] ?? 0] ?? 0,
  };
}

/**
 * Whether the first output scores classes: there is a label for each, or they sum up to one.
 *
 * @param {Float32Array} scores
 * @param {{areProbabilities: boolean}} shares
 */
function isChoice(scores, { areProbabilities }) {
  const isVector = scores.length > 1 && OUTPUTS[0]?.shape.at(-1) === scores.length;
  const named = LABELS.length > 0 ? LABELS.length >= scores.length : areProbabilities;
  return isVector && named && (LABELS.length > 0 || scores.length <= MOST_CLASSES);
}

/**
 * How long a score's bar is: probabilities start at zero, others at the lowest.
 *
 * @param {Float32Array} scores
 */
function sharesOf(scores) {
  const low = scores.reduce((a, b) => Math.min(a, b), Infinity);
  const high = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = scores.reduce((a, b) => a + b, 0);
  // Quantised probabilities sum up to one within half a step of 1/256 for each class.
  const slack = 0.01 + scores.length / 512;
  const areProbabilities = low >= 0 && high <= 1 && Math.abs(sum - 1) <= slack;
  const start = areProbabilities ? 0 : low;
  const range = areProbabilities ? 1 : high - low || 1;
  return {
    areProbabilities,
    of: (/** @type {number} */ score) => (score - start) / range,
  };
}

/** @param {Float32Array} values of an output that is no choice */
function inWords(values) {
  const { min, max, count } = summarize([...values]);
  if (count < 2) {
    return count === 1 ? formatNumber(min) : "Nothing";
  }
  return `${count} values from ${formatNumber(min)} to ${formatNumber(max)}`;
}

/** @param {number} share */
function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}
