/** LiteRT.js, as its manual says. A quantised model has float inputs and outputs: others, it refuses. */
import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";
import { bench, real } from "./bench.js";

await bench(
  async ({ model, shape, packages }) => {
    const [data] = await Promise.all([
      fetch(model).then((answer) => answer.arrayBuffer()),
      loadLiteRt(`${packages}/@litertjs/core/wasm/`),
    ]);
    const compiled = await loadAndCompile(new Uint8Array(data), {
      accelerator: "wasm",
      cpuOptions: { numThreads: 1 },
    });
    return async (input) => {
      const tensor = new Tensor(input, shape);
      const [output] = await compiled.run([tensor]);
      const values = await output.data();
      tensor.delete();
      output.delete();
      return values;
    };
  },
  (values) => (values instanceof Int8Array ? real(values) : values),
);
