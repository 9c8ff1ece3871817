"""Starts a training from the exported modules, so that anyone can go on from what ships without our checkpoints.

    python -m relievo_training.restore ../models --out runs/ship/ship.pt      # as a checkpoint: to evaluate, to average

Export folds each batch norm into its convolution; what is restored is trained folded, which is the usual frozen batch
norm of fine-tuning.
"""
from __future__ import annotations

import argparse
import json
import pathlib

import numpy as np
import torch

from . import quantise
from .model import ConvBN, Net

MODULES = ("relievo-backbone", "relievo-depth", "relievo-matte", "relievo-faces")


def read_weights(folder: pathlib.Path) -> dict[str, np.ndarray]:
    """Weights of one exported module by name, decoded."""
    groups = json.loads((folder / "model.json").read_text())["weightsManifest"]
    out = {}
    for group in groups:
        raw, at = b"".join((folder / p).read_bytes() for p in group["paths"]), 0
        for spec in group["weights"]:
            q = spec.get("quantization")
            kind = np.dtype({"float32": "<f4", "int32": "<i4"}[spec["dtype"]] if not q else {"float16": "<f2", "uint8": "u1"}[q["dtype"]])
            count = int(np.prod(spec["shape"], dtype=np.int64))
            a = np.frombuffer(raw, kind, count, at).reshape(spec["shape"])
            at += count * kind.itemsize
            out[spec["name"]] = (a * q["scale"] + q["min"]).astype(np.float32) if q and "scale" in q else a.astype(np.float32)
    return out


def load_exported(net: Net, models: pathlib.Path) -> list[str]:
    """Sets the weights that the modules in `models` hold, folded; returns the parts of the network they do not hold."""
    stored: dict[str, np.ndarray] = {}
    for m in MODULES:
        if (models / m / "model.json").exists():
            stored |= read_weights(models / m)
    norms = {name: m for name, m in net.named_modules() if isinstance(m, ConvBN)}
    missing = set()
    for name, (kernel, bias) in quantise.convolutions(net).items():
        node = name.replace(".", "/")
        if f"{node}/kernel" not in stored:
            missing.add(name.split(".")[0])
            continue
        k, b = torch.from_numpy(stored[f"{node}/kernel"]), torch.from_numpy(stored[f"{node}/bias"])
        depthwise = name in norms and norms[name].conv.groups > 1
        k = k.permute(2, 3, 0, 1) if depthwise else k.permute(3, 2, 0, 1)
        # A head may have more planes here than were exported: those come first.
        kernel.data[: len(k)], bias.data[: len(b)] = k, b
        if name in norms:
            quantise.mark_folded(norms[name])
    return sorted(missing)


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("models", type=pathlib.Path)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    a = ap.parse_args()
    net = Net()
    if missing := set(load_exported(net, a.models)) - {"doubt"}:  # modules before 0.2 do not say how sure they are
        raise SystemExit(f"{a.models} holds no {', '.join(missing)}")
    about = json.loads((a.models / "relievo-depth/module.json").read_text())["training"]
    folded = [n for n, m in net.named_modules() if getattr(m, "folded", False)]
    a.out.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"ema": net.state_dict(), "folded": folded, "step": about["steps"], "elapsed": about["hours"] * 3600}, a.out)


if __name__ == "__main__":
    main()
