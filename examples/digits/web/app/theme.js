/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { byId } from "./dom.js";
import { recall, remember } from "./settings.js";

/** The button that switches between light and dark; until it is used, the system decides. */
export function connectTheme() {
  const button = byId("theme", HTMLButtonElement);
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = recall("theme");

  const show = () => {
    const dark = chosen ? chosen === "dark" : system.matches;
    button.setAttribute("aria-pressed", String(dark));
    if (chosen) {
      document.documentElement.dataset.theme = chosen;
    }
  };
  button.addEventListener("click", () => {
    chosen = button.getAttribute("aria-pressed") === "true" ? "light" : "dark";
    remember("theme", chosen);
    show();
  });
  system.addEventListener("change", show);
  show();
}
