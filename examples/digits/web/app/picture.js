/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { InputError } from "../edgegen/errors.js";
import { MOST_PIXELS } from "../edgegen/spec.js";

/**
 * A picture's width and height in pixels.
 *
 * @typedef {{width: number, height: number}} Size
 */

// Decoded, a picture takes four bytes a pixel. Devices that say how much memory they have round it
// down to a power of two and say at most 8 (GiB); Safari and Firefox don't say.
const MAX_PIXELS = lowMemory() ? 32e6 : 160e6;
const MAX_BYTES = 200e6;

// Of a side, that the model takes.
const MOST_SIDE = 32767;

// Where a header may lie: JPEGs from cameras carry a thumbnail before it.
const HEADER_BYTES = 1 << 20;

/**
 * A picture, and what it was before it had to be made smaller.
 *
 * @typedef {object} Decoded
 * @property {ImageBitmap} picture of its own size, up to what the model takes; the caller closes it
 * @property {Size | null} before null where it is as it was
 */

/**
 * Decodes a picture off the page's own thread.
 *
 * @param {Blob} blob
 * @returns {Promise<Decoded>}
 * @throws {InputError} it is empty, too large or no picture that this browser reads
 */
export async function decode(blob) {
  if (blob.size === 0) {
    throw new InputError("The file is empty.", { fix: "Choose a picture." });
  }
  if (blob.size > MAX_BYTES) {
    throw new InputError(`The file has ${megabytes(blob.size)} MB; that is too much for a picture.`, {
      fix: `Choose one below ${megabytes(MAX_BYTES)} MB.`,
    });
  }
  const size = sizeOf(new DataView(await blob.slice(0, HEADER_BYTES).arrayBuffer()));
  if (size && size.width * size.height > MAX_PIXELS) {
    throw new InputError(
      `The picture has ${size.width} x ${size.height} pixels; decoded it would not fit into memory.`,
      { fix: `Choose one of at most ${MAX_PIXELS / 1e6} megapixels, or make it smaller first.` },
    );
  }
  try {
    const options = size && reduced(size);
    return await fitting(await (options ? reduce(blob, options) : createImageBitmap(blob)), size);
  } catch (cause) {
    throw new InputError("The file is no picture that this browser can read, or it is damaged.", {
      fix: "PNG, JPEG, WebP and GIF work in every browser.",
      cause,
    });
  }
}

/**
 * The header's size may be missing, or be that of a picture that lies on its side.
 *
 * @param {ImageBitmap} picture
 * @param {Size | null} size as the header says
 * @returns {Promise<Decoded>}
 */
async function fitting(picture, size) {
  const before = size ?? { width: picture.width, height: picture.height };
  const options = reduced(picture);
  return {
    picture: options ? await reduce(picture, options) : picture,
    before: reduced(before) && before,
  };
}

/**
 * @param {Blob | ImageBitmap} source is gone afterwards, if it is a bitmap
 * @param {ImageBitmapOptions} options
 * @returns {Promise<ImageBitmap>}
 */
async function reduce(source, options) {
  const worker = new Worker(new URL("./reduce.js", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data: { picture, problem } }) =>
        picture ? resolve(picture) : reject(new Error(problem)),
      );
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      });
      worker.postMessage({ source, options }, source instanceof Blob ? [] : [source]);
    });
  } finally {
    worker.terminate();
  }
}

/**
 * A part of a picture, in pixels.
 *
 * @typedef {{left: number, top: number, width: number, height: number}} Box
 */

/**
 * Which part of a picture the model looks at, and where on its input that lies.
 *
 * @param {Size} picture
 * @param {Size} input
 * @param {string} fit as the input's description has it
 * @returns {{from: Box, onto: Box}}
 */
export function placed(picture, input, fit) {
  const isWider = picture.width * input.height > input.width * picture.height;
  const from = sizeOnly(picture);
  const onto = sizeOnly(input);
  if (fit === "crop" && isWider) {
    from.width = rescaled(picture.height, input.width, input.height, picture.width);
  } else if (fit === "crop") {
    from.height = rescaled(picture.width, input.height, input.width, picture.height);
  } else if (fit === "letterbox" && isWider) {
    onto.height = rescaled(picture.height, input.width, picture.width, input.height);
  } else if (fit === "letterbox") {
    onto.width = rescaled(picture.width, input.height, picture.height, input.width);
  }
  return { from: centred(from, picture), onto: centred(onto, input) };
}

/**
 * A copy: a bitmap's own sizes cannot be set.
 *
 * @param {Size} size
 * @returns {Size}
 */
function sizeOnly({ width, height }) {
  return { width, height };
}

/**
 * @param {number} side
 * @param {number} to
 * @param {number} from
 * @param {number} most
 */
function rescaled(side, to, from, most) {
  return Math.min(most, Math.max(1, Math.round((side * to) / from)));
}

/**
 * @param {Size} part
 * @param {Size} whole
 * @returns {Box}
 */
function centred({ width, height }, whole) {
  const left = Math.floor((whole.width - width) / 2);
  const top = Math.floor((whole.height - height) / 2);
  return { left, top, width, height };
}

/**
 * Width and height as the first bytes of a PNG, JPEG, GIF, WebP or BMP file say.
 *
 * @param {DataView} bytes
 * @returns {Size | null} null of other formats and of headers that end early
 */
export function sizeOf(bytes) {
  try {
    if (bytes.getUint32(0) === 0x89504e47) {
      return { width: bytes.getUint32(16), height: bytes.getUint32(20) };
    }
    if (bytes.getUint16(0) === 0xffd8) {
      return jpegSize(bytes);
    }
    if (bytes.getUint32(0) === 0x47494638) {
      return { width: bytes.getUint16(6, true), height: bytes.getUint16(8, true) };
    }
    if (bytes.getUint32(0) === 0x52494646 && bytes.getUint32(8) === 0x57454250) {
      return webpSize(bytes);
    }
    if (bytes.getUint16(0) === 0x424d) {
      return { width: bytes.getInt32(18, true), height: Math.abs(bytes.getInt32(22, true)) };
    }
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error;
    }
  }
  return null;
}

/**
 * Of the frame header, the first SOFn segment.
 *
 * @param {DataView} bytes
 * @returns {Size | null}
 */
function jpegSize(bytes) {
  let at = 2;
  while (bytes.getUint8(at) === 0xff) {
    const marker = bytes.getUint8(at + 1);
    const tables = marker === 0xc4 || marker === 0xc8 || marker === 0xcc;
    if (marker >= 0xc0 && marker <= 0xcf && !tables) {
      return { width: bytes.getUint16(at + 7), height: bytes.getUint16(at + 5) };
    }
    at += marker === 0xff ? 1 : 2 + bytes.getUint16(at + 2);
  }
  return null;
}

/**
 * @param {DataView} bytes
 * @returns {Size | null}
 */
function webpSize(bytes) {
  switch (bytes.getUint32(12)) {
    case 0x56503820: // "VP8 ": 14 bits each
      return {
        width: bytes.getUint16(26, true) & 0x3fff,
        height: bytes.getUint16(28, true) & 0x3fff,
      };
    case 0x5650384c: { // "VP8L": 14 bits each, less one
      const bits = bytes.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 0x56503858: // "VP8X": 24 bits each, less one
      return {
        width: (bytes.getUint32(24, true) & 0xffffff) + 1,
        height: (bytes.getUint32(27, true) & 0xffffff) + 1,
      };
    default:
      return null;
  }
}

/**
 * What makes a picture as small as the model takes it.
 *
 * @param {Size} size
 * @returns {ImageBitmapOptions | null} null where it already is
 */
function reduced({ width, height }) {
  const factor = Math.min(
    Math.sqrt(MOST_PIXELS / (width * height)),
    MOST_SIDE / Math.max(width, height),
  );
  if (factor >= 1) {
    return null;
  }
  // One side alone: the browser finds the other, after it has turned the picture upright. A little
  // less than fits, for that is rounded.
  return { resizeWidth: Math.max(1, Math.floor(width * factor) - 1), resizeQuality: "high" };
}

/** @param {number} bytes */
function megabytes(bytes) {
  return Math.round(bytes / 1e6);
}

/** Whether the device says that it has less than 4 GiB. */
function lowMemory() {
  const { deviceMemory } = /** @type {{deviceMemory?: number}} */ (/** @type {unknown} */ (navigator));
  return deviceMemory !== undefined && deviceMemory < 4;
}
