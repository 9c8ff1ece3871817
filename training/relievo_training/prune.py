"""Structured pruning: drops the hidden channels of the backbone's inverted residuals that matter least.

    python -m relievo_training.prune RUN.pt --out runs/p/pruned.pt --data ../../shared/data --share 0.25
    python -m relievo_training.train --out runs/p --init runs/p/pruned.pt ...    # what was lost is learned again

A hidden channel feeds one column of the block's projection, so it matters as much as its mean activation on training
photos times that column's norm (after Molchanov et al. 2017, without the gradient). Only the last blocks are pruned,
as they hold two thirds of the weights. Taps keep their channels, so heads and their contract stay.
"""
from __future__ import annotations

import argparse
import pathlib

import cv2
import torch

from . import quantise
from .infer import load_net, read_rgb, to_tensor
from .model import ConvBN

FIRST_BLOCK = 11


@torch.no_grad()
def keep_channels(m: ConvBN, keep: torch.Tensor, outputs: bool) -> None:
    """Keeps these output channels (or, of a projection, input channels)."""
    kernel = m.conv.weight[keep] if outputs else m.conv.weight[:, keep]
    norm = {k: v[keep] if outputs and v.ndim else v for k, v in m.bn.state_dict().items()}
    m.resize(kernel)
    m.conv.weight.copy_(kernel)
    m.bn.load_state_dict(norm)


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("run", type=pathlib.Path)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--data", type=pathlib.Path, required=True)
    ap.add_argument("--share", type=float, default=0.25, help="of the hidden channels of each block that go")
    ap.add_argument("--photos", type=int, default=64)
    a = ap.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    net, about = load_net(a.run)
    net = quantise.fold(net)
    blocks = net.backbone.blocks[FIRST_BLOCK:]
    seen: dict[int, torch.Tensor] = {}
    hooks = [b.depthwise.register_forward_hook(lambda _, __, y, i=i: seen.__setitem__(i, seen.get(i, 0) + y.mean((0, 2, 3)))) for i, b in enumerate(blocks)]
    files = sorted((a.data / "train/portraits").glob("*.jpg")) + sorted((a.data / "train/synth").glob("*.jpg"))
    with torch.no_grad():
        for f in files[:: max(1, len(files) // a.photos)]:
            net.backbone(to_tensor(read_rgb(f)))
    for h in hooks:
        h.remove()
    for i, b in enumerate(blocks):
        matters = seen[i] * b.project.conv.weight.detach().flatten(1).norm(dim=0)
        count = round(len(matters) * (1 - a.share) / 8) * 8
        keep = matters.topk(count).indices.sort().values
        for m in (b.expand, b.depthwise):
            keep_channels(m, keep, outputs=True)
        keep_channels(b.project, keep, outputs=False)
    a.out.parent.mkdir(parents=True, exist_ok=True)
    folded = [n for n, m in net.named_modules() if isinstance(m, ConvBN)]
    torch.save({"ema": net.state_dict(), "folded": folded, "step": about["steps"], "elapsed": about["hours"] * 3600}, a.out)
    print(f"{sum(p.numel() for p in net.backbone.parameters()) / 1e6:.2f} M weights in the backbone")


if __name__ == "__main__":
    main()
