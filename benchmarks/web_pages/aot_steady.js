/** Engine aot by itself, as its worker has it. */
import { open } from "edgegen/engines/index.js";
import { bench } from "./bench.js";

await bench(async ({ backend }) => {
  const { engine } = await open({ backend, threads: 1 });
  return async (input) => (await engine.run([input]))[0];
});
