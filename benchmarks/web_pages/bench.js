/**
 * What every contender's page does: first result, and steady latency.
 *
 * A contender opens its model and gives a function from a typed array to a typed array; both are
 * made as edgegen makes its golden vectors.
 */

const config = JSON.parse(document.getElementById("config").textContent);

// The browser's clock steps by 0.1 ms.
const BATCH_MS = 2;

/** @returns {Int8Array | Float32Array} golden vector number `seed` for the model's input */
function golden(seed) {
  const values = new (config.dtype === "int8" ? Int8Array : Float32Array)(config.elements);
  let x = seed;
  for (let i = 0; i < values.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) | 0;
    values[i] = config.dtype === "int8" ? x >> 24 : (x >> 8) * 2 ** -23;
  }
  return values;
}

/** @returns {Float32Array} the numbers that a quantised input stands for */
export function real(values) {
  return Float32Array.from(values, (q) => (q - config.input.zeroPoint) * config.input.scale);
}

/**
 * @param {(config: object) => Promise<(input: object) => Promise<ArrayLike<number>>>} open
 * @param {(input: object) => object} [prepare] makes what the contender takes; not timed
 */
export async function bench(open, prepare = (values) => values) {
  const vectors = config.seeds.map((seed) => prepare(golden(seed)));
  const run = await open(config);
  const first = await run(vectors[0]);
  const firstResult = performance.now();

  window.first = { ms: firstResult, output: Array.from(first) };
  window.outputs = async () => {
    const found = [];
    for (const vector of vectors) {
      found.push(Array.from(await run(vector)));
    }
    return found;
  };
  /** @returns {Promise<number[]>} microseconds of one inference, from each of some batches */
  let batch = 1;
  window.latency = async (milliseconds) => {
    const found = [];
    const end = performance.now() + milliseconds;
    while (performance.now() < end) {
      const start = performance.now();
      for (let i = 0; i < batch; i++) {
        await run(vectors[0]);
      }
      const taken = performance.now() - start;
      if (taken < BATCH_MS) {
        batch *= 2;
      } else {
        found.push((taken * 1000) / batch);
      }
    }
    return found;
  };
  console.log("first");
}
