"""Draws the icon of generated web projects: an SVG, and PNGs of the same shapes.

    python scripts/icons.py [FOLDER]

A small network on a rounded square: what enters at the left leaves at the right. Needs numpy. The
same shapes give the same pixels on every machine.
"""

from __future__ import annotations

import struct
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

FOLDER = Path(__file__).resolve().parent.parent / "templates" / "web" / "scaffold" / "icons"

# In units of the icon's side, of a drawing that is 512 units wide.
SIDE = 512
CORNER = 112
GROUND = "#14181a"
LINE = "#5f7f7a"
NODES = (
    # x, y, radius, colour
    (140, 140, 34, "#8fd3c3"),
    (140, 256, 34, "#8fd3c3"),
    (140, 372, 34, "#8fd3c3"),
    (262, 198, 34, "#f6f3ec"),
    (262, 314, 34, "#f6f3ec"),
    (376, 256, 46, "#f2a65a"),
)
EDGES = tuple((a, b) for a in (0, 1, 2) for b in (3, 4)) + ((3, 5), (4, 5))
EDGE_WIDTH = 14
SAFE_RADIUS = 0.4 * SIDE
"""Launchers cut a maskable icon to a shape of theirs, but nothing within this circle around its
centre (W3C, Web Application Manifest, "Icon masks and safe zone"): all nodes are within."""

SAMPLES = 4
"""Per pixel and direction."""


@dataclass(frozen=True, slots=True)
class Icon:
    """A PNG to draw: its file's name, its side in pixels, and whether a launcher may cut it."""

    name: str
    side: int
    maskable: bool = False


ICONS = (
    Icon("icon-192.png", 192),
    Icon("icon-512.png", 512),
    Icon("maskable-192.png", 192, maskable=True),
    Icon("maskable-512.png", 512, maskable=True),
)


def svg() -> str:
    """The drawing as SVG."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">',
        f'  <rect width="{SIDE}" height="{SIDE}" rx="{CORNER}" fill="{GROUND}"/>',
        f'  <g stroke="{LINE}" stroke-width="{EDGE_WIDTH}">',
    ]
    for start, end in EDGES:
        (x1, y1, *_), (x2, y2, *_) = NODES[start], NODES[end]
        lines.append(f'    <line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>')
    lines.append("  </g>")
    lines += [f'  <circle cx="{x}" cy="{y}" r="{r}" fill="{c}"/>' for x, y, r, c in NODES]
    return "\n".join([*lines, "</svg>", ""])


def pixels(icon: Icon) -> npt.NDArray[np.uint8]:
    """The drawing as (side, side, 4) RGBA, not premultiplied; a maskable one has no corners."""
    steps = icon.side * SAMPLES
    centres = (np.arange(steps) + 0.5) * (SIDE / steps)  # of the samples, in units of the drawing
    x, y = centres[np.newaxis, :], centres[:, np.newaxis]
    image = np.zeros((steps, steps, 4), np.uint8)
    ground = np.ones((steps, steps), bool) if icon.maskable else _rounded_square(x, y)
    image[ground] = _rgba(GROUND)
    for start, end in EDGES:
        image[_line(x, y, NODES[start][:2], NODES[end][:2])] = _rgba(LINE)
    for centre_x, centre_y, radius, colour in NODES:
        image[(x - centre_x) ** 2 + (y - centre_y) ** 2 <= radius**2] = _rgba(colour)
    return _mean(image, icon.side)


def png(image: npt.NDArray[np.uint8]) -> bytes:
    """(height, width, 4) RGBA as a PNG without filters."""
    height, width, _ = image.shape
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _rounded_square(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    inner = SIDE / 2 - CORNER
    across = np.maximum(np.abs(x - SIDE / 2) - inner, 0)
    down = np.maximum(np.abs(y - SIDE / 2) - inner, 0)
    inside: npt.NDArray[np.bool_] = across**2 + down**2 <= CORNER**2
    return inside


def _line(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    start: tuple[int, int],
    end: tuple[int, int],
) -> npt.NDArray[np.bool_]:
    """Points no further from the segment than half a line's width."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    square = along_x**2 + along_y**2
    at = np.clip(((x - start[0]) * along_x + (y - start[1]) * along_y) / square, 0, 1)
    distance = (x - start[0] - at * along_x) ** 2 + (y - start[1] - at * along_y) ** 2
    near: npt.NDArray[np.bool_] = distance <= (EDGE_WIDTH / 2) ** 2
    return near


def _rgba(colour: str) -> tuple[int, int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue, 255


def _mean(image: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.uint8]:
    """Of each pixel's samples: the opacity, and the colour of those that are drawn."""
    samples = image.reshape(side, SAMPLES, side, SAMPLES, 4).sum(axis=(1, 3), dtype=np.uint32)
    drawn = np.maximum(samples[..., 3:] // 255, 1)
    mean = np.concatenate([samples[..., :3] / drawn, samples[..., 3:] / SAMPLES**2], axis=-1)
    return np.floor(mean + 0.5).astype(np.uint8)


def main(folder: Path) -> None:
    """Write all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "icon.svg").write_text(svg(), encoding="utf-8")
    for icon in ICONS:
        (folder / icon.name).write_bytes(png(pixels(icon)))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
