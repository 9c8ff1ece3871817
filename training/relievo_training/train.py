"""Trains the backbone and its heads together, or heads alone on a frozen backbone.

    python -m relievo_training.train --data ../../shared/data --out runs/a --hours 1.5 [--init ../models]
    python -m relievo_training.train ... --init ../models --only matte,faces

Resumes from OUT/last.pt. The schedule runs over training time, so that a run fits what the machine gives it; the same
recipe runs on a GPU. Real photos have no depth: they are taught by the outline of the person (ranking), and, once
the network is good enough to be its own teacher, by the moving average of itself on the untouched picture while
the student sees it distorted (mean teacher: Tarvainen & Valpola 2017; the use on depth: Yang et al. 2024).
"""
from __future__ import annotations

import argparse
import copy
import json
import pathlib
import time

import torch
import torch.nn.functional as F

from . import data, losses, quantise
from .infer import load_net
from .model import MEAN, STD, TAPS, Net
from .restore import load_exported

SMALL = [(192, 192), (224, 160), (160, 224), (224, 192), (192, 224), (160, 256)]
LARGE = [(256, 256), (288, 224), (224, 288), (256, 192), (320, 224), (192, 192), (192, 224), (224, 160), (192, 320)]
# Pictures per batch by source. "merged": two renders in one picture; see data.Mixer.
MIX = {"synth": 3, "merged": 2, "mannequin": 5, "room": 1, "composite": 2, "portraits": 2, "street": 1}
SYNTHETIC_MIX = {"synth": 8, "merged": 5, "scenes": 3}


def prepare(x: torch.Tensor, device: str) -> torch.Tensor:
    x = x.to(device).permute(0, 3, 1, 2).float() / 255
    return ((x - MEAN) / STD).contiguous(memory_format=torch.channels_last)


def both_ways(net: Net, x: torch.Tensor) -> torch.Tensor:
    """Depth of the pictures and of their mirror images, averaged: two opinions are better than one."""
    d = net(torch.cat([x, x.flip(3)]), ("head",))["depth"]
    return (d[: len(x)] + d[len(x) :].flip(3)) / 2


def restore_folded(net: Net, checkpoint: dict) -> None:
    for name in checkpoint["folded"]:
        net.get_submodule(name).folded = True


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", type=pathlib.Path, required=True)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    ap.add_argument("--hours", type=float, default=1.5, help="training time over all resumptions")
    ap.add_argument("--steps", type=int, help="steps over all resumptions, instead of --hours: to compare runs on a machine that does other work, too")
    ap.add_argument("--large-from", type=float, default=0.55, help="share of the time after which pictures grow to 256 squared")
    ap.add_argument("--teacher-from", type=float, default=0.25, help="share of the time after which real photos get teacher labels")
    ap.add_argument("--recipe", choices=["all", "synthetic"], default="all", help="synthetic: no real photo at all")
    ap.add_argument("--mix", default=",".join(f"{k}={n}" for k, n in MIX.items()), help="pictures per batch by source (default: %(default)s)")
    ap.add_argument("--extra", type=pathlib.Path, nargs="*", default=[], help="folders of further renders (synth/README.md)")
    ap.add_argument("--teach", type=pathlib.Path, help="folder of MediaPipe's labels (teach.py)")
    ap.add_argument("--init", type=pathlib.Path, help="start from another run (.pt), or from exported modules (a folder)")
    ap.add_argument("--only", default="", help="train these heads (comma-separated) and leave the rest as it is, bit for bit")
    ap.add_argument("--freeze", default="", choices=["", *TAPS], help="fold the backbone's norms and leave it as it is up to this tap: s4 saves a quarter of a step's time, s8 a third")
    ap.add_argument("--relief-from", type=pathlib.Path, help="a run (.pt) whose relief real people are taught, instead of the network's own: one that learned from exact depth alone")
    ap.add_argument("--face", type=float, default=0.1, help="weight of FaceMesh's relief")
    ap.add_argument("--pose", type=float, default=0.3, help="weight of the order of BlazePose's joints")
    ap.add_argument("--lr", type=float, default=1.5e-3)
    ap.add_argument("--warm-up", type=int, default=300, help="steps over which the rate rises")
    ap.add_argument("--backbone-rate", type=float, default=0.3, help="the backbone's learning rate, as a share of --lr")
    ap.add_argument("--workers", type=int, default=1)
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(a.seed)
    mix = {k: int(n) for k, n in (p.split("=") for p in a.mix.split(","))} if a.recipe == "all" else SYNTHETIC_MIX
    sets = data.load(a.data, a.extra, a.teach)
    print({k: len(v) for k, v in sets.items()}, flush=True)

    net, new = Net(), list(Net.HEADS)
    net.backbone.load_imagenet()
    if a.init and a.init.is_dir():
        new = load_exported(net, a.init)
        print("not in the modules:", new, flush=True)
    elif a.init:
        s = torch.load(a.init, map_location="cpu", weights_only=True)
        restore_folded(net, s)
        net.fit(s["ema"])
        new = []
    if a.freeze:
        net.backbone = quantise.fold(net.backbone).train()
    net = net.to(device, memory_format=torch.channels_last)
    ema = copy.deepcopy(net).eval()
    sculptor = load_net(a.relief_from)[0].to(device, memory_format=torch.channels_last) if a.relief_from else None
    heads = tuple(a.only.split(",")) if a.only else Net.HEADS
    young = 3.0 if a.init else 1.0  # heads that the modules did not hold catch up
    parts_to_train = [(getattr(net, h), young if h in new else 1.0) for h in heads] + ([] if a.only else [(net.backbone, a.backbone_rate)])
    groups = [{"params": [p for p in part.parameters() if (p.ndim > 1) == wd], "scale": scale, "weight_decay": 0.02 if wd else 0.0} for part, scale in parts_to_train for wd in (True, False)]
    if a.freeze:
        for part in (net.backbone.stem, *net.backbone.blocks[: TAPS[a.freeze][0] + 1]):
            part.requires_grad_(False)
    if a.only:
        if "doubt" in heads and len(heads) > 1:
            raise SystemExit("--only doubt goes alone: it is trained beside a depth that stays as it is")
        net.requires_grad_(False).eval()
        for h in heads:
            getattr(net, h).requires_grad_(True).train()
    opt = torch.optim.AdamW(groups, lr=a.lr)
    step, elapsed = 0, 0.0
    last = a.out / "last.pt"
    if last.exists():
        s = torch.load(last, map_location="cpu", weights_only=True)
        restore_folded(net, s)
        net.load_state_dict(s["net"]); ema.load_state_dict(s["ema"]); opt.load_state_dict(s["opt"])
        step, elapsed = s["step"], s["elapsed"]
        print(f"resumed at step {step}, {elapsed / 3600:.2f} h", flush=True)

    def loader(sizes: list[tuple[int, int]]):
        stream = data.Mixer(sets, mix, sizes, a.seed + step)
        return iter(torch.utils.data.DataLoader(stream, batch_size=None, num_workers=a.workers, prefetch_factor=4 if a.workers else None))

    def save() -> None:
        torch.save({"folded": [n for n, m in net.named_modules() if getattr(m, "folded", False)], "net": net.state_dict(), "ema": ema.state_dict(), "opt": opt.state_dict(), "step": step, "elapsed": elapsed}, last.with_suffix(".tmp"))
        last.with_suffix(".tmp").rename(last)

    batches, large, log, saved = None, False, {}, time.time()
    while (share := step / a.steps if a.steps else elapsed / 3600 / a.hours) < 1:
        t0 = time.time()
        if batches is None or large != (share >= a.large_from):
            large = share >= a.large_from
            batches = loader(LARGE if large else SMALL)
        b = next(batches)
        lr = min(1.0, step / a.warm_up) * (0.5 * (1 + torch.cos(torch.tensor(share * 3.14159)).item()) + 0.01)
        for g in opt.param_groups:
            g["lr"] = a.lr * lr * g["scale"]
        planes = {k: b[k].to(device) for k in ("disp", "valid", "dense", "mask", "sure", "front", "relief")}
        kind, full = b["kind"].to(device), b["full"].to(device)
        with torch.autocast(device, dtype=torch.bfloat16):
            out = net(prepare(b["image"], device), ("head", *heads) if heads == ("doubt",) else heads)
        parts: dict[str, torch.Tensor] = {}
        if "doubt" in heads:
            known = kind != data.MASKED
            parts["doubt"] = 0.2 * losses.doubt(out["doubt.log"][known], out["depth"][known], planes["disp"][known], planes["valid"][known])
        if "head" in heads:
            depth, known = out["depth"], kind != data.MASKED
            planes["valid"] = planes["valid"] * ~b["blank"].to(device)[:, None, None, None]
            parts["exact"] = losses.ssi(depth[known], planes["disp"][known], planes["valid"][known])
            stereo = kind == data.STEREO
            parts["outline"] = 0.3 * losses.outline(out["matte"], planes["mask"], planes["sure"])
            if stereo.any():
                d, disp, valid, dense = depth[stereo], planes["disp"][stereo], planes["valid"][stereo], planes["dense"][stereo]
                bodies = valid * (planes["mask"][stereo] > 0.5)
                parts["stereo order"] = 0.5 * (losses.order(d, disp, valid) + losses.order(d, disp, bodies))
                parts["dense"] = 0.5 * losses.ssi(d, dense, (dense > 0).float())
            # Relief within people: a global scale drowns it, so it is also compared at its own.
            inside = planes["mask"] * planes["valid"] * (planes["mask"] > 0.5)
            peopled = ((kind == data.EXACT) | stereo) & (inside.sum((1, 2, 3)) > 400)
            if peopled.any():
                parts["relief"] = 0.15 * losses.ssi(depth[peopled], planes["disp"][peopled], inside[peopled])
            mesh = (planes["relief"] > 0).float()
            faced = mesh.sum((1, 2, 3)) > 150
            if faced.any():
                parts["face"] = a.face * losses.ssi(depth[faced], planes["relief"][faced], mesh[faced])
            masked = ~known
            if masked.any() and share >= a.teacher_from:
                with torch.no_grad(), torch.autocast(device, dtype=torch.bfloat16):
                    t = both_ways(ema, prepare(b["clean"][masked.cpu()], device)).float()
            points = b["joints"].to(device)
            posed = points[..., 3].sum(1) > 3
            if posed.any() and a.pose:
                parts["pose"] = a.pose * losses.joints(depth[posed], points[posed], planes["front"][posed])
            people = (kind == data.MASKED) | (kind == data.COMPOSITE)
            if people.any():
                front, held = planes["front"][people], torch.zeros_like(planes["front"][people])
                if sculptor:
                    with torch.no_grad(), torch.autocast(device, dtype=torch.bfloat16):
                        carved = both_ways(sculptor, prepare(b["clean"][people.cpu()], device)).float()
                    body = (losses.box(front, 2) > 0.95).float()
                    parts["carved"] = 0.15 * losses.ssi(depth[people], carved, body)
                    held = losses.held(carved, front)
                elif masked.any() and share >= a.teacher_from:
                    # What a person holds was cut off with the ground in a composite: only whole photos have it.
                    held[kind[people] == data.MASKED] = losses.held(t, planes["front"][masked])
                upper = torch.where(full > 0, 0.8, 0.7)[people]
                parts["rank"] = 0.5 * losses.ranking(depth[people], front, 1 - held, upper)
            if masked.any() and share >= a.teacher_from:
                m = planes["mask"][masked]
                if sculptor:
                    own = carved[kind[people] == data.MASKED]
                    t = torch.where((m > 0.5) | (held[kind[people] == data.MASKED] > 0), losses.align(own, t), t)
                target = losses.snap(t, m, max(2, round(0.025 * max(m.shape[-2:]))))
                if not sculptor:
                    target = torch.where(held[kind[people] == data.MASKED] > 0, t, target)
                parts["teacher"] = 0.3 * losses.ssi(depth[masked], target, torch.ones_like(target))
        if "matte" in heads:
            parts["matte"] = 0.3 * losses.matte(out["matte.matte"], planes["mask"], planes["sure"])
        if "faces" in heads:
            targets = {k: b[k].to(device) for k in ("heat", "heat_weight", "box", "points", "here")}
            parts["faces"] = 0.1 * losses.faces(out["faces.score"], out["faces.box"], out["faces.points"], targets)
        loss = sum(parts.values())
        opt.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        if torch.isfinite(norm):
            opt.step()
        step += 1
        decay = min(0.998, 1 - 10 / (step + 10))
        with torch.no_grad():
            for e, p in zip(ema.state_dict().values(), net.state_dict().values()):
                e.lerp_(p, 1 - decay) if e.dtype.is_floating_point else e.copy_(p)
        elapsed += min(time.time() - t0, 30)  # a machine that slept has not trained
        for k, v in parts.items():
            log.setdefault(k, []).append(float(v.detach()))
        if step % 50 == 0:
            row = {"step": step, "hours": round(elapsed / 3600, 3), **{k: round(sum(v) / len(v), 4) for k, v in log.items()}, "s_per_step": round(time.time() - t0, 2)}
            print(json.dumps(row), flush=True)
            log = {}
        if time.time() - saved > 180:
            save(); saved = time.time()
    save()


if __name__ == "__main__":
    main()
