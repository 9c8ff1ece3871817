"""Batch-norm folding and weight quantisation, all done on the PyTorch network, so that what is measured in PyTorch
is what the exported files hold.

TF.js stores a quantised weight as uint8 (or float16) and expands it to float32 when it loads: quantisation buys
download size, not speed, and each tensor has one scale.
"""
from __future__ import annotations

import copy
import dataclasses

import numpy as np
import torch
import torch.nn as nn

from .model import ConvBN, Net


@dataclasses.dataclass
class Encoded:
    """A weight as it goes into the file. `values` is what it decodes to."""

    data: np.ndarray
    values: np.ndarray
    quantization: dict | None


def fold(net: Net) -> Net:
    """A copy whose batch norms only add the bias: y = conv(x) * g / sqrt(v + eps) + (b - m g / sqrt(v + eps))."""
    net = copy.deepcopy(net).eval()
    for m in net.modules():
        if isinstance(m, ConvBN):
            bn = m.bn
            g = bn.weight.data.double() / torch.sqrt(bn.running_var.double() + bn.eps)
            bias = bn.bias.data.double() - bn.running_mean.double() * g
            m.conv.weight.data = (m.conv.weight.data.double() * g.reshape(-1, 1, 1, 1)).float()
            bn.bias.data = bias.float()
            mark_folded(m)
    return net


def mark_folded(m: ConvBN) -> None:
    """The norm is now the identity but for its bias."""
    m.bn.weight.data.fill_(1)
    m.bn.running_mean.fill_(0)
    m.bn.running_var.fill_(1 - m.bn.eps)
    m.folded = True


def convolutions(net: Net) -> dict[str, tuple[nn.Parameter, nn.Parameter]]:
    """Name -> (kernel, bias) of a folded network."""
    out = {name: (m.conv.weight, m.bn.bias) for name, m in net.named_modules() if isinstance(m, ConvBN)}
    for head in net.HEADS:
        final = getattr(net, head).final
        out[f"{head}.final"] = (final.weight, final.bias)
    return out


def float32(w: np.ndarray) -> Encoded:
    return Encoded(w.astype("<f4"), w.astype(np.float32), None)


def float16(w: np.ndarray) -> Encoded:
    q = w.astype("<f2")
    return Encoded(q, q.astype(np.float32), {"dtype": "float16", "original_dtype": "float32"})


def grid(w: np.ndarray, shrink: float = 1.0) -> tuple[float, float]:
    """(scale, min) of 256 levels over the weight's range."""
    low, high = float(w.min()) * shrink, float(w.max()) * shrink
    return max((high - low) / 255, 1e-12), low


def on_grid(w: np.ndarray, scale: float, low: float) -> np.ndarray:
    return np.clip(np.round((w.astype(np.float64) - low) / scale), 0, 255)


def uint8(w: np.ndarray, clip: bool = True) -> Encoded:
    """One scale for the tensor; with `clip` the range that gives the least squared error, which cuts outliers."""
    def error(shrink: float) -> float:
        scale, low = grid(w, shrink)
        return float(np.square(on_grid(w, scale, low) * scale + low - w).sum())

    shrink = min(np.linspace(0.4, 1.0, 31), key=error) if clip else 1.0
    return encode_uint8(w, *grid(w, shrink))


def encode_uint8(w: np.ndarray, scale: float, low: float) -> Encoded:
    q = on_grid(w, scale, low).astype(np.uint8)
    # As TF.js decodes: in double, stored as float32.
    return Encoded(q, (q * scale + low).astype(np.float32), {"dtype": "uint8", "scale": scale, "min": low, "original_dtype": "float32"})
