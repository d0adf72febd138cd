/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { BackendError } from "../edgegen/errors.js";

/**
 * A running camera.
 *
 * @typedef {object} Camera
 * @property {string} id of the device
 * @property {{id: string, label: string}[]} devices all cameras
 * @property {(() => void) | null} onFrame called for frames, as often as the page is drawn
 * @property {(() => void) | null} onEnd called when it is unplugged or taken away
 * @property {() => void} stop
 */

/**
 * Asks for a camera and shows it in a video element.
 *
 * @param {HTMLVideoElement} video
 * @param {string} [device] id of the one that is wanted; the back of a phone otherwise
 * @returns {Promise<Camera>}
 * @throws {Error} kind words about what to do without one
 */
export async function openCamera(video, device) {
  const wanted = device ? { deviceId: { exact: device } } : { facingMode: "environment" };
  const stream = await capture("camera", {
    video: { ...wanted, width: { ideal: 640 }, height: { ideal: 480 } },
  });
  video.srcObject = stream;
  await video.play();
  const [track] = stream.getVideoTracks();
  const devices = await navigator.mediaDevices.enumerateDevices();

  /** @type {Camera} */
  const camera = {
    id: track?.getSettings().deviceId ?? "",
    devices: devices
      .filter(({ kind }) => kind === "videoinput")
      .map(({ deviceId, label }, index) => ({ id: deviceId, label: label || `Camera ${index + 1}` })),
    onFrame: null,
    onEnd: null,
    stop() {
      cancelAnimationFrame(request);
      stopAll(stream);
      video.srcObject = null;
    },
  };
  let time = -1;
  const draw = () => {
    request = requestAnimationFrame(draw);
    if (video.currentTime !== time && video.videoWidth > 0) {
      time = video.currentTime;
      camera.onFrame?.();
    }
  };
  let request = requestAnimationFrame(draw);
  track?.addEventListener("ended", () => camera.onEnd?.());
  return camera;
}

/**
 * Asks the visitor for a camera or microphone.
 *
 * @param {"camera" | "microphone"} what
 * @param {MediaStreamConstraints} constraints
 * @returns {Promise<MediaStream>}
 */
export async function capture(what, constraints) {
  const instead =
    what === "camera"
      ? "A picture does as well: choose, paste or drop one."
      : "A recording does as well: choose or drop one.";
  // Browsers leave it out of pages that came over plain http.
  const { mediaDevices } = /** @type {{mediaDevices?: MediaDevices}} */ (navigator);
  if (!mediaDevices?.getUserMedia) {
    throw new BackendError(`Without https, this browser gives no page the ${what}.`, {
      fix: `Serve the page by https or from localhost. ${instead}`,
    });
  }
  try {
    return await mediaDevices.getUserMedia(constraints);
  } catch (cause) {
    const name = cause instanceof DOMException ? cause.name : "";
    const [message, fix] = refusal(what, name);
    throw new BackendError(message, { fix: `${fix} ${instead}`.trim(), cause });
  }
}

/**
 * @param {string} what
 * @param {string} name of the DOMException
 * @returns {[message: string, fix: string]}
 */
function refusal(what, name) {
  switch (name) {
    case "NotAllowedError":
      return [
        `The ${what} stays off: this page may not use it.`,
        "The browser's settings for this site allow it again.",
      ];
    case "NotFoundError":
      return [`There is no ${what} here.`, ""];
    case "OverconstrainedError":
      return [`That ${what} is gone.`, ""];
    case "NotReadableError":
      return [
        `The ${what} does not start: another program may be using it.`,
        "Close that program and try again.",
      ];
    default:
      return [`The ${what} does not start${name ? ` (${name})` : ""}.`, ""];
  }
}

/** @param {MediaStream} stream */
export function stopAll(stream) {
  for (const track of stream.getTracks()) {
    track.stop();
  }
}
