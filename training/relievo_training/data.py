"""Data: readers of the training sets and the augmentation.

Every sample becomes the same dict of arrays, whatever set it came from:
  clean  uint8 [H, W, 3]     the picture, only moved (crop, turn, flip): what the teacher sees
  image  uint8 [H, W, 3]     the same with its light, colour, noise and compression changed: what the student sees
  disp   float32 [H/2, W/2]  disparity in 1/m or any scale (losses are scale and shift free)
  valid  float32 [H/2, W/2]  1 where disp is known
  dense  float32 [H/2, W/2]  disparity by another network, larger = nearer; 0 = none
  mask   float32 [H/2, W/2]  person coverage
  sure   float32 [H/2, W/2]  0 where the mask has people with a margin (STEREO): there it tells nothing of their outline
  front  float32 [H/2, W/2]  the same, only where the person may be compared with what surrounds them
  relief float32 [H/2, W/2]  nearness within a real face, in face widths + 2; 0 = no face
  joints float32 [POINTS, 4] points along the bones of one body: x, y in -1..1 across the picture, z in metres, smaller =
                             nearer, 1 where there is such a point and it is not hidden by another
  heat, heat_weight, box, points, here   what the faces head is to answer: face_targets
  blank  1 where the student sees nothing but one colour: there is only doubt to be learned
  kind   0 exact depth, 1 mask only, 2 person cut out over a picture of known depth, 3 stereo depth in part and a loose mask
  full   1 where the person may be compared with the whole background (half-length); 0 where the floor at
         their feet may be as near as they are (full-length): then only the upper part counts
"""
from __future__ import annotations

import json
import pathlib
from typing import Callable

import cv2
import numpy as np
import torch

EXACT, MASKED, COMPOSITE, STEREO = 0, 1, 2, 3


def _rgb(path: pathlib.Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def _shrink(a: np.ndarray, side: int, nearest: bool) -> np.ndarray:
    s = side / max(a.shape[:2])
    if s >= 1:
        return a
    return cv2.resize(a, (round(a.shape[1] * s), round(a.shape[0] * s)), interpolation=cv2.INTER_NEAREST if nearest else cv2.INTER_AREA)


def _rendered(folder: pathlib.Path, faces: "Faces") -> list[dict]:
    """Renders of exact depth: NAME.jpg, NAME_d.png (65535 * 0.25 / z), NAME_m.png (person ids), meta*.jsonl."""
    heads = {}
    for f in sorted(folder.glob("meta*.jsonl")):
        for line in f.read_text().splitlines():
            m = json.loads(line)
            focal = m.get("f35", 50) / 36 * m.get("size", 320)
            heads[f"{m['id']:06d}"] = [(x, y, 0.13 * focal / z) for x, y, z in m.get("head", []) if z > 0.05]
    out = []
    for f in sorted(folder.glob("*_d.png")):
        stem = f.name[:-6]
        m = cv2.imread(str(f.with_name(stem + "_m.png")), cv2.IMREAD_UNCHANGED)
        d = cv2.imread(str(f), cv2.IMREAD_UNCHANGED)
        photo = f.with_name(stem + ".jpg")
        if m is None or d is None or not photo.exists():
            continue  # still being written
        rgb = _rgb(photo)
        if cv2.resize(rgb, (80, 80), interpolation=cv2.INTER_AREA).std() < 0.06 * 255:
            continue  # night or fog in which nothing is to be seen
        out.append({"rgb": rgb, "disp": d, "unit": (4 / 65535, 0.0), "mask": (m > 0).astype(np.uint8) * 255, **faces.of(stem, heads.get(stem, []))})
    return out


POINTS = 48
# Of BlazePose's joints: face, arms, trunk, legs; (joint, joint, how many points between).
BONES = [(0, 7, 0), (0, 8, 0), (11, 12, 2), (11, 13, 2), (13, 15, 2), (15, 19, 0), (12, 14, 2), (14, 16, 2), (16, 20, 0), (11, 23, 2), (12, 24, 2), (23, 24, 1), (23, 25, 2), (25, 27, 2), (24, 26, 2), (26, 28, 2)]


def skeleton(joints: np.ndarray) -> np.ndarray:
    """BlazePose's joints [33, 4] (x, y in pixels, z in metres, seen) as points [n, 3] along the bones that are seen. Where two
    lie at one place in the picture and not at one depth, the farther is left out: what is seen there is the nearer one."""
    seen = joints[:, 3] > 0.7
    points = [joints[j, :3] for j in sorted({j for a, b, _ in BONES for j in (a, b)}) if seen[j]]
    for a, b, n in BONES:
        if seen[a] and seen[b]:
            points += [joints[a, :3] + (joints[b, :3] - joints[a, :3]) * t / (n + 1) for t in range(1, n + 1)]
    p = np.array(points, np.float32).reshape(-1, 3)
    if not len(p):
        return p
    reach = 0.12 * max(np.ptp(p[:, 0]), np.ptp(p[:, 1]))  # about as wide as an arm
    apart = np.linalg.norm(p[:, None, :2] - p[None, :, :2], axis=2)
    hidden = ((apart < reach) & (p[:, None, 2] - p[None, :, 2] > 0.1)).any(1)
    return p[~hidden][:POINTS]


HELD_BACK = 16  # of mannequin's videos every 16th by number is not learned from (held.py scores them)


def _letterbox(rgb: np.ndarray) -> np.ndarray:
    """1 where the picture is, 0 on the black bars that fill up a frame of another shape."""
    out = np.ones(rgb.shape[:2], np.uint8)
    for axis in (0, 1):
        lit = np.flatnonzero(np.quantile(rgb.max(2), 0.98, axis=1 - axis) > 24)
        if len(lit):
            # Compression smears the picture a little into the bar.
            low, high = lit[0] + 2 * (lit[0] > 0), lit[-1] + 1 - 2 * (lit[-1] < rgb.shape[axis] - 1)
            np.moveaxis(out, axis, 0)[:low] = 0
            np.moveaxis(out, axis, 0)[high:] = 0
    return out


def _mannequin(folder: pathlib.Path, teach: pathlib.Path | None, wanted: Callable[[int], bool]) -> list[dict]:
    """Frames of people who stand still (Li et al. 2019): NAME.disp.png inverse depth by multi-view stereo, 0 = none;
    NAME.dense.jpg the same by a network that sees two frames; NAME.person.png people with a margin. vNNN is the video."""
    out, faces = [], Faces(teach, folder)
    for f in sorted(folder.glob("*.disp.png")):
        stem = f.name[:-9]
        if not wanted(int(stem[1:4])):
            continue
        raw = cv2.imread(str(f), cv2.IMREAD_GRAYSCALE)
        rgb = _rgb(f.with_name(stem + ".jpg"))
        seen = _letterbox(rgb)
        dense = np.maximum(cv2.imread(str(f.with_name(stem + ".dense.jpg")), cv2.IMREAD_GRAYSCALE), 1) * seen
        person = cv2.imread(str(f.with_name(stem + ".person.png")), cv2.IMREAD_GRAYSCALE)
        out.append({
            "name": stem, "rgb": rgb, "disp": np.maximum(raw, 1) - 1, "unit": (1 / 254, 0.0), "valid": (raw > 0) * seen * np.uint8(255), "dense": dense, "mask": person,
            # Faces of few pixels are missed: where none is found there may be one.
            **faces.of(stem), "unlabelled": True,
        })
    return out


class Faces:
    """MediaPipe's labels of one folder (teach.py); nothing where they were not made."""

    def __init__(self, teach: pathlib.Path | None, folder: pathlib.Path):
        self.faces, self.mesh, self.joints, self.triangles = {}, {}, {}, None
        file = teach / ("-".join(folder.resolve().parts[-2:]) + ".npz") if teach else None
        self.known = bool(file and file.exists())
        if not self.known:
            return
        z = np.load(file)
        self.triangles = np.load(teach / "triangles.npy")
        self.names = set(z["names"].tolist())
        for row in z["faces"]:
            self.faces.setdefault(str(z["names"][int(row[0])]), []).append(row[1:15])
        for mesh, i in zip(z["relief"], z["relief_of"]):
            self.mesh.setdefault(str(z["names"][i]), []).append(mesh)
        for joints, i in zip(z["joints"], z["joints_of"]):
            self.joints[str(z["names"][i])] = skeleton(joints)

    def of(self, stem: str, heads: list[tuple[float, float, float]] = ()) -> dict:
        """Faces [n, 14] (box, five points), and circles where there may be one that nobody labelled."""
        found = np.array(self.faces.get(stem, []), np.float32).reshape(-1, 14)
        loose = [h for h in heads if not any(b[0] - 0.5 * h[2] < h[0] < b[2] + 0.5 * h[2] and b[1] - h[2] < h[1] < b[3] + h[2] for b in found)]
        unknown = not self.known or stem not in self.names
        return {"faces": found, "ignore": np.array(loose, np.float32).reshape(-1, 3), "unlabelled": unknown, "joints": self.joints.get(stem, np.zeros((0, 3), np.float32))}

    def relief(self, stem: str, size: tuple[int, int]) -> np.ndarray | None:
        """Nearness within each face's mesh, in face widths, 0 where there is none; far triangles are drawn first."""
        meshes = self.mesh.get(stem)
        if not meshes:
            return None
        out = np.zeros(size, np.float32)
        for v in meshes:
            width = np.ptp(v[:, 0]) + 1e-3
            z = -v[self.triangles, 2].mean(1) / width
            for i in np.argsort(z):
                # Above 0 so that 0 can mean "no face here".
                cv2.fillConvexPoly(out, np.round(v[self.triangles[i], :2] * 16).astype(np.int32), float(z[i] + 2), shift=4)
        return out


def load(root: pathlib.Path, extra: list[pathlib.Path] = (), teach: pathlib.Path | None = None) -> dict[str, list[dict]]:
    """Reads ROOT/train/* and the folders `extra` of further renders into memory (0.6 MB a picture).

    Renders of a folder called "scenes" hold no people in the foreground; all others are portraits.
    """
    sets: dict[str, list[dict]] = {"synth": [], "scenes": [], "room": [], "portraits": [], "street": [], "mannequin": []}
    for folder in (root / "train/synth", *extra):
        sets["scenes" if folder.name == "scenes" else "synth"] += _rendered(folder, Faces(teach, folder))
    nobody = {"faces": np.zeros((0, 14), np.float32), "ignore": np.zeros((0, 3), np.float32), "unlabelled": False, "joints": np.zeros((0, 3), np.float32)}
    for f in sorted((root / "train/room").glob("*.disp.png")):
        raw = _shrink(cv2.imread(str(f), cv2.IMREAD_UNCHANGED), 320, True)
        k = json.loads(f.with_name(f.name[:-9] + ".meta.json").read_text())
        unit = ((k["dmax"] - k["dmin"]) / 65534, k["dmin"])
        d = np.maximum(raw, 1) - 1
        sets["room"].append({"rgb": _shrink(_rgb(f.with_name(f.name[:-9] + ".jpg")), 320, False), "disp": d, "unit": unit, "valid": (raw > 0).astype(np.uint8) * 255, "mask": np.zeros(d.shape, np.uint8), **nobody})
    sets["mannequin"] = _mannequin(root / "train/mannequin", teach, lambda video: video % HELD_BACK != 0)
    for name in ("portraits", "street"):
        folder = root / "train" / name
        faces = Faces(teach, folder)
        for f in sorted(folder.glob("*.person.png")):
            m = cv2.imread(str(f), cv2.IMREAD_UNCHANGED)
            m = m[..., 0] if m.ndim == 3 else m
            stem = f.name[:-11]
            sets[name].append({"rgb": _rgb(f.with_name(stem + ".jpg")), "mask": m, "full": 1.0 if name == "portraits" else 0.0, "relief": faces.relief(stem, m.shape), **faces.of(stem)})
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


MIRROR = [1, 0, 2, 4, 3]  # landmarks of the mirrored face: left and right change places


def move_faces(s: dict, M: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Faces and unlabelled circles of a record in the moved picture. A turn of a few degrees leaves a box upright."""
    A, t = M[:, :2], M[:, 2]
    sx, sy = np.linalg.norm(A, axis=0)
    f, c = s["faces"], s["ignore"]
    out = np.zeros_like(f)
    if len(f):
        centre = (f[:, 0:2] + f[:, 2:4]) / 2 @ A.T + t
        half = (f[:, 2:4] - f[:, 0:2]) / 2 * [sx, sy]
        out[:, 0:2], out[:, 2:4] = centre - half, centre + half
        p = f[:, 4:].reshape(-1, 5, 2) @ A.T + t
        out[:, 4:] = (p[:, MIRROR] if np.linalg.det(A) < 0 else p).reshape(-1, 10)
    if s["unlabelled"]:
        c = np.array([[s["rgb"].shape[1] / 2, s["rgb"].shape[0] / 2, 1e4]], np.float32)
    circles = np.concatenate([c[:, :2] @ A.T + t, c[:, 2:] * max(sx, sy)], 1)
    return out, circles


def move_joints(s: dict, M: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A record's points in the moved picture, those outside it dropped; distances along the view do not change."""
    p = s["joints"]
    xy = p[:, :2] @ M[:, :2].T + M[:, 2]
    xy = xy / np.array(size[::-1]) * 2 - 1
    out = np.concatenate([xy, p[:, 2:]], 1).astype(np.float32)
    return out[(np.abs(xy) < 0.98).all(1)]


def move(rng: np.random.Generator, s: dict, size: tuple[int, int], zoom: tuple[float, float]) -> dict:
    H, W = size
    M = warp_matrix(rng, s["rgb"].shape[:2], size, rng.random() < 0.5, zoom)
    big, small = cv(M), cv(M * 0.5)  # labels live at half the resolution
    q = (W // 2, H // 2)
    # A person has to stay a person: light borders are mirrored, unknown depth is marked invalid.
    at = lambda a, how: cv2.warpAffine(a, small, q, flags=how, borderMode=cv2.BORDER_REFLECT_101)
    inside = cv2.warpAffine(np.ones(s["mask"].shape, np.uint8), small, q, flags=cv2.INTER_NEAREST).astype(np.float32)
    zero = np.zeros(q[::-1], np.float32)
    faces, ignore = move_faces(s, M)
    relief = at(s["relief"], cv2.INTER_NEAREST) * inside if s.get("relief") is not None else zero
    if "disp" in s:
        k, low = s["unit"]
        disp = at(s["disp"], cv2.INTER_NEAREST).astype(np.float32) * k + low
        valid = at(s["valid"], cv2.INTER_NEAREST).astype(np.float32) / 255 * inside if "valid" in s else inside
    else:
        disp, valid = zero, zero
    return {
        "rgb": cv2.warpAffine(s["rgb"], big, (W, H), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101),
        "disp": disp,
        "valid": valid,
        # Nearest, since a mean of nothing and something would be a third thing.
        "dense": at(s["dense"], cv2.INTER_NEAREST).astype(np.float32) / 255 * inside if "dense" in s else zero,
        "mask": at(s["mask"], cv2.INTER_LINEAR).astype(np.float32) / 255,
        "mask_big": cv2.warpAffine(s["mask"], big, (W, H), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101).astype(np.float32) / 255,
        # Where a loose mask ends there is nobody: what it leaves out is sure.
        "sure": (at(s["mask"], cv2.INTER_LINEAR) < 1).astype(np.float32) if "dense" in s else zero + 1,
        "inside": inside,
        "full": s.get("full", 1.0),
        "relief": relief,
        "faces": faces,
        "ignore": ignore,
        "joints": move_joints(s, M, size),
    }


FACE_STRIDE, SMALLEST_FACE = 8, 12  # pixels


def face_targets(size: tuple[int, int], faces: np.ndarray, ignore: np.ndarray) -> dict[str, np.ndarray]:
    """What the faces head is to answer (model.Net): heat 0..1 with a 1 at each centre, its weight, boxes and points
    [4 | 10, h, w] and where they count. After CenterNet (Zhou et al. 2019)."""
    h, w = size[0] // FACE_STRIDE, size[1] // FACE_STRIDE
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    cx, cy = (x + 0.5) * FACE_STRIDE, (y + 0.5) * FACE_STRIDE
    heat, weight = np.zeros((h, w), np.float32), np.ones((h, w), np.float32)
    box, points, here = np.zeros((4, h, w), np.float32), np.zeros((10, h, w), np.float32), np.zeros((h, w), np.float32)
    for u, v, r in ignore:
        weight[(cx - u) ** 2 + (cy - v) ** 2 < r * r] = 0
    for f in sorted(faces, key=lambda f: (f[0] - f[2]) * (f[3] - f[1])):  # the smallest last, on top
        x0, y0, x1, y1 = f[:4]
        u, v, side = (x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0)
        if not (0 <= u < size[1] and 0 <= v < size[0]):
            continue
        if side < SMALLEST_FACE:
            weight[(cx - u) ** 2 + (cy - v) ** 2 < side * side] = 0
            continue
        sigma = max(0.6, 0.1 * side / FACE_STRIDE)
        g = np.exp(-((cx - u) ** 2 + (cy - v) ** 2) / (2 * (sigma * FACE_STRIDE) ** 2))
        i, j = int(v // FACE_STRIDE), int(u // FACE_STRIDE)
        g[i, j] = 1
        heat = np.maximum(heat, g)
        own = (g > 0.5) & (cx > x0 + 1) & (cx < x1 - 1) & (cy > y0 + 1) & (cy < y1 - 1)
        sides = np.log(np.maximum(np.stack([cx - x0, cy - y0, x1 - cx, y1 - cy]), 1) / FACE_STRIDE)
        to = (f[4:].reshape(5, 2, 1, 1) - np.stack([cx, cy])) / FACE_STRIDE
        box[:, own], points[:, own], here[own] = sides[:, own], to.reshape(10, h, w)[:, own], 1
    return {"heat": heat, "heat_weight": np.maximum(weight, heat == 1), "box": box, "points": points, "here": here}


def without_covered(faces: np.ndarray, ignore: np.ndarray, cover: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Faces that `cover` (full resolution, 0..1) hides are dropped; half-hidden ones are neither face nor no face."""
    kept, loose = [], list(ignore)
    h, w = cover.shape
    for f in faces:
        x0, y0, x1, y1 = np.clip(np.round(f[:4]), 0, [w, h, w, h]).astype(int)
        share = cover[y0:y1, x0:x1].mean() if x1 > x0 and y1 > y0 else 1.0
        if share < 0.15:
            kept.append(f)
        elif share < 0.8:
            loose.append(np.array([(f[0] + f[2]) / 2, (f[1] + f[3]) / 2, 0.6 * (f[2] - f[0])], np.float32))
    return np.array(kept, np.float32).reshape(-1, 14), np.array(loose, np.float32).reshape(-1, 3)


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
    grounds = bool(m.any())
    if grounds and rng.random() < 0.25:  # backlight, silhouettes, flash: the two grounds are exposed apart
        ev = rng.normal(0, 0.8, 2)
        soft = cv2.GaussianBlur(m[..., 0], (0, 0), 1.0)[..., None]
        x = x * np.exp2(ev[0] * soft + ev[1] * (1 - soft)).astype(np.float32)
    if grounds and rng.random() < 0.2:  # a background already out of focus, or none of it
        soft = cv2.GaussianBlur(m[..., 0], (0, 0), 1.2)[..., None]
        x = x * soft + cv2.GaussianBlur(x, (0, 0), rng.uniform(1, 6)) * (1 - soft)
    if rng.random() < 0.15:  # light from one side
        h, w = x.shape[:2]
        a = rng.uniform(0, 2 * np.pi)
        g = np.linspace(-1, 1, w)[None] * np.cos(a) + np.linspace(-1, 1, h)[:, None] * np.sin(a)
        x = x * np.exp2(rng.uniform(0.3, 1.2) * g)[..., None].astype(np.float32)
    return degrade(rng, x)


BLANK = 0.06  # share of renders that are blank


def blank(rng: np.random.Generator, like: np.ndarray) -> np.ndarray:
    """A picture of one colour, with noise or without: a wall, a lens cap."""
    noise = rng.normal(0, rng.choice([0, 2, 8]), like.shape)
    return np.clip(rng.integers(0, 256, 3) + noise, 0, 255).astype(np.uint8)


TAUGHT_BY_JOINTS = ("portraits", "street", "composite", "mannequin")  # renders know better


class Mixer(torch.utils.data.IterableDataset):
    """Endless stream of whole batches: `mix` counts per batch, one size per batch so that all aspect ratios occur."""

    def __init__(self, sets: dict[str, list[dict]], mix: dict[str, int], sizes: list[tuple[int, int]], seed: int):
        self.sets, self.mix, self.sizes, self.seed = sets, mix, sizes, seed

    def pick(self, rng: np.random.Generator, *names: str) -> dict:
        pool = next(p for n in names if (p := self.sets[n]))
        return pool[rng.integers(len(pool))]

    def composite(self, rng: np.random.Generator, size: tuple[int, int]) -> dict:
        """A real person cut out over a picture of known depth."""
        person = move(rng, self.pick(rng, "portraits" if rng.random() < 0.75 else "street"), size, (0.75, 1.6))
        u = rng.random()
        ground = move(rng, self.pick(rng, *(("room", "synth") if u < 0.15 else ("mannequin", "synth") if u < 0.5 else ("scenes", "synth") if u < 0.7 else ("synth",))), size, (1.0, 1.8))
        # Mirrored borders would show a second half person: keep to what the source really holds.
        m_big = person["mask_big"] * cv2.resize(person["inside"], size[::-1], interpolation=cv2.INTER_NEAREST)
        m = person["mask"] * person["inside"]
        m_big = cv2.GaussianBlur(m_big, (0, 0), 0.8)[..., None]
        fg = recolour(rng, person["rgb"], 0.4)
        bg = recolour(rng, ground["rgb"], 0.6)
        if rng.random() < 0.5:
            bg = cv2.GaussianBlur(bg, (0, 0), rng.uniform(0.5, 4))
        behind, ignore = without_covered(ground["faces"], ground["ignore"], m_big[..., 0])
        return {
            "rgb": ((fg * m_big + bg * (1 - m_big)) * 255).astype(np.uint8),
            "disp": ground["disp"], "valid": ground["valid"] * (cv2.dilate(m, np.ones((3, 3))) < 0.05),
            # People who stand in the background picture are people too.
            "mask": np.maximum(m, ground["mask"]), "mask_big": m_big[..., 0], "front": m, "full": 1.0, "relief": person["relief"], "dense": np.zeros_like(m),
            "sure": np.maximum(m > 0.95, ground["sure"]),
            "faces": np.concatenate([behind, person["faces"]]), "ignore": np.concatenate([ignore, person["ignore"]]), "joints": person["joints"],
        }

    def merged(self, rng: np.random.Generator, size: tuple[int, int]) -> dict:
        """A rendered person set into another render at a depth of its own: whichever is nearer is seen."""
        ground = move(rng, self.pick(rng, *(("scenes", "synth") if rng.random() < 0.5 else ("synth",))), size, (1.0, 1.7))
        person = move(rng, self.pick(rng, "synth"), size, (0.6, 1.5))
        m = person["mask"] * person["inside"]
        body = m > 0.5
        if body.sum() < 100:
            return {**ground, "front": ground["mask"] * ground["inside"]}
        spread = np.quantile(ground["disp"], [0.02, 0.98])
        at = spread[0] + (spread[1] - spread[0]) * rng.uniform(0.35, 1.3)
        disp = person["disp"] * max(at, 0.05) / max(float(np.median(person["disp"][body])), 1e-3)
        seen = (disp > ground["disp"]).astype(np.float32)
        alpha = person["mask_big"] * cv2.resize(person["inside"], size[::-1], interpolation=cv2.INTER_NEAREST) * cv2.resize(seen, size[::-1], interpolation=cv2.INTER_LINEAR)
        front = body & (seen > 0)
        fg, bg = recolour(rng, person["rgb"], 0.4), recolour(rng, ground["rgb"], 0.6)
        behind, ignore = without_covered(ground["faces"], ground["ignore"], alpha)
        hidden = cv2.resize(person["mask_big"] * (1 - alpha), size[::-1])
        before, ignore2 = without_covered(person["faces"], person["ignore"], hidden)
        mask = np.maximum(ground["mask"] * (1 - m * seen), m * seen)
        return {
            "rgb": ((fg * alpha[..., None] + bg * (1 - alpha[..., None])) * 255).astype(np.uint8),
            "disp": np.where(front, disp, ground["disp"]).astype(np.float32), "valid": ground["valid"],
            "mask": mask, "mask_big": np.maximum(alpha, ground["mask_big"] * (1 - alpha)), "inside": ground["inside"], "full": 1.0, "relief": np.zeros_like(m), "dense": np.zeros_like(m), "sure": np.ones_like(m),
            "front": mask * ground["inside"], "faces": np.concatenate([behind, before]), "ignore": np.concatenate([ignore, ignore2]), "joints": np.zeros((0, 3), np.float32),
        }

    def sample(self, rng: np.random.Generator, source: str, size: tuple[int, int]) -> dict:
        if source == "composite":
            s, kind = self.composite(rng, size), COMPOSITE
        elif source == "merged":
            s, kind = self.merged(rng, size), EXACT
        else:
            zoom = {"synth": (1.0, 1.7), "scenes": (1.0, 1.8), "room": (1.0, 1.8), "portraits": (0.8, 1.5), "street": (0.9, 2.6), "mannequin": (1.0, 1.7)}[source]
            s = move(rng, self.pick(rng, source, "synth"), size, zoom)
            s["front"] = s["mask"] * s["inside"]
            kind = MASKED if source in ("portraits", "street") else STEREO if source == "mannequin" else EXACT
            if kind == STEREO:
                s["mask_big"] = np.zeros_like(s["mask_big"])  # no outline to light or blur the two grounds by
        bare = kind == EXACT and rng.random() < BLANK
        if bare:  # neither outline nor face can be asked for
            s |= {"sure": np.zeros_like(s["mask"]), "front": np.zeros_like(s["mask"]), "faces": s["faces"][:0], "ignore": np.array([[0, 0, 1e4]], np.float32)}
        t = lambda a: torch.from_numpy(np.ascontiguousarray(a, np.float32))
        planes = {k: t(s[k])[None] for k in ("disp", "valid", "dense", "mask", "sure", "front", "relief")}
        targets = face_targets(size, s["faces"], s["ignore"])
        found = {k: t(v)[None] if v.ndim == 2 else t(v) for k, v in targets.items()}
        joints = torch.zeros(POINTS, 4)
        if source in TAUGHT_BY_JOINTS:
            joints[: len(s["joints"]), :3], joints[: len(s["joints"]), 3] = t(s["joints"]), 1
        pixels = lambda a: torch.from_numpy(np.ascontiguousarray(a))
        image = blank(rng, s["rgb"]) if bare else augment(rng, s)
        return {"clean": pixels(s["rgb"]), "image": pixels(image), "blank": torch.tensor(bare), **planes, **found, "joints": joints, "kind": torch.tensor(kind), "full": torch.tensor(float(s["full"]))}

    def __iter__(self):
        cv2.setNumThreads(0)
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, info.id if info else 0])
        while True:
            size = self.sizes[rng.integers(len(self.sizes))]
            # Exact depth first: the losses slice the batch by kind.
            rows = [self.sample(rng, source, size) for source, n in self.mix.items() for _ in range(n)]
            yield {k: torch.stack([r[k] for r in rows]) for k in rows[0]}
