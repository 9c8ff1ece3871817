"""How sure the network is: fits the plane that says so on finished weights, and measures what it is worth.

    python -m relievo_training.doubt RUN.pt --data DATA [--teach runs/teach] [--extra FOLDER...] [--fit 300] [--card FILE]

The mean of two runs (average.py) has features that neither run's last convolution has seen, so its row for doubt (`losses.doubt`) is
fitted anew: those 217 weights alone, all else stays bit for bit, and RUN.pt is written. Then, on the evaluation sets:

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
import torch.nn.functional as F

from . import card, data, losses
from .evaluate import photos
from .infer import load_net, read_rgb, to_tensor
from .train import LARGE, MIX, prepare

NEAR = 0.5
SETS = ("mannequin", "tum", "synthetic", "room", "generated", "iphone")
SHARES = np.arange(0, 1, 0.1)


def fit(net, sets: dict, steps: int, rate: float = 3e-3) -> None:
    """Adam on the row of the last convolution that says the error; everything before it runs without gradients."""
    row = list(net.head.outputs).index("doubt")
    final = net.head.final
    w, b = final.weight[row : row + 1].detach().clone(), final.bias[row : row + 1].detach().clone()
    w.requires_grad_(), b.requires_grad_()
    opt = torch.optim.Adam([w, b], lr=rate)
    batches = iter(torch.utils.data.DataLoader(data.Mixer(sets, {"synth": 5, "mannequin": 6, "room": 1}, LARGE, 7), batch_size=None, num_workers=1))
    for step in range(steps):
        batch = next(batches)
        for g in opt.param_groups:
            g["lr"] = rate * (1 - step / steps)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            x = net.head.features(net.backbone(prepare(batch["image"], "cpu")))
            depth = final(x).float()[:, :1]
        loss = losses.doubt(F.conv2d(x.float(), w, b), depth, batch["disp"], batch["valid"])
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 50 == 0:
            print(f"step {step}: {float(loss):.3f}", flush=True)
    with torch.no_grad():
        final.weight[row], final.bias[row] = w[0], b[0]


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
        out = net(to_tensor(read_rgb(p)), ("head",))
        depth, log = (out[k][0, 0].numpy() for k in ("depth", "doubt"))
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
    ap.add_argument("--extra", type=pathlib.Path, nargs="*", default=[])
    ap.add_argument("--fit", type=int, default=0, help="steps; 0 only measures")
    ap.add_argument("--card", type=pathlib.Path, help="write the tables into this file, too")
    a = ap.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    net, _ = load_net(a.run)
    if a.fit:
        fit(net, data.load(a.data, a.extra), a.fit)
        state = torch.load(a.run, map_location="cpu", weights_only=True)
        torch.save({**state, "ema": net.state_dict()}, a.run)
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
