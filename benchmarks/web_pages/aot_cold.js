/** Engine aot as pages use it: in a worker. */
import { load } from "edgegen/model.js";
import { bench } from "./bench.js";

await bench(async ({ backend }) => {
  const model = await load({ backend, threads: 1 });
  return async (input) => (await model.predict(input)).outputs[0];
});
