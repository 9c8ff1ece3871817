"""Made things: furniture models, turned vessels, heaps of food, machines, buildings, fences."""

from __future__ import annotations

import json
import math
import os

import bpy
import numpy as np

import kit
from kit import D, any_colour, ball, box, hsv, join, lathe, material, mesh, node, put, ring, tube, turn


class Furniture:
    """The models of ASSETS/furn2; a mesh is loaded when first placed and kept for the whole run."""

    def __init__(self, assets: str):
        self.assets = assets
        self.list = json.load(open(os.path.join(assets, "furn2.json")))
        self.pool: dict = {}
        self.images: dict = {}

    def image(self, path):
        if path not in self.images:
            self.images[path] = bpy.data.images.load(os.path.join(self.assets, path))
        return self.images[path]

    def choose(self, cats, low=0.0, high=99.0, words=()):
        """Models of some categories whose longest side is between low and high metres."""
        return [
            f
            for f in self.list
            if (not cats or f["cat"] in cats)
            and low <= max(f["h"], f["w"], f["d"]) <= high
            and (not words or any(w in f["name"].lower() for w in words))
        ]

    def mesh(self, f):
        if f["name"] in self.pool:
            return self.pool[f["name"]]
        with np.load(os.path.join(self.assets, "furn2", f["name"] + ".npz")) as z:
            uv = np.nan_to_num(z["uv"].astype(np.float32), posinf=0, neginf=0)
            me = kit.raw_mesh("furn", z["v"], z["tot"], z["loops"], uv)
            index = np.minimum(z["mi"], len(f["mats"]) - 1).astype(np.int32)
        for q in f["mats"]:
            m = bpy.data.materials.new("furn")
            m.use_nodes = True
            t = m.node_tree
            b = t.nodes["Principled BSDF"]
            b.inputs["Base Color"].default_value = (*[min(0.9, x**1.6) for x in q["Kd"]], 1)
            if q["tex"]:
                x = node(t, "TexImage")
                x.image = self.image(q["tex"])
                t.links.new(x.outputs[0], b.inputs["Base Color"])
                if q["tex"].endswith("png"):
                    kit.soft_alpha(t, b, x.outputs[1])
            if q["d"] < 0.95:
                b.inputs["Alpha"].default_value = max(0.05, q["d"])
            b.inputs["Roughness"].default_value = 0.25 if q["Ks"] > 0.5 else 0.6
            b.inputs["Specular"].default_value = 0.3
            me.materials.append(m)
        me.polygons.foreach_set("material_index", index)
        me.use_auto_smooth, me.auto_smooth_angle = True, 0.7
        me.validate()
        me.update(calc_edges=True)
        me.use_fake_user = True
        self.pool[f["name"]] = me
        return me

    def forget(self) -> None:
        """Frees all meshes, so that a long run stays small."""
        for me in self.pool.values():
            mats = list(me.materials)
            bpy.data.meshes.remove(me)
            for m in set(mats):
                if m and m.users == 0:
                    bpy.data.materials.remove(m)
        self.pool.clear()

    def place(self, f, x, y, z, rz=0.0, scale=1.0, index=0):
        return put(self.mesh(f), (x, y, z), (0, 0, rz), scale, index)


# ------------------------------------------------------------------ small things


def vessel(kind: str | None = None, n: int = 26):
    """A turned vase, bowl, cup, plate or bottle of outer size about 1, with a wall."""
    kind = kind or D.pick(["vase", "vase", "bowl", "cup", "bottle", "plate"])
    if kind == "vase":
        t = np.linspace(0, 1, 12)
        r = 0.22 + 0.16 * np.sin(t * D.u(2, 6) + D.u(0, 6)) + D.u(-0.1, 0.1) * t
        r = np.clip(r, 0.06, 0.5)
        outer = list(zip(r, t))
    elif kind == "bowl":
        d = D.u(0.3, 0.6)
        outer = [(0.18, 0)] + [
            (0.18 + 0.32 * math.sin(a), d * (1 - math.cos(a))) for a in np.linspace(0.2, 1.57, 8)
        ]
    elif kind == "plate":
        outer = [(0.3, 0), (0.36, 0.02), (0.5, D.u(0.05, 0.1))]
    elif kind == "bottle":
        h = D.u(0.5, 0.65)
        outer = [
            (0.16, 0),
            (0.17, 0.02),
            (0.17, h),
            (0.14, h + 0.08),
            (0.055, h + 0.2),
            (0.055, 0.97),
            (0.07, 1),
        ]
    else:
        outer = [(D.u(0.2, 0.35), 0), (0.35, 0.6), (D.u(0.3, 0.42), 0.8)]
    inner = [
        (max(0.002, r - 0.025), h + (0.03 if i == len(outer) - 1 else 0))
        for i, (r, h) in enumerate(reversed(outer))
        if h > 0.01
    ]
    profile = [(0.001, 0.0)] + outer + inner + [(0.001, 0.03)]
    v, f = lathe(profile, n)
    if kind == "cup":
        a = np.linspace(-1.4, 1.4, 9)
        hv, hf = tube(np.stack([0.33 + 0.2 * np.cos(a), 0 * a, 0.42 + 0.22 * np.sin(a)], 1), 0.04)
        v, f = join([(v, f), (hv, hf)])
    return v, f


def morsel(kind: str | None = None):
    """One piece of food or other small thing, of radius about 1."""
    kind = kind or D.pick(
        [
            "ball",
            "ball",
            "egg",
            "lump",
            "lump",
            "cube",
            "ring",
            "can",
            "slice",
            "leaf",
            "stick",
            "cone",
            "star",
        ]
    )
    if kind == "ball":
        return ball(14, 9)
    if kind == "egg":
        v, f = ball(14, 9)
        return v * [D.u(0.5, 0.8), D.u(0.6, 1), D.u(0.5, 1)], f
    if kind == "lump":
        v, f = ball(16, 10)
        return (
            v
            * (1 + 0.6 * kit.fbm(v * D.u(0.8, 2) + D.u(0, 50), 3))[:, None]
            * [1, D.u(0.6, 1), D.u(0.5, 0.9)],
            f,
        )
    if kind == "cube":
        return box(-0.7, 0.7, -0.7, 0.7, -D.u(0.2, 0.7), 0.7)
    if kind == "ring":
        return ring(D.u(0.4, 0.8), 18, 9)
    if kind == "can":
        h = D.u(0.3, 1)
        return lathe([(0.001, -h), (0.7, -h), (0.75, 0), (0.7, h), (0.001, h)], 14)
    if kind == "slice":
        return lathe([(0.001, -0.1), (0.9, -0.1), (1, 0), (0.9, 0.1), (0.001, 0.1)], 16)
    if kind == "leaf":
        u = np.linspace(0, 1, 8)
        w = np.sin(u * math.pi) * 0.5
        wave = 0.2 * np.sin(u * 7)
        v = np.stack(
            [
                np.stack([u * 2 - 1, w, wave + 0.15], 1),
                np.stack([u * 2 - 1, 0 * w, wave], 1),
                np.stack([u * 2 - 1, -w, wave + 0.2], 1),
            ],
            1,
        )
        return v.reshape(-1, 3).astype(np.float32), kit.grid(8, 3)
    if kind == "stick":
        a = np.linspace(-1, 1, 7)
        return tube(
            np.stack([a * 1.3, D.u(-0.4, 0.4) * a**2, 0 * a], 1),
            D.u(0.12, 0.3) * np.clip(1.2 - a**4, 0.3, 1),
            k=8,
        )
    if kind == "cone":
        return lathe([(0.001, -0.8), (0.7, -0.8), (0.5, 0), (0.001, 1)], 12)
    a = np.arange(10) * math.pi / 5
    r = np.where(np.arange(10) % 2, 0.45, 1)
    v = np.concatenate([[[0, 0, 0.3], [0, 0, -0.3]], np.stack([r * np.cos(a), r * np.sin(a), 0 * a], 1)])
    f = [[c, 2 + i, 2 + (i + 1) % 10] for c in (0, 1) for i in range(10)]
    return v.astype(np.float32), np.array(f)


def heap(centre, radius: float, size: float, count: int, kinds=None, edge: float = 0.0) -> None:
    """Pieces dropped one after the other onto a round place: each comes to rest on those beneath it.

    edge: height of the vessel's wall at the rim, so that what fills a bowl is higher outside.
    """
    kinds = kinds or [None] * D.randint(1, 4)
    meshes = []
    strong = D.u(0.4, 1)
    for k in kinds:
        v, f = morsel(k)
        shiny = D.chance(0.4)
        mat = material(
            any_colour(strong),
            None,
            D.pick(["plain", "noise", "noise", "spots", "voronoi", "wave"]),
            D.u(0.5, 2),
            0.2 if shiny else 0.7,
            vary=D.u(0, 0.9),
        )
        meshes.append((mesh(v, f, mat, f.shape[1] == 4 and D.chance(0.9)), D.u(0.7, 1.3)))
    at = np.zeros((0, 4))
    for _ in range(count):
        me, k = D.pick(meshes)
        r = size * k * D.u(0.75, 1.25)
        q = radius * math.sqrt(D.random()) * min(1.0, 0.4 + D.random())
        a = D.u(0, 6.28)
        x, y = q * math.cos(a), q * math.sin(a)
        z = r * 0.8 + edge * (q / max(radius, 1e-6)) ** 2
        if len(at):
            d2 = (at[:, 0] - x) ** 2 + (at[:, 1] - y) ** 2
            reach = (at[:, 3] + r) * 0.85
            over = d2 < reach**2
            if over.any():
                z = max(z, float((at[over, 2] + np.sqrt(reach[over] ** 2 - d2[over]) * 0.8).max()))
        at = np.concatenate([at, [[x, y, z, r]]])
        put(me, (centre[0] + x, centre[1] + y, centre[2] + z), (D.n(0, 0.7), D.n(0, 0.7), D.u(0, 6.28)), r)


def noodles(centre, radius: float, size: float):
    parts = []
    for _ in range(D.randint(25, 50)):
        n = 14
        p = D.np.normal(0, radius * 0.25, (n, 3)).cumsum(0) * 0.6
        p = p - p.mean(0)
        q = np.linalg.norm(p[:, :2], axis=1, keepdims=True)
        p[:, :2] *= np.minimum(1, radius * 0.9 / np.maximum(q, 1e-6))
        p[:, 2] = np.abs(p[:, 2]) * 0.3 + D.u(0.3, 2.5) * size
        parts.append(tube(p, size, k=5))
    put(
        mesh(
            *join(parts), material(hsv(D.u(0.08, 0.16), D.u(0.2, 0.7), D.u(0.6, 0.95)), None, "plain", 1, 0.4)
        ),
        centre,
    )


def primitive():
    """A shape of size about one, standing on z = 0."""
    k = D.pick(["box", "box", "cylinder", "ball", "torus", "cone", "tube", "lathe", "wedge"])
    if k == "box":
        return box(-D.u(0.2, 0.5), D.u(0.2, 0.5), -D.u(0.2, 0.5), D.u(0.2, 0.5), 0, D.u(0.2, 1.2)), False
    if k == "cylinder":
        r, h = D.u(0.1, 0.5), D.u(0.1, 1.2)
        b = min(r, h) * 0.1
        return lathe([(0.001, 0), (r - b, 0), (r, b), (r, h - b), (r - b, h), (0.001, h)], 24), False
    if k == "ball":
        v, f = ball(24, 14)
        return (v * [D.u(0.3, 0.6), D.u(0.3, 0.6), D.u(0.3, 0.6)] + [0, 0, 0.4], f), True
    if k == "torus":
        v, f = ring(D.u(0.15, 0.7))
        v = turn(v, D.pick([0, 1.57]), 0, D.u(0, 3)) * D.u(0.3, 0.55)
        return (v - [0, 0, v[:, 2].min()], f), True
    if k == "cone":
        return (
            lathe(
                [(0.001, 0), (D.u(0.3, 0.5), 0), (D.u(0.0, 0.2) + 0.001, D.u(0.5, 1.3))], D.pick([4, 6, 24])
            ),
            False,
        )
    if k == "tube":
        a = np.linspace(0, 1, 16)
        p = np.stack([np.sin(a * D.u(1, 6)) * 0.4, np.cos(a * D.u(1, 6)) * 0.4, a * D.u(0.4, 1.2)], 1)
        return tube(p, D.u(0.04, 0.15), k=10), True
    if k == "lathe":
        return vessel("vase"), True
    v, f = box(-0.4, 0.4, -0.3, 0.3, 0, 0.8)
    v[v[:, 2] > 0.1, 0] *= D.u(0, 0.7)
    return (v, f), False


def machine():
    """Objects of a made-up machine about one unit high: body, parts, pipes, wheels, knobs, sometimes a head and arms."""
    mats = [
        material(
            any_colour(0.6),
            None,
            D.pick(["plain", "plain", "noise", "tiles", "wave"]),
            D.u(1, 3),
            D.u(0.15, 0.6),
            metal=D.pick([0, 0, 0.6, 0.9]),
        )
        for _ in range(D.randint(2, 5))
    ]
    dark = material(hsv(0.6, 0.1, D.u(0.03, 0.2)), None, "plain", 1, 0.6)
    w, d, h0, h1 = D.u(0.2, 0.55), D.u(0.15, 0.45), D.u(0.05, 0.4), D.u(0.55, 0.8)
    out = []

    def part(v, f, mat, smooth=False):
        out.append((mesh(v, f, mat, smooth)))

    robot = D.chance(0.45)
    if D.chance(0.6):
        part(*box(-w, w, -d, d, h0, h1), D.pick(mats))
    else:
        v, f = lathe([(0.001, h0), (w * 0.9, h0), (w, h0 + 0.05), (w * D.u(0.7, 1), h1), (0.001, h1)], 24)
        part(v * [1, d / w, 1], f, D.pick(mats), D.chance(0.5))
    if D.chance(0.6):  # wheels
        r = min(0.3, h0 + 0.12)
        v, f = ring(D.u(0.4, 0.9))
        v = turn(v, 0, math.pi / 2) * r
        part(
            *join(
                [
                    (v * [D.u(0.8, 1.5), 1, 1] + [sx * (w + 0.04), y, r], f)
                    for sx in (-1, 1)
                    for y in (-d * 0.8, d * 0.8)
                ]
            ),
            dark,
            True,
        )
    else:  # legs
        part(
            *join(
                [
                    tube(
                        [[sx * w * 0.7, sy * d * 0.7, h0 + 0.02], [sx * w * D.u(0.7, 1.1), sy * d, 0]],
                        D.u(0.03, 0.08),
                        k=8,
                    )
                    for sx in (-1, 1)
                    for sy in (-1, 1)
                ]
            ),
            D.pick(mats),
            True,
        )
    for _ in range(D.randint(2, 9)):  # what sticks out of the body
        (v, f), sm = primitive()
        s = D.u(0.08, 0.4)
        side = D.randint(0, 3)
        at = {
            0: (D.u(-w, w), -d, D.u(h0, h1)),
            1: (-w, D.u(-d, d), D.u(h0, h1)),
            2: (w, D.u(-d, d), D.u(h0, h1)),
            3: (D.u(-w, w), D.u(-d, d), h1),
        }[side]
        rot = {0: (math.pi / 2, 0, 0), 1: (0, -math.pi / 2, 0), 2: (0, math.pi / 2, 0), 3: (0, 0, 0)}[side]
        part(turn(v * s, *rot) + at, f, D.pick(mats + [dark]), sm)
    for _ in range(D.randint(0, 5)):  # pipes and cables
        p = np.stack(
            [D.np.uniform(-w, w, 5), D.np.uniform(-d * 1.5, -d, 5), D.np.uniform(h0, h1 + 0.2, 5)], 1
        )
        t = np.linspace(0, 4, 17)
        p = np.stack([np.interp(t, range(5), p[:, k]) for k in range(3)], 1)
        p[1:-1] = (p[:-2] + p[1:-1] * 2 + p[2:]) / 4
        part(*tube(p, D.u(0.01, 0.04), k=7), D.pick(mats + [dark]), True)
    if robot:
        hs = D.u(0.15, 0.3)
        tip = h1 + D.u(0.02, 0.12)
        part(*box(-hs, hs, -hs * 0.8, hs * 0.8, tip, tip + hs * 1.4), D.pick(mats))
        v, f = ball(12, 8)
        glow = material(any_colour(1), None, "plain", 1, 0.2, glow=D.u(0, 3))
        part(
            *join(
                [
                    (v * hs * D.u(0.2, 0.35) + [sx * hs * 0.45, -hs * 0.8, tip + hs * 0.85], f)
                    for sx in (-1, 1)
                ]
            ),
            glow,
            True,
        )
        for sx in (-1, 1):
            e, hnd = np.array([sx * (w + 0.18), -D.u(0, 0.2), (h0 + h1) / 2 + D.n(0, 0.1)]), np.array(
                [sx * D.u(0.1, w + 0.2), -D.u(0.2, 0.8), D.u(h0, h1 + 0.2)]
            )
            part(*tube([[sx * w, 0, h1 - 0.08], e, hnd], D.u(0.03, 0.07), k=9), D.pick(mats), True)
            part(v * 0.08 + hnd, f, D.pick(mats + [dark]), True)
    return out


# ------------------------------------------------------------------ large things


def wall_material():
    h = D.pick([D.u(0.02, 0.12), D.u(0.02, 0.12), D.u(0.55, 0.65), D.random()])
    return material(
        hsv(h, D.u(0, 0.6), D.u(0.25, 0.95)),
        None,
        D.pick(["brick", "brick", "noise", "plain", "planks", "tiles", "cells"]),
        D.u(0.5, 2.5),
        0.9,
        0.4,
    )


def house(w: float, d: float, h: float, wall, roof, glass, kind: str | None = None):
    """Objects of a building standing on the origin's ground, front at y = 0 towards -y: walls, roof, windows, door."""
    kind = kind or D.pick(["flat", "flat", "gable", "gable", "tower"])
    parts = [box(-w / 2, w / 2, 0, d, 0, h)]
    tops = []
    if kind == "gable":
        g = min(w, d) * D.u(0.3, 0.8)
        e = w * 0.06
        v = np.array(
            [
                [-w / 2 - e, -e, h],
                [w / 2 + e, -e, h],
                [w / 2 + e, d + e, h],
                [-w / 2 - e, d + e, h],
                [-w / 2 - e, d / 2, h + g],
                [w / 2 + e, d / 2, h + g],
            ]
        )
        if D.chance(0.5):
            v = np.array(
                [
                    [-w / 2 - e, -e, h],
                    [w / 2 + e, -e, h],
                    [w / 2 + e, d + e, h],
                    [-w / 2 - e, d + e, h],
                    [0, -e, h + g],
                    [0, d + e, h + g],
                ]
            )
            tops.append((v, np.array([[0, 4, 5, 3], [1, 2, 5, 4], [0, 1, 4, 4], [2, 3, 5, 5]])))
        else:
            tops.append((v, np.array([[0, 1, 5, 4], [2, 3, 4, 5], [0, 4, 3, 3], [1, 2, 5, 5]])))
        tops[-1] = (tops[-1][0], np.concatenate([tops[-1][1][:2], [[0, 1, 2, 3]], tops[-1][1][2:]]))
    elif kind == "tower":
        v, f = lathe(
            [(w * 0.62, h), (w * 0.3, h + w * D.u(0.4, 1.2)), (0.001, h + w * D.u(1.2, 2.4))],
            D.pick([4, 8, 16]),
        )
        tops.append((turn(v, 0, 0, 0.785) + [0, d / 2, 0], f))
    else:
        tops.append(box(-w / 2 - 0.1, w / 2 + 0.1, -0.1, d + 0.1, h, h + D.u(0.1, 0.6)))
    out = [mesh(*join(parts), wall, False)]
    tv, tf = join([(v, f) for v, f in tops])
    if kind == "gable":  # triangles were padded to quads
        tri = tf[:, 2] == tf[:, 3]
        tot = np.where(tri, 3, 4)
        loops = np.concatenate([q[:3] if t else q for q, t in zip(tf, tri)])
        me = kit.raw_mesh("roof", tv, tot, loops, None, False)
        me.materials.append(roof)
        kit.stage.trash.append(me)
        out.append(me)
    else:
        out.append(mesh(tv, tf, roof, False))
    ww, wh, gx, gz = D.u(0.7, 1.4), D.u(0.9, 1.8), D.u(1.4, 2.6), D.u(2.4, 3.4)
    win, frame = [], []
    nx, nz = max(1, int((w - 0.6) / gx)), max(1, int((h - 0.6) / gz))
    ny = max(1, int((d - 0.6) / gx))
    for j in range(nz):
        z = 0.9 + j * gz
        for i in range(nx):
            x = (i - (nx - 1) / 2) * gx
            win.append(box(x - ww / 2, x + ww / 2, -0.03, 0.05, z, z + wh))
            frame.append(box(x - ww / 2 - 0.1, x + ww / 2 + 0.1, -0.1, 0.05, z - 0.15, z - 0.02))
        for i in range(ny):
            y = d / 2 + (i - (ny - 1) / 2) * gx
            for s in (-1, 1):
                win.append(box(s * w / 2 - 0.04, s * w / 2 + 0.04, y - ww / 2, y + ww / 2, z, z + wh))
    out.append(mesh(*join(win), glass, False))
    out.append(mesh(*join(frame), roof, False))
    return out


def glass_material():
    lit = D.chance(0.25)
    return material(
        hsv(
            D.u(0.1, 0.15) if lit else D.u(0.55, 0.65), D.u(0.1, 0.5), D.u(0.6, 1) if lit else D.u(0.03, 0.4)
        ),
        None,
        "plain",
        1,
        0.15,
        0,
        glow=D.u(0.5, 3) if lit else 0,
    )


def fence(x0, y0, x1, y1, mat, height=None, at=lambda x, y: 0.0):
    """Posts and rails or pickets between two points; `at` gives the ground's height."""
    height = height or D.u(0.7, 1.5)
    n = max(2, int(math.hypot(x1 - x0, y1 - y0) / D.u(0.9, 2)))
    pts = [(x0 + (x1 - x0) * i / n, y0 + (y1 - y0) * i / n) for i in range(n + 1)]
    pts = [(x, y, at(x, y)) for x, y in pts]
    parts = [box(x - 0.05, x + 0.05, y - 0.05, y + 0.05, z - 0.3, z + height) for x, y, z in pts]
    rails = D.randint(1, 4)
    picket = D.chance(0.4)
    for (xa, ya, za), (xb, yb, zb) in zip(pts, pts[1:]):
        for k in range(rails):
            h = height * (k + 0.7) / (rails + 0.2)
            parts.append(tube([[xa, ya, za + h], [xb, yb, zb + h]], 0.035, k=4))
            if len(parts[-1][0]) == 0:
                parts.pop()
        if picket:
            for t in np.linspace(0.1, 0.9, 8):
                x, y, z = xa + (xb - xa) * t, ya + (yb - ya) * t, za + (zb - za) * t
                parts.append(box(x - 0.03, x + 0.03, y - 0.02, y + 0.02, z + 0.05, z + height * 0.95))
    return put(mesh(*join(parts), mat, False))


def chain(p0, p1, link: float, mat, sag: float = 0.3):
    """A hanging chain of torus links."""
    p0, p1 = np.asarray(p0, float), np.asarray(p1, float)
    n = max(3, int(np.linalg.norm(p1 - p0) / (link * 1.3)))
    v, f = ring(0.4, 16, 7)
    v = v * [link, link * 0.62, link * 0.62]
    me = mesh(v, f, mat)
    d = p1 - p0
    for i in range(n):
        t = (i + 0.5) / n
        q = p0 + d * t - np.array([0, 0, sag * 4 * t * (1 - t)])
        slope = d - np.array([0, 0, sag * 4 * (1 - 2 * t)])
        put(
            me,
            q,
            (
                1.57 * (i % 2),
                -math.atan2(slope[2], math.hypot(slope[0], slope[1])),
                math.atan2(slope[1], slope[0]),
            ),
        )
