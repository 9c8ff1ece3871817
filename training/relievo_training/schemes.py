"""What storing the weights in fewer bits costs: one row per scheme.

    python -m relievo_training.schemes RUN.pt --data ../../shared/data --bench ../../shared/bench
"""
from __future__ import annotations

import argparse
import pathlib
import tempfile

import cv2
import numpy as np
import torch

from .evaluate import SETS, photos, score, write_predictions
from .export import SCHEMES, encode, export
from .infer import load_net, predict, read_rgb

SHOWN = [("portraits", "nearer"), ("portraits", "rim"), ("portraits", "sharp"), ("portraits", "worst"), ("iphone", "ord"), ("iphone", "ssi"), ("generated", "ord"), ("generated", "edge"), ("room", "ord"), ("bodies", "ordp"), ("synthetic", "ord"), ("synthetic", "d1")]


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("run", type=pathlib.Path)
    ap.add_argument("--data", type=pathlib.Path, required=True)
    ap.add_argument("--bench", type=pathlib.Path, required=True)
    ap.add_argument("--schemes", nargs="*", default=list(SCHEMES))
    a = ap.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    net, _ = load_net(a.run)
    sample = [read_rgb(p) for name in SETS for p in photos(a.data, name)[::5]]
    exact = [predict(net, rgb) for rgb in sample]
    print("| weights | MB | max diff | mean diff | " + " | ".join(f"{s} {k}" for s, k in SHOWN) + " |")
    print("|---|---|---|---|" + "---|" * len(SHOWN), flush=True)
    for scheme in a.schemes:
        with tempfile.TemporaryDirectory() as tmp:
            t = pathlib.Path(tmp)
            coded, size = export(net, scheme, t / "models")
            diffs = [np.abs(predict(coded, rgb) - e) / (e.max() - e.min()) for rgb, e in zip(sample, exact)]
            write_predictions(a.data, t / "maps", lambda rgb: predict(coded, rgb))
            got = score(a.data, a.bench, lambda s: [str(t / "maps" / s)])
        row = " | ".join(f"{got[s]['mean'][k]:.3f}" for s, k in SHOWN)
        print(f"| {scheme} | {size / 1e6:.2f} | {max(d.max() for d in diffs):.4f} | {np.mean([d.mean() for d in diffs]):.5f} | {row} |", flush=True)


if __name__ == "__main__":
    main()
