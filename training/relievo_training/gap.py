"""What a checkpoint scores on renders that it has learned from, beside those held back: whether more renders would help.

    python -m relievo_training.gap RUN.pt --data ../../shared/data --bench ../../shared/bench [--renders 60]

The scorer and the raw planes of `evaluate`. A depth head that has learned its renders by heart is far better on them.
"""
from __future__ import annotations

import argparse
import pathlib
import shutil
import tempfile

import cv2
import numpy as np
import torch

from .evaluate import photos, run_scorer
from .infer import load_net, predict, read_rgb, to_png


def as_set(renders: list[pathlib.Path], folder: pathlib.Path) -> list[pathlib.Path]:
    """Renders as an evaluation set: NAME.jpg and NAME.disp.png, 0 = no reference, else disparity over the range."""
    for p in renders:
        raw = cv2.imread(str(p.with_name(f"{p.stem}_d.png")), -1).astype(np.float64)
        cv2.imwrite(str(folder / f"{p.stem}.disp.png"), np.round(1 + 65534 * (raw - raw.min()) / max(1, np.ptp(raw))).astype(np.uint16))
        shutil.copyfile(p, folder / p.name)
    return [folder / p.name for p in renders]


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("run", type=pathlib.Path)
    ap.add_argument("--data", type=pathlib.Path, required=True)
    ap.add_argument("--bench", type=pathlib.Path, required=True)
    ap.add_argument("--renders", type=int, default=60, help="of the training set, evenly chosen")
    a = ap.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    net, _ = load_net(a.run)
    learned = sorted((a.data / "train/synth").glob("*.jpg"))
    with tempfile.TemporaryDirectory() as tmp:
        chosen, pred = pathlib.Path(tmp, "set"), pathlib.Path(tmp, "pred")
        chosen.mkdir()
        pred.mkdir()
        sets = {"learned from": (chosen, as_set(learned[:: max(1, len(learned) // a.renders)], chosen)), "held back": (a.data / "dev/synthetic", photos(a.data, "synthetic"))}
        for name, (folder, files) in sets.items():
            for p in files:
                cv2.imwrite(str(pred / f"{p.stem}.png"), to_png(predict(net, read_rgb(p))))
            mean = run_scorer(a.bench, "depth", folder, [str(pred)])["mean"]
            print(f"{name} ({len(files)}): ssi {mean['ssi']:.3f}, ord {mean['ord']:.3f}, edge {mean['edge']:.3f}")


if __name__ == "__main__":
    main()
