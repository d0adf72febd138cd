/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { InputError } from "../edgegen/errors.js";

/**
 * A picture's width and height in pixels.
 *
 * @typedef {{width: number, height: number}} Size
 */

// Decoded, a picture takes four bytes a pixel. Devices that say how much memory they have round it
// down to a power of two and say at most 8 (GiB); Safari and Firefox don't say.
const MAX_PIXELS = lowMemory() ? 32e6 : 160e6;
const MAX_BYTES = 200e6;

// Where a header may lie: JPEGs from cameras carry a thumbnail before it.
const HEADER_BYTES = 1 << 20;

/**
 * Decodes a picture off the page's own thread, no larger than needed.
 *
 * @param {Blob} blob
 * @param {number} side of the result, in pixels, about; smaller pictures stay as they are
 * @returns {Promise<ImageBitmap>} the caller closes it
 * @throws {InputError} it is empty, too large or no picture that this browser reads
 */
export async function decode(blob, side) {
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
    return await createImageBitmap(blob, size ? reduced(size, side) : {});
  } catch (cause) {
    throw new InputError("The file is no picture that this browser can read, or it is damaged.", {
      fix: "PNG, JPEG, WebP and GIF work in every browser.",
      cause,
    });
  }
}

/**
 * Draws the middle of a picture so that it fills a canvas, in its own proportions.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {CanvasImageSource} source
 * @param {Size} size of the source
 */
export function cover(context, source, { width, height }) {
  const { canvas } = context;
  const scale = Math.min(width / canvas.width, height / canvas.height);
  const w = canvas.width * scale;
  const h = canvas.height * scale;
  context.imageSmoothingQuality = "high";
  context.fillRect(0, 0, canvas.width, canvas.height); // black where the picture is transparent
  context.drawImage(source, (width - w) / 2, (height - h) / 2, w, h, 0, 0, canvas.width, canvas.height);
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
 * What makes the shorter side about that long; nothing where it already is.
 *
 * @param {Size} size
 * @param {number} side
 * @returns {ImageBitmapOptions}
 */
function reduced({ width, height }, side) {
  const shorter = Math.min(width, height);
  if (shorter <= side) {
    return {};
  }
  // One side alone: the browser finds the other, after it has turned the picture upright.
  return { resizeWidth: Math.max(1, Math.round((width * side) / shorter)), resizeQuality: "high" };
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
