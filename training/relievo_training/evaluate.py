"""Scores the depth model on the evaluation sets, beside the trivial priors and the targets.

    python -m relievo_training.evaluate RUN.pt --data ../../shared/data --bench ../../shared/bench
        the PyTorch checkpoint: raw planes, no edge-aware upsampling
    ... RUN.pt --quantise mixed      the same with the weights as the shipped files hold them
    ... --models ../models           the exported modules in TF.js, raw planes
    ... --cli [--depth-quality best] what ships: `relievo depth` of the built package, upsampling included
    ... --pred DIR                   only scores DIR/SET/NAME.png
    ... --peer DIR                   the scores of a peer (peer.py; --pred DIR) in a column beside

Predictions go to --out (default runs/eval/NAME), the figures to scores.json there.
"""
from __future__ import annotations

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from typing import Callable, Iterable

import cv2
import numpy as np
import torch

from . import card, parity
from .export import SCHEMES, encode
from .infer import AREA, load_net, predict, read_rgb, to_png, to_tensor

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETS = {"portraits": "order", "iphone": "depth", "bodies": "depth", "generated": "depth", "room": "depth", "synthetic": "depth", "mannequin": "depth", "tum": "depth", "wild": "depth"}
PAIRS = "portraits"  # the set whose pairs of points people have ordered by eye
# Of the shipped, quantised model with upsampling; `least` False where smaller is better.
TARGETS = [
    ("portraits", "nearer", 0.994, True), ("portraits", "worst", 0.987, True), ("portraits", "rim", 0.988, True), ("portraits", "sharp", 0.879, True),
    ("portraits", "hand", 0.97, True), ("portraits", "held", 0.98, True), ("portraits", "scene", 0.94, True), ("portraits", "pairs", 0.985, True),
    ("iphone", "ord", 0.92, True), ("iphone", "ordp", 0.65, True), ("iphone", "ssi", 0.28, False),
    ("generated", "ord", 0.92, True), ("generated", "edge", 0.28, True),
    ("room", "ord", 0.92, True), ("bodies", "ordp", 0.85, True),
    ("synthetic", "ord", 0.945, True), ("synthetic", "d1", 0.85, True),
    ("mannequin", "ord", 0.89, True), ("mannequin", "ordp", 0.86, True), ("mannequin", "ssi", 0.45, False),
    ("tum", "ord", 0.91, True), ("wild", "ord", 0.88, True), ("wild", "edge", 0.20, True),
]
PRIORS = ("plane", "centre")


def photos(data: pathlib.Path, name: str) -> list[pathlib.Path]:
    folder = data / "dev" / name
    return sorted(p for p in folder.iterdir() if p.suffix in (".jpg", ".png") and p.stem.count(".") == 0)


def run_scorer(bench: pathlib.Path, kind: str, folder: pathlib.Path, what: list[str]) -> dict:
    """One scorer on one set -> {"mean": {...}, "rows": [...]}."""
    cmd = [sys.executable, str(bench / f"score_{kind}.py"), str(folder), *what]
    if kind == "depth":
        with tempfile.NamedTemporaryFile(suffix=".json") as f:
            subprocess.run([*cmd, "--json", f.name], check=True, stdout=subprocess.DEVNULL)
            got = json.load(open(f.name))
            return {"mean": got["mean"], "rows": got["rows"]}
    text = subprocess.run([*cmd, "--per-image"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip().splitlines()
    number = r"(-?[\d.]+)"
    rows = [dict(zip(("name", "nearer", "rim", "sharp"), (m[1].strip(), float(m[2]), float(m[3]), float(m[4])))) for line in text[:-1] if (m := re.match(rf"(.+?) nearer {number}  rim {number}  sharp {number}$", line))]
    m = re.search(rf"nearer {number}  rim {number}  sharp {number}  worst-tenth nearer {number}", text[-1])
    return {"mean": dict(zip(("nearer", "rim", "sharp", "worst"), map(float, m.groups()))), "rows": rows}


def score_pairs(bench: pathlib.Path, folder: pathlib.Path, maps: pathlib.Path) -> dict[str, float]:
    """Share of the pairs in the right order by kind of pair, "pairs" being all of them."""
    cmd = [sys.executable, str(bench / "score_pairs.py"), str(folder), str(maps)]
    text = subprocess.run(cmd, check=True, stdout=subprocess.PIPE, text=True).stdout.strip().splitlines()[-1]
    found = {kind: float(value) for kind, value in re.findall(r"(\w+) ([\d.]+) ?\(", text)}
    return {"pairs": float(re.search(r"all ([\d.]+)", text)[1]), **found}


def score(data: pathlib.Path, bench: pathlib.Path, what: Callable[[str], list[str]]) -> dict[str, dict]:
    return {name: run_scorer(bench, kind, data / "dev" / name, what(name)) for name, kind in SETS.items()}


def score_maps(data: pathlib.Path, bench: pathlib.Path, out: pathlib.Path) -> dict[str, dict]:
    scores = score(data, bench, lambda name: [str(out / name)])
    scores[PAIRS]["mean"] |= score_pairs(bench, data / "dev" / PAIRS, out / PAIRS)
    return scores


def write_predictions(data: pathlib.Path, out: pathlib.Path, planes: Callable[[list[np.ndarray]], Iterable[np.ndarray]]) -> None:
    for name in SETS:
        (out / name).mkdir(parents=True, exist_ok=True)
        files = photos(data, name)
        for p, plane in zip(files, planes([read_rgb(p) for p in files])):
            cv2.imwrite(str(out / name / f"{p.stem}.png"), to_png(plane))


def write_with_cli(data: pathlib.Path, out: pathlib.Path, quality: str) -> None:
    for name in SETS:
        (out / name).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as tmp:
            cli = ["node", str(ROOT / "dist/cli/main.js"), "depth", "--network", "--depth-quality", quality, *map(str, photos(data, name)), "-o", tmp]
            subprocess.run(cli, check=True, stdout=subprocess.DEVNULL)
            for f in pathlib.Path(tmp).glob("*-depth.png"):
                shutil.copyfile(f, out / name / f"{f.name[:-10]}.png")


def disagreement(a: np.ndarray, b: np.ndarray) -> float:
    """Mean |b - a| after the best scale and shift of b, over the mean absolute deviation of a: 0 = the same map."""
    A = np.stack([b.ravel(), np.ones(b.size)], 1)
    s, t = np.linalg.lstsq(A, a.ravel(), rcond=None)[0]
    return float(np.abs(a - (s * b + t)).mean() / max(np.abs(a - np.median(a)).mean(), 1e-9))


def consistency(data: pathlib.Path, plane: Callable[[np.ndarray, float], np.ndarray], every: int = 4) -> dict[str, float]:
    """How much the map changes when the picture is mirrored, or shown to the network 0.7 and 1.4 times as large."""
    found: dict[str, list[float]] = {"flip": [], "scale 0.7": [], "scale 1.4": []}
    for p in photos(data, "portraits")[::every] + photos(data, "iphone") + photos(data, "generated"):
        rgb = read_rgb(p)
        base = plane(rgb, AREA)
        found["flip"].append(disagreement(base, plane(np.ascontiguousarray(rgb[:, ::-1]), AREA)[:, ::-1]))
        for s in (0.7, 1.4):
            other = plane(rgb, AREA * s * s)
            found[f"scale {s}"].append(disagreement(base, cv2.resize(other, base.shape[::-1], interpolation=cv2.INTER_AREA if s > 1 else cv2.INTER_LINEAR)))
    return {k: float(np.mean(v)) for k, v in found.items()}


def table(scores: dict[str, dict], others: dict[str, dict[str, dict]], brief: bool = False) -> str:
    """`others`: scores by who has them, for the columns before. `brief`: only what there is a target for."""
    goals = {(s, k): (v, least) for s, k, v, least in TARGETS}
    rows = []
    for name, got in scores.items():
        for key, value in got["mean"].items():
            if value is None:
                continue
            base = [other[name]["mean"].get(key) for other in others.values()]
            goal, least = goals.get((name, key), (None, True))
            if brief and goal is None:
                continue
            verdict = ["", ""] if goal is None else [f"{'≥' if least else '≤'} {goal}", "met" if (value >= goal if least else value <= goal) else "missed"]
            rows.append([name, key, *("" if b is None else f"{b:.3f}" for b in base), f"{value:.3f}", *verdict])
    return card.grid(["set", "figure", *others, "this", "target", ""], rows)


def cached_priors(data: pathlib.Path, bench: pathlib.Path, cache: pathlib.Path) -> dict[str, dict[str, dict]]:
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps({p: score(data, bench, lambda _: ["--prior", p]) for p in PRIORS}))
    known = json.loads(cache.read_text())
    if any(name not in known[p] for p in PRIORS for name in SETS):
        cache.unlink()  # older than a set
        return cached_priors(data, bench, cache)
    return known


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("run", type=pathlib.Path, nargs="?", help="checkpoint of relievo_training.train")
    ap.add_argument("--data", type=pathlib.Path, required=True)
    ap.add_argument("--bench", type=pathlib.Path, required=True)
    ap.add_argument("--quantise", choices=SCHEMES, default="none", help="weights as the exported files hold them")
    ap.add_argument("--models", type=pathlib.Path, help="run these exported modules in TF.js instead of a checkpoint")
    ap.add_argument("--cli", action="store_true", help="run the built command line instead of a checkpoint")
    ap.add_argument("--pred", type=pathlib.Path, help="score the maps in this folder instead of a checkpoint's")
    ap.add_argument("--depth-quality", default="fast", help="of --cli")
    ap.add_argument("--peer", type=pathlib.Path, help="folder with the scores.json of TCMonoDepth's maps")
    ap.add_argument("--out", type=pathlib.Path)
    ap.add_argument("--card", type=pathlib.Path, help="write the table into this model card, too")
    ap.add_argument("--threads", type=int, default=1)
    a = ap.parse_args()
    if sum(map(bool, (a.run, a.models, a.cli, a.pred))) != 1:
        ap.error("give one of RUN.pt, --models, --cli, --pred")
    torch.set_num_threads(a.threads)
    cv2.setNumThreads(1)
    here = pathlib.Path(__file__).resolve().parents[1] / "runs/eval"
    name = ("cli" if a.depth_quality == "fast" else f"cli-{a.depth_quality}") if a.cli else "tfjs" if a.models else a.pred.name if a.pred else f"{a.run.resolve().parent.name}-{a.run.stem}-{a.quantise}"
    out = a.pred or a.out or here / name
    about, steady = {}, None
    if a.run:
        net, about = load_net(a.run)
        if a.quantise != "none":
            net, _ = encode(net, a.quantise)
        write_predictions(a.data, out, lambda batch: (predict(net, rgb) for rgb in batch))
        steady = consistency(a.data, lambda rgb, area: predict(net, rgb, area))
    elif a.models:
        write_predictions(a.data, out, lambda batch: (o["disparity"][..., 0] for o in parity.run_tfjs(a.models, [to_tensor(rgb) for rgb in batch])))
    elif a.cli:
        write_with_cli(a.data, out, a.depth_quality)
    scores = score_maps(a.data, a.bench, out)
    (out / "scores.json").write_text(json.dumps({"about": about, "consistency": steady, "scores": scores}, indent=1))
    if a.cli or a.models:
        about = json.loads(((a.models or ROOT / "models") / "relievo-depth/module.json").read_text())["training"]
    how = {
        "cli": f"`relievo depth --depth-quality {a.depth_quality}` of the package: exported modules, edge-aware upsampling",
        "models": "the exported modules in TF.js, raw planes",
        "run": f"PyTorch, raw planes, weights {'float32' if a.quantise == 'none' else a.quantise}",
    }
    kind = next((k for k in how if getattr(a, k)), None)
    title = f"{about['hours']:.2f} h of training, {about['steps']} steps; {how[kind]}." if kind else f"The maps in {a.pred.name}."
    others = cached_priors(a.data, a.bench, here / "priors.json")
    if a.peer:
        others["TC"] = json.loads((a.peer / "scores.json").read_text())["scores"]
    text = f"{title}\n\n{table(scores, others)}"
    if steady:
        text += "\n\nDisagreement with itself (0 = none): " + ", ".join(f"{k} {v:.3f}" for k, v in steady.items()) + "."
    print(text)
    if a.card:
        if a.cli:
            card.fill(a.card, "scores-cli", f"{title}\n\n{table(scores, others, brief=True)}")
        else:
            card.fill(a.card, "scores", text)


if __name__ == "__main__":
    main()
