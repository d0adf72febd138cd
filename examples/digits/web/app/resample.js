/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

// Zero crossings of the sinc on either side, and how much of the band it keeps: about 70 dB of what
// would alias is gone, and a tenth of the highest octave with it.
const CROSSINGS = 16;
const BAND = 0.94;

/**
 * Changes the rate of a sound that comes in blocks: a sinc under a Hann window, one row of taps for
 * each position between two samples that occurs.
 */
export class Resampler {
  /** @type {Float32Array[]} */
  #phases = [];
  #up;
  #down;
  #half;
  /** What is still needed of the samples so far. */
  #kept;
  /** Of the next output: the input sample at or before it in #kept, and the phase after it. */
  #at;
  #phase = 0;

  /**
   * @param {number} from hertz, an integer
   * @param {number} to hertz, an integer
   */
  constructor(from, to) {
    const common = gcd(from, to);
    this.#up = to / common;
    this.#down = from / common;
    const cutoff = this.#up === this.#down ? 1 : BAND * Math.min(1, to / from);
    this.#half = Math.ceil(CROSSINGS / cutoff);
    for (let phase = 0; phase < this.#up; phase++) {
      this.#phases.push(taps(this.#half, cutoff, phase / this.#up));
    }
    this.#kept = new Float32Array(this.#half - 1);
    this.#at = this.#half - 1;
  }

  /**
   * @param {Float32Array} block of any length
   * @returns {Float32Array} what follows from it; the rest comes with the blocks after it
   */
  push(block) {
    const input = new Float32Array(this.#kept.length + block.length);
    input.set(this.#kept);
    input.set(block, this.#kept.length);
    const half = this.#half;
    const made = [];
    while (this.#at + half < input.length) {
      const row = /** @type {Float32Array} */ (this.#phases[this.#phase]);
      const start = this.#at - half + 1;
      let sum = 0;
      for (let tap = 0; tap < row.length; tap++) {
        sum += /** @type {number} */ (row[tap]) * /** @type {number} */ (input[start + tap]);
      }
      made.push(sum);
      const next = this.#phase + this.#down;
      this.#at += Math.floor(next / this.#up);
      this.#phase = next % this.#up;
    }
    const start = Math.min(input.length, this.#at - half + 1);
    this.#kept = input.slice(start);
    this.#at -= start;
    return Float32Array.from(made);
  }

  /** What is left when the sound ends. */
  flush() {
    return this.push(new Float32Array(this.#half));
  }
}

/**
 * @param {number} half taps on either side
 * @param {number} cutoff of the input's band
 * @param {number} offset of the output behind a sample, 0 to 1
 */
function taps(half, cutoff, offset) {
  const row = new Float32Array(2 * half);
  let sum = 0;
  for (let tap = 0; tap < row.length; tap++) {
    const x = tap - half + 1 - offset;
    const angle = Math.PI * cutoff * x;
    const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
    row[tap] = sinc * Math.cos((Math.PI * x) / (2 * half)) ** 2;
    sum += row[tap] ?? 0;
  }
  return row.map((value) => value / sum);
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function gcd(a, b) {
  return b === 0 ? a : gcd(b, a % b);
}
