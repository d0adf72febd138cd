/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

/**
 * @file The page: inputs on one side, what the model says on the other. What a visitor chose or
 * captured stays in this tab.
 */

import { MODEL, MODEL_SHA256, INPUTS, OUTPUTS } from "../edgegen/spec.js";
import { register } from "../edgegen/pwa/register.js";
import { dequantize } from "../edgegen/tensors.js";
import { interpret } from "./answer.js";
import { chosenBackend, connectBackend, forgetBackend, showBackend } from "./backend.js";
import { connectBenchmark, enableBenchmark } from "./benchmark.js";
import { byId } from "./dom.js";
import { connectDrop } from "./drop.js";
import { createInputs } from "./inputs.js";
import { Latency } from "./latency.js";
import { endLoading, showProgress, showState, startLoading } from "./loading.js";
import { clearErrors, explain, notify, report } from "./notices.js";
import { showResult } from "./result.js";
import { Session } from "./session.js";
import { connectTheme } from "./theme.js";

const session = new Session();
const latency = new Latency();
let busy = false;

/** The inference that is running, and the one that follows it with what is the latest by then. */
let current = /** @type {Promise<import("./answer.js").Answer | null>} */ (Promise.resolve(null));
/** @type {Promise<import("./answer.js").Answer | null> | null} */
let next = null;

/** Answers to the inputs as they are. Frames that come while the model computes are left out. */
function offer() {
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
  if (!model || busy) {
    return null;
  }
  if (missing >= 0) {
    if (values.some((value) => value !== null)) {
      showState(`Waiting for input ${missing + 1}`);
    }
    return null;
  }
  try {
    const given = /** @type {import("./inputs.js").Value[]} */ (values);
    const [only] = given;
    const { outputs, timing } = await model.predict(given.length === 1 && only ? only : given);
    const real = outputs.map((values, index) => dequantize(values, OUTPUTS[index]));
    const answer = interpret(real);
    showResult(answer, real);
    latency.add(timing.inference);
    showState(`Ready on ${model.backend}`);
    return answer;
  } catch (error) {
    if (session.model === model) {
      report(error); // of a model that is still wanted
    }
    return null;
  }
}

/** Loads the model on the chosen backend. */
async function open() {
  startLoading();
  enableBenchmark(false);
  latency.clear();
  try {
    const model = await session.open(chosenBackend(), showProgress);
    clearErrors();
    showBackend(model);
    showState(`Ready on ${model.backend}`);
    enableBenchmark(true);
    endLoading();
    void offer();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") {
      return; // another choice came in between
    }
    endLoading();
    showState("Not loaded");
    report(error, { label: "Try again", run: reopen });
  }
}

/** Another try leaves the choice of the backend to the page. */
function reopen() {
  forgetBackend();
  void open();
}

connectTheme();
const views = createInputs(byId("inputs", HTMLElement), offer);
connectDrop(views);
connectBackend(() => void open());
connectBenchmark(() => session.model, (running) => {
  busy = running;
  showState(running ? "Measuring" : `Ready on ${session.model?.backend ?? "nothing"}`);
});
byId("model-text", HTMLElement).textContent =
  `${MODEL}, sha256 ${MODEL_SHA256.slice(0, 12)}…; ` +
  `${INPUTS.length} in, ${OUTPUTS.length} out. Computed here: no picture, sound or number is sent anywhere.`;
void open();

void register({
  onUpdate: (accept) =>
    notify("There is a new version of this page.", "", {
      action: { label: "Load it", run: accept },
    }),
  onOffline: () => {
    byId("offline-text", HTMLElement).textContent = "Works offline from now on.";
  },
  onProblem: (error) => {
    const { message, fix } = explain(error);
    byId("offline-text", HTMLElement).textContent = `Needs a network: ${message} ${fix}`;
  },
});
