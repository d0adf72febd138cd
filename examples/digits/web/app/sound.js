/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { InputError } from "../edgegen/errors.js";
import { capture, stopAll } from "./camera.js";
import { Resampler } from "./resample.js";

const MAX_BYTES = 50e6;
const MAX_SECONDS = 120;

// Any rate that every browser decodes at; the resampler does the rest, everywhere alike.
const DECODED_HZ = 48000;

/**
 * A running microphone.
 *
 * @typedef {object} Microphone
 * @property {() => void} stop
 */

/**
 * Asks for the microphone. Samples come at the wanted rate, in -1 to 1.
 *
 * @param {number} rate hertz
 * @param {(samples: Float32Array) => void} onSamples
 * @param {() => void} onEnd it was unplugged or taken away
 * @returns {Promise<Microphone>}
 */
export async function openMicrophone(rate, onSamples, onEnd) {
  // A model was trained on sound as it is: nothing that a telephone would do to it.
  const stream = await capture("microphone", {
    audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
  const context = new AudioContext();
  try {
    await context.audioWorklet.addModule(new URL("./recorder.js", import.meta.url));
    const resampler = new Resampler(context.sampleRate, rate);
    const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
    recorder.port.onmessage = ({ data }) => onSamples(resampler.push(data));
    context.createMediaStreamSource(stream).connect(recorder);
    await context.resume();
  } catch (error) {
    stopAll(stream);
    void context.close();
    throw error;
  }
  stream.getAudioTracks()[0]?.addEventListener("ended", onEnd);
  return {
    stop() {
      stopAll(stream);
      void context.close();
    },
  };
}

/**
 * The samples of a sound file at the wanted rate, one channel.
 *
 * @param {Blob} blob
 * @param {number} rate hertz
 * @returns {Promise<Float32Array>}
 * @throws {InputError} it is empty, too long or no sound that this browser reads
 */
export async function decodeSound(blob, rate) {
  if (blob.size === 0) {
    throw new InputError("The file is empty.", { fix: "Choose a recording." });
  }
  if (blob.size > MAX_BYTES) {
    throw new InputError(`The file has ${Math.round(blob.size / 1e6)} MB.`, {
      fix: `Choose a recording below ${MAX_BYTES / 1e6} MB.`,
    });
  }
  const context = new OfflineAudioContext(1, 1, DECODED_HZ);
  let sound;
  try {
    sound = await context.decodeAudioData(await blob.arrayBuffer());
  } catch (cause) {
    throw new InputError("The file is no sound that this browser can read, or it is damaged.", {
      fix: "WAV, MP3 and M4A work in every browser.",
      cause,
    });
  }
  if (sound.duration > MAX_SECONDS) {
    throw new InputError(`The recording is ${Math.round(sound.duration)} seconds long.`, {
      fix: `Choose one of at most ${MAX_SECONDS} seconds.`,
    });
  }
  const resampler = new Resampler(DECODED_HZ, rate);
  const parts = [resampler.push(mixed(sound)), resampler.flush()];
  const samples = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, each) => (samples.set(each, at), at + each.length), 0);
  return samples;
}

/**
 * Root mean square, in decibels below full scale.
 *
 * @param {Float32Array} samples
 * @returns {number} -Infinity of silence
 */
export function decibels(samples) {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return 10 * Math.log10(power);
}

/**
 * The mean of all channels.
 *
 * @param {AudioBuffer} sound
 */
function mixed(sound) {
  const mean = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    sound.getChannelData(channel).forEach((sample, index) => {
      mean[index] = (mean[index] ?? 0) + sample / sound.numberOfChannels;
    });
  }
  return mean;
}
