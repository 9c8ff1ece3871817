"""Runs the exported modules in TF.js (Node, WASM backend) and compares them with PyTorch.

    python -m relievo_training.parity RUN.pt --models ../models [--photo FILE]
"""
from __future__ import annotations

import argparse
import base64
import hashlib
import json
import pathlib
import subprocess
import tempfile

import numpy as np
import torch

from .infer import load_net, read_rgb, to_tensor
from .model import MEAN, STD, Net

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "parity.mjs"
# An upright, a wide and a square size: a swapped height and width, or padding that depends on the size, shows.
SIZES = [(288, 224), (192, 320), (256, 256)]


def drawn(height: int, width: int) -> np.ndarray:
    """A picture without a licence: head and shoulders before a gradient, with some grain. RGB uint8."""
    y, x = np.mgrid[0:height, 0:width]
    u, v = (x + 0.5) / width - 0.5, (y + 0.5) / height
    rgb = np.stack([90 + 120 * v, 140 + 60 * u, 200 - 110 * v], -1)
    body = (u / 0.42) ** 2 + ((v - 1.05) / 0.42) ** 2 < 1
    head = (u / 0.19) ** 2 + ((v - 0.4) / 0.22) ** 2 < 1
    rgb[body] = [60, 70, 110]
    rgb[head] = [214, 164, 138]
    rgb += np.random.default_rng(1).normal(0, 6, rgb.shape)
    return np.clip(np.round(rgb), 0, 255).astype(np.uint8)


def run_tfjs(models: pathlib.Path, inputs: list[torch.Tensor], task: str = "depth", backend: str = "wasm") -> list[dict[str, np.ndarray]]:
    """[1, 3, h, w] each -> {output: [height, width, channels]} each, of the head for one task."""
    with tempfile.TemporaryDirectory() as tmp:
        jobs = []
        for i, x in enumerate(inputs):
            job = {"input": f"{tmp}/{i}.in", "height": x.shape[2], "width": x.shape[3], "output": f"{tmp}/{i}"}
            pathlib.Path(job["input"]).write_bytes(np.ascontiguousarray(x[0].permute(1, 2, 0).numpy(), "<f4").tobytes())
            jobs.append(job)
        listing = pathlib.Path(tmp) / "jobs.json"
        listing.write_text(json.dumps(jobs))
        subprocess.run(["node", SCRIPT, models, listing, task, backend], check=True)
        read = lambda path, shape: np.frombuffer(pathlib.Path(path).read_bytes(), "<f4").reshape(shape)
        return [{n: read(f"{j['output']}.{n}", shape) for n, shape in json.loads(pathlib.Path(j["output"] + ".json").read_text()).items()} for j in jobs]


@torch.inference_mode()
def run_torch(net: Net, x: torch.Tensor, task: str = "depth") -> dict[str, np.ndarray]:
    """The same from PyTorch."""
    from .export import BRANCHES, HEADS  # it imports this module

    head, planes = HEADS[task]
    names = {p if head == "head" else f"{head}.{p}": o for p, o in planes.items()}
    branch = BRANCHES.get(task)
    if branch:
        names[f"{branch[0]}.{branch[1]}"] = branch[2]
    out = net(x, (head, branch[0]) if branch else (head,))
    return {o: out[p][0].permute(1, 2, 0).numpy() for p, o in names.items()}


def differences(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Largest and mean absolute difference, in units of the range of `a`."""
    d = np.abs(a - b) / max(float(a.max() - a.min()), 1e-9)
    return float(d.max()), float(d.mean())


def as_input(rgb: np.ndarray) -> torch.Tensor:
    return torch.from_numpy((rgb.astype(np.float32) / 255 - MEAN) / STD).permute(2, 0, 1)[None].contiguous()


def compare(net: Net, models: pathlib.Path, task: str = "depth", inputs: list[torch.Tensor] | None = None) -> tuple[float, float]:
    """Worst difference over the inputs (drawn pictures unless given) and the head's outputs: (largest, mean)."""
    inputs = inputs or [as_input(drawn(h, w)) for h, w in SIZES]
    pairs = zip((run_torch(net, x, task) for x in inputs), run_tfjs(models, inputs, task))
    rows = np.array([differences(ours[n], theirs[n]) for ours, theirs in pairs for n in ours])
    return float(rows[:, 0].max()), float(rows[:, 1].max())


def write_fixture(net: Net, models: pathlib.Path, path: pathlib.Path) -> None:
    """What PyTorch answers with the stored weights, for a test that needs neither Python nor photos."""
    from .export import HEADS

    width, height = 32, 64
    rgb = drawn(height, width)
    text = lambda a: base64.b64encode(np.ascontiguousarray(a).tobytes()).decode()
    shard = lambda m: hashlib.sha256((models / m / "group1-shard1of1.bin").read_bytes()).hexdigest()
    outputs = {task: {n: {"shape": list(a.shape), "data": text(a.astype("<f4"))} for n, a in run_torch(net, as_input(rgb), task).items()} for task in HEADS}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({
        "about": "rgb: uint8 [height, width, 3], base64. outputs: of each head, little-endian float32 [height, width, channels], base64, as PyTorch computes it with the weights of these shards.",
        "shards": {m: shard(m) for m in ("relievo-backbone", *(f"relievo-{task}" for task in HEADS))},
        "width": width, "height": height, "rgb": text(rgb), "outputs": outputs, "tolerance": 1e-3,
    }, indent=2) + "\n")


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("run", type=pathlib.Path)
    ap.add_argument("--models", type=pathlib.Path, required=True)
    ap.add_argument("--task", nargs="*", default=["depth", "matte", "faces"])
    ap.add_argument("--photo", type=pathlib.Path, nargs="*", default=[])
    a = ap.parse_args()
    torch.set_num_threads(1)
    net, _ = load_net(a.run)
    for task in a.task:
        most, mean = compare(net, a.models, task, [to_tensor(read_rgb(p)) for p in a.photo])
        print(f"{task}: PyTorch float32 and the modules in TF.js differ by {most:.2e} at most, {mean:.2e} on average, of the output's range")


if __name__ == "__main__":
    main()
