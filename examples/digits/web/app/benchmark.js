/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { MODEL, MODEL_SHA256, NAME, VERSION } from "../edgegen/spec.js";
import { byId, describe } from "./dom.js";
import { clearErrors, report } from "./notices.js";
import { formatTime, percentiles, percentilesNote, summarize } from "./statistics.js";

/** @typedef {import("../edgegen/model.js").Model} Model */

/**
 * @param {() => Model | null} model in use
 * @param {(busy: boolean) => void} onBusy whether the benchmark has the model for itself
 */
export function connectBenchmark(model, onBusy) {
  const form = byId("benchmark-form", HTMLFormElement);
  const cancel = byId("benchmark-cancel", HTMLButtonElement);
  const link = byId("benchmark-export", HTMLAnchorElement);
  const text = byId("benchmark-text", HTMLElement);
  let stop = new AbortController();

  /** @param {Model} used */
  const run = async (used) => {
    stop = new AbortController();
    setRunning(true);
    onBusy(true);
    try {
      const warmup = byId("benchmark-warmup", HTMLInputElement).valueAsNumber;
      const runs = byId("benchmark-runs", HTMLInputElement).valueAsNumber;
      const { batch, samples } = await measure(used, warmup, runs, stop.signal);
      const summary = summarize(samples);
      describe(byId("benchmark-figures", HTMLDListElement), [
        ...percentiles(summary, formatTime),
        ["Least", formatTime(summary.min)],
      ]);
      text.textContent =
        `${runs} samples of ${batch === 1 ? "one inference" : `${batch} inferences`} each on ` +
        `${used.backend}, measured in this browser.${percentilesNote(runs)}`;
      offerFile(link, documentOf(used, warmup, batch, samples));
      clearErrors("benchmark");
    } catch (error) {
      text.textContent = stop.signal.aborted ? "Cancelled." : "It did not finish.";
      report("benchmark", error);
    } finally {
      setRunning(false);
      onBusy(false);
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const used = model();
    if (used && cancel.hidden) {
      void run(used);
    }
  });
  cancel.addEventListener("click", () => stop.abort());
}

/** @param {boolean} ready whether there is a model to measure */
export function enableBenchmark(ready) {
  byId("benchmark-start", HTMLButtonElement).disabled = !ready;
}

/**
 * @param {Model} model
 * @param {number} warmup samples that do not count
 * @param {number} runs samples that do
 * @param {AbortSignal} signal
 * @returns {Promise<{batch: number, samples: number[]}>} milliseconds of an inference for each
 *   sample, and how many inferences a sample is the mean of
 */
async function measure(model, warmup, runs, signal) {
  const text = byId("benchmark-text", HTMLElement);
  if (warmup > 0) {
    text.textContent = "Warming up";
    await model.benchmark(warmup, { signal });
  }
  text.textContent = `Measuring ${runs} samples`;
  // In one go: all samples are means of as many inferences.
  const { batch, times } = await model.benchmark(runs, { signal });
  return { batch, samples: times };
}

/**
 * What is saved: the figures, and where they come from.
 *
 * @param {Model} model
 * @param {number} warmup
 * @param {number} batch
 * @param {readonly number[]} milliseconds
 */
function documentOf(model, warmup, batch, milliseconds) {
  const { userAgent, hardwareConcurrency } = navigator;
  const { deviceMemory, userAgentData } =
    /** @type {{deviceMemory?: number, userAgentData?: {platform: string, mobile: boolean}}} */ (
      /** @type {unknown} */ (navigator)
    );
  return {
    format: "edgegen-browser-benchmark",
    version: 1,
    how: "measured in this browser, one inference at a time; a sample is the mean of a batch",
    model: { name: NAME, file: MODEL, sha256: MODEL_SHA256, project: VERSION },
    backend: model.backend,
    warmup,
    batch,
    milliseconds: { ...summarize(milliseconds), samples: milliseconds },
    device: {
      userAgent,
      platform: userAgentData?.platform ?? "",
      mobile: userAgentData?.mobile ?? null,
      processors: hardwareConcurrency,
      memoryGiB: deviceMemory ?? null,
      crossOriginIsolated,
    },
    at: new Date().toISOString(),
  };
}

/**
 * @param {HTMLAnchorElement} link
 * @param {object} content
 */
function offerFile(link, content) {
  URL.revokeObjectURL(link.href);
  const blob = new Blob([`${JSON.stringify(content, null, 2)}\n`], { type: "application/json" });
  link.href = URL.createObjectURL(blob);
  link.download = `${NAME}-benchmark.json`;
  link.hidden = false;
}

/** @param {boolean} running */
function setRunning(running) {
  const start = byId("benchmark-start", HTMLButtonElement);
  const cancel = byId("benchmark-cancel", HTMLButtonElement);
  const bar = byId("benchmark-bar", HTMLProgressElement);
  start.hidden = running;
  cancel.hidden = !running;
  bar.hidden = !running;
  (running ? cancel : start).focus();
}
