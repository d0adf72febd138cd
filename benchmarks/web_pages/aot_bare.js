/** Engine aot by edgegen/bare.js, which is the model and nothing else. */
import { load } from "edgegen/bare.js";
import { bench } from "./bench.js";

await bench(async () => {
  const run = await load();
  return async (input) => run([input])[0];
});
