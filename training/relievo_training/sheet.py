"""Contact sheets of an evaluation, photo beside depth in colour (turbo: red near, blue far), to look at.

    python -m relievo_training.sheet runs/eval/NAME --data ../../shared/data

Writes NAME/sheets/SET-N.jpg and the ten worst portraits and twelve worst others. The photos may not be passed on: the
folder is under runs/, which git ignores. Renders may:

    python -m relievo_training.sheet MAPS --renders FOLDER --out sheet.jpg

puts photo, depth and exact depth of the renders in FOLDER (synth/README.md) side by side; MAPS is what
`relievo depth FOLDER/*.jpg -o MAPS` wrote.
"""
from __future__ import annotations

import argparse
import json
import pathlib

import cv2
import numpy as np

from .evaluate import SETS, photos

TILE = 240  # height of a picture on the sheet
# The figure whose worst pictures are shown, and whether smaller is worse.
WORST = {"order": ("nearer", True), "depth": ("ssi", False)}


def coloured(file: pathlib.Path, size: tuple[int, int]) -> np.ndarray:
    d = cv2.imread(str(file), cv2.IMREAD_UNCHANGED).astype(np.float32)
    low, high = np.percentile(d, [0.5, 99.5])
    d = np.clip((d - low) / max(high - low, 1e-6), 0, 1)
    # Nearest, so that blocks and ramps of the map itself are seen.
    return cv2.applyColorMap((cv2.resize(d, size, interpolation=cv2.INTER_NEAREST) * 255).astype(np.uint8), cv2.COLORMAP_TURBO)


def tile(photo: pathlib.Path, maps: list[pathlib.Path], label: str) -> np.ndarray:
    bgr = cv2.imread(str(photo), cv2.IMREAD_COLOR)
    size = (max(1, round(bgr.shape[1] * TILE / bgr.shape[0])), TILE)
    both = np.concatenate([cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), *(coloured(m, size) for m in maps)], 1)
    strip = np.full((18, both.shape[1], 3), 255, np.uint8)
    cv2.putText(strip, label, (3, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return np.concatenate([strip, both], 0)


def sheet(tiles: list[np.ndarray], width: int) -> np.ndarray:
    """Tiles in rows, as many as fit the width."""
    rows: list[list[np.ndarray]] = [[]]
    for t in tiles:
        t = np.pad(t, ((0, 4), (0, 4), (0, 0)), constant_values=255)
        if rows[-1] and sum(r.shape[1] for r in rows[-1]) + t.shape[1] > width:
            rows.append([])
        rows[-1].append(t)
    fill = lambda row: np.pad(row, ((0, 0), (0, max(0, width - row.shape[1])), (0, 0)), constant_values=255)
    bands = [fill(np.concatenate(r, 1)) for r in rows]
    return np.concatenate([b[:, : min(x.shape[1] for x in bands)] for b in bands], 0)


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("run", type=pathlib.Path, help="output folder of relievo_training.evaluate, or of `relievo depth`")
    ap.add_argument("--data", type=pathlib.Path)
    ap.add_argument("--renders", type=pathlib.Path)
    ap.add_argument("--out", type=pathlib.Path)
    ap.add_argument("--width", type=int, default=1500, help="of a sheet, in pixels")
    ap.add_argument("--per-sheet", type=int, default=20)
    a = ap.parse_args()
    if a.renders:
        tiles = [tile(p, [a.run / f"{p.stem}-depth.png", p.with_name(f"{p.stem}_d.png")], "photo, depth, exact depth") for p in sorted(a.renders.glob("*.jpg"))]
        cv2.imwrite(str(a.out), sheet(tiles, a.width), [cv2.IMWRITE_JPEG_QUALITY, 82])
        return
    if not a.data:
        ap.error("give --data or --renders")
    out = a.run / "sheets"
    out.mkdir(exist_ok=True)
    scores = json.loads((a.run / "scores.json").read_text())["scores"]
    found: dict[str, list] = {"order": [], "depth": []}
    for name, kind in SETS.items():
        tiles = []
        rows = {r["name"]: r for r in scores[name]["rows"]}
        for p in photos(a.data, name):
            row = rows.get(p.stem, {})
            figures = " ".join(f"{k} {v:.2f}" for k, v in row.items() if k not in ("name", "d1") and v is not None)
            args = (p, [a.run / name / f"{p.stem}.png"], f"{name} {p.stem[:14]} {figures}")
            tiles.append(tile(*args))
            key, low = WORST[kind]
            if row.get(key) is not None:
                found[kind].append((row[key] if low else -row[key], args))
        for i in range(0, len(tiles), a.per_sheet):
            cv2.imwrite(str(out / f"{name}-{i // a.per_sheet}.jpg"), sheet(tiles[i : i + a.per_sheet], a.width), [cv2.IMWRITE_JPEG_QUALITY, 85])
    for kind, many in (("order", 10), ("depth", 12)):
        worst = sorted(found[kind], key=lambda f: f[0])[:many]
        cv2.imwrite(str(out / f"worst-{kind}.jpg"), sheet([tile(*f[1]) for f in worst], a.width), [cv2.IMWRITE_JPEG_QUALITY, 88])
    print(*sorted(str(p) for p in out.glob("*.jpg")), sep="\n")


if __name__ == "__main__":
    main()
