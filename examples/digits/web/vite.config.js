/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { defineConfig } from "vite";
import { edgegen } from "./edgegen/vite.js";

export default defineConfig({
  // Relative, so that the result works below any path.
  base: "./",
  plugins: [edgegen()],
  // Nothing becomes a data: address, which the page's Content-Security-Policy refuses.
  build: { target: "es2022", assetsInlineLimit: 0 },
});
