/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

/**
 * @file The page: inputs on one side, what the model says on the other. What a visitor chose or
 * captured stays in this tab.
 */

import { MODEL, MODEL_SHA256, INPUTS, OUTPUTS } from "../edgegen/spec.js";
import { isModelKept, register } from "../edgegen/pwa/register.js";
import { dequantize } from "../edgegen/tensors.js";
import { interpret } from "./answer.js";
import {
  AUTOMATIC,
  chooseBackend,
  chosenBackend,
  connectBackend,
  enableBackend,
  showBackend,
} from "./backend.js";
import { connectBenchmark, enableBenchmark } from "./benchmark.js";
import { byId } from "./dom.js";
import { connectDrop } from "./drop.js";
import { createInputs } from "./inputs.js";
import { Latency } from "./latency.js";
import { endLoading, showProgress, showState, startLoading } from "./loading.js";
import { clearErrors, explain, notify, report } from "./notices.js";
import { clearResult, showResult } from "./result.js";
import { Session } from "./session.js";
import { connectTheme } from "./theme.js";

const session = new Session();
const latency = new Latency();
/** Whether the benchmark has the model for itself. */
let busy = false;
/** Whether there is an input that came while the benchmark ran. */
let isLate = false;
let isLoading = false;
/** Whether the page itself has been kept. */
let isCopied = false;
/** What the model in use was asked for with. @type {import("./backend.js").Choice | null} */
let working = null;

/** The inference that is running, and the one that follows it with what is the latest by then. */
let current = /** @type {Promise<import("./answer.js").Answer | null>} */ (Promise.resolve(null));
/** @type {Promise<import("./answer.js").Answer | null> | null} */
let next = null;

/** Counts how often an input went away: an answer to what was there before is not shown. */
let emptied = 0;

/** Answers to the inputs as they are. Frames that come while the model computes are left out. */
function offer() {
  if (views.some((view) => view.read() === null)) {
    emptied++;
    clearResult();
  }
  next ??= current.then(() => {
    current = /** @type {NonNullable<typeof next>} */ (next);
    next = null;
    return predict();
  });
  return next;
}

/** @returns {Promise<import("./answer.js").Answer | null>} */
async function predict() {
  const { model } = session;
  const values = views.map((view) => view.read());
  const missing = values.findIndex((value) => value === null);
  isLate = busy;
  if (!model || busy) {
    return null;
  }
  if (missing >= 0) {
    if (values.some((value) => value !== null)) {
      showState(`Waiting for input ${missing + 1}`, "waiting");
    } else {
      showReady();
    }
    return null;
  }
  const before = emptied;
  try {
    const given = await Promise.all(values.map(copied));
    const transfer = given.every((each) => each instanceof ImageBitmap);
    const { outputs, timing } = await model.predict(given, { transfer });
    if (emptied !== before) {
      return null;
    }
    const real = outputs.map((values, index) => dequantize(values, OUTPUTS[index]));
    const answer = interpret(real);
    showResult(answer, real);
    clearErrors("inference");
    latency.add(timing.inference);
    showReady();
    return answer;
  } catch (error) {
    if (session.model === model) {
      clearResult(); // it was of an input before this one
      report("inference", error);
    }
    return null;
  }
}

/**
 * Of pictures a copy that can be handed over: the same pixels, until one of the two is changed. What
 * is posted without being handed over is copied by the page's own thread.
 *
 * @param {import("./inputs.js").Value | null} value
 * @returns {Promise<import("./inputs.js").Value>}
 */
async function copied(value) {
  return value instanceof ImageBitmap
    ? createImageBitmap(value)
    : /** @type {import("./inputs.js").Value} */ (value);
}

function showReady() {
  if (!isLoading && !busy && session.model) {
    showState(`Ready on ${session.model.backend}`);
  }
}

/**
 * Loads the model. Where it does not load as it was asked to, what worked before goes on, or
 * whatever works here takes its place.
 *
 * @param {import("./backend.js").Choice} choice
 */
async function open(choice) {
  isLoading = true;
  startLoading();
  enableBenchmark(false);
  try {
    const model = await session.open(choice, showProgress);
    working = choice;
    isLoading = false;
    latency.clear(); // another backend, other times
    clearErrors("model");
    showLoaded(model);
    void offer();
    await showOffline();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") {
      return; // another choice came in between
    }
    isLoading = false;
    await fallBack(choice, error);
  }
}

/** @param {import("../edgegen/model.js").Model} model */
function showLoaded(model) {
  endLoading();
  showBackend(model);
  enableBenchmark(true);
  showReady();
}

/**
 * @param {import("./backend.js").Choice} choice that did not load
 * @param {unknown} error
 */
async function fallBack(choice, error) {
  const { message, fix } = explain(error);
  if (working === choice) {
    working = null;
  }
  const next = working ?? AUTOMATIC;
  chooseBackend(next);
  if (!session.model && next === AUTOMATIC && isAutomatic(choice)) {
    endLoading();
    showState("Not loaded", "failed");
    report("model", error, { label: "Try again", run: () => void open(AUTOMATIC) });
    return;
  }
  const name = choice.backend ?? "What was chosen";
  if (!session.model) {
    await open(next);
  } else {
    showLoaded(session.model);
  }
  if (session.model) {
    const what = `${name} could not be loaded; ${session.model.backend} runs instead.`;
    notify("model", what, `${message} ${fix}`.trim(), { kind: "error" });
  }
}

/** @param {import("./backend.js").Choice} choice */
function isAutomatic({ backend, threads }) {
  return !backend && threads === 0;
}

/** Says that the page needs no network any more, once the browser has kept what runs here. */
async function showOffline() {
  if (isCopied) {
    const isKept = session.model !== null && (await isModelKept());
    byId("offline-text", HTMLElement).textContent = isKept ? "Works offline from now on." : "";
  }
}

byId("late", HTMLElement).remove(); // this script runs
connectTheme();
const views = createInputs(byId("inputs", HTMLElement), offer);
connectDrop(views);
connectBackend(() => void open(chosenBackend()));
connectBenchmark(() => session.model, (running) => {
  busy = running;
  enableBackend(!running);
  if (running) {
    showState("Measuring", "waiting");
  } else {
    showReady();
    if (isLate) {
      void offer();
    }
  }
});
byId("model-text", HTMLElement).textContent =
  `${MODEL}, sha256 ${MODEL_SHA256.slice(0, 12)}…; ` +
  `${INPUTS.length} in, ${OUTPUTS.length} out. Computed here: no picture, sound or number is sent anywhere.`;
void open(chosenBackend());

void register({
  onUpdate: (accept) =>
    notify("update", "There is a new version of this page.", "", {
      action: { label: "Load it", run: accept },
    }),
  onOffline: () => {
    isCopied = true;
    void showOffline();
  },
  onProblem: (error) => {
    isCopied = false;
    const { message, fix } = explain(error);
    byId("offline-text", HTMLElement).textContent = `Needs a network: ${message} ${fix}`;
  },
});
