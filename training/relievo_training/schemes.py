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

from . import card
from .evaluate import SETS, TARGETS, photos, score, write_predictions
from .export import SCHEMES, encode, export
from .infer import load_net, predict, read_rgb


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("run", type=pathlib.Path)
    ap.add_argument("--data", type=pathlib.Path, required=True)
    ap.add_argument("--bench", type=pathlib.Path, required=True)
    ap.add_argument("--schemes", nargs="*", default=list(SCHEMES))
    ap.add_argument("--card", type=pathlib.Path, help="write the table into this model card, too")
    a = ap.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    net, about = load_net(a.run)
    sample = [read_rgb(p) for name in SETS for p in photos(a.data, name)[::5]]
    exact = [predict(net, rgb) for rgb in sample]
    rows = []
    for scheme in a.schemes:
        with tempfile.TemporaryDirectory() as tmp:
            t = pathlib.Path(tmp)
            coded, size = export(net, scheme, t / "models")
            diffs = [np.abs(predict(coded, rgb) - e) / (e.max() - e.min()) for rgb, e in zip(sample, exact)]
            write_predictions(a.data, t / "maps", lambda batch: (predict(coded, rgb) for rgb in batch))
            got = score(a.data, a.bench, lambda s: [str(t / "maps" / s)])
        rows.append([scheme, f"{size / 1e6:.2f}", f"{max(d.max() for d in diffs):.4f}", f"{np.mean([d.mean() for d in diffs]):.5f}", *(f"{got[s]['mean'][k]:.3f}" for s, k, *_ in TARGETS)])
    text = f"{about['hours']:.2f} h of training.\n\n" + card.grid(["weights", "MB", "max diff", "mean diff", *(f"{s} {k}" for s, k, *_ in TARGETS)], rows)
    print(text)
    if a.card:
        card.fill(a.card, "schemes", text)


if __name__ == "__main__":
    main()
