/** The interpreter of tfjs-tflite, without TensorFlow.js around it. */
import { bench } from "./bench.js";

await bench(async ({ model, packages }) => {
  const folder = `${packages}/@tensorflow/tfjs-tflite/wasm/`;
  window.exports = {};
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${folder}tflite_web_api_client.js`;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
  const { tfweb } = window;
  tfweb.tflite_web_api.setWasmPath(folder);
  const data = await (await fetch(model)).arrayBuffer();
  const runner = await tfweb.TFLiteWebModelRunner.create(data, { numThreads: 1 });
  const [input] = runner.getInputs();
  const [output] = runner.getOutputs();
  return async (values) => {
    input.data().set(values);
    if (!runner.infer()) {
      throw new Error("infer failed");
    }
    return output.data().slice();
  };
});
