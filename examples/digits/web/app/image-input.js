/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { openCamera } from "./camera.js";
import { element, fromTemplate, part } from "./dom.js";
import { clearErrors, report } from "./notices.js";
import { decode, placed } from "./picture.js";

/** @typedef {import("./inputs.js").InputView} InputView */
/** @typedef {import("./inputs.js").Offer} Offer */
/** @typedef {import("./picture.js").Size} Size */

// Of the longer side on the stage, in pixels.
const SHOWN = 480;

/** @type {Readonly<Record<string, string>>} */
const FITS = Object.freeze({
  crop: "the middle of the picture",
  letterbox: "the whole picture, with borders",
  stretch: "the whole picture, whatever its proportions",
});

/**
 * An image: from the camera, a file, the clipboard, a drop, or drawn by hand. What the stage shows
 * is what the model looks at.
 *
 * @param {import("../edgegen/types.d.ts").TensorInfo} tensor
 * @param {import("../edgegen/types.d.ts").RawInput} frame what the input is made from
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
  const shown = context2d(canvas, scaled(seen, SHOWN / Math.max(seen.width, seen.height)));
  const sketch = context2d(element("canvas"), drawnOf(seen, frame));
  /** What was chosen, or came from the camera, at its own size. */
  let picture = /** @type {ImageBitmap | null} */ (null);
  let isDrawn = false;
  /** @type {import("./camera.js").Camera | null} */
  let camera = null;
  let isStarting = false;
  let drawing = false;
  /** Counts what the visitor did, so that what took longer than the next thing comes to nothing. */
  let turn = 0;

  part(root, "about", HTMLElement).textContent =
    `The model looks at ${seen.width} x ${seen.height} pixels` +
    `${frame.format === "gray8" ? ", in grey" : ""}: ${FITS[frame.fit] ?? "the picture"}.`;
  // A pen makes sense for what has no colours: characters, sketches.
  drawButton.hidden = frame.format !== "gray8";

  /** @param {ImageBitmap | null} next handed over to the model as it is */
  const keep = (next) => {
    picture?.close();
    picture = next;
    isDrawn = false;
    if (next) {
      show(shown, next, seen, frame);
    }
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

  /** @param {Size | null} size of what had to be made smaller */
  const tellSize = (size) => {
    const note = part(root, "note", HTMLElement);
    note.hidden = size === null;
    note.textContent = size
      ? `The picture of ${size.width} x ${size.height} pixels was made smaller first.`
      : "";
  };

  /** @param {Blob} blob */
  const choose = async (blob) => {
    const mine = ++turn;
    try {
      const { picture: chosen, before } = await decode(blob);
      if (mine !== turn) {
        chosen.close();
        return;
      }
      stopCamera();
      stopDrawing();
      clearErrors("input");
      describe("The chosen picture");
      tellSize(before);
      keep(chosen);
    } catch (error) {
      if (mine === turn) {
        report("input", error);
      }
    }
  };

  /** @param {string} [device] */
  const startCamera = async (device) => {
    stopCamera();
    stopDrawing();
    if (isStarting) {
      return;
    }
    const mine = ++turn;
    isStarting = true; // not disabled: that would take the focus away
    try {
      const opened = await openCamera(video, device);
      if (mine !== turn) {
        opened.stop();
        return;
      }
      camera = opened;
      clearErrors("input");
      describe("What the camera sees");
      tellSize(null);
      cameraButton.textContent = "Stop camera";
      opened.onFrame = oneAtATime(async () => {
        const seen = await createImageBitmap(video);
        if (camera === opened) {
          keep(seen);
        } else {
          seen.close();
        }
      });
      opened.onEnd = stopCamera;
      cameras.replaceChildren(
        ...opened.devices.map(({ id, label }) => new Option(label, id, false, id === opened.id)),
      );
      part(root, "cameras-field", HTMLElement).hidden = opened.devices.length < 2;
    } catch (error) {
      report("input", error);
    } finally {
      isStarting = false;
    }
  };

  cameraButton.addEventListener("click", () => (camera ? stopCamera() : void startCamera()));
  cameras.addEventListener("change", () => void startCamera(cameras.value));
  onFile(root, choose);

  const clear = () => {
    turn++;
    blacken(shown);
    blacken(sketch);
    describe("An empty page to draw on");
    tellSize(null);
    keep(null);
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
  connectPen(canvas, [shown, sketch], () => drawing, () => {
    describe("Your drawing");
    isDrawn = true;
    void offer();
  });

  return {
    name: tensor.name,
    root,
    read: () =>
      isDrawn ? sketch.getImageData(0, 0, sketch.canvas.width, sketch.canvas.height) : picture,
    drop: choose,
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
 * Draws white strokes on several canvases of the same proportions: each has them in its own pixels.
 *
 * @param {HTMLCanvasElement} canvas the one that is seen
 * @param {readonly CanvasRenderingContext2D[]} contexts
 * @param {() => boolean} isOn
 * @param {() => void} onStroke
 */
function connectPen(canvas, contexts, isOn, onStroke) {
  for (const context of contexts) {
    context.lineWidth = Math.min(context.canvas.width, context.canvas.height) / 9;
    context.lineCap = "round";
    context.lineJoin = "round";
    context.strokeStyle = "white";
  }
  let isDown = false;

  /** @param {PointerEvent} event @param {boolean} isFirst */
  const stroke = (event, isFirst) => {
    const box = canvas.getBoundingClientRect();
    for (const context of contexts) {
      const x = ((event.clientX - box.left) * context.canvas.width) / box.width;
      const y = ((event.clientY - box.top) * context.canvas.height) / box.height;
      if (isFirst) {
        context.beginPath();
        context.moveTo(x, y);
      }
      context.lineTo(x, y); // of a first one, a dot
      context.stroke();
    }
    onStroke();
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (isOn()) {
      isDown = true;
      canvas.setPointerCapture(event.pointerId);
      stroke(event, true);
    }
  });
  canvas.addEventListener("pointermove", (event) => {
    if (isDown && isOn()) {
      stroke(event, false);
    }
  });
  const lift = () => {
    isDown = false;
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
}

/**
 * Shows a picture as the model's input has it, but in more pixels.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {ImageBitmap} picture
 * @param {Size} input
 * @param {import("../edgegen/types.d.ts").RawInput} frame
 */
function show(context, picture, input, { fit, fill }) {
  const { from, onto } = placed(picture, input, fit);
  const across = context.canvas.width / input.width;
  const down = context.canvas.height / input.height;
  context.fillStyle = fit === "letterbox" ? `rgb(${fill.join(" ")})` : "black";
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  context.fillStyle = "black"; // where the picture is transparent
  const place = /** @type {const} */ ([
    onto.left * across,
    onto.top * down,
    onto.width * across,
    onto.height * down,
  ]);
  context.fillRect(...place);
  context.drawImage(picture, from.left, from.top, from.width, from.height, ...place);
}

/** @param {CanvasRenderingContext2D} context */
function blacken(context) {
  context.fillStyle = "black";
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
}

/**
 * Leaves out calls that come before the one before is through.
 *
 * @param {() => Promise<void>} run
 * @returns {() => void}
 */
function oneAtATime(run) {
  let isRunning = false;
  return async () => {
    if (!isRunning) {
      isRunning = true;
      try {
        await run();
      } catch {
        // Between two frames there may be none: the next one will do.
      } finally {
        isRunning = false;
      }
    }
  };
}

/**
 * What the model's input has: rows of pixels.
 *
 * @param {import("../edgegen/types.d.ts").TensorInfo} tensor
 * @param {Size} frame
 * @returns {Size}
 */
function seenOf({ shape }, { width, height }) {
  const channelsFirst = shape.length === 4 && shape[3] !== 1 && shape[3] !== 3;
  const [rows = height, columns = width] = shape.slice(channelsFirst ? 2 : 1);
  return { width: columns, height: rows };
}

/**
 * What is drawn: as large as fits into a frame, so that it comes as a camera's would.
 *
 * @param {Size} input
 * @param {Size} frame
 */
function drawnOf(input, frame) {
  return scaled(input, Math.min(frame.width / input.width, frame.height / input.height));
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
  return context;
}
