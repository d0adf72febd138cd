/**
 * What every contender's page does: first result, and steady latency.
 *
 * A contender opens its model and gives a function from a typed array to a typed array; both are
 * made as edgegen makes its golden vectors.
 */

const config = JSON.parse(document.getElementById("config").textContent);

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
  // Microseconds of one inference, over as many as fill the time.
  window.latency = async (milliseconds) => {
    const start = performance.now();
    let count = 0;
    let now = start;
    while (now - start < milliseconds) {
      for (let i = 0; i < config.batch; i++) {
        await run(vectors[0]);
      }
      count += config.batch;
      now = performance.now();
    }
    return ((now - start) * 1000) / count;
  };
  console.log("first");
}
