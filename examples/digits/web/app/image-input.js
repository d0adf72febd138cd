/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { openCamera } from "./camera.js";
import { element, fromTemplate, part } from "./dom.js";
import { clearErrors, report } from "./notices.js";
import { cover, decode } from "./picture.js";

/** @typedef {import("./inputs.js").InputView} InputView */
/** @typedef {import("./inputs.js").Offer} Offer */
/** @typedef {import("./picture.js").Size} Size */

// Of the longer side on the stage, in pixels.
const SHOWN = 480;

/**
 * An image: from the camera, a file, the clipboard, a drop, or drawn by hand. What the stage shows
 * is what the model looks at.
 *
 * @param {import("../edgegen/spec.js").TensorInfo} tensor
 * @param {import("../edgegen/spec.js").RawInput} frame what the input is made from
 * @param {Offer} offer
 * @returns {InputView}
 */
export function imageInput(tensor, frame, offer) {
  const root = fromTemplate("image-input");
  const stage = part(root, "stage", HTMLElement);
  const canvas = part(root, "canvas", HTMLCanvasElement);
  const video = part(root, "video", HTMLVideoElement);
  const hint = part(root, "hint", HTMLElement);
  const cameraButton = part(root, "camera", HTMLButtonElement);
  const drawButton = part(root, "draw", HTMLButtonElement);
  const clearButton = part(root, "clear", HTMLButtonElement);
  const cameras = part(root, "cameras", HTMLSelectElement);

  const seen = seenOf(tensor, frame);
  const small = context2d(element("canvas"), seen);
  const shown = context2d(canvas, scaled(seen, SHOWN / Math.max(seen.width, seen.height)));
  /** @type {import("./camera.js").Camera | null} */
  let camera = null;
  let isStarting = false;
  let filled = false;
  let drawing = false;

  part(root, "about", HTMLElement).textContent =
    `The model looks at ${seen.width} x ${seen.height} pixels` +
    (frame.format === "gray8" ? ", in grey." : ".");
  // A pen makes sense for what has no colours: characters, sketches.
  drawButton.hidden = frame.format !== "gray8";

  /**
   * @param {CanvasImageSource} source
   * @param {Size} size
   */
  const take = (source, size) => {
    cover(shown, source, size);
    cover(small, source, size);
    filled = true;
    void offer();
  };

  /** @param {string} what the stage shows */
  const describe = (what) => {
    stage.dataset.state = "filled";
    hint.hidden = true;
    canvas.setAttribute("aria-label", what);
  };

  const stopCamera = () => {
    camera?.stop();
    camera = null;
    cameraButton.textContent = "Start camera";
    part(root, "cameras-field", HTMLElement).hidden = true;
  };

  const stopDrawing = () => {
    drawing = false;
    drawButton.setAttribute("aria-pressed", "false");
    stage.dataset.drawing = "false";
    clearButton.hidden = true;
  };

  /** @param {Blob} blob */
  const show = async (blob) => {
    try {
      const picture = await decode(blob, Math.max(canvas.width, canvas.height));
      stopCamera();
      stopDrawing();
      clearErrors();
      describe("The chosen picture");
      take(picture, picture);
      picture.close();
    } catch (error) {
      report(error);
    }
  };

  /** @param {string} [device] */
  const startCamera = async (device) => {
    stopCamera();
    stopDrawing();
    if (isStarting) {
      return;
    }
    isStarting = true; // not disabled: that would take the focus away
    try {
      const opened = await openCamera(video, device);
      camera = opened;
      clearErrors();
      describe("What the camera sees");
      cameraButton.textContent = "Stop camera";
      opened.onFrame = () => take(video, { width: video.videoWidth, height: video.videoHeight });
      opened.onEnd = stopCamera;
      cameras.replaceChildren(
        ...opened.devices.map(({ id, label }) => new Option(label, id, false, id === opened.id)),
      );
      part(root, "cameras-field", HTMLElement).hidden = opened.devices.length < 2;
    } catch (error) {
      report(error);
    } finally {
      isStarting = false;
    }
  };

  cameraButton.addEventListener("click", () => (camera ? stopCamera() : void startCamera()));
  cameras.addEventListener("change", () => void startCamera(cameras.value));
  onFile(root, show);

  const clear = () => {
    shown.fillRect(0, 0, canvas.width, canvas.height);
    describe("An empty page to draw on");
  };
  drawButton.addEventListener("click", () => {
    if (drawing) {
      stopDrawing();
      return;
    }
    stopCamera();
    drawing = true;
    drawButton.setAttribute("aria-pressed", "true");
    stage.dataset.drawing = "true";
    clearButton.hidden = false;
    clear();
  });
  clearButton.addEventListener("click", clear);
  connectPen(canvas, shown, () => drawing, () => {
    describe("Your drawing");
    cover(small, canvas, canvas);
    filled = true;
    void offer();
  });

  return {
    name: tensor.name,
    root,
    read: () => (filled ? small.getImageData(0, 0, seen.width, seen.height) : null),
    drop: show,
    accepts: (type) => type.startsWith("image/"),
  };
}

/**
 * Calls back with each file that is chosen; the same one may be chosen again.
 *
 * @param {HTMLElement} root
 * @param {(file: File) => Promise<void>} take
 */
export function onFile(root, take) {
  const input = part(root, "file", HTMLInputElement);
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    input.value = "";
    if (file) {
      void take(file);
    }
  });
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2D} context
 * @param {() => boolean} isOn
 * @param {() => void} onStroke
 */
function connectPen(canvas, context, isOn, onStroke) {
  context.lineWidth = Math.min(canvas.width, canvas.height) / 9;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.strokeStyle = "white";
  let isDown = false;

  /** @param {PointerEvent} event */
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) * canvas.width) / box.width;
    const y = ((event.clientY - box.top) * canvas.height) / box.height;
    return /** @type {const} */ ([x, y]);
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!isOn()) {
      return;
    }
    isDown = true;
    canvas.setPointerCapture(event.pointerId);
    context.beginPath();
    context.moveTo(...place(event));
    context.lineTo(...place(event)); // a dot
    context.stroke();
    onStroke();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (isDown && isOn()) {
      context.lineTo(...place(event));
      context.stroke();
      onStroke();
    }
  });
  const lift = () => {
    isDown = false;
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
}

/**
 * The part of a frame that the model looks at: the middle of it where frames are cropped.
 *
 * @param {import("../edgegen/spec.js").TensorInfo} tensor
 * @param {import("../edgegen/spec.js").RawInput} frame
 * @returns {Size}
 */
function seenOf({ shape }, { width, height, fit }) {
  const channelsFirst = shape.length === 4 && shape[3] !== 1 && shape[3] !== 3;
  const [rows = height, columns = width] = shape.slice(channelsFirst ? 2 : 1);
  if (fit !== "crop") {
    return { width, height };
  }
  return scaled({ width: columns, height: rows }, Math.min(width / columns, height / rows));
}

/**
 * @param {Size} size
 * @param {number} factor
 * @returns {Size}
 */
function scaled({ width, height }, factor) {
  const pixels = (/** @type {number} */ side) => Math.max(1, Math.round(side * factor));
  return { width: pixels(width), height: pixels(height) };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Size} size
 */
function context2d(canvas, { width, height }) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) {
    throw new Error("This browser draws no pictures.");
  }
  context.fillStyle = "black";
  return context;
}
