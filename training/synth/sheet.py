"""A contact sheet of samples, photo | disparity:   python3 sheet.py OUT.png DIR [--n 24] [--ids 300000,300004]"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np
from PIL import Image


def turbo(x):
    """Anton Mikhailov's polynomial fit of the Turbo colour map."""
    x = np.clip(x, 0, 1)
    p = np.stack([x**k for k in range(6)], -1)
    r = p @ [0.1357, 4.6154, -42.6603, 132.1311, -152.9424, 59.2864]
    g = p @ [0.0914, 2.1942, 4.8430, -14.1850, 4.2773, 2.8296]
    b = p @ [0.1067, 12.6419, -60.5820, 110.3628, -89.9031, 27.3482]
    return (np.clip(np.stack([r, g, b], -1), 0, 1) * 255).astype(np.uint8)


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("out")
    ap.add_argument("dir", type=pathlib.Path)
    ap.add_argument("--n", type=int, default=24)
    ap.add_argument("--ids")
    ap.add_argument("--cell", type=int, default=190)
    ap.add_argument("--columns", type=int, default=4)
    a = ap.parse_args()
    stems = a.ids.split(",") if a.ids else [f.stem for f in sorted(a.dir.glob("*.jpg"))][-a.n :]
    c = a.cell
    sheet = Image.new("RGB", (a.columns * 2 * c, -(-len(stems) // a.columns) * c))
    for i, s in enumerate(stems):
        x, y = i % a.columns * 2 * c, i // a.columns * c
        d = np.asarray(Image.open(a.dir / (s + "_d.png"))).astype(float)
        lo, hi = np.percentile(d, (1, 99))
        sheet.paste(Image.open(a.dir / (s + ".jpg")).resize((c, c)), (x, y))
        sheet.paste(Image.fromarray(turbo((d - lo) / max(hi - lo, 1))).resize((c, c)), (x + c, y))
    sheet.save(a.out)


if __name__ == "__main__":
    main()
