/** onnxruntime-web: its smallest build. */
import * as ort from "onnxruntime-web/wasm";
import { bench } from "./bench.js";

await bench(async ({ model, shape, dtype, packages }) => {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = `${packages}/onnxruntime-web/dist/`;
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  return async (values) => {
    const found = await session.run({ [input]: new ort.Tensor(dtype, values, shape) });
    return found[output].getData();
  };
});
