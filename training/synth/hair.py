"""Hair that grows: some thousand tapering ribbons of a few millimetres, so that its edge is as loose in the disparity
map as in the picture. A few hundred guides fall under gravity over head and shoulders, the rest follow them.
"""

from __future__ import annotations

import math

import numpy as np

import human
import kit
from kit import D, hsv, lathe, material, mesh, turn

HATS = 0.12  # share of people who wear one
STYLES = (
    "crop",
    "tousled",
    "medium",
    "long",
    "long",
    "curly",
    "curly long",
    "afro",
    "tail",
    "bun",
    "buzz",
    "bald",
    "mesh",
)


def choose(who) -> str:
    african = who["race"] == "african"
    w = dict(
        crop=2.2,
        tousled=1.6,
        medium=0.7,
        long=0.5,
        curly=0.9,
        afro=0.2,
        tail=0.15,
        bun=0.12,
        buzz=0.7,
        bald=0.4,
        mesh=1.2,
    )
    if not who["male"]:
        w = dict(
            crop=0.3,
            tousled=0.4,
            medium=1.8,
            long=3.0,
            curly=1.2,
            afro=0.25,
            tail=1.3,
            bun=0.9,
            buzz=0.03,
            bald=0.01,
            mesh=1.6,
        )
    w["curly long"] = w["long"] * 0.5
    if african:
        for k, f in (("curly", 2.5), ("afro", 5), ("buzz", 2), ("crop", 0.7), ("long", 0.5)):
            w[k] *= f
    return D.pick(list(w), list(w.values()))


def scalp_of(head, low: float = 0.0):
    """Rest-pose weight 0..1 of each body vertex for hair to grow there: a hairline from brow over the ears to the nape."""
    lib, v = head["lib"], head["rest"]
    b = v[: human.FACE]
    ez, ey = head["eye_z"], float(head["eyes"][:, 1].mean())
    on = lib.weights[: human.FACE, lib.bone["head"]] > 0.5
    back = b[on][:, 1].max()
    t = (b[:, 1] - ey) / (back - ey)  # 0 at the eyes, 1 at the back of the head
    line = (
        np.interp(t, [-0.2, 0.12, 0.3, 0.42, 0.62, 0.8, 1.0], [0.062, 0.05, 0.022, 0.03, 0.0, -0.045, -0.055])
        - low
    )
    # A forehead is highest in its middle.
    line = line - 0.02 * np.clip((np.abs(b[:, 0]) - 0.035) / 0.03, 0, 1) * (t < 0.25)
    out = np.zeros(len(v), np.float32)
    out[: human.FACE] = np.clip((b[:, 2] - ez - line) / 0.008, 0, 1) * on
    # Ears stand off the skull; nothing grows on them.
    width = np.abs(b[on & (t > 0.3) & (t < 0.6) & (b[:, 2] > ez + 0.05)][:, 0]).max() if on.any() else 0.08
    ear = (np.abs(b[:, 0]) > width * 1.01) & (b[:, 2] < ez + 0.045)
    out[: human.FACE][ear] = 0
    return out


def grow(head, style: str):
    """Ribbons as (vertices, faces, shade); the roots' scalp weight."""
    lib, v, g = head["lib"], head["rest"], head["joints"]
    scalp = scalp_of(head)
    if "hat_z" in head:
        scalp = scalp * (v[:, 2] < head["hat_z"])
    posed = lib.skin(v, lib.weights, g)
    base = lib.base
    # Normals of the posed body, from its quads.
    quads = base["loops"].reshape(-1, 4) if (base["tot"] == 4).all() else None
    nrm = np.zeros_like(posed)
    if quads is None:
        starts = np.concatenate([[0], np.cumsum(base["tot"])[:-1]])
        quads = np.stack([base["loops"][starts + k] for k in (0, 1, 2, 2)], 1)
    fn = (
        np.cross(posed[quads[:, 2]] - posed[quads[:, 0]], posed[quads[:, 3]] - posed[quads[:, 1]])
        if (base["tot"] == 4).all()
        else np.cross(posed[quads[:, 1]] - posed[quads[:, 0]], posed[quads[:, 2]] - posed[quads[:, 0]])
    )
    for k in range(4):
        np.add.at(nrm, quads[:, k], fn)
    nrm /= np.linalg.norm(nrm, axis=1, keepdims=True) + 1e-9

    faces = quads[(scalp[quads] > 0.3).all(1)]
    if not len(faces):
        return None
    area = np.linalg.norm(
        np.cross(posed[faces[:, 1]] - posed[faces[:, 0]], posed[faces[:, 2]] - posed[faces[:, 0]]), axis=1
    )

    def roots(n):
        f = faces[D.np.choice(len(faces), n, p=area / area.sum())]
        w = D.np.dirichlet([1, 1, 1, 1], n)
        return (posed[f] * w[..., None]).sum(1), (nrm[f] * w[..., None]).sum(1)

    up = g[lib.bone["head"]][:, :3]
    forward, side, above = up @ np.array([0, -1, 0.0]), up @ np.array([1.0, 0, 0]), up @ np.array([0, 0, 1.0])
    centre = posed[scalp > 0.5].mean(0)
    length, steps, stiff, gravity, frizz, curl_r, count = {
        "crop": (D.u(0.015, 0.045), 4, 0.9, 0.1, 0.25, 0, 3600),
        "tousled": (D.u(0.05, 0.1), 6, 0.75, 0.25, 0.4, D.u(0, 0.004), 3400),
        "medium": (D.u(0.14, 0.26), 10, 0.45, 0.5, 0.12, D.u(0, 0.006), 5200),
        "long": (D.u(0.3, 0.6), 16, 0.4, 0.55, 0.1, D.u(0, 0.012), 5200),
        "curly": (D.u(0.06, 0.16), 14, 0.7, 0.22, 0.2, D.u(0.006, 0.014), 3400),
        "curly long": (D.u(0.25, 0.45), 24, 0.5, 0.45, 0.15, D.u(0.008, 0.02), 3400),
        "afro": (D.u(0.05, 0.17), 9, 0.97, 0.02, 0.3, D.u(0.005, 0.01), 5000),
        "tail": (D.u(0.2, 0.5), 14, 0.5, 0.5, 0.06, D.u(0, 0.006), 3000),
        "bun": (0.12, 8, 0.5, 0.3, 0.05, 0, 3000),
    }[style]
    n = 260
    p, nn = roots(n)
    d = nn + D.np.normal(0, 0.15, (n, 3))
    # Which way it is combed: parted, back, forward, or as it falls.
    part = D.u(-0.5, 0.5) * 0.06
    comb = (
        D.pick(["parted", "parted", "back", "forward", "none"])
        if style not in ("afro", "crop", "curly")
        else D.pick(["none", "none", "forward", "back"])
    )
    x = (p - centre) @ side
    away = {
        "parted": np.sign(x - part)[:, None] * side * 0.9 + forward * 0.1,
        "back": -forward * 0.8 + above * 0.2 + 0 * x[:, None],
        "forward": forward * 0.5 + 0 * x[:, None],
        "none": 0 * p,
    }[comb]
    d = d + away * (1.4 if style not in ("crop", "tousled") else 0.7)
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    tie = None
    if style in ("tail", "bun"):
        # Just outside the skull, somewhere between the nape and the crown.
        e = D.u(-0.5, 1.0)
        to = -forward * math.cos(e) + above * math.sin(e) + side * D.n(0, 0.15)
        to /= np.linalg.norm(to)
        skull = posed[scalp_of(head) > 0.5]
        middle = skull.mean(0)
        tie = middle + to * (((skull - middle) @ to).max() + 0.022)
    # What hair rests on: skin and shoulders, thinned; clothes lie a little above the skin.
    near = np.where(np.linalg.norm(posed[: human.FACE] - centre, axis=1) < max(0.35, length * 1.2))[0][::4]
    bv, bn = posed[near], nrm[near]
    step = length / steps
    # Most people keep hair out of their faces: what would fall there is led past the temples.
    face_free = D.chance(0.85)
    eye = head["posed_eyes"].mean(0)
    lead = np.where(x >= part, 1.0, -1.0)
    path = [p]
    arrived = np.zeros(n, bool)
    for i in range(steps + (10 if tie is not None else 0)):
        pull = np.array([0, 0, -1.0]) * gravity * (0.4 + 0.6 * min(1, i / max(1, steps * 0.4)))
        if tie is not None:
            to = tie - p
            dist = np.linalg.norm(to, axis=1, keepdims=True)
            arrived |= dist[:, 0] < 0.025
            d = np.where(
                arrived[:, None],
                d * stiff + np.array([0, 0, -1.0]) * 0.5 - forward * 0.12,
                to / (dist + 1e-6),
            )
            st = np.where(arrived[:, None], step if style == "tail" else 0.003, 0.022)
        else:
            d = d * stiff + pull + (1 - stiff) * 0.4 * away * (i < 4)
            st = step
        d = d + D.np.normal(0, 0.06, d.shape)
        d /= np.linalg.norm(d, axis=1, keepdims=True) + 1e-9
        q = p + d * st
        d2 = ((q[:, None] - bv[None]) ** 2).sum(-1)
        j = d2.argmin(1)
        depth = ((q - bv[j]) * bn[j]).sum(1)
        clear = 0.006 if i < 3 or tie is not None else 0.016
        push = np.clip(clear - depth, 0, 0.03)
        q = q + bn[j] * push[:, None]
        if face_free and tie is None:
            lx, ly, lz = (q - eye) @ side, (q - centre) @ forward, (q - eye) @ above
            inside = (ly > 0.0) & (lz < 0.045) & (lz > -0.2) & (lx * lead < 0.078)
            q = q + side * (lead * (0.078 - lx * lead) * inside * 0.6)[:, None]
        d = q - p
        d /= np.linalg.norm(d, axis=1, keepdims=True) + 1e-9
        path.append(q)
        p = q
        if style == "bun" and i > 11:
            break
    guides = np.stack(path, 1)  # [n, s, 3]

    p, nn = roots(count)
    if tie is None:
        who = ((p[:, None] - guides[None, :, 0]) ** 2).sum(-1)
        k = np.argpartition(who, 3, 1)[:, :3]
        w = D.np.dirichlet([1.2, 0.6, 0.6], count)
        rel = ((guides[k] - guides[k][:, :, :1]) * w[..., None, None]).sum(1)
    else:
        who = ((p[:, None] - guides[None, :, 0]) ** 2).sum(-1).argmin(1)
        rel = guides[who] - p[:, None]  # all strands meet at the tie
        rel[:, 0] = 0
    s = rel.shape[1]
    t = np.linspace(0, 1, s)
    trim = D.np.uniform(0.72, 1.06, (count, 1, 1)) if tie is None else 1.0
    strand = p[:, None] + rel * trim
    # Strands differ from their guide the more the farther from the root, and some stray altogether.
    wild = np.where(D.np.random(count) < 0.05, 2.6, 1.0)[:, None, None]
    spread = D.np.normal(0, 1, (count, 1, 3)) * (frizz * min(length, 0.2) * 0.35 + 0.004)
    strand = strand + spread * wild * t[None, :, None] ** 0.8
    if curl_r > 0.001:
        a, b = np.cross(rel[:, -1], [0.3, 0.5, 0.81]), None
        a /= np.linalg.norm(a, axis=1, keepdims=True) + 1e-9
        b = np.cross(rel[:, -1] / (np.linalg.norm(rel[:, -1], axis=1, keepdims=True) + 1e-9), a)
        turns = length / (curl_r * D.u(2.5, 5)) * (0.5 if "curly" not in style and style != "afro" else 1)
        turns = min(turns, s / 3.2)
        ph = t[None] * turns * 2 * math.pi + D.np.uniform(0, 6.28, (count, 1))
        r = curl_r * np.clip(t * 4, 0, 1)[None]
        strand = strand + (np.cos(ph) * r)[..., None] * a[:, None] + (np.sin(ph) * r)[..., None] * b[:, None]
    tang = np.gradient(strand, axis=1)
    out = strand - centre
    flat = np.cross(tang, out + D.np.normal(0, 0.03, (count, 1, 3)))
    flat /= np.linalg.norm(flat, axis=2, keepdims=True) + 1e-9
    wide = D.u(0.0014, 0.0026) * (1.0 if style != "crop" else 0.8)
    width = wide * D.np.uniform(0.5, 1.4, (count, 1)) * (1 - 0.75 * t[None] ** 2)
    v2 = np.stack([strand - flat * width[..., None], strand + flat * width[..., None]], 2).reshape(-1, 3)
    one = kit.grid(s, 2)
    f = (np.arange(count)[:, None, None] * (2 * s) + one[None]).reshape(-1, 4)
    # Locks: neighbours share a shade; roots are darker.
    lock = 1 + 0.35 * kit.noise(p * 60 + 7)[:, None] + D.np.normal(0, 0.12, (count, 1))
    shade = np.repeat((lock * (0.6 + 0.5 * t[None] ** 0.6)).reshape(-1, 1), 2, 0)
    parts = [(v2, f, shade)]
    if style == "bun":
        r = D.u(0.03, 0.05)
        bv_, bf_ = kit.ball(16, 10)
        parts.append((bv_ * r + tie - forward * r * 0.6, bf_, np.full((len(bv_), 1), 0.75)))
    o, vs, fs, cs = 0, [], [], []
    for a_, f_, c_ in parts:
        vs.append(a_)
        fs.append(f_ + o)
        cs.append(c_)
        o += len(a_)
    return np.concatenate(vs), np.concatenate(fs), np.concatenate(cs), scalp


def dress(head):
    """Gives a head its hair and maybe a hat. Returns the skin's scalp weight and the new objects."""
    lib, who, v = head["lib"], head["who"], head["rest"]
    style = choose(who)
    hat = D.pick(["none", "fedora", "brim", "beanie"], [1 - HATS, HATS / 3, HATS / 3, HATS / 3])
    objects = []
    index = head["index"]
    if hat != "none":
        head["hat_z"] = head["eye_z"] + 0.045
        if style in ("afro", "curly", "bun", "mesh", "tousled"):
            style = "crop" if who["male"] else "medium"
        objects.append(wear_hat(head, hat))
    head["style"], head["hat"] = style, hat
    if style == "bald":
        return np.zeros(len(v), np.float32), objects
    scalp = scalp_of(head)
    if style == "buzz":
        return scalp * D.u(0.5, 0.95), objects
    if style == "mesh":
        pool = [
            h
            for h in lib.manifest["hair"]
            if h["tex"] and (h["name"].startswith("short") == who["male"] or D.chance(0.2))
        ]
        h = D.pick(pool)
        p = lib.worn("hair", h["name"])
        me = kit.raw_mesh(
            "hair", lib.skin(lib.fit(p, v), p["W"], head["joints"]), p["tot"], p["loops"], p["uv"]
        )
        me.materials.append(human.card_material(lib, h["tex"], head["colour"]))
        objects.append(kit.put(me, index=index))
        return scalp * 0.9, objects
    made = grow(head, style)
    if made is None:
        return scalp * 0.9, objects
    hv, hf, shade, _ = made
    c = head["colour"]
    m = material(c, tuple(x * 0.7 for x in c[:3]) + (1,), "plain", 1, D.u(0.4, 0.65), 0, vertex=True)
    objects.append(kit.put(mesh(hv, hf, m, True, np.clip(shade, 0.2, 1.6) * np.ones((1, 3))), index=index))
    return scalp * 0.95, objects


def wear_hat(head, kind: str):
    lib, v, g = head["lib"], head["rest"], head["joints"]
    cloth = human.cloth_material(lib, None)
    if kind == "fedora":
        p = lib.worn("clothes", D.pick(["fedora", "fedora_cocked"]))
        me = kit.raw_mesh("hat", lib.skin(lib.fit(p, v), p["W"], g), p["tot"], p["loops"], p["uv"])
        me.materials.append(cloth)
        return kit.put(me, index=head["index"])
    b = v[: human.FACE]
    on = b[(lib.weights[: human.FACE, lib.bone["head"]] > 0.5) & (b[:, 2] > head["eye_z"] + 0.05)]
    lo, hi = on.min(0), on.max(0)
    c, rx, ry, top = (lo + hi) / 2, (hi[0] - lo[0]) / 2 + 0.008, (hi[1] - lo[1]) / 2 + 0.008, hi[2]
    z0 = head["eye_z"] + 0.045
    h = top - z0 + D.u(0.008, 0.03)
    if kind == "beanie":
        prof = [(1.0, -0.012), (1.03, 0.0), (1.0, 0.35 * h), (0.85, 0.75 * h), (0.5, h), (0.001, h * 1.08)]
    else:
        brim = D.u(1.35, 2.4)
        prof = [
            (brim, D.u(-0.03, 0.01)),
            (1.05, 0.0),
            (1.02, 0.02),
            (D.u(0.85, 1.0), h * 0.9),
            (0.7, h),
            (0.001, h * D.u(0.9, 1.05)),
        ]
    q, f = lathe(prof, 28)
    q = turn(q * [rx, ry, 1], D.n(-0.08, 0.08), D.n(0, 0.05)) + [c[0], c[1], z0]
    w = np.zeros((len(q), len(lib.bones)), np.float32)
    w[:, lib.bone["head"]] = 1
    return kit.put(mesh(lib.skin(q, w, g), f, cloth), index=head["index"])
