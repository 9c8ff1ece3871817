"""Losses. All planes are [N, 1, h, w] at the network's output resolution; disparity is known up to scale and shift."""
from __future__ import annotations

import torch
import torch.nn.functional as F


def normalise(d: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """(d - median) / mean absolute deviation over w > 0 (Ranftl et al. 2020, eq. 6)."""
    n = d.shape[0]
    flat = torch.where(w > 0, d, torch.full_like(d, float("nan"))).reshape(n, -1)
    t = flat.nanmedian(1).values.nan_to_num().reshape(n, 1, 1, 1)
    count = (w > 0).float().sum((1, 2, 3), keepdim=True).clamp(min=1)
    s = ((d - t).abs() * (w > 0)).sum((1, 2, 3), keepdim=True) / count
    return (d - t) / s.clamp(min=1e-3)


def ssi(pred: torch.Tensor, target: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """Scale- and shift-invariant mean absolute error plus multi-scale gradient matching (Ranftl et al. 2020)."""
    diff = normalise(pred, w) - normalise(target, w)
    total = (diff.abs() * w).sum() / w.sum().clamp(min=1)
    grad = 0.0
    for _ in range(4):
        gx = (diff[..., :, 1:] - diff[..., :, :-1]).abs() * (w[..., :, 1:] * w[..., :, :-1])
        gy = (diff[..., 1:, :] - diff[..., :-1, :]).abs() * (w[..., 1:, :] * w[..., :-1, :])
        grad = grad + (gx.sum() + gy.sum()) / w.sum().clamp(min=1)
        diff, w = diff[..., ::2, ::2], w[..., ::2, ::2]
    return total + 0.5 * grad


def doubt(log: torch.Tensor, pred: torch.Tensor, target: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """Negative logarithm of a Laplace density whose width the network says itself, exp(log) (Kendall & Gal 2017): least where
    that is the error to expect, in mean absolute deviations of the map. The depth itself is not to be had by it. `log` may be
    coarser than the map."""
    error = (normalise(pred.detach(), w) - normalise(target, w)).abs().clamp(max=4)
    log = F.interpolate(log, size=pred.shape[-2:], mode="bilinear", align_corners=False).clamp(-4, 2)
    return ((error * torch.exp(-log) + log) * w).sum() / w.sum().clamp(min=1)


def align(d: torch.Tensor, to: torch.Tensor) -> torch.Tensor:
    """d scaled and shifted onto `to` (least squares over the picture; a scale below nought would turn it over)."""
    a, b = d - d.mean((1, 2, 3), keepdim=True), to - to.mean((1, 2, 3), keepdim=True)
    k = (a * b).sum((1, 2, 3), keepdim=True) / (a * a).sum((1, 2, 3), keepdim=True).clamp(min=1e-6)
    return a * k.clamp(min=0) + to.mean((1, 2, 3), keepdim=True)


def box(x: torch.Tensor, radius: int) -> torch.Tensor:
    for k, pad in (((2 * radius + 1, 1), (radius, 0)), ((1, 2 * radius + 1), (0, radius))):
        x = F.avg_pool2d(x, k, 1, pad, count_include_pad=False)
    return x


def snap(teacher: torch.Tensor, mask: torch.Tensor, radius: int) -> torch.Tensor:
    """Moves a soft step to the mask's outline: each side is filled from its own interior (normalised averaging)."""
    m = (mask > 0.5).float()
    out = torch.zeros_like(teacher)
    for side in (m, 1 - m):
        core = (box(side, radius) > 0.999).float()
        weight = box(core, 2 * radius)
        filled = torch.where(core > 0, teacher, box(teacher * core, 2 * radius) / weight.clamp(min=1e-3))
        filled = torch.where((core > 0) | (weight > 1e-3), filled, teacher)  # thin parts keep what the teacher said
        out = out + side * filled
    return out


def held(carved: torch.Tensor, front: torch.Tensor) -> torch.Tensor:
    """1 where something beside the mask is no farther than the person next to it, so `carved` says: a thing that they hold,
    a table. The masks count it as background, which is not behind them."""
    inside, outside = (front > 0.95).float(), (front < 0.05).float()
    radius = round(0.2 * max(front.shape[-2:]))
    weight = box(inside, radius)
    beside = box(carved * inside, radius) / weight.clamp(min=1e-3)
    return outside * (weight > 1e-2) * (carved > beside)


def ranking(pred: torch.Tensor, front: torch.Tensor, valid: torch.Tensor, upper: torch.Tensor, pairs: int = 2048) -> torch.Tensor:
    """Pairs (person, behind): ranking (Chen et al. 2016) with a margin in units of the map's own spread; half of them
    anywhere in the part `upper` [N] of the picture, half within a narrow band around the outline. A hinge, since a
    softplus never stops pushing and leaves a dark ring around people."""
    n, _, h, w = pred.shape
    spread = (pred - pred.mean((1, 2, 3), keepdim=True)).abs().mean((1, 2, 3), keepdim=True).clamp(min=1e-3)
    p = pred / spread
    rows = torch.arange(h, device=pred.device).reshape(1, 1, h, 1) / h
    allowed = (rows < upper.reshape(n, 1, 1, 1)).float() * valid
    total, count = pred.new_zeros(()), 0
    near = box(front, max(2, round(0.02 * max(h, w))))
    for band in (False, True):
        inside, outside = (front > 0.95) * allowed, (front < 0.05) * allowed
        if band:
            inside, outside = inside * (near < 0.95), outside * (near > 0.05)
        for i in range(n):
            a, b = p[i][inside[i] > 0], p[i][outside[i] > 0]
            if a.numel() < 50 or b.numel() < 50:
                continue
            u = a[torch.randint(a.numel(), (pairs,), device=p.device)]
            v = b[torch.randint(b.numel(), (pairs,), device=p.device)]
            total = total + F.relu(0.3 - (u - v)).mean()
            count += 1
    return total / max(count, 1)


def order(pred: torch.Tensor, target: torch.Tensor, w: torch.Tensor, gap: float = 0.05, pairs: int = 2048) -> torch.Tensor:
    """Pairs of pixels anywhere in w > 0 whose target differs by more than `gap` of its range: a hinge whose margin grows
    with that difference, to half of it, and no further than 0.3 of the map's spread (see `ranking`)."""
    total, count = pred.new_zeros(()), 0
    for p, t, m in zip(pred, target, w > 0):
        p, t = p[m], t[m]
        if p.numel() < 200:
            continue
        p = p / (p - p.mean()).abs().mean().clamp(min=1e-3)
        spread, span = (t - t.mean()).abs().mean().clamp(min=1e-3), torch.quantile(t, 0.99) - torch.quantile(t, 0.01)
        u, v = torch.randint(p.numel(), (2, pairs), device=p.device)
        far = t[u] - t[v]
        keep = far.abs() > gap * span
        if keep.sum() < 50:
            continue
        margin = (0.5 * far.abs() / spread).clamp(max=0.3)
        total = total + F.relu(margin - far.sign() * (p[u] - p[v]))[keep].mean()
        count += 1
    return total / max(count, 1)


def joints(pred: torch.Tensor, points: torch.Tensor, inside: torch.Tensor, gap: float = 0.1) -> torch.Tensor:
    """Pairs of a body's points [n, POINTS, 4] (data.py) that BlazePose has more than `gap` metres apart in depth, both within
    `inside`. The hinge's margin grows to a tenth of the map's spread: how far is for others to say."""
    spread = (pred - pred.mean((1, 2, 3), keepdim=True)).abs().mean((1, 2, 3), keepdim=True).clamp(min=1e-3)
    at = lambda plane: F.grid_sample(plane, points[:, None, :, :2], align_corners=False)[:, 0, 0]
    d, here = at(pred / spread), points[..., 3] * (at(inside) > 0.5)
    nearer = points[:, None, :, 2] - points[:, :, None, 2]  # [n, i, j] > 0: i is nearer than j
    keep = (nearer > gap) * here[:, :, None] * here[:, None, :]
    margin = 0.1 * (nearer / 0.3).clamp(0, 1)
    each = (F.relu(margin - (d[:, :, None] - d[:, None, :])) * keep).sum((1, 2)) / keep.sum((1, 2)).clamp(min=1)
    return each.sum() / (keep.sum((1, 2)) > 0).sum().clamp(min=1)


def outline(logit: torch.Tensor, mask: torch.Tensor, sure: torch.Tensor) -> torch.Tensor:
    return (F.binary_cross_entropy_with_logits(logit, mask, reduction="none") * sure).sum() / sure.sum().clamp(min=1)


def matte(logit: torch.Tensor, mask: torch.Tensor, sure: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy, the band around the outline counted five times: that is where mattes differ."""
    band = (F.max_pool2d(mask, 9, 1, 4) - -F.max_pool2d(-mask, 9, 1, 4) > 0.5).float()
    w = (1 + 4 * band) * sure
    return (F.binary_cross_entropy_with_logits(logit, mask, reduction="none") * w).sum() / w.sum().clamp(min=1)


def faces(score: torch.Tensor, box: torch.Tensor, points: torch.Tensor, t: dict[str, torch.Tensor]) -> torch.Tensor:
    """Focal loss of the centres (Law & Deng 2018, as in CenterNet) and smooth L1 of boxes and landmarks."""
    p = torch.sigmoid(score).clamp(1e-5, 1 - 1e-5)
    heat, centre = t["heat"], (t["heat"] == 1).float()
    positive = ((1 - p) ** 2 * p.log() * centre).sum()
    negative = (p**2 * (1 - p).log() * (1 - heat) ** 4 * (1 - centre) * t["heat_weight"]).sum()
    n = centre.sum().clamp(min=1)
    here = t["here"]
    near = lambda a, b: (F.smooth_l1_loss(a, b, beta=0.1, reduction="none").mean(1, keepdim=True) * here).sum() / here.sum().clamp(min=1)
    return -(positive + negative) / n + 2 * near(box, t["box"]) + 0.5 * near(points, t["points"])
