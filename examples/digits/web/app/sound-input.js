/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { element, fromTemplate, part, svg } from "./dom.js";
import { onFile } from "./image-input.js";
import { clearErrors, report } from "./notices.js";
import { decibels, decodeSound, openMicrophone } from "./sound.js";

/** @typedef {import("./inputs.js").InputView} InputView */
/** @typedef {import("./inputs.js").Offer} Offer */

// Windows of a stream follow each other this fast, at most; a slow model skips some.
const STEP_SECONDS = 0.25;

const BARS = 100;

/**
 * Sound: from the microphone, in windows that overlap, or from a recording.
 *
 * @param {import("../edgegen/types.d.ts").TensorInfo} tensor
 * @param {import("../edgegen/types.d.ts").RawInput} raw what the input is made from
 * @param {Offer} offer
 * @returns {InputView}
 */
export function soundInput({ name }, { sampleRate, shape }, offer) {
  const root = fromTemplate("sound-input");
  const button = part(root, "microphone", HTMLButtonElement);
  const windows = part(root, "windows", HTMLElement);
  const windowsField = part(root, "windows-field", HTMLElement);
  const length = shape.reduce((product, size) => product * size, 1);
  const step = Math.round(STEP_SECONDS * sampleRate);
  /** The latest samples, oldest first. */
  let latest = new Float32Array(length);
  let fresh = 0;
  let filled = false;
  let isStarting = false;
  /** @type {import("./sound.js").Microphone | null} */
  let microphone = null;
  /** Counts recordings, so that one that is still running ends when another starts. */
  let playing = 0;

  part(root, "about", HTMLElement).textContent =
    `The model hears ${seconds(length / sampleRate)} at a time, at ${sampleRate.toLocaleString("en")} Hz.`;

  const stop = () => {
    playing++;
    microphone?.stop();
    microphone = null;
    button.textContent = "Start microphone";
    showLevel(root, -Infinity);
  };

  /** @param {Float32Array} samples */
  const listen = (samples) => {
    if (samples.length === 0) {
      return;
    }
    const kept = Math.max(0, length - samples.length);
    latest.copyWithin(0, length - kept);
    latest.set(samples.subarray(Math.max(0, samples.length - length)), kept);
    fresh += samples.length;
    if (fresh >= step) {
      fresh = 0;
      filled = true;
      showLevel(root, decibels(latest.subarray(Math.max(0, length - step))));
      drawWave(root, latest, "The latest sound");
      void offer();
    }
  };

  const start = async () => {
    stop();
    if (isStarting) {
      return;
    }
    isStarting = true; // not disabled: that would take the focus away
    try {
      const opened = await openMicrophone(sampleRate, listen, stop);
      latest = new Float32Array(length);
      fresh = 0;
      filled = false; // what was heard before is no longer what the stage shows
      microphone = opened;
      clearErrors("input");
      drawWave(root, latest, "The latest sound");
      void offer();
      windowsField.hidden = true;
      button.textContent = "Stop microphone";
    } catch (error) {
      report("input", error);
    } finally {
      isStarting = false;
    }
  };

  /** @param {Blob} blob */
  const play = async (blob) => {
    stop();
    const mine = playing;
    try {
      const sound = padded(await decodeSound(blob, sampleRate), length);
      clearErrors("input");
      drawWave(root, sound, "The recording");
      windows.replaceChildren();
      windowsField.hidden = false;
      let best = { score: -Infinity, start: 0 };
      for (const start of starts(sound.length, length)) {
        latest = sound.slice(start, start + length);
        filled = true;
        const shown = await offer();
        if (!shown || playing !== mine) {
          return;
        }
        windows.append(row(start / sampleRate, length / sampleRate, shown.text));
        if (shown.score > best.score) {
          best = { score: shown.score, start };
        }
      }
      // The page is left with the window that the model is surest of.
      latest = sound.slice(best.start, best.start + length);
      await offer();
    } catch (error) {
      report("input", error);
    }
  };

  button.addEventListener("click", () => (microphone ? stop() : void start()));
  onFile(root, play);

  return {
    name,
    root,
    read: () => (filled ? latest.slice() : null),
    drop: play,
    accepts: (type) => /^(audio|video)\//.test(type),
  };
}

/**
 * Where windows begin: every half window, the last one at the end of the sound.
 *
 * @param {number} samples
 * @param {number} length of a window
 */
function starts(samples, length) {
  const found = [];
  for (let start = 0; start + length < samples; start += Math.max(1, Math.floor(length / 2))) {
    found.push(start);
  }
  return [...found, samples - length];
}

/**
 * Silence after a sound that fills no window.
 *
 * @param {Float32Array} samples
 * @param {number} length
 */
function padded(samples, length) {
  if (samples.length >= length) {
    return samples;
  }
  const longer = new Float32Array(length);
  longer.set(samples);
  return longer;
}

/**
 * @param {number} from seconds
 * @param {number} duration
 * @param {string} result
 */
function row(from, duration, result) {
  const made = element("tr");
  made.append(
    element("td", seconds(from)),
    element("td", seconds(from + duration)),
    element("td", result),
  );
  return made;
}

/**
 * @param {HTMLElement} root
 * @param {number} level in decibels below full scale
 */
function showLevel(root, level) {
  part(root, "level", HTMLMeterElement).value = Math.max(-60, level);
  part(root, "level-text", HTMLOutputElement).textContent =
    level < -60 ? "silent" : `${Math.round(level)} dB`;
}

/**
 * The loudest sample of each hundredth, up and down.
 *
 * @param {HTMLElement} root
 * @param {Float32Array} samples
 * @param {string} what it is
 */
function drawWave(root, samples, what) {
  const chart = part(root, "wave", SVGSVGElement);
  const width = 400 / BARS;
  const bars = Array.from({ length: BARS }, (_, index) => {
    const first = Math.floor((index * samples.length) / BARS);
    const last = Math.floor(((index + 1) * samples.length) / BARS);
    let peak = 0;
    for (let at = first; at < last; at++) {
      peak = Math.max(peak, Math.abs(samples[at] ?? 0));
    }
    // The square root shows quiet sounds, too.
    const height = Math.max(1, Math.sqrt(Math.min(1, peak)) * 116);
    return svg("rect", { x: index * width, y: 60 - height / 2, width: width * 0.6, height });
  });
  chart.replaceChildren(...bars);
  chart.setAttribute("aria-label", what);
}

/** @param {number} value */
function seconds(value) {
  return `${value.toFixed(2)} s`;
}
