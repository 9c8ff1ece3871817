"""Depth by TCMonoDepth small (MIT, ONNX), the peer that ours is measured beside, and a voice in its teacher.

    pip install onnxruntime
    python -m relievo_training.peer MODEL.onnx --data DATA --out runs/peer           # one look at each evaluation photo
    python -m relievo_training.evaluate --pred runs/peer --data DATA --bench BENCH

The file takes 192 x 320 pixels only: a photo of another shape is shrunk to fit and its borders are repeated. `--looks` shows
it each photo and its mirror image at two sizes, and takes the mean.
"""
from __future__ import annotations

import argparse
import pathlib

import cv2
import numpy as np
import onnxruntime

HEIGHT, WIDTH = 192, 320


def load(model: pathlib.Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), options)


def look(session: onnxruntime.InferenceSession, rgb: np.ndarray, fill: float = 1.0) -> np.ndarray:
    """Disparity at the photo's aspect, larger = nearer; `fill` is the share of the network's picture that the photo takes."""
    h, w = rgb.shape[:2]
    s = min(HEIGHT / h, WIDTH / w) * fill
    size = max(1, round(w * s)), max(1, round(h * s))
    top, left = (HEIGHT - size[1]) // 2, (WIDTH - size[0]) // 2
    x = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if s < 1 else cv2.INTER_LINEAR)
    x = cv2.copyMakeBorder(x, top, HEIGHT - size[1] - top, left, WIDTH - size[0] - left, cv2.BORDER_REPLICATE)
    d = session.run(None, {session.get_inputs()[0].name: x.astype(np.float32).transpose(2, 0, 1)[None]})[0][0, 0]
    return d[top : top + size[1], left : left + size[0]]


def looks(session: onnxruntime.InferenceSession, rgb: np.ndarray) -> np.ndarray:
    first = look(session, rgb)
    out = np.zeros_like(first)
    for fill in (1.0, 0.75):
        for flip in (False, True):
            d = look(session, np.ascontiguousarray(rgb[:, ::-1]) if flip else rgb, fill)
            d = cv2.resize(d, first.shape[::-1], interpolation=cv2.INTER_LINEAR)
            d = d[:, ::-1] if flip else d
            out += (d - np.median(d)) / max(np.abs(d - np.median(d)).mean(), 1e-6)
    return out / 4


def main() -> None:
    from .evaluate import SETS, photos
    from .infer import read_rgb, to_png

    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("model", type=pathlib.Path)
    ap.add_argument("--data", type=pathlib.Path, required=True)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--looks", action="store_true")
    a = ap.parse_args()
    session = load(a.model)
    for name in SETS:
        (a.out / name).mkdir(parents=True, exist_ok=True)
        for p in photos(a.data, name):
            rgb = read_rgb(p)
            cv2.imwrite(str(a.out / name / f"{p.stem}.png"), to_png(looks(session, rgb) if a.looks else look(session, rgb)))


if __name__ == "__main__":
    main()
