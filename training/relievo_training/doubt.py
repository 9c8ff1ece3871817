"""What the network's word is worth on how sure it is.

    python -m relievo_training.train --data DATA --init RUN.pt --only doubt --steps 600 --lr 2e-3 --mix synth=4,mannequin=7,room=1 --out runs/d
    python -m relievo_training.doubt runs/d/last.pt --data DATA [--card FILE]

The first trains the branch that says it (`losses.doubt`), all else stays bit for bit. The second measures, on the evaluation sets:

  sparsification   mean error of the pixels that are left when the least sure share is taken out, over that of all; beside it
                   when the worst are taken out (nobody can do better) and the same share at random (1)
  reliability      of the pixels whose confidence is about c, the share that is as near to the truth as it says

An error is |disparity - truth| after each map's median and mean absolute deviation are taken out; confidence is the probability
that it is below NEAR, of a Laplace density of the width that the network expects.
"""
from __future__ import annotations

import argparse
import json
import pathlib

import cv2
import numpy as np
import torch

from . import card
from .evaluate import photos
from .infer import load_net, read_rgb, to_tensor

NEAR = 0.5
SETS = ("mannequin", "tum", "synthetic", "room", "generated", "iphone")
SHARES = np.arange(0, 1, 0.1)


def normalise(d: np.ndarray, known: np.ndarray) -> np.ndarray:
    middle = np.median(d[known])
    return (d - middle) / max(np.abs(d[known] - middle).mean(), 1e-6)


@torch.inference_mode()
def measure(net, root: pathlib.Path, name: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Errors and expected errors of the known pixels, picture after picture."""
    found = []
    for p in photos(root, name):
        truth = cv2.imread(str(p.with_suffix(".disp.png")), cv2.IMREAD_UNCHANGED)
        if truth is None:
            continue
        out = net(to_tensor(read_rgb(p)), ("head", "doubt"))
        depth = out["depth"][0, 0].numpy()
        log = cv2.resize(out["doubt.log"][0, 0].numpy(), depth.shape[::-1], interpolation=cv2.INTER_LINEAR)
        truth = cv2.resize(truth, depth.shape[::-1], interpolation=cv2.INTER_NEAREST).astype(np.float32)
        known = truth > 0
        if known.sum() < 200:
            continue
        error = np.abs(normalise(depth, known) - normalise(truth, known))[known]
        found.append((error, np.exp(np.clip(log, -4, 2))[known]))
    return found


def curve(found: list[tuple[np.ndarray, np.ndarray]], by: int) -> np.ndarray:
    """Mean over pictures of the error that is left, over the error of all."""
    rows = []
    for pair in found:
        error = pair[0][np.argsort(pair[by])]
        rows.append([error[: max(1, round(len(error) * (1 - s)))].mean() / error.mean() for s in SHARES])
    return np.mean(rows, 0)


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("run", type=pathlib.Path)
    ap.add_argument("--data", type=pathlib.Path, required=True)
    ap.add_argument("--card", type=pathlib.Path, help="write the tables into this file, too")
    a = ap.parse_args()
    torch.set_num_threads(1)
    net, _ = load_net(a.run)
    rows, all_pixels = [], []
    for name in SETS:
        found = measure(net, a.data, name)
        ours, best = curve(found, 1), curve(found, 0)
        # Area between the curve and the best possible, over that between the best and none: 0 = perfect, 1 = random.
        rows.append([name, str(len(found)), *(f"{v:.2f}" for v in ours[1::2]), f"{best[5]:.2f}", f"{(ours - best).sum() / (1 - best).sum():.2f}"])
        all_pixels += found
    text = "Error that is left without the least sure share of the pixels, over the error of all; `best`: without the worst half; `AUSE`: area between ours and the best, 0 = perfect, 1 = as good as chance.\n\n"
    text += card.grid(["set", "pictures", *(f"{s:.0%} out" for s in SHARES[1::2]), "best, 50% out", "AUSE"], rows)
    error, expected = (np.concatenate([p[k] for p in all_pixels]) for k in (0, 1))
    sure = 1 - np.exp(-NEAR / expected)
    bins = np.clip((sure * 10).astype(int), 0, 9)
    some = [b for b in range(10) if (bins == b).sum() > 1000]
    text += "\n\nOf the pixels of all sets, by what the network says of them:\n\n"
    text += card.grid(["confidence", *(f"{b / 10:.1f} to {b / 10 + 0.1:.1f}" for b in some)], [
        ["says, mean", *(f"{sure[bins == b].mean():.2f}" for b in some)],
        ["is", *(f"{(error[bins == b] < NEAR).mean():.2f}" for b in some)],
        ["share of pixels", *(f"{(bins == b).mean():.2f}" for b in some)],
    ])
    print(text)
    if a.card:
        card.fill(a.card, "confidence", text)


if __name__ == "__main__":
    main()
