"""Data: readers of the training sets and the augmentation.

Every sample becomes the same dict of arrays, whatever set it came from:
  clean  uint8 [H, W, 3]     the picture, only moved (crop, turn, flip): what the teacher sees
  image  uint8 [H, W, 3]     the same with its light, colour, noise and compression changed: what the student sees
  disp   float32 [H/2, W/2]  disparity in 1/m or any scale (losses are scale and shift free)
  valid  float32 [H/2, W/2]  1 where disp is known
  mask   float32 [H/2, W/2]  person coverage
  kind   0 exact depth, 1 mask only, 2 person cut out over a picture of known depth
  full   1 where the person may be compared with the whole background (half-length); 0 where the floor at
         their feet may be as near as they are (full-length): then only the upper part counts
"""
from __future__ import annotations

import json
import pathlib

import cv2
import numpy as np
import torch

EXACT, MASKED, COMPOSITE = 0, 1, 2


def _rgb(path: pathlib.Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def _shrink(a: np.ndarray, side: int, nearest: bool) -> np.ndarray:
    s = side / max(a.shape[:2])
    if s >= 1:
        return a
    return cv2.resize(a, (round(a.shape[1] * s), round(a.shape[0] * s)), interpolation=cv2.INTER_NEAREST if nearest else cv2.INTER_AREA)


def load(root: pathlib.Path) -> dict[str, list[dict]]:
    """Reads ROOT/train/* into memory (some hundred megabytes at long side 320)."""
    sets: dict[str, list[dict]] = {"synth": [], "room": [], "portraits": [], "street": []}
    for f in sorted((root / "train/synth").glob("*_d.png")):
        stem = f.name[:-6]
        d = cv2.imread(str(f), cv2.IMREAD_UNCHANGED).astype(np.float32) / 65535 / 0.25  # 1/m
        m = cv2.imread(str(f.with_name(stem + "_m.png")), cv2.IMREAD_UNCHANGED)
        sets["synth"].append({"rgb": _rgb(f.with_name(stem + ".jpg")), "disp": d, "valid": np.ones_like(d), "mask": (m > 0).astype(np.float32)})
    for f in sorted((root / "train/room").glob("*.disp.png")):
        stem = f.name[:-9]
        raw = _shrink(cv2.imread(str(f), cv2.IMREAD_UNCHANGED), 320, True).astype(np.float32)
        k = json.loads(f.with_name(stem + ".meta.json").read_text())
        d = k["dmin"] + np.clip((raw - 1) / 65534, 0, 1) * (k["dmax"] - k["dmin"])
        sets["room"].append({"rgb": _shrink(_rgb(f.with_name(stem + ".jpg")), 320, False), "disp": d.astype(np.float32), "valid": (raw > 0).astype(np.float32), "mask": np.zeros_like(d, np.float32)})
    for name in ("portraits", "street"):
        for f in sorted((root / "train" / name).glob("*.person.png")):
            m = cv2.imread(str(f), cv2.IMREAD_UNCHANGED)
            m = (m[..., 0] if m.ndim == 3 else m).astype(np.float32) / 255
            z = np.zeros_like(m)
            sets[name].append({"rgb": _rgb(f.with_name(f.name[:-11] + ".jpg")), "disp": z, "valid": z, "mask": m, "full": 1.0 if name == "portraits" else 0.0})
    return sets


def warp_matrix(rng: np.random.Generator, src: tuple[int, int], dst: tuple[int, int], flip: bool, zoom: tuple[float, float]) -> np.ndarray:
    """A random crop of the source that fills the target: 2 x 3, target <- source, in pixels."""
    (h, w), (H, W) = src, dst
    cover = max(H / h, W / w)
    s = cover * np.exp(rng.uniform(*np.log(zoom)))
    sx = s * np.exp(rng.normal(0, 0.04))
    sx = max(sx, cover * 0.98)
    a = np.deg2rad(rng.normal(0, 4))
    c, sn = np.cos(a), np.sin(a)
    fx = -1.0 if flip else 1.0
    A = np.array([[fx * sx * c, -fx * s * sn], [sx * sn, s * c]])
    slack = np.array([max(w * sx - W, 0), max(h * s - H, 0)]) / 2
    centre = np.array([W, H]) / 2 + rng.uniform(-1, 1, 2) * slack
    t = centre - A @ (np.array([w, h]) / 2)
    return np.concatenate([A, t[:, None]], 1).astype(np.float32)


def cv(M: np.ndarray) -> np.ndarray:
    """The same warp in OpenCV's coordinates, where pixel centres are whole numbers."""
    out = M.copy()
    out[:, 2] += M[:, :2] @ np.array([0.5, 0.5]) - 0.5
    return out


def move(rng: np.random.Generator, s: dict, size: tuple[int, int], zoom: tuple[float, float]) -> dict:
    H, W = size
    M = warp_matrix(rng, s["rgb"].shape[:2], size, rng.random() < 0.5, zoom)
    big, small = cv(M), cv(M * 0.5)  # labels live at half the resolution
    # A person has to stay a person: light borders are mirrored, unknown depth is marked invalid.
    rgb = cv2.warpAffine(s["rgb"], big, (W, H), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    q = (W // 2, H // 2)
    inside = cv2.warpAffine(np.ones_like(s["mask"]), small, q, flags=cv2.INTER_NEAREST)
    return {
        "rgb": rgb,
        "disp": cv2.warpAffine(s["disp"], small, q, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101),
        "valid": cv2.warpAffine(s["valid"], small, q, flags=cv2.INTER_NEAREST) * inside,
        "mask": cv2.warpAffine(s["mask"], small, q, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101),
        "mask_big": cv2.warpAffine(s["mask"], big, (W, H), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101),
        "inside": inside,
        "full": s.get("full", 1.0),
    }


def recolour(rng: np.random.Generator, rgb: np.ndarray, strength: float) -> np.ndarray:
    x = rgb.astype(np.float32) / 255
    if rng.random() < 0.8:
        x = np.clip(x, 0, 1) ** np.exp(rng.normal(0, 0.3 * strength))
        x = (x - 0.5) * np.exp(rng.normal(0, 0.25 * strength)) + 0.5 + rng.normal(0, 0.1 * strength)
    if rng.random() < 0.8:
        x = x * np.exp(rng.normal(0, 0.12 * strength, 3)).astype(np.float32)
        g = x @ np.array([0.299, 0.587, 0.114], np.float32)
        sat = 0.0 if rng.random() < 0.06 else np.exp(rng.normal(0, 0.4 * strength))
        x = g[..., None] + (x - g[..., None]) * sat
    if rng.random() < 0.05:
        x = x[..., rng.permutation(3)]
    return np.clip(x, 0, 1)


def degrade(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Blur, sensor noise, compression and resampling: so that texture statistics do not tell rendered from real."""
    h, w = x.shape[:2]
    if rng.random() < 0.25:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.3, 1.6))
    if rng.random() < 0.15:
        k = rng.uniform(0.4, 0.8)
        x = cv2.resize(cv2.resize(x, (int(w * k), int(h * k)), interpolation=cv2.INTER_AREA), (w, h), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.4:
        x = x + rng.normal(0, rng.uniform(0.005, 0.05), x.shape).astype(np.float32)
    out = (np.clip(x, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.35:
        _, buf = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])
        out = cv2.imdecode(buf, cv2.IMREAD_COLOR)
    return out


def augment(rng: np.random.Generator, s: dict) -> np.ndarray:
    x = recolour(rng, s["rgb"], 1.0)
    m = s["mask_big"][..., None]
    if rng.random() < 0.25:  # backlight, silhouettes, flash: the two grounds are exposed apart
        ev = rng.normal(0, 0.8, 2)
        soft = cv2.GaussianBlur(m[..., 0], (0, 0), 1.0)[..., None]
        x = x * np.exp2(ev[0] * soft + ev[1] * (1 - soft)).astype(np.float32)
    if rng.random() < 0.2:  # a background already out of focus, or none of it
        soft = cv2.GaussianBlur(m[..., 0], (0, 0), 1.2)[..., None]
        x = x * soft + cv2.GaussianBlur(x, (0, 0), rng.uniform(1, 6)) * (1 - soft)
    if rng.random() < 0.15:  # light from one side
        h, w = x.shape[:2]
        a = rng.uniform(0, 2 * np.pi)
        g = np.linspace(-1, 1, w)[None] * np.cos(a) + np.linspace(-1, 1, h)[:, None] * np.sin(a)
        x = x * np.exp2(rng.uniform(0.3, 1.2) * g)[..., None].astype(np.float32)
    return degrade(rng, x)


class Mixer(torch.utils.data.IterableDataset):
    """Endless stream of whole batches: `mix` counts per batch, one size per batch so that all aspect ratios occur."""

    def __init__(self, sets: dict[str, list[dict]], mix: dict[str, int], sizes: list[tuple[int, int]], seed: int):
        self.sets, self.mix, self.sizes, self.seed = sets, mix, sizes, seed

    def sample(self, rng: np.random.Generator, source: str, size: tuple[int, int]) -> dict:
        pick = lambda name: self.sets[name][rng.integers(len(self.sets[name]))]
        if source == "composite":
            person = move(rng, pick("portraits" if rng.random() < 0.75 else "street"), size, (0.75, 1.6))
            ground = move(rng, pick("room" if rng.random() < 0.4 else "synth"), size, (1.0, 1.8))
            # Mirrored borders would show a second half person: keep to what the source really holds.
            m_big = person["mask_big"] * cv2.resize(person["inside"], size[::-1], interpolation=cv2.INTER_NEAREST)
            m = person["mask"] * person["inside"]
            m_big = cv2.GaussianBlur(m_big, (0, 0), 0.8)[..., None]
            fg = recolour(rng, person["rgb"], 0.4)
            bg = recolour(rng, ground["rgb"], 0.6)
            if rng.random() < 0.5:
                bg = cv2.GaussianBlur(bg, (0, 0), rng.uniform(0.5, 4))
            s = {"rgb": ((fg * m_big + bg * (1 - m_big)) * 255).astype(np.uint8), "disp": ground["disp"], "mask": m, "mask_big": m_big[..., 0], "valid": ground["valid"] * (cv2.dilate(m, np.ones((3, 3))) < 0.05), "full": 1.0}
            # People who stand in the background picture are people too.
            s["mask"] = np.maximum(m, ground["mask"])
            s["front"] = m
            kind = COMPOSITE
        else:
            zoom = {"synth": (1.0, 1.7), "room": (1.0, 1.8), "portraits": (0.8, 1.5), "street": (0.9, 2.6)}[source]
            s = move(rng, pick(source), size, zoom)
            s["front"] = s["mask"] * s["inside"]
            kind = EXACT if source in ("synth", "room") else MASKED
        t = lambda a: torch.from_numpy(np.ascontiguousarray(a))
        return {"clean": t(s["rgb"]), "image": t(augment(rng, s)), "disp": t(s["disp"])[None], "valid": t(s["valid"].astype(np.float32))[None], "mask": t(s["mask"])[None], "front": t(s["front"].astype(np.float32))[None], "kind": torch.tensor(kind), "full": torch.tensor(float(s["full"]))}

    def __iter__(self):
        cv2.setNumThreads(0)
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, info.id if info else 0])
        while True:
            size = self.sizes[rng.integers(len(self.sizes))]
            # Exact depth first: the losses slice the batch by kind.
            rows = [self.sample(rng, source, size) for source, n in self.mix.items() for _ in range(n)]
            yield {k: torch.stack([r[k] for r in rows]) for k in rows[0]}
