"""Scenes without people, with exact depth.

    blender -b --factory-startup -P scenes.py -- --assets ASSETS --out DIR --seed S --start A --n 60

Writes NNNNNN.jpg, NNNNNN_d.png (16 bit: 65535 * 0.25 / z[m], 0 = sky), NNNNNN_m.png (person ids: all 0) and
meta_S_A.jsonl. Samples whose picture is there already are skipped, so a stopped run goes on where it was.
Landscapes are built small (what is nearest is some metres away): disparity is learned up to scale and shift.
"""

from __future__ import annotations

import math
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import kit  # noqa: E402

stage = kit.open_stage()

import numpy as np  # noqa: E402

import nature  # noqa: E402
import render  # noqa: E402
import sky  # noqa: E402
import things  # noqa: E402
from kit import (
    D,
    any_colour,
    ball,
    box,
    fbm,
    grid,
    hsv,
    join,
    kelvin,
    lamp,
    lathe,
    material,
    mesh,
    put,
    tube,
    turn,
)  # noqa: E402
from nature import Land, hills, land_colours  # noqa: E402

FURN: things.Furniture = None  # type: ignore[assignment]


def camera(loc, target, lens=None, roll=None) -> float:
    """Sets the camera; returns half the picture's longer side at distance one."""
    stage.cam.data.lens = lens or D.pick([D.u(18, 28), D.u(26, 50), D.u(35, 85)])
    stage.look(loc, target, math.radians(D.n(0, 3)) if roll is None else roll)
    return 18 / stage.cam.data.lens


def ground_material():
    kind = D.pick(["grass", "grass", "dirt", "asphalt", "paving", "sand", "snow", "any"])
    h, s, v, tex = {
        "grass": (D.u(0.17, 0.33), D.u(0.35, 0.75), D.u(0.2, 0.5), "noise"),
        "dirt": (D.u(0.05, 0.1), D.u(0.2, 0.5), D.u(0.2, 0.5), "noise"),
        "asphalt": (0.6, D.u(0, 0.08), D.u(0.1, 0.4), "noise"),
        "paving": (D.u(0.03, 0.12), D.u(0, 0.3), D.u(0.3, 0.8), D.pick(["tiles", "brick", "cells"])),
        "sand": (D.u(0.08, 0.12), D.u(0.2, 0.5), D.u(0.6, 0.9), "wave"),
        "snow": (0.6, 0.05, D.u(0.8, 0.95), "noise"),
        "any": (D.random(), D.u(0.2, 0.9), D.u(0.2, 0.9), None),
    }[kind]
    return material(
        hsv(h, s, v),
        hsv(h + D.n(0, 0.03), s * 0.9, v * D.u(0.5, 0.8)),
        tex,
        D.log(0.5, 5),
        0.95,
        D.u(0.1, 0.6),
    )


def spread(n: int, near: float, far: float, angle: float = 0.75, power: float = 1.0, gap: float = 0.0):
    """Points over the field of view between near and far; gap keeps a lane of that half width free."""
    out = []
    for _ in range(n):
        r = near + (far - near) * D.random() ** power
        x, y = math.sin(D.u(-angle, angle)) * r, r
        if abs(x) < gap:
            x = math.copysign(gap + abs(x) * 0.5, x)
        out.append((x, y))
    return out


def framing(eye, target, half: float, amount: float = 1.0) -> None:
    """Things close to the camera at the picture's border: twigs, leaves, grass, flowers, a chain, a trunk."""
    fwd = np.array(target, float) - np.array(eye, float)
    fwd /= np.linalg.norm(fwd)
    right = np.cross(fwd, [0, 0, 1])
    right /= np.linalg.norm(right) + 1e-9
    up = np.cross(right, fwd)

    def at(x, y, dist):
        return np.array(eye) + fwd * dist + right * x * half * dist + up * y * half * dist

    kind = D.pick(["twigs", "twigs", "leaves", "grass", "flowers", "chain", "trunk", "blob", "fronds"])
    leaf = nature.leaf_material()
    if kind == "twigs":
        bark = nature.bark_material()
        for _ in range(D.randint(1, 4)):
            dist = D.u(0.6, 2.0)
            side = D.pick([(-1, D.u(-0.5, 1)), (1, D.u(-0.5, 1)), (D.u(-1, 1), 1.0), (D.u(-1, 1), 1.0)])
            p0, p1 = at(side[0] * 1.15, side[1] * 1.15, dist), at(
                side[0] * D.u(0.1, 0.7), side[1] * D.u(0.1, 0.7), dist * D.u(0.8, 1.3)
            )
            ln = float(np.linalg.norm(p1 - p0))
            sk, tips = nature.branches(ln * 0.6, ln * D.u(0.015, 0.04), 2, 0.6, 3, 0.0, 0.2)
            d = (p1 - p0) / ln
            # The skeleton grows along z: turn z onto the branch's direction.
            q = np.array(kit.Vector(d).to_track_quat("Z", "Y").to_matrix(), np.float32)
            put(mesh(*join([tube(p @ q.T + p0, r, k=6) for p, r in sk]), bark))
            if D.chance(0.8):
                n = D.randint(60, 400)
                c = tips[D.np.integers(len(tips), size=n)] @ q.T + p0 + D.np.normal(0, ln * 0.05, (n, 3))
                v, f, sh = nature.leaves(c, ln * D.u(0.06, 0.14), D.u(0, 0.9), D.u(0.3, 0.8))
                put(mesh(v, f, leaf, False, sh))
    elif kind == "leaves":
        for _ in range(D.randint(1, 4)):
            c = at(
                *D.pick([(D.u(-1, 1), -0.9), (-0.9, D.u(-1, 1)), (0.9, D.u(-1, 1)), (D.u(-1, 1), 0.95)]),
                D.u(0.5, 1.6),
            )
            put(nature.bush(leaf, D.u(0.25, 0.9), 500), c - [0, 0, 0.2], (0, 0, D.u(0, 6)))
    elif kind in ("grass", "flowers"):
        g = nature.grass(leaf, D.u(0.3, 0.7), 160, 0.8, 0.025)
        for x in np.linspace(-1.2, 1.2, D.randint(3, 6)):
            put(g, at(x, -1.0 - D.u(0.2, 0.5), D.u(0.8, 1.5)), (0, 0, D.u(0, 6)), D.u(0.6, 1.2))
        if kind == "flowers":
            fl = nature.flower(
                leaf,
                material(any_colour(0.9), None, "plain", 1, 0.6, vary=0.5),
                material(hsv(D.u(0.05, 0.17), 0.8, 0.8), None, "noise", 9, 0.9),
                0.5,
            )
            for _ in range(D.randint(2, 9)):
                p = at(D.u(-1.1, 1.1), -1.2 - D.u(0, 0.6), D.u(0.7, 1.8))
                for me in fl:
                    put(me, p, (D.n(0, 0.15), D.n(0, 0.15), D.u(0, 6)), D.u(0.6, 1.6))
    elif kind == "chain":
        mat = material(
            any_colour(0.3), None, D.pick(["plain", "noise"]), 5, D.u(0.2, 0.7), metal=D.pick([0, 0.8])
        )
        dist = D.u(0.6, 1.5)
        y = D.u(-0.7, 0.8)
        things.chain(
            at(-1.2, y + D.n(0, 0.3), dist),
            at(1.2, y + D.n(0, 0.3), dist * D.u(0.8, 1.4)),
            D.u(0.03, 0.11),
            mat,
            D.u(0, 0.4),
        )
    elif kind == "trunk":
        s = D.pick([-1, 1])
        dist = D.u(0.8, 2)
        p = np.stack([at(s * D.u(0.55, 1.0), y, dist) for y in (-1.6, -0.5, 0.5, 1.6)])
        put(
            mesh(
                *tube(p, dist * half * D.u(0.1, 0.35), k=14),
                D.pick([nature.bark_material(), things.wall_material()]),
            )
        )
    elif kind == "blob":
        (v, f), smooth = things.primitive()
        put(
            mesh(v, f, material(), smooth),
            at(D.pick([-1, 1]) * D.u(0.5, 0.95), D.u(-1, -0.3), D.u(0.6, 1.6)),
            (D.u(0, 6), D.u(0, 6), D.u(0, 6)),
            D.u(0.2, 0.6),
        )
    else:
        fm = nature.fern(leaf, D.u(0.4, 0.9))
        for _ in range(D.randint(1, 5)):
            put(
                fm,
                at(D.u(-1.2, 1.2), -1.1 - D.u(0, 0.3), D.u(0.6, 1.8)),
                (D.n(0, 0.2), D.n(0, 0.2), D.u(0, 6)),
                D.u(0.6, 1.2),
            )


# ------------------------------------------------------------------ the scenes: each builds, sets the camera, tells about it


def landscape() -> dict:
    """Hills, mountains, dunes, coasts; trees, rocks and houses on them."""
    eye = D.log(0.7, 4)
    far = D.log(60, 400)
    kind = D.pick(["hills", "mountains", "mountains", "dunes", "coast", "valley"])
    if kind == "mountains":
        a, b = hills(
            far * D.u(0.15, 0.45), far * D.u(0.25, 0.6), 0.5, True, far * 0.25, rise=D.u(0, 0.12)
        ), hills(D.u(0.3, 1.5), D.u(4, 12), 0.5, False, 3)
        height = lambda xy: a(xy) + b(xy)
    elif kind == "dunes":
        height = hills(far * D.u(0.03, 0.1), far * D.u(0.1, 0.3), 0.3, True, 3)
    elif kind == "valley":
        a = hills(far * 0.05, far * 0.15, 0.5, False, 4)
        k = D.u(0.2, 0.8)
        height = lambda xy: a(xy) + k * np.clip(np.abs(xy[..., 0]) - 2 - 0.1 * xy[..., 1], 0, None)
    else:
        height = hills(
            far * D.u(0.04, 0.15), far * D.u(0.12, 0.4), D.u(0.35, 0.55), False, 5, rise=D.u(-0.02, 0.05)
        )
    land = Land(height, 0.4, far)
    z0 = land.at(0, 1.0)
    land.build(land_colours(land))
    wet = kind == "coast" or D.chance(0.25)
    if wet:
        level = (
            min(z0 - eye * 0.2, float(np.percentile(land.z, D.u(20, 60))))
            if kind != "coast"
            else z0 - D.u(0.05, eye * 0.5)
        )
        nature.water(level)
    keep = lambda p: not wet or land.at(*p) > level
    if D.chance(0.75):
        leaf, bark = nature.leaf_material(), nature.bark_material()
        grow = D.pick(
            [
                lambda: nature.conifer(bark, leaf, D.u(1.5, 4), 1500),
                lambda: nature.broadleaf(bark, leaf, 1400, D.u(1.5, 4)),
                lambda: [nature.bush(leaf, D.u(0.5, 1.5), 700)],
                lambda: nature.palm(bark, leaf, D.u(2, 5)),
            ]
        )
        plants = [grow() for _ in range(2)]
        pts = [
            (x, y, land.at(x, y) - 0.05)
            for x, y in spread(D.randint(15, 160), 3, far * D.u(0.2, 0.8), 0.8, D.u(0.6, 2))
            if keep((x, y))
        ]
        nature.scatter(plants, pts)
    if D.chance(0.5):
        rm = material(hsv(D.u(0, 0.7), D.u(0, 0.25), D.u(0.2, 0.7)), None, "noise", 2, 0.95, 0.6, vary=0.4)
        nature.scatter(
            [nature.rock(rm) for _ in range(3)],
            [(x, y, land.at(x, y)) for x, y in spread(D.randint(5, 40), 1.5, far * 0.3, 0.8, 2)],
            (0.1, 0.9),
            0.5,
        )
    if D.chance(0.3):
        parts = things.house(
            D.u(3, 6),
            D.u(3, 6),
            D.u(2.5, 5),
            things.wall_material(),
            material(None, None, "tiles", 2),
            things.glass_material(),
        )
        for x, y in spread(D.randint(1, 12), 12, far * 0.5, 0.6):
            for me in parts:
                put(me, (x, y, land.at(x, y) - 0.3), (0, 0, 0.0), D.u(0.5, 0.9))
    if D.chance(0.4):
        leaf = nature.leaf_material()
        g = nature.grass(leaf, D.u(0.15, 0.4), 500, 1.2)
        nature.scatter(
            [g], [(x, y, land.at(x, y)) for x, y in spread(D.randint(20, 90), 0.8, 9, 0.8, 1.5)], (0.6, 1.3)
        )
    s = sky.outdoors()
    at, to = (0, 0, z0 + eye), (D.n(0, 0.1) * far, far, z0 + eye + far * D.n(0.03, 0.1))
    half = camera(at, to)
    if D.chance(0.3):
        framing(at, to, half)
    return dict(s, kind=kind, fog=D.chance(0.6), reach=far, ground=land.at)


def forest() -> dict:
    """Among trees, with undergrowth; sometimes a path, fallen logs, mushrooms."""
    eye = D.u(0.4, 1.8)
    height = hills(D.u(0.2, 1.5), D.u(4, 12), 0.5, False, 2)
    land = Land(height, 0.4, D.u(25, 70), rows=110, cols=120)
    z0 = land.at(0, 1)
    mossy = D.pick(["green", "green", "autumn", "dry", "snow"])
    land.build(land_colours(land, mossy))
    bark, leaf = nature.bark_material(), nature.leaf_material()
    style = D.pick(["broad", "broad", "conifer", "bare", "palm", "trunks"])
    grow = {
        "broad": lambda: nature.broadleaf(bark, leaf, 2600, D.u(4, 9)),
        "conifer": lambda: nature.conifer(bark, leaf, D.u(4, 9), 2800),
        "bare": lambda: nature.broadleaf(bark, leaf, 0, D.u(4, 8), True),
        "palm": lambda: nature.palm(bark, leaf, D.u(3, 7)),
        "trunks": lambda: [
            mesh(
                *tube(
                    [[0, 0, -1], [D.n(0, 0.15), D.n(0, 0.15), 4], [D.n(0, 0.4), D.n(0, 0.4), 14]],
                    [D.u(0.15, 0.5), 0.2, 0.12],
                    k=10,
                ),
                bark,
            )
        ],
    }[style]
    trees = [grow() for _ in range(D.randint(2, 3))]
    n = D.randint(15, 70)
    pts = [
        (x, y, land.at(x, y) - 0.1)
        for x, y in spread(n, D.u(1.6, 4), D.u(15, 45), 0.85, D.u(0.8, 1.5), D.pick([0, 0.5, 1.2]))
    ]
    nature.scatter(trees, pts, (0.6, 1.4))
    low = nature.leaf_material()
    under = [
        D.pick(
            [
                lambda: nature.fern(low, D.u(0.4, 1)),
                lambda: nature.bush(low, D.u(0.4, 1.2), 600),
                lambda: nature.grass(low, D.u(0.2, 0.6), 400),
            ]
        )()
        for _ in range(2)
    ]
    nature.scatter(
        under,
        [
            (x, y, land.at(x, y) - 0.03)
            for x, y in spread(D.randint(15, 110), 0.9, 14, 0.9, 1.6, D.pick([0, 0.4]))
        ],
        (0.4, 1.3),
    )
    if D.chance(0.4):
        rm = material(hsv(D.u(0.1, 0.4), D.u(0, 0.4), D.u(0.2, 0.5)), None, "noise", 2, 0.95, 0.6, vary=0.3)
        nature.scatter(
            [nature.rock(rm) for _ in range(2)],
            [(x, y, land.at(x, y)) for x, y in spread(D.randint(3, 14), 1.2, 12)],
            (0.15, 0.8),
            0.4,
        )
    if D.chance(0.25):
        for _ in range(D.randint(1, 3)):
            x, y = spread(1, 1.5, 6)[0]
            put(
                mesh(*tube([[-2.5, 0, 0], [0, 0.2, 0.05], [2.5, 0, 0]], [0.2, 0.17, 0.13], k=10), bark),
                (x, y, land.at(x, y) + 0.1),
                (0, 0, D.u(0, 3)),
                D.u(0.5, 1.4),
            )
    if D.chance(0.25):
        mm = nature.mushroom(
            material(any_colour(0.8), None, D.pick(["spots", "plain", "noise"]), 3, vary=0.4),
            material(hsv(0.1, 0.15, 0.8), None, "plain", 1),
            0.3,
        )
        nature.scatter([mm], [(x, y, land.at(x, y)) for x, y in spread(D.randint(3, 14), 0.9, 6)], (0.3, 1.8))
    s = sky.photographed("forest", D.u(0.6, 1.2)) if D.chance(0.3) else sky.outdoors()
    if D.chance(0.3):  # light falls in from the far end
        lamp("SUN", (D.n(0, 2), 6, 3), (0, 0, 0), D.u(2, 6), 0.05, kelvin(D.u(3000, 6000)))
    pitch = D.pick([D.n(0, 0.1), D.n(0, 0.1), D.u(0.15, 0.7), -D.u(0.1, 0.4)])
    at, to = (D.n(0, 0.2), 0, z0 + eye), (D.n(0, 1), 8, z0 + eye + 8 * math.tan(pitch))
    half = camera(at, to)
    if D.chance(0.45):
        framing(at, to, half)
    return dict(s, kind=style, fog=D.chance(0.55), reach=35, ground=land.at)


def from_above() -> dict:
    """Looking down: fields, hills, a town, a coast, a table-top or a floor strewn with things."""
    kind = D.pick(["town", "town", "land", "wood", "floor", "floor"])
    if kind == "floor":
        put(mesh(*box(-4, 4, -4, 4, -0.05, 0), ground_material(), False))
        small = FURN.choose(("Kitchen", "Miscellaneous", "Office", "Living room", "Bedroom"), 0.08, 0.9)
        for _ in range(D.randint(4, 16)):
            f = D.pick(small)
            FURN.place(f, D.n(0, 0.55), D.n(0, 0.55), 0, D.u(0, 6.28), D.u(0.7, 1.3))
        if D.chance(0.5):
            heap((D.n(0, 0.3), D.n(0, 0.3), 0), D.u(0.2, 0.5), D.u(0.03, 0.1), D.randint(15, 60))
        h = D.u(0.9, 2.4)
        tilt = D.u(0, 0.7)
        at = (D.n(0, 0.1), -h * math.tan(tilt), h)
        camera(at, (D.n(0, 0.1), 0.0, 0), D.u(24, 60), D.u(0, 6.28) if tilt < 0.2 else None)
        s = sky.photographed(D.pick(sky.INDOOR), D.u(0.4, 1)) if D.chance(0.6) else sky.painted()
        if D.chance(0.6):
            lamp(
                "AREA",
                (D.u(-2, 2), D.u(-2, 2), 3),
                (0, 0, 0),
                D.u(30, 120),
                D.u(0.2, 2),
                kelvin(D.u(2800, 7000)),
            )
        return dict(s, kind=kind, fog=False, reach=5)
    size = D.u(15, 40)
    amp = {"town": 0.5, "land": D.u(2, 9), "wood": D.u(0.5, 4)}[kind]
    o = np.array([D.u(0, 99), D.u(0, 99)])
    sc, rg = D.u(6, 20), D.chance(0.4)
    height = lambda xy: (amp * fbm(xy / sc + o, 5, 0.5, rg)).astype(np.float32)
    g = np.linspace(-size * 2, size * 2, 150)
    land = Land.__new__(Land)
    xx, yy = np.meshgrid(g, g + size, indexing="xy")
    land.xy, land.height = np.stack([xx, yy], -1).astype(np.float32), height
    land.z = height(land.xy)
    gy, gx = np.gradient(land.z, g[1] - g[0])
    land.steep, land.faces = np.hypot(gx, gy), grid(150, 150)
    land.build(land_colours(land))
    if kind == "land" and D.chance(0.6) or D.chance(0.15):
        nature.water(float(np.percentile(land.z, D.u(15, 55))))
    leaf, bark = nature.leaf_material(), nature.bark_material()
    plants = [
        D.pick(
            [
                lambda: nature.conifer(bark, leaf, D.u(1, 3), 900),
                lambda: nature.broadleaf(bark, leaf, 900, D.u(1, 3)),
                lambda: [nature.bush(leaf, D.u(0.5, 1.5), 500)],
            ]
        )()
        for _ in range(2)
    ]
    n = {"town": 60, "land": 90, "wood": 420}[kind]
    pts = D.np.uniform([-size * 0.9, 0], [size * 0.9, size * 1.9], (n, 2))
    nature.scatter(plants, [(x, y, land.at(x, y) - 0.05) for x, y in pts])
    if kind == "town":
        protos = [
            things.house(
                D.u(1.5, 4),
                D.u(1.5, 4),
                D.log(1, 8),
                things.wall_material(),
                material(any_colour(0.5), None, D.pick(["tiles", "planks", "plain"]), 2),
                things.glass_material(),
            )
            for _ in range(4)
        ]
        step, rz = D.u(3.5, 6), D.u(0, 3)
        road = material(hsv(0.6, 0.03, D.u(0.15, 0.5)), None, "noise", 2, 0.9)
        c, sn = math.cos(rz), math.sin(rz)
        for i in range(-8, 9):
            if i % 2 == 0:
                for v, f in (
                    box(i * step - step / 2 - 0.5, i * step - step / 2 + 0.5, -60, 60, 0.25, 0.3),
                    box(-60, 60, i * step - step / 2 - 0.5, i * step - step / 2 + 0.5, 0.25, 0.3),
                ):
                    put(mesh(v, f, road, False), (0, size * 0.7, 0), (0, 0, rz))
            for j in range(-8, 9):
                if D.chance(0.75):
                    x, y = i * step + D.n(0, 0.3), j * step + D.n(0, 0.3)
                    q = D.pick(protos)
                    k = D.u(0.6, 1.3)
                    r = rz + D.randint(0, 3) * math.pi / 2
                    for me in q:
                        put(
                            me,
                            (c * x - sn * y, sn * x + c * y + size * 0.7, -0.3),
                            (0, 0, r),
                            (k, k, k * D.u(0.6, 1.6)),
                        )
    h = D.log(5, 18)
    tilt = D.u(0.35, 1.45)  # below the horizon
    at = (0, 0, h + amp * 0.3)
    camera(at, (D.n(0, 0.1) * h, h * math.cos(tilt), at[2] - h * math.sin(tilt)), D.u(20, 50), D.n(0, 0.1))
    return dict(sky.outdoors(), kind=kind, fog=D.chance(0.35), reach=size * 2)


def passage() -> dict:
    """Corridors, tunnels, caves, arcades: depth down the middle, the end bright or dark."""
    kind = D.pick(["cave", "cave", "corridor", "corridor", "tunnel", "arches", "alley"])
    length = D.log(6, 40)
    w, h = D.u(0.7, 2.5), D.u(1.6, 3.5)
    curve = D.n(0, 0.02)
    opened = D.chance(0.65)
    s = sky.outdoors() if opened or kind == "alley" else sky.plain(hsv(D.random(), 0.3, D.u(0.0, 0.05)), 1)
    wall = (
        things.wall_material()
        if kind != "cave"
        else material(
            hsv(D.pick([D.u(0, 0.12), D.u(0.5, 0.75), D.random()]), D.u(0, 0.6), D.u(0.2, 0.7)),
            None,
            D.pick(["noise", "voronoi"]),
            D.u(0.6, 3),
            D.u(0.4, 0.95),
            0.7,
        )
    )
    if kind in ("cave", "tunnel", "corridor"):
        n, k = 90, 48
        t, a = np.linspace(-1.5, length, n), np.linspace(0, 2 * math.pi, k, endpoint=False)
        power = {"cave": 2, "tunnel": D.u(2, 3), "corridor": 14}[kind]
        ca, sa = np.cos(a), np.sin(a)
        r = (np.abs(ca) ** power + np.abs(sa) ** power) ** (-1 / power)
        x, z = w * ca * r, h / 2 * sa * r
        v = np.stack(
            [np.broadcast_to(x, (n, k)), np.broadcast_to(t[:, None], (n, k)), np.broadcast_to(z, (n, k))], -1
        ).copy()
        if kind == "cave":
            lump = fbm(v * D.u(0.4, 1.0) + D.u(0, 99), 5, 0.5, D.chance(0.4))
            v[..., (0, 2)] *= (1 + D.u(0.5, 1.1) * lump)[..., None]
            wander = np.cumsum(D.np.normal(0, 0.06, (n, 2)), 0)
            wander -= wander[8]
            v[..., 0] += wander[:, :1] * w
            v[..., 2] += wander[:, 1:] * 0.5
            v[:14, :, (0, 2)] *= np.linspace(1.15, 1.0, 14)[:, None, None]
        else:
            v[..., 2] = np.maximum(v[..., 2], -h / 2 * 0.85)
        v[..., 0] += curve * v[..., 1] ** 2
        put(mesh(v.reshape(-1, 3), grid(n, k, True), wall, kind != "corridor"))
        x_end = curve * length**2
        if not opened:
            put(mesh(*box(x_end - w * 3, x_end + w * 3, length - 0.2, length, -h, h), wall, False))
        floor = -h / 2 * 0.85
        if kind != "cave":
            put(
                mesh(
                    *box(-w * 1.2 - abs(x_end), w * 1.2 + abs(x_end), -2, length, floor, floor + 0.02),
                    ground_material(),
                    False,
                )
            )
    else:  # walls on both sides, bays, a roof or the sky
        floor = -h / 2
        tall = h * (D.u(1.5, 4) if kind == "alley" else 1.0)
        for sx in (-1, 1):
            put(mesh(*box(sx * w, sx * (w + 0.3), -2, length, floor, floor + tall), wall, False))
        if kind != "alley":
            put(mesh(*box(-w, w, -2, length, floor + tall, floor + tall + 0.1), wall, False))
        put(mesh(*box(-20, 20, -3, length * 3, floor - 0.1, floor), ground_material(), False))
        if not opened:
            put(
                mesh(
                    *box(-w * 2, w * 2, length, length + 0.2, floor, floor + tall * 1.5),
                    things.wall_material(),
                    False,
                )
            )
    end = (curve * (length - 1) ** 2, length - 1, 0)
    n = D.randint(2, 9)
    trim = material(any_colour(0.3), None, None, D.u(0.5, 2))
    if kind in ("arches", "alley", "tunnel", "corridor") and D.chance(0.8):
        for y in np.linspace(1.2, length * 0.95, n + 2):
            x0 = curve * y * y
            if D.chance(0.5) and kind != "alley":
                a = np.linspace(-0.2, math.pi + 0.2, 18)
                path = np.stack([x0 + np.cos(a) * w * 0.97, np.full(18, y), np.sin(a) * h * 0.5], 1)
                path = np.concatenate([[[x0 + w * 0.97, y, floor]], path, [[x0 - w * 0.97, y, floor]]])
                put(mesh(*tube(path, D.u(0.06, 0.25), k=8), trim))
            else:
                for sx in (-1, 1):
                    put(
                        mesh(
                            *box(
                                x0 + sx * w * 0.95 - 0.12,
                                x0 + sx * w * 0.95 + 0.12,
                                y - 0.12,
                                y + 0.12,
                                floor,
                                floor + h,
                            ),
                            trim,
                            False,
                        )
                    )
    if kind == "cave":
        m = material(any_colour(0.4), None, "noise", 3, 0.5, 0.6)
        pieces = [nature.rock(wall), nature.rock(wall)] + (
            [nature.crystal(material(any_colour(1), None, "plain", 1, 0.1, glow=D.u(0, 1.5)))]
            if D.chance(0.4)
            else []
        )
        nature.scatter(
            pieces,
            [(D.n(0, w * 0.6), D.u(1.2, length * 0.8), -h * 0.45) for _ in range(D.randint(4, 25))],
            (0.1, 0.8),
            0.6,
        )
        for _ in range(D.randint(0, 12)):  # hanging stones
            v, f = lathe([(0.25, 0), (0.12, -0.3), (0.001, -D.u(0.6, 1.2))], 9)
            put(
                mesh(v, f, D.pick([m, wall])),
                (D.n(0, w * 0.6), D.u(1.2, length * 0.7), h * 0.5),
                (0, 0, 0),
                D.u(0.4, 1.2),
            )
    else:
        pool = FURN.choose(("Exterior", "Miscellaneous", "Living room", "Office"), 0.3, 2.0)
        for _ in range(D.randint(0, 6)):
            f = D.pick(pool)
            y = D.u(2, length * 0.8)
            sx = D.pick([-1, 1])
            FURN.place(f, curve * y * y + sx * max(0.1, w - f["d"] / 2 - 0.1), y, floor, -sx * math.pi / 2)
    if kind != "alley":
        for _ in range(D.randint(1, 4)):
            y = D.u(0.0, length * 0.9)
            lamp(
                "POINT",
                (curve * y * y + D.n(0, w * 0.3), y, h * D.u(0.0, 0.35)),
                (0, 0, 0),
                D.log(4, 60),
                0.15,
                D.pick([kelvin(D.u(2200, 8000)), any_colour(1)[:3]]),
            )
        if D.chance(0.5):  # the way out is the light
            lamp(
                "AREA", (end[0], end[1], 0.0), (0, 0, -0.2), D.log(30, 600), w * 1.5, kelvin(D.u(3000, 8000))
            )
    at = (D.n(0, w * 0.25), 0, D.u(-0.35, 0.25) * h)
    half = camera(at, (end[0] * 0.4 + D.n(0, w * 0.4), length * 0.7, D.n(0, 0.3)), D.u(18, 40))
    if D.chance(0.2):
        framing(at, end, half)
    return dict(s, kind=kind, fog=D.chance(0.4), reach=length, ground=lambda x, y: floor)


heap = things.heap


def table() -> dict:
    """A laid table seen from a chair or from above: plates, bowls, food in heaps, cups, bottles, flowers."""
    top = material(
        None, None, D.pick(["planks", "wave", "noise", "plain", "tiles", "checker", "cells"]), D.u(1, 4)
    )
    w, d = D.u(0.5, 1.5), D.u(0.35, 0.7)
    put(mesh(*box(-w, w, -d, d, -0.05, 0), top, False))
    put(
        mesh(
            *join(
                [
                    box(x - 0.04, x + 0.04, y - 0.04, y + 0.04, -0.75, -0.05)
                    for x in (-w + 0.1, w - 0.1)
                    for y in (-d + 0.1, d - 0.1)
                ]
            ),
            top,
            False,
        )
    )
    put(mesh(*box(-5, 5, -3, 6, -0.8, -0.75), ground_material(), False))
    if D.chance(0.6):
        y = D.u(0.7, 3)
        put(mesh(*box(-5, 5, y, y + 0.1, -0.8, 2.5), things.wall_material(), False))
    back = FURN.choose(("Living room", "Kitchen", "Office"), 0.5, 2)
    for _ in range(D.randint(0, 4)):
        f = D.pick(back)
        FURN.place(f, D.u(-1.5, 1.5), D.u(d + 0.4, 3), -0.75, D.u(0, 6.28))
    ware = material(
        any_colour(0.35),
        None,
        D.pick(["plain", "plain", "plain", "wave", "spots"]),
        2,
        D.u(0.1, 0.4),
        vary=D.u(0, 0.8),
    )
    for _ in range(D.randint(1, 5)):
        x, y = D.n(0, w * 0.4), D.n(-0.05, d * 0.45)
        kind = D.pick(["plate", "plate", "bowl", "board"])
        s = D.u(0.2, 0.36)
        if kind == "board":
            put(
                mesh(
                    *box(-s * 0.7, s * 0.7, -s * 0.4, s * 0.4, 0, 0.02),
                    material(hsv(D.u(0.05, 0.1), 0.5, D.u(0.3, 0.7)), None, "wave", 3),
                    False,
                ),
                (x, y, 0),
                (0, 0, D.u(0, 3)),
            )
        else:
            v, f = things.vessel(kind)
            put(mesh(v, f, ware), (x, y, 0), (0, 0, 0), s)
        r = s * 0.42
        if D.chance(0.12):
            things.noodles((x, y, 0.02), r, 0.006)
        elif D.chance(0.9):
            size = D.log(0.008, 0.05)
            heap(
                (x, y, 0.015 if kind != "bowl" else s * 0.08),
                r * 0.85,
                size,
                min(90, int(D.u(0.4, 1.8) * (r / size) ** 2) + 1),
                edge=s * 0.25 if kind == "bowl" else 0,
            )
    for _ in range(D.randint(1, 8)):
        x, y = D.n(0, w * 0.5), D.n(0, d * 0.55)
        if D.chance(0.5):
            f = D.pick(FURN.choose(("Kitchen", "Miscellaneous"), 0.06, 0.45))
            FURN.place(f, x, y, 0, D.u(0, 6.28))
        else:
            kind = D.pick(["cup", "bottle", "vase", "bowl"])
            v, f = things.vessel(kind)
            s = {"cup": 0.1, "bottle": 0.3, "vase": D.u(0.12, 0.3), "bowl": 0.15}[kind]
            put(
                mesh(
                    v, f, material(any_colour(), None, D.pick(["plain", "wave", "noise"]), 4, D.u(0.05, 0.5))
                ),
                (x, y, 0),
                (0, 0, D.u(0, 6)),
                s,
            )
            if kind == "vase" and D.chance(0.6):
                leaf = nature.leaf_material()
                fl = nature.flower(
                    leaf,
                    material(any_colour(0.9), None, "plain", 1, 0.6, vary=0.6),
                    material(hsv(0.13, 0.8, 0.7), None, "noise", 9),
                    0.3,
                )
                for _ in range(D.randint(2, 7)):
                    for me in fl:
                        put(me, (x, y, s * 0.6), (D.n(0, 0.35), D.n(0, 0.35), D.u(0, 6)), D.u(0.7, 1.1))
    if D.chance(0.35):  # loose pieces
        heap((D.n(0, w * 0.3), D.n(0, d * 0.3), 0), D.u(0.1, 0.3), D.log(0.01, 0.04), D.randint(5, 40))
    tilt, r = D.pick([D.u(0.1, 0.5), D.u(0.4, 1.0), D.u(1.0, 1.5)]), D.log(0.45, 1.3)
    c = (D.n(0, w * 0.2), D.n(-0.05, d * 0.2), 0.03)
    az = D.n(0, 0.5)
    at = (
        c[0] + r * math.cos(tilt) * math.sin(az),
        c[1] - r * math.cos(tilt) * math.cos(az),
        max(0.12, c[2] + r * math.sin(tilt)),
    )
    camera(at, c, D.u(26, 60))
    s = sky.photographed(D.pick(sky.INDOOR + ("park", "city", "venice")), D.u(0.3, 1))
    for _ in range(D.randint(0, 2)):
        lamp(
            "AREA",
            (D.u(-1.5, 1.5), D.u(-1.5, 1.5), D.u(0.8, 2)),
            (0, 0, 0),
            D.u(8, 50),
            D.u(0.1, 1),
            kelvin(D.u(2600, 7000)),
        )
    return dict(s, kind="table", fog=False, reach=4)


def close_up() -> dict:
    """One or a few things on a surface, close: vessels, toys, machines, plants, animals, furniture."""
    kind = D.pick(
        ["vessel", "toy", "machine", "machine", "model", "model", "plant", "food", "shapes", "stone"]
    )
    top = ground_material() if D.chance(0.4) else material(None, None, None, D.u(1, 4))
    deep = D.u(0.5, 6)
    put(mesh(*box(-8, 8, -4, deep, -0.1, 0), top, False))
    if D.chance(0.55):
        put(
            mesh(
                *box(-8, 8, deep, deep + 0.1, -2, 6),
                things.wall_material() if D.chance(0.6) else material(),
                False,
            )
        )
        s = sky.photographed(D.pick(sky.INDOOR), D.u(0.3, 1))
    else:
        s = (
            sky.photographed(D.pick(sky.INDOOR + sky.OUTDOOR), D.u(0.5, 1.3))
            if D.chance(0.7)
            else sky.painted()
        )
    spots = [(0, 0, 1.0)] + [
        (D.n(0, 0.9), D.u(-0.3, 2.2), D.u(0.4, 1.2)) for _ in range(D.pick([0, 0, 1, 2, 4]))
    ]
    for x, y, k in spots:
        rz = D.u(0, 6.28)
        kk = kind if k == 1.0 or D.chance(0.4) else D.pick(["vessel", "shapes", "model", "plant", "stone"])
        if kk == "vessel":
            v, f = things.vessel()
            put(mesh(v, f, material(None, None, None, D.u(1, 5))), (x, y, 0), (0, 0, rz), k * 0.8)
        elif kk == "toy":
            for me in nature.animal(D.pick(["sitter", "sitter", "beast", "bird"])):
                put(me, (x, y, 0), (0, 0, D.n(0, 0.6)), k * 0.8)
        elif kk == "machine":
            for me in things.machine():
                put(me, (x, y, 0), (0, 0, D.n(0, 0.7)), k * 0.8)
        elif kk == "model":
            f = D.pick(FURN.choose(None, 0.1, 3.0))
            sc = k * 0.9 / max(f["w"], f["h"], f["d"])
            FURN.place(f, x, y, 0, D.n(0, 0.8), sc)
        elif kk == "plant":
            leaf = nature.leaf_material()
            v, f = things.vessel(D.pick(["vase", "bowl", "cup"]))
            put(mesh(v * [1, 1, 0.5], f, material()), (x, y, 0), (0, 0, rz), k * 0.5)
            p = D.pick(
                [
                    lambda: [nature.fern(leaf, 0.6)],
                    lambda: [nature.bush(leaf, 0.6, 500)],
                    lambda: [nature.grass(leaf, 0.5, 160, 0.2)],
                    lambda: nature.broadleaf(nature.bark_material(), leaf, 700, 0.7),
                    lambda: nature.flower(
                        leaf,
                        material(any_colour(0.9), None, "plain", 1),
                        material(None, None, "noise", 8),
                        0.6,
                    ),
                ]
            )()
            for me in p:
                put(me, (x, y, 0.2 * k), (0, 0, rz), k)
        elif kk == "food":
            heap((x, y, 0), 0.35 * k, D.u(0.05, 0.16) * k, D.randint(8, 60))
        elif kk == "stone":
            me = (
                nature.rock(material(None, None, "noise", 3, 0.9, 0.6))
                if D.chance(0.6)
                else nature.crystal(material(any_colour(0.9), None, D.pick(["plain", "noise"]), 2, 0.15))
            )
            put(me, (x, y, 0), (0, 0, rz), k * 0.45)
        else:
            z = 0.0
            for _ in range(D.randint(1, 4)):
                (v, f), sm = things.primitive()
                q = D.u(0.25, 0.6) * k
                put(
                    mesh(v, f, material(None, None, None, D.u(1, 4)), sm),
                    (x + D.n(0, 0.04), y + D.n(0, 0.04), z),
                    (0, 0, D.u(0, 6)),
                    q,
                )
                z += float(v[:, 2].max()) * q
                if D.chance(0.4):
                    break
    tilt, r = D.pick([D.n(0.1, 0.1), D.u(0.1, 0.6), D.u(0.5, 1.3)]), D.log(0.9, 2.6)
    az = D.n(0, 0.6)
    c = (D.n(0, 0.15), D.n(0, 0.1), D.u(0.15, 0.5))
    at = (
        c[0] + r * math.cos(tilt) * math.sin(az),
        c[1] - r * math.cos(tilt) * math.cos(az),
        max(0.08, c[2] + r * math.sin(tilt)),
    )
    half = camera(at, c, D.u(28, 70))
    for _ in range(D.randint(0, 2)):
        lamp(
            "AREA",
            (D.u(-3, 3), D.u(-3, 2), D.u(0.5, 3)),
            (0, 0, 0.3),
            D.u(15, 120),
            D.u(0.1, 1.5),
            D.pick([kelvin(D.u(2600, 8000)), kelvin(D.u(2600, 8000)), any_colour(1)[:3]]),
        )
    if D.chance(0.2):
        framing(at, c, half)
    return dict(s, kind=kind, fog=False, reach=6)


def creatures() -> dict:
    """Animals (and sometimes machines they sit on) on grass, snow, sand or a floor."""
    height = hills(D.u(0, 0.5), D.u(2, 6), 0.5, False, 3)
    far = D.log(15, 120)
    land = Land(height, 0.2, far, rows=120, cols=120)
    land.build(land_colours(land))
    n = D.pick([1, 1, 1, 2, 3, 5])
    k = D.u(0.7, 1.2)
    y0 = D.u(1.4, 2.6)
    mount = D.chance(0.3)
    for i in range(n):
        x, y = (D.n(0, 0.12), y0) if i == 0 else (D.n(0, 1.3), y0 + D.u(-0.2, 4))
        z = land.at(x, y)
        top = 0.0
        if mount and i == 0:
            if D.chance(0.5):
                f = D.pick(FURN.choose(("Vehicles", "Exterior", "Living room", "Miscellaneous"), 0.5, 3))
                sc = 0.9 / max(f["w"], f["d"], f["h"])
                FURN.place(f, x, y, z, D.u(0, 6.28), sc)
                top = f["h"] * sc * D.u(0.6, 0.9)
            else:
                for me in things.machine():
                    put(me, (x, y, z), (0, 0, D.n(0, 0.9)), 0.8)
                top = 0.5
        rz = D.n(0, 0.5) if D.chance(0.6) else D.u(0, 6.28)
        for me in nature.animal(D.pick(["sitter", "beast", "bird"]) if mount and i == 0 else None):
            put(me, (x, y, z + top), (0, 0, rz), k * (1 if i == 0 else D.u(0.5, 1.2)))
    low = nature.leaf_material()
    under = [
        D.pick(
            [
                lambda: nature.grass(low, D.u(0.1, 0.3), 500),
                lambda: nature.grass(low, D.u(0.1, 0.3), 500),
                lambda: nature.fern(low, D.u(0.2, 0.5)),
                lambda: nature.bush(low, D.u(0.2, 0.5), 400),
            ]
        )()
        for _ in range(2)
    ]
    nature.scatter(
        under,
        [(x, y, land.at(x, y) - 0.02) for x, y in spread(D.randint(5, 90), 0.9, 9, 0.8, 1.3)],
        (0.5, 1.2),
    )
    if D.chance(0.6):
        leaf, bark = nature.leaf_material(), nature.bark_material()
        tree = D.pick(
            [
                lambda: nature.conifer(bark, leaf, D.u(3, 6), 1800),
                lambda: nature.broadleaf(bark, leaf, 1800, D.u(3, 6)),
            ]
        )()
        nature.scatter(
            [tree], [(x, y, land.at(x, y) - 0.1) for x, y in spread(D.randint(2, 25), 5, far * 0.6)]
        )
    if D.chance(0.3):
        things.fence(
            -5,
            D.u(4, 9),
            5,
            D.u(4, 9),
            material(hsv(D.u(0.03, 0.1), 0.4, D.u(0.2, 0.9)), None, "noise", 3),
            None,
            land.at,
        )
    eye = D.u(0.15, 1.3)
    at, to = (0, 0, land.at(0, 0.5) + eye), (D.n(0, 0.15), y0, land.at(0, y0) + k * D.u(0.3, 0.6))
    # The first animal fills between a third and all of the picture.
    half = camera(at, to, min(70, max(20, 18 * D.u(0.35, 1.0) * y0 / (k * 0.62))))
    if D.chance(0.35):
        framing(at, to, half)
    return dict(sky.outdoors(), kind="animals", fog=D.chance(0.3), reach=far, ground=land.at)


def room() -> dict:
    """A furnished room without anyone in it."""
    w, back, h = D.u(1.4, 4), D.u(1.5, 7), D.u(2.3, 3.4)
    wall = things.wall_material()
    other = wall if D.chance(0.7) else things.wall_material()
    shell = [
        put(mesh(*box(-w - 0.1, w + 0.1, back, back + 0.1, 0, h), wall, False)),
        put(mesh(*box(-w - 0.1, -w, -4, back, 0, h), other, False)),
        put(mesh(*box(w, w + 0.1, -4, back, 0, h), other, False)),
        put(
            mesh(
                *box(-w, w, -4, back, h, h + 0.05),
                material(hsv(0.1, 0.04, D.u(0.6, 0.95)), None, "plain", 1),
                False,
            )
        ),
        put(
            mesh(
                *box(-w, w, -4, back, -0.05, 0),
                material(
                    hsv(D.u(0.04, 0.1), D.u(0, 0.6), D.u(0.2, 0.8)),
                    None,
                    D.pick(["planks", "planks", "tiles", "noise", "checker"]),
                    D.u(0.7, 2),
                    D.u(0.2, 0.8),
                ),
                False,
            )
        ),
    ]
    for o in shell:
        o.visible_shadow = False  # the sky lights the room through its walls
    inside = [
        f
        for f in FURN.list
        if f["cat"]
        in ("Living room", "Bedroom", "Office", "Kitchen", "Bathroom", "Lights", "Doors and windows")
        and max(f["h"], f["w"]) > 0.3
    ]
    x = -w + 0.1
    while x < w - 0.2:
        f = D.pick(inside)
        if f["w"] < w - x and f["d"] < back * 0.5 and D.chance(0.92):
            FURN.place(f, x + f["w"] / 2, back - f["d"] / 2 - 0.02, f["el"] if f["el"] > 0.05 else 0)
            x += f["w"] + D.u(0, 0.4)
        else:
            x += D.u(0.02, 0.3)
    for sx in (-1, 1):
        y = back - 0.6
        while y > 0.4:
            f = D.pick(inside)
            if f["d"] < w - 0.4 and D.chance(0.8):
                FURN.place(f, sx * (w - f["d"] / 2), y - f["w"] / 2, f["el"], -sx * math.pi / 2)
            y -= f["w"] + D.u(0.1, 0.6)
    for _ in range(D.randint(1, 5)):  # what stands free
        f = D.pick([q for q in inside if q["el"] < 0.05 and q["cat"] != "Doors and windows"])
        y = D.u(1.2, max(1.4, back - 1))
        FURN.place(f, D.u(-w, w) * 0.6, y, 0, D.u(0, 6.28))
    for _ in range(D.randint(0, 4)):  # pictures
        px, pz, pw, ph = D.u(-w + 0.2, w - 0.8), D.u(1.1, 1.8), D.u(0.25, 0.8), D.u(0.25, 0.8)
        put(
            mesh(
                *box(px - 0.03, px + pw + 0.03, back - 0.03, back, pz - 0.03, pz + ph + 0.03),
                material(None, None, "plain", 1),
                False,
            )
        )
        put(
            mesh(
                *box(px, px + pw, back - 0.035, back - 0.029, pz, pz + ph),
                material(None, None, D.pick(["magic", "cells", "noise", "wave"]), D.u(2, 6)),
                False,
            )
        )
    for _ in range(D.randint(1, 3)):
        lamp(
            "AREA",
            (D.u(-w, w) * 0.8, D.u(-1, back * 0.8), h - 0.15),
            (0, 1, 1),
            D.u(10, 70),
            D.u(0.2, 1.5),
            kelvin(D.u(2600, 6500)),
        )
    s = sky.photographed(D.pick(sky.INDOOR + ("city", "sky", "park")), D.u(0.2, 1.2))
    eye = D.u(0.5, 2.1)
    yaw, pitch = D.n(0, 0.35), D.n(-0.12, 0.15)
    at = (D.u(-0.6, 0.6) * w, D.u(-1.5, 0.1), eye)
    to = (at[0] + math.sin(yaw) * 3, at[1] + math.cos(yaw) * 3, eye + 3 * math.tan(pitch))
    half = camera(at, to, D.u(17, 40))
    if D.chance(0.15):
        framing(at, to, half)
    return dict(s, kind="room", fog=False, reach=back)


def street() -> dict:
    """A street, square or garden: houses, cars, lamps, fences, trees, benches."""
    put(mesh(*box(-300, 300, -20, 500, -0.1, 0), ground_material(), False))
    lane = D.u(2, 6)
    if D.chance(0.8):
        put(
            mesh(
                *box(-lane * 0.6, lane * 0.6, -20, 300, 0, 0.01),
                material(hsv(0.6, D.u(0, 0.1), D.u(0.1, 0.4)), None, "noise", 3, 0.9),
                False,
            )
        )
        for sx in (-1, 1):
            put(
                mesh(
                    *box(sx * lane * 0.6, sx * lane, -20, 300, 0, 0.14),
                    material(hsv(0.1, D.u(0, 0.2), D.u(0.3, 0.8)), None, D.pick(["tiles", "brick"]), 1.5),
                    False,
                )
            )
    kind = D.pick(["street", "street", "square", "garden"])
    roofs = [material(any_colour(0.4), None, D.pick(["tiles", "planks", "plain"]), 2) for _ in range(2)]
    glass = [things.glass_material() for _ in range(2)]
    protos = []
    for _ in range(4 if kind != "garden" else 2):
        w, d = D.u(4, 12), D.u(5, 10)
        protos.append(
            (
                w,
                things.house(
                    w,
                    d,
                    D.log(3, 20 if kind == "street" else 9),
                    things.wall_material(),
                    D.pick(roofs),
                    D.pick(glass),
                ),
            )
        )
    if kind == "street":
        for sx in (-1, 1):
            y = D.u(-3, 4)
            while y < D.u(50, 110):
                w, ms = D.pick(protos)
                k = D.u(0.8, 1.2)
                for me in ms:
                    put(me, (sx * (lane + D.u(0, 0.6)), y + w * k / 2, 0), (0, 0, sx * math.pi / 2), k)
                y += w * k + D.pick([0, 0, D.u(0.5, 4)])
    else:
        for x, y in spread(D.randint(2, 12), D.u(7, 16), 60, 0.8):
            w, ms = D.pick(protos)
            for me in ms:
                put(me, (x, y, 0), (0, 0, D.n(0, 0.5)), D.u(0.6, 1.2))
    pool = FURN.choose(("Exterior", "Vehicles"), 0.4, 12)
    for x, y in spread(D.randint(3, 14), 2.2, 25, 0.6, 1.4):
        f = D.pick(pool)
        FURN.place(f, x, y + f["d"] / 2, 0, D.pick([0, math.pi / 2, math.pi, D.u(0, 6.28)]))
    leaf, bark = nature.leaf_material(), nature.bark_material()
    if D.chance(0.75):
        trees = [
            D.pick(
                [
                    lambda: nature.broadleaf(bark, leaf, 1800, D.u(3, 6)),
                    lambda: nature.conifer(bark, leaf, D.u(3, 6), 1800),
                    lambda: [nature.bush(leaf, D.u(0.8, 1.6), 900)],
                ]
            )()
            for _ in range(2)
        ]
        nature.scatter(trees, [(x, y, 0) for x, y in spread(D.randint(2, 24), 3, 40, 0.7, 1.2, lane * 0.7)])
    if D.chance(0.5):  # lamps along the way
        pm = material(hsv(0.6, 0.1, D.u(0.03, 0.4)), None, "plain", 1, 0.4)
        post = mesh(
            *join(
                [
                    tube([[0, 0, 0], [0, 0, 3.2]], 0.06),
                    tube([[0, 0, 3.2], [0.4, 0, 3.5], [0.8, 0, 3.45]], 0.04),
                ]
            ),
            pm,
        )
        bulb = mesh(*ball(12, 8), material(hsv(0.12, 0.3, 1), None, "plain", 1, glow=D.u(1, 8)))
        for y in np.arange(D.u(3, 6), 50, D.u(5, 10)):
            for sx in (-1, 1):
                put(post, (sx * lane * 0.75, y, 0), (0, 0, 0 if sx < 0 else math.pi))
                put(bulb, (sx * (lane * 0.75 - 0.8), y, 3.4), (0, 0, 0), 0.14)
    if D.chance(0.35):
        sx = D.pick([-1, 1])
        things.fence(
            sx * D.u(1, 2.5), D.u(1, 2), sx * lane, D.u(8, 20), material(any_colour(0.3), None, "noise", 3)
        )
    eye = D.pick([D.u(0.3, 1), D.u(1.2, 1.9), D.u(2, 6)])
    at = (D.n(0, 1), 0, eye)
    to = (D.n(0, 2), 12, eye + D.n(0.3, 1.5) - max(0, eye - 2) * 0.8)
    half = camera(at, to)
    if D.chance(0.3):
        framing(at, to, half)
    return dict(sky.outdoors(), kind=kind, fog=D.chance(0.35), reach=60)


def blossoms() -> dict:
    """Flowers, leaves, grass seen from close by, the far ground soft."""
    put(mesh(*box(-60, 60, -5, 120, -0.1, 0), ground_material(), False))
    leaf = nature.leaf_material()
    kinds = []
    for _ in range(D.randint(1, 3)):
        kinds.append(
            nature.flower(
                leaf,
                material(any_colour(0.9), None, D.pick(["plain", "noise", "wave"]), 2, 0.6, vary=D.u(0, 0.8)),
                material(hsv(D.u(0.02, 0.17), 0.8, 0.7), None, "noise", 9),
                D.u(0.35, 0.6),
            )
        )
    other = [
        D.pick(
            [
                lambda: nature.fern(leaf, 0.5),
                lambda: nature.bush(leaf, 0.5, 500),
                lambda: nature.grass(leaf, 0.4, 300, 0.8, 0.02),
                lambda: nature.mushroom(material(), material(hsv(0.1, 0.1, 0.8), None, "plain"), 0.3),
            ]
        )()
        for _ in range(2)
    ]
    pts = spread(D.randint(8, 60), 0.5, D.u(2, 8), 0.7, 1.4)
    nature.scatter(kinds, [(x, y, 0) for x, y in pts], (0.6, 1.4), 0.15)
    nature.scatter(
        other, [(x, y, 0) for x, y in spread(D.randint(8, 50), 0.7, 10, 0.8, 1.2)], (0.5, 1.4), 0.1
    )
    if D.chance(0.5):
        tree = nature.broadleaf(nature.bark_material(), nature.leaf_material(), 1500, 4)
        nature.scatter([tree], [(x, y, 0) for x, y in spread(D.randint(2, 15), 5, 40)])
    if D.chance(0.3):
        for me in nature.animal("bird"):
            put(me, (D.n(0, 0.3), D.u(1, 2), 0.0), (0, 0, D.u(0, 6)), 0.4)
    eye = D.u(0.15, 0.9)
    at, to = (0, 0, eye), (D.n(0, 0.1), 1.0, D.u(0.1, 0.45))
    camera(at, to, D.u(26, 70))
    return dict(sky.outdoors(), kind="flowers", fog=D.chance(0.15), reach=30)


def tumble() -> dict:
    """Things of all kinds anywhere in the air: no prior but the picture itself."""
    if D.chance(0.5):
        put(mesh(*box(-40, 40, D.u(5, 12), 13, -40, 40), material(), False))
    if D.chance(0.5):
        put(mesh(*box(-40, 40, -5, 60, -2.1, -2), material(), False))
    n = D.randint(15, 55)
    pool = FURN.choose(None, 0.1, 3)
    for _ in range(n):
        y = D.log(0.9, 12)
        p = (D.u(-0.7, 0.7) * y, y, D.u(-0.6, 0.6) * y)
        rot = (D.u(0, 6), D.u(0, 6), D.u(0, 6))
        q = D.random()
        if q < 0.2:
            f = D.pick(pool)
            put(FURN.mesh(f), p, rot, D.u(0.15, 0.7) * (0.4 + y * 0.3) / max(f["w"], f["h"], f["d"]))
        else:
            (v, f), sm = things.primitive() if q < 0.7 else ((things.morsel()), True)
            put(
                mesh(v, f, material(None, None, None, D.u(1, 4)), sm and f.shape[1] == 4),
                p,
                rot,
                D.u(0.1, 0.5) * (0.4 + y * 0.3),
            )
    camera((0, 0, 0), (D.n(0, 0.05), 1, D.n(0, 0.05)), D.u(22, 50))
    s = sky.photographed(D.pick(sky.INDOOR + sky.OUTDOOR), D.u(0.5, 1.2)) if D.chance(0.6) else sky.painted()
    return dict(s, kind="tumble", fog=D.chance(0.1), reach=12)


SCENES = {
    landscape: 1.5,
    forest: 1.3,
    from_above: 1.2,
    passage: 1.3,
    table: 1.3,
    close_up: 1.5,
    creatures: 1.4,
    room: 1.0,
    street: 0.9,
    blossoms: 0.6,
    tumble: 0.4,
}


def finish(renderer, sid: int, info: dict, rgb, z, ids, name: str, blur_share: float = 0.4) -> bool:
    """Haze, blur and exposure, then the files; False (and no files) where the picture shows next to nothing."""
    seen = z[z < render.FAR]
    if info.pop("fog") and len(seen):
        thick = D.log(0.12, 1.6) / max(1.0, float(np.percentile(seen, 90)))
        rgb = render.haze(stage, rgb, z, info["haze"], thick, D.log(2, 40))
    blur = D.chance(blur_share)
    if blur and len(seen):
        # Mostly sharp on what is near and central, as people photograph; sometimes on the distance.
        h, w = z.shape
        mid = z[h // 4 : h * 3 // 4, w // 4 : w * 3 // 4]
        mid = mid[mid < render.FAR]
        focus = float(np.percentile(mid if len(mid) else seen, D.pick([5, 20, 50, 90])))
        rgb = render.lens_blur(rgb, np.minimum(z, 1e4), max(0.2, focus), D.u(1.2, 9) * max(h, w) / 320)
    out = render.develop(rgb, None, D.u(0.4, 0.8) if info["sky"] == "night" else 1.0)
    if not np.isfinite(out).all() or out.std() < 0.06 or out.mean() < 0.06:
        return False
    cam = stage.cam.data.lens
    meta = dict(scene=name, kind=info["kind"], sky=info["sky"], f35=round(cam, 1), n=0, head=[], dof=blur)
    renderer.save(sid, out, z, ids, meta)
    return True


def main() -> None:
    global FURN
    args = render.command_line(only="names of scenes, comma separated")
    FURN = things.Furniture(args.assets)
    sky.load_hdris(args.assets)
    r = render.Renderer(stage, args)
    scenes = {f: w for f, w in SCENES.items() if not args.only or f.__name__ in args.only.split(",")}
    for sid in render.samples(args):
        for attempt in range(6):
            D.start((args.seed * 1000003 + sid) * 7 + attempt)
            t0 = time.time()
            build = D.pick(scenes, list(scenes.values()))
            info = build()
            t1 = time.time()
            z, ids = r.depth()
            t2 = time.time()
            near, seen = float(np.percentile(z, 2)), z[z < render.FAR]
            # Nothing to learn where a surface fills the picture or where all is sky: draw again.
            ok = (
                near > 0.27
                and len(seen) > 0.12 * z.size
                and np.percentile(seen, 97) > 1.25 * np.percentile(seen, 3)
            )
            if ok:
                rgb = r.colour(sid, 0, D.u(0.1, 0.25))
                t3 = time.time()
                ok = finish(r, sid, info, rgb, z, ids, build.__name__)
            stage.clear()
            if ok:
                print(
                    "SAMPLE %d %s build %.2f depth %.2f rgb %.2f post %.2f"
                    % (sid, build.__name__, t1 - t0, t2 - t1, t3 - t2, time.time() - t3),
                    flush=True,
                )
                break
            print(
                "AGAIN %d %s %.2f %.2f %d" % (sid, build.__name__, near, len(seen) / z.size, attempt),
                flush=True,
            )
        if sid % 40 == 39:
            FURN.forget()
    r.close()


if __name__ == "__main__":
    main()
