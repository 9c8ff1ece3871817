"""Starts a training from the exported modules, so that anyone can go on from what ships without our checkpoints.

Export folds each batch norm into its convolution. Training wants them apart again, with the statistics that the data
has: they are measured on a few batches, and the norm's scale and bias are set so that the network computes the same.
"""
from __future__ import annotations

import json
import pathlib
from typing import Iterable

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


@torch.no_grad()
def load_exported(net: Net, models: pathlib.Path, batches: Iterable[torch.Tensor]) -> list[str]:
    """Sets the weights that the modules in `models` hold; returns the names of convolutions they do not.

    @param batches network inputs to measure the statistics on.
    """
    stored: dict[str, np.ndarray] = {}
    for m in MODULES:
        if (models / m / "model.json").exists():
            stored |= read_weights(models / m)
    missing, restored = [], []
    layers = quantise.convolutions(net)
    norms = {name: m for name, m in net.named_modules() if isinstance(m, ConvBN)}
    for name, (kernel, bias) in layers.items():
        node = name.replace(".", "/")
        if f"{node}/kernel" not in stored:
            missing.append(name)
            continue
        k, b = torch.from_numpy(stored[f"{node}/kernel"]), torch.from_numpy(stored[f"{node}/bias"])
        depthwise = name in norms and norms[name].conv.groups > 1
        k = k.permute(2, 3, 0, 1) if depthwise else k.permute(3, 2, 0, 1)
        # A head may have more planes here than were exported: those come first.
        kernel.data[: len(k)], bias.data[: len(b)] = k, b
        if name in norms:
            bn = norms[name].bn
            bn.weight.data.fill_(1)
            bn.running_mean.zero_()
            bn.running_var.fill_(1 - bn.eps)
            restored.append(norms[name])

    sums = {m: [torch.zeros(m.bn.num_features, dtype=torch.double), torch.zeros(m.bn.num_features, dtype=torch.double), 0] for m in restored}

    def watch(m: ConvBN):
        def hook(_conv, _inputs, y: torch.Tensor) -> None:
            s = sums[m]
            s[0] += y.double().sum((0, 2, 3))
            s[1] += y.double().square().sum((0, 2, 3))
            s[2] += y.shape[0] * y.shape[2] * y.shape[3]
        return m.conv.register_forward_hook(hook)

    hooks = [watch(m) for m in restored]
    was_training = net.training
    net.eval()
    for x in batches:
        net(x)
    net.train(was_training)
    for h in hooks:
        h.remove()
    for m, (first, second, n) in sums.items():
        mean = first / n
        var = (second / n - mean.square()).clamp(min=1e-6)
        m.bn.bias.data = (m.bn.bias.data.double() + mean).float()
        m.bn.weight.data = torch.sqrt(var + m.bn.eps).float()
        m.bn.running_mean.copy_(mean)
        m.bn.running_var.copy_(var)
    return missing
