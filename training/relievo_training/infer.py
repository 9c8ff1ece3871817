"""From a photo to the raw disparity plane, as the library does it (src/hydra): the same size, the same resampling."""
from __future__ import annotations

import math
import pathlib

import cv2
import numpy as np
import torch

from .model import MEAN, STD, Net

MULTIPLE, AREA = 32, 256 * 256
MAX_SIDE = 32  # in multiples of MULTIPLE


def load_net(checkpoint: pathlib.Path) -> tuple[Net, dict]:
    """The averaged weights of a checkpoint, and what it says about itself."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    net = Net().eval()
    net.fit(state["ema"])
    return net, {"steps": state.get("step", 0), "hours": state.get("elapsed", 0.0) / 3600}


def read_rgb(path: pathlib.Path) -> np.ndarray:
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise SystemExit(f"{path}: not a picture that can be read")
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def network_size(width: int, height: int, area: float = AREA) -> tuple[int, int]:
    """Aspect-preserving, sides multiples of 32, about `area` pixels."""
    scale = math.sqrt(area / (width * height))
    side = lambda v: min(MAX_SIDE, max(1, math.floor(v * scale / MULTIPLE + 0.5))) * MULTIPLE
    return side(width), side(height)


def to_tensor(rgb: np.ndarray, area: float = AREA) -> torch.Tensor:
    """RGB uint8 -> [1, 3, h, w] in [-1, 1]: area average when shrinking, bilinear when enlarging."""
    h, w = rgb.shape[:2]
    size = network_size(w, h, area)
    x = cv2.resize(rgb.astype(np.float32), size, interpolation=cv2.INTER_AREA if size[0] < w else cv2.INTER_LINEAR)
    return torch.from_numpy((x / 255 - MEAN) / STD).permute(2, 0, 1)[None].contiguous()


@torch.inference_mode()
def predict(net: Net, rgb: np.ndarray, area: float = AREA) -> np.ndarray:
    """Raw disparity at half the network's size."""
    return net(to_tensor(rgb, area), ("head",))["depth"][0, 0].numpy()


def to_png(plane: np.ndarray) -> np.ndarray:
    low, high = float(plane.min()), float(plane.max())
    return np.round((plane - low) / max(high - low, 1e-9) * 65535).astype(np.uint16)
