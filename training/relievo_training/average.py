"""Averages the weights of two runs, the second of which started from the first.

    python -m relievo_training.average runs/b/last.pt runs/c/last.pt --share 0.6 --out runs/c/ship.pt

Fine-tuned weights and those they started from lie in one basin: their mean keeps what either knew and is often better
than both on pictures unlike the last training's (Wortsman et al. 2022). Both have to be folded.
"""
from __future__ import annotations

import argparse
import pathlib

import torch


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("before", type=pathlib.Path)
    ap.add_argument("after", type=pathlib.Path)
    ap.add_argument("--share", type=float, default=0.5, help="of the second")
    ap.add_argument("--out", type=pathlib.Path, required=True)
    a = ap.parse_args()
    before, after = (torch.load(p, map_location="cpu", weights_only=True) for p in (a.before, a.after))
    if set(before["folded"]) != set(after["folded"]):
        raise SystemExit("one of the runs has folded norms where the other has not: their weights do not mean the same")
    mean = {k: torch.lerp(v, after["ema"][k], a.share) if v.dtype.is_floating_point else after["ema"][k] for k, v in before["ema"].items()}
    # Training adds up over the runs.
    torch.save({"ema": mean, "folded": after["folded"], "step": before["step"] + after["step"], "elapsed": before["elapsed"] + after["elapsed"]}, a.out)


if __name__ == "__main__":
    main()
