/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["dist/", "edgegen/vendor/", "evidence/"] },
  js.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.worker } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["*.config.js", "edgegen/vendor.mjs", "edgegen/vite.js"],
    languageOptions: { globals: globals.node },
  },
];
