"""Land, water, rocks, trees, plants, animals: all grown from numbers.

Plants are real geometry (each leaf a small polygon), which Cycles renders quicker than cards with alpha and which
gives the disparity map true fine edges. A mesh is built once per sample and put many times.
"""

from __future__ import annotations

import math

import bpy
import numpy as np

import kit
from kit import D, ball, fbm, grid, hsv, join, lathe, material, mesh, put, tube, turn

# ------------------------------------------------------------------ land


class Land:
    """A height field seen from the origin: a fan of cells that grow with distance, so that near ground is fine."""

    def __init__(
        self, height, near: float, far: float, spread: float = 1.3, rows: int = 150, cols: int = 190
    ):
        self.height = height
        r = near * (far / near) ** np.linspace(0, 1, rows)
        a = np.linspace(-spread, spread, cols)
        x, y = np.sin(a)[None] * r[:, None], np.cos(a)[None] * r[:, None]
        self.xy = np.stack([x, y], -1).astype(np.float32)
        self.z = height(self.xy)
        gr = np.gradient(self.z, axis=0) / np.gradient(r)[:, None]
        gc = np.gradient(self.z, axis=1) / (np.gradient(a)[None] * r[:, None])
        self.steep = np.sqrt(gr**2 + gc**2)
        self.faces = grid(rows, cols)

    def at(self, x: float, y: float) -> float:
        return float(self.height(np.array([[x, y]], np.float32))[0])

    def build(self, colours, mat=None):
        v = np.concatenate([self.xy, self.z[..., None]], -1).reshape(-1, 3)
        me = mesh(
            v,
            self.faces,
            mat or material((1, 1, 1, 1), (0.6, 0.6, 0.6, 1), "noise", D.log(0.3, 6), 0.95, 0.4, vertex=True),
            True,
            colours.reshape(-1, 3),
        )
        return put(me)


PALETTES = {
    "green": ((0.27, 0.55, 0.35), (0.1, 0.25, 0.4), (0.0, 0.02, 0.95)),
    "dry": ((0.13, 0.4, 0.5), (0.07, 0.35, 0.4), (0.08, 0.2, 0.7)),
    "autumn": ((0.09, 0.7, 0.45), (0.08, 0.2, 0.35), (0.1, 0.1, 0.8)),
    "desert": ((0.09, 0.45, 0.8), (0.05, 0.6, 0.6), (0.1, 0.3, 0.9)),
    "snow": ((0.6, 0.04, 0.9), (0.6, 0.1, 0.3), (0.6, 0.02, 0.95)),
    "rock": ((0.08, 0.1, 0.4), (0.6, 0.06, 0.3), (0.6, 0.05, 0.6)),
    "alien": None,
}


def land_colours(land: Land, kind: str | None = None) -> np.ndarray:
    kind = kind or D.pick(PALETTES)
    p = PALETTES[kind] or [(D.random(), D.u(0.2, 0.9), D.u(0.2, 0.9)) for _ in range(3)]
    low, cliff, top = (
        np.array(hsv(h + D.n(0, 0.02), s * D.u(0.7, 1.3), v * D.u(0.7, 1.2))[:3]) for h, s, v in p
    )
    z, n = land.z, fbm(land.xy * D.log(0.05, 0.6) / max(1e-3, float(np.ptp(land.xy[..., 1]))) * 60, 4)
    t = (z - z.min()) / max(1e-3, float(np.ptp(z)))
    high = np.clip((t + n * 0.25 - D.u(0.45, 0.8)) * 12, 0, 1)[..., None]
    rocky = np.clip((land.steep + n * 0.3 - D.u(0.5, 0.9)) * 6, 0, 1)[..., None]
    c = low * (1 + 0.5 * n[..., None]) + 0 * high
    c = c * (1 - high) + top * high
    return np.clip(c * (1 - rocky) + cliff * rocky, 0.01, 1)


def hills(
    amp: float,
    size: float,
    rough: float = 0.45,
    ridged: bool = False,
    flat: float = 1.0,
    seed=None,
    rise: float = 0.0,
):
    """A height function that is flat at the camera (radius `flat`) and rises outwards; `rise` lifts with distance."""
    o = np.array([D.u(0, 200), D.u(0, 200)]) if seed is None else seed

    def f(xy):
        r = np.linalg.norm(xy, axis=-1)
        k = np.clip((r - flat * 0.4) / (flat * 1.6), 0.03, 1)
        h = fbm(xy / size + o, 6, rough, ridged)
        return (amp * k * h + rise * np.clip(r - flat, 0, None)).astype(np.float32)

    return f


def water(z: float, size: float = 3000.0, colour=None):
    """A flat sea with small waves; it mirrors the sky since that is the only light there is to mirror."""
    m, t, p = kit.new_material("water")
    p.inputs["Base Color"].default_value = colour or hsv(D.u(0.45, 0.62), D.u(0.3, 0.8), D.u(0.1, 0.45))
    p.inputs["Roughness"].default_value = D.u(0.05, 0.3)
    p.inputs["Specular"].default_value = D.u(0.5, 1)
    co = t.nodes.new("ShaderNodeTexCoord").outputs["Object"]
    n = kit.node(t, "TexNoise", Vector=co, Scale=D.log(0.3, 4), Detail=4)
    b = kit.node(t, "Bump", Height=n.outputs["Fac"], Strength=D.u(0.1, 0.6), Distance=0.3)
    t.links.new(b.outputs[0], p.inputs["Normal"])
    v, f = np.array([[-size, -size, z], [size, -size, z], [size, size, z], [-size, size, z]]), [[0, 1, 2, 3]]
    return put(mesh(v, f, m, False))


def rock(mat, squash: float | None = None):
    v, f = ball(22, 14)
    k = D.u(0.6, 1.4)
    o = D.u(0, 99)
    v = v * (1 + 0.55 * fbm(v * k + o, 4, 0.55, D.chance(0.4)))[:, None]
    if D.chance(0.5):  # broken faces
        for _ in range(D.randint(2, 5)):
            n = D.np.normal(size=3)
            n /= np.linalg.norm(n)
            d = v @ n - D.u(0.35, 0.7)
            v = v - np.clip(d, 0, None)[:, None] * n
    v = v * np.array([D.u(0.7, 1.3), D.u(0.7, 1.3), squash or D.u(0.4, 1.1)])
    return mesh(v, f, mat, D.chance(0.6))


def crystal(mat):
    parts = []
    for _ in range(D.randint(3, 9)):
        n = D.randint(5, 7)
        r, h = D.u(0.06, 0.2), D.u(0.4, 1.2)
        v, f = lathe([(r * 0.8, -0.1), (r, h * 0.7), (0.001, h)], n)
        parts.append((turn(v, D.n(0, 0.5), D.n(0, 0.5), D.u(0, 6)) + [D.n(0, 0.12), D.n(0, 0.12), 0], f))
    return mesh(*join(parts), mat, False)


# ------------------------------------------------------------------ plants

GREENS = (0.18, 0.36)


def leaf_material(season: str | None = None):
    season = season or D.pick(["summer", "summer", "summer", "autumn", "blossom", "dark", "odd"])
    h, s, v = {
        "summer": (D.u(*GREENS), D.u(0.4, 0.85), D.u(0.25, 0.6)),
        "autumn": (D.u(0.0, 0.15), D.u(0.6, 0.95), D.u(0.35, 0.8)),
        "blossom": (D.u(0.85, 1.0), D.u(0.05, 0.4), D.u(0.75, 0.95)),
        "dark": (D.u(0.25, 0.42), D.u(0.4, 0.7), D.u(0.1, 0.3)),
        "odd": (D.random(), D.u(0.3, 0.9), D.u(0.3, 0.9)),
    }[season]
    return material(
        hsv(h, s, v),
        hsv(h + D.n(0, 0.04), s * 0.9, v * D.u(0.4, 0.8)),
        "noise",
        D.u(1, 4),
        0.6,
        0.0,
        vary=D.u(0.2, 0.7),
        vertex=True,
    )


def bark_material():
    h = D.u(0.03, 0.1)
    return material(
        hsv(h, D.u(0.1, 0.5), D.u(0.15, 0.5)),
        hsv(h, D.u(0.1, 0.4), D.u(0.05, 0.25)),
        D.pick(["noise", "wave", "voronoi"]),
        D.u(3, 9),
        0.95,
        0.7,
        vary=0.3,
    )


def leaves(at, size: float, droop: float = 0.3, aspect: float = 0.5, up=0.3):
    """A folded diamond at each point, turned at random; returns vertices, faces and shade (leaves differ)."""
    n = len(at)
    d = D.np.normal(size=(n, 3)) + [0, 0, up - droop]
    d /= np.linalg.norm(d, axis=1, keepdims=True) + 1e-6
    s = np.cross(d, D.np.normal(size=(n, 3)))
    s /= np.linalg.norm(s, axis=1, keepdims=True) + 1e-6
    k = size * D.np.uniform(0.6, 1.4, (n, 1))
    mid = at + d * k * 0.5
    v = np.stack(
        [at, mid + s * k * aspect * 0.5, at + d * k - [0, 0, 1] * k * 0.15, mid - s * k * aspect * 0.5], 1
    ).reshape(-1, 3)
    shade = np.repeat(D.np.uniform(0.5, 1.15, (n, 1)), 4, 0) * np.ones((1, 3))
    return v.astype(np.float32), np.arange(4 * n).reshape(-1, 4).astype(np.int32), shade


def branches(
    length: float, radius: float, depth: int, spread: float, kids: int, up: float, bend: float = 0.15
):
    """Grows a skeleton: list of (path, radii), and the points of the twigs where leaves sit."""
    out, tips = [], []

    def grow(p, d, ln, r, level):
        path, rr = [p], [r]
        steps = 5 if level == depth else 4
        for i in range(steps):
            d = d + D.np.normal(0, bend, 3) + np.array([0, 0, up * 0.12])
            d = d / np.linalg.norm(d)
            p = p + d * ln / steps
            path.append(p)
            rr.append(r * (1 - 0.55 * (i + 1) / steps))
        out.append((np.array(path), np.array(rr)))
        if level <= 1:
            tips.extend(path[1:])
        if level == 0:
            return
        for j in range(kids + D.randint(-1, 1)):
            t = D.u(0.35, 1.0) if j else 1.0
            q = path[min(steps, int(t * steps))]
            side = D.np.normal(size=3)
            side -= side @ d * d
            side /= np.linalg.norm(side) + 1e-6
            nd = d * (1 - spread) + side * spread
            grow(q, nd / np.linalg.norm(nd), ln * D.u(0.5, 0.8), r * 0.5, level - 1)

    grow(np.zeros(3), np.array([D.n(0, 0.05), D.n(0, 0.05), 1.0]), length, radius, depth)
    return out, np.array(tips)


def wood(skeleton, mat, sides: int = 6):
    return mesh(*join([tube(p, r, k=sides if r[0] > 0.03 else 4) for p, r in skeleton]), mat)


def broadleaf(bark, leaf, count: int = 2600, height: float = 5.0, bare: bool = False):
    """Meshes of one tree, root at the origin: [wood, leaves]."""
    sk, tips = branches(
        height * D.u(0.3, 0.5),
        height * D.u(0.02, 0.045),
        3,
        D.u(0.45, 0.8),
        D.randint(3, 4),
        D.u(0, 0.6),
        D.u(0.08, 0.25),
    )
    out = [wood(sk, bark)]
    if not bare:
        at = tips[D.np.integers(len(tips), size=count)] + D.np.normal(0, height * D.u(0.03, 0.07), (count, 3))
        v, f, c = leaves(at, height * D.u(0.03, 0.055), D.u(0.1, 0.8), D.u(0.35, 0.8))
        out.append(mesh(v, f, leaf, False, c))
    return out


def conifer(bark, leaf, height: float = 6.0, count: int = 3600):
    r0 = height * D.u(0.012, 0.025)
    path = np.stack([np.zeros(8), np.zeros(8), np.linspace(0, height, 8)], 1)
    trunk = mesh(*tube(path, np.linspace(r0, r0 * 0.1, 8), k=7), bark)
    t = D.np.uniform(D.u(0.05, 0.4), 1, count) ** D.u(0.8, 1.1)
    layers = D.randint(8, 22)
    t = np.where(D.np.random(count) < 0.8, np.round(t * layers) / layers, t)
    a = D.np.uniform(0, 2 * math.pi, count)
    wide = height * D.u(0.14, 0.3)
    rad = (1 - t) * wide * np.sqrt(D.np.uniform(0.03, 1, count))
    at = np.stack([np.cos(a) * rad, np.sin(a) * rad, t * height - rad * D.u(0.1, 0.5)], 1)
    out = np.stack([np.cos(a), np.sin(a), np.full(count, -D.u(0.1, 0.6))], 1)
    size = height * D.u(0.04, 0.07)
    s = np.stack([-np.sin(a), np.cos(a), D.np.normal(0, 0.3, count)], 1)
    k = size * D.np.uniform(0.6, 1.4, (count, 1))
    v = np.stack(
        [at, at + out * k * 0.5 + s * k * 0.3, at + out * k, at + out * k * 0.5 - s * k * 0.3], 1
    ).reshape(-1, 3)
    c = np.repeat(D.np.uniform(0.4, 1.15, (count, 1)), 4, 0) * np.ones((1, 3))
    return [trunk, mesh(v, np.arange(4 * count).reshape(-1, 4), leaf, False, c)]


def palm(bark, leaf, height: float = 5.0):
    lean = D.n(0, 0.12)
    path = np.stack([lean * np.linspace(0, 1, 10) ** 2 * height, np.zeros(10), np.linspace(0, height, 10)], 1)
    trunk = mesh(*tube(path, np.linspace(0.04, 0.022, 10) * height * 0.8, k=9), bark)
    parts, shades = [], []
    for i in range(D.randint(9, 18)):
        v, f, c = frond(height * D.u(0.35, 0.55), 26)
        parts.append((turn(v, 0, 0, i * 2.4 + D.n(0, 0.2)) + path[-1], f))
        shades.append(c)
    return [trunk, mesh(*join(parts), leaf, False, np.concatenate(shades))]


def frond(length: float, pairs: int = 18, droop: float | None = None):
    """A fern's or palm's leaf: leaflets along an arching rib that starts at the origin and goes to +x."""
    e0, droop = D.u(0.3, 1.1), D.u(0.8, 2.0) if droop is None else droop
    t = np.linspace(0.08, 1, pairs)
    ang = e0 - droop * t
    x, z = np.cumsum(np.cos(ang)) / pairs * length, np.cumsum(np.sin(ang)) / pairs * length
    vs = []
    for sg in (-1, 1):
        k = length * 0.28 * np.sin(np.clip(t * 2.6 + 0.3, 0, math.pi)) + 0.01 * length
        base = np.stack([x, 0 * x, z], 1)
        tip = base + np.stack([k * 0.5, sg * k, -k * 0.35], 1)
        w = np.array([length / pairs * 0.45, 0, 0])
        vs.append(np.stack([base - w, base + w, tip + w * 0.2, tip - w * 0.2], 1))
    v = np.concatenate(vs).reshape(-1, 3)
    c = np.repeat(D.np.uniform(0.6, 1.1, (len(v) // 4, 1)), 4, 0) * np.ones((1, 3))
    return v, np.arange(len(v)).reshape(-1, 4), c


def fern(leaf, size: float = 0.6):
    parts, shades = [], []
    for i in range(D.randint(6, 12)):
        v, f, c = frond(size * D.u(0.7, 1.2))
        parts.append((turn(v, 0, 0, i * 2.4), f))
        shades.append(c)
    return mesh(*join(parts), leaf, False, np.concatenate(shades))


def bush(leaf, size: float = 0.6, count: int = 1100):
    n = D.np.normal(size=(count, 3))
    n /= np.linalg.norm(n, axis=1, keepdims=True)
    lump = 1 + 0.5 * fbm(n * D.u(1, 2.5) + D.u(0, 50), 3)
    at = n * (lump * D.np.uniform(0.55, 1, count) ** 0.5)[:, None] * np.array(
        [1, 1, D.u(0.6, 1.1)]
    ) * size * 0.5 + [0, 0, size * 0.35]
    v, f, c = leaves(at, size * D.u(0.07, 0.16), D.u(0, 0.5), D.u(0.35, 0.8))
    return mesh(v, f, leaf, False, c * np.repeat(np.clip(0.6 + at[:, 2:] / size * 0.6, 0.4, 1.1), 4, 0))


def grass(leaf, size: float = 0.3, count: int = 700, patch: float = 1.0, thin: float = 0.02):
    """Blades of two pieces over a square patch."""
    x = np.concatenate([D.np.uniform(-patch / 2, patch / 2, (count, 2)), np.zeros((count, 1))], 1)
    a = D.np.uniform(0, 6.28, count)
    lean = D.np.normal(0, 0.35, (count, 2))
    h = size * D.np.uniform(0.4, 1.2, (count, 1))
    side = np.stack([np.cos(a), np.sin(a), 0 * a], 1) * size * thin * 2
    mid = x + np.concatenate([lean * 0.35 * h, 0.6 * h], 1)
    tip = x + np.concatenate([lean * h, h * D.np.uniform(0.7, 1, (count, 1))], 1)
    v = np.stack(
        [x - side, x + side, mid + side * 0.8, mid - side * 0.8, tip + side * 0.1, tip - side * 0.1], 1
    ).reshape(-1, 3)
    i = np.arange(count)[:, None] * 6
    f = np.concatenate([i + [[0, 1, 2, 3]], i + [[3, 2, 4, 5]]])
    c = np.tile(np.array([0.5, 0.5, 0.9, 0.9, 1.1, 1.1]), count)[:, None] * np.repeat(
        D.np.uniform(0.7, 1.1, (count, 1)), 6, 0
    )
    return mesh(v, f, leaf, False, c * np.ones((1, 3)))


def flower(stem, petal, heart, height: float = 0.4):
    """Meshes of one flower: stem with leaves, petals, heart."""
    bend = D.n(0, 0.12)
    top = np.array([bend * height, 0, height])
    path = np.stack([np.linspace(0, 1, 6) ** 2 * top[0], np.zeros(6), np.linspace(0, 1, 6) * height], 1)
    sv, sf = tube(path, height * 0.012, k=4)
    lv, lf, _ = leaves(path[D.np.integers(0, 4, 5)], height * 0.3, 0, 0.3)
    n, r, cup = D.randint(5, 13), height * D.u(0.12, 0.3), D.u(-0.3, 0.9)
    parts = []
    for i in range(n):
        u = np.linspace(0, 1, 5)
        w = np.sin(np.clip(u * 2.6 + 0.25, 0, math.pi)) * r * D.u(0.25, 0.45)
        x, z = u * r * math.cos(cup * 0.7), u**1.5 * r * math.sin(cup)
        v = np.stack([np.stack([x, w, z], 1), np.stack([x, -w, z], 1)], 1).reshape(-1, 3)
        f = grid(5, 2)
        parts.append((turn(v, 0, 0, i * 6.283 / n), f))
    pv, pf = join(parts)
    tilt = D.n(0, 0.5), D.n(0, 0.5)
    hv, hf = ball(10, 6)
    return [
        mesh(*join([(sv, sf), (lv, lf)]), stem, False),
        mesh(turn(pv, *tilt) + top, pf, petal, True),
        mesh(turn(hv * r * D.u(0.15, 0.3) * [1, 1, 0.6], *tilt) + top, hf, heart),
    ]


def mushroom(mat, stalk, size: float = 0.3):
    r = size * D.u(0.4, 0.8)
    cap = [
        (r * math.sin(t), size + r * D.u(0.5, 0.9) * (math.cos(t) - 0.2)) for t in np.linspace(0.01, 1.7, 9)
    ]
    cap.append((r * 0.2, size * 0.95))
    return [
        mesh(*lathe(cap, 20), mat),
        mesh(*lathe([(size * 0.16, -0.02), (size * 0.1, size * 0.5), (size * 0.1, size)], 10), stalk),
    ]


def scatter(meshes_list, points, scale=(0.7, 1.3), tilt: float = 0.05, index: int = 0) -> None:
    """Puts a random one of several plants (each a list of meshes) at every point."""
    for p in points:
        s, r = D.u(*scale), (D.n(0, tilt), D.n(0, tilt), D.u(0, 6.28))
        group = D.pick(meshes_list)
        for me in group if isinstance(group, list) else [group]:
            put(me, p, r, s, index)


# ------------------------------------------------------------------ animals


def metaball(parts, mat, resolution: float = 0.07):
    """A smooth body from (place, radius, (sx, sy, sz)) ellipsoids, as an ordinary mesh."""
    mb = bpy.data.metaballs.new("b%d" % D.randint(0, 10**9))
    mb.render_resolution = mb.resolution = resolution
    mb.threshold = 0.3
    for co, r, s in parts:
        e = mb.elements.new(type="ELLIPSOID")
        e.co, e.radius = co, r * 1.5
        e.size_x, e.size_y, e.size_z = s
    ob = bpy.data.objects.new(mb.name, mb)
    kit.stage.scene.collection.objects.link(ob)
    dg = bpy.context.evaluated_depsgraph_get()
    dg.update()
    me = bpy.data.meshes.new_from_object(ob.evaluated_get(dg))
    bpy.data.objects.remove(ob)
    bpy.data.metaballs.remove(mb)
    me.materials.clear()
    me.materials.append(mat)
    me.polygons.foreach_set("use_smooth", np.full(len(me.polygons), True))
    kit.stage.trash.append(me)
    return me


def arrays(me):
    v = np.empty(len(me.vertices) * 3, np.float32)
    me.vertices.foreach_get("co", v)
    n = np.empty(len(me.vertices) * 3, np.float32)
    me.vertices.foreach_get("normal", n)
    return v.reshape(-1, 3), n.reshape(-1, 3)


def fur(me, mat, length: float, count: int):
    """Hair as thin triangles over a body: a soft outline that the disparity map follows."""
    v, n = arrays(me)
    i = D.np.integers(len(v), size=count)
    p = v[i] + D.np.normal(0, length * 0.3, (count, 3))
    d = n[i] + D.np.normal(0, 0.35, (count, 3)) + [0, 0.0, -0.35]
    d /= np.linalg.norm(d, axis=1, keepdims=True) + 1e-6
    s = np.cross(d, n[i] + 0.01)
    s /= np.linalg.norm(s, axis=1, keepdims=True) + 1e-6
    k = length * D.np.uniform(0.5, 1.4, (count, 1))
    t = np.stack([p - s * k * 0.12, p + s * k * 0.12, p + d * k], 1).reshape(-1, 3)
    c = np.repeat(D.np.uniform(0.55, 1.15, (count, 1)), 3, 0) * np.ones((1, 3))
    return mesh(t, np.arange(3 * count).reshape(-1, 3), mat, True, c)


def fur_material():
    h = D.pick([D.u(0.05, 0.11), D.u(0.05, 0.11), D.u(0.05, 0.1), D.random()])
    a = hsv(h, D.u(0, 0.75), D.u(0.05, 0.95))
    b = hsv(h + D.n(0, 0.03), D.u(0, 0.5), D.u(0.05, 0.95))
    return material(
        a, b, D.pick(["noise", "spots", "voronoi", "wave", "plain"]), D.u(0.6, 3), 0.9, 0.0, vertex=False
    ), material(a, b, "noise", D.u(0.6, 3), 0.9, 0.0, vertex=True)


def animal(kind: str | None = None):
    """Meshes of a made-up animal about one unit long that looks along -y, feet at z = 0."""
    kind = kind or D.pick(["beast", "beast", "beast", "sitter", "sitter", "bird", "fish"])
    skin, hair = fur_material()
    dark = material((0.01, 0.01, 0.01, 1), None, "plain", 1, 0.1, 0)
    parts, eyes, extra = [], [], []
    if kind == "beast":
        leg, fat, neck = D.u(0.15, 0.6), D.u(0.14, 0.3), D.u(-0.05, 0.5)
        z = leg + fat * 0.7
        parts += [
            ((0, 0.25, z), fat, (0.8, 1, 0.85)),
            ((0, -0.15, z), fat, (0.8, 1.1, 0.9)),
            ((0, 0.05, z), fat, (0.8, 1, 0.85)),
        ]
        turned = D.n(0, 0.15)
        head = np.array([turned, -0.5 - neck * 0.3, z + neck])
        for t in (0.3, 0.65):
            q = np.array([0, -0.25, z + 0.05]) * (1 - t) + head * t
            parts.append((tuple(q), fat * 0.6, (0.8, 0.8, 1)))
        hr = D.u(0.1, 0.2)
        parts += [
            (tuple(head), hr, (1, 1, 1)),
            (tuple(head + [turned * 0.3, -hr * D.u(0.7, 1.3), -hr * 0.3]), hr * 0.6, (0.8, 1.2, 0.7)),
        ]
        th = D.u(0.04, 0.09)
        for sx in (-1, 1):
            for y in (-0.28, 0.32):
                st = D.n(0, 0.08)
                for t in np.linspace(0, 1, 4):
                    parts.append(
                        (
                            (sx * fat * 0.5, y + st * t, z * (1 - t) + th * t),
                            th * (1.3 - 0.4 * t),
                            (1, 1, 1.3),
                        )
                    )
            eyes.append(head + [sx * hr * 0.75, -hr * 0.65, hr * 0.25])
            extra.append((head + [sx * hr * 0.7, hr * 0.1, hr * 0.9], D.u(0.4, 1.8) * hr, sx * D.u(0.1, 0.9)))
        for t in np.linspace(0, 1, 5):
            parts.append(((D.n(0, 0.02), 0.5 + 0.3 * t, z + 0.1 - D.u(-0.1, 0.3) * t), 0.05, (1, 1, 1)))
    elif kind == "sitter":  # sits up facing the viewer, like a bear, a cat or a plush toy
        b, hr = D.u(0.2, 0.34), D.u(0.15, 0.28)
        head = np.array([D.n(0, 0.04), -0.08, b * 2 + hr * 0.7])
        parts += [
            ((0, 0, b), b, (1, 0.9, 1.15)),
            ((0, -0.02, b * 1.5), b * 0.7, (1, 0.9, 1)),
            (tuple(head), hr, (1.05, 0.95, 0.95)),
            (tuple(head + [0, -hr * 0.8, -hr * 0.25]), hr * 0.5, (1, 0.9, 0.7)),
        ]
        for sx in (-1, 1):
            reach = D.u(0, 0.35)
            for t in np.linspace(0, 1, 5):
                parts.append(
                    (
                        (
                            sx * (b * 0.8 + 0.05 * t),
                            -0.1 - reach * t,
                            b * 1.5 - (0.3 + 0.05 * t) * b * t * 1.5,
                        ),
                        0.075,
                        (1, 1, 1),
                    )
                )
                parts.append(((sx * b * 0.65, -0.1 - 0.4 * t * b * 1.5, 0.1), 0.1, (1, 1, 0.9)))
            eyes.append(head + [sx * hr * 0.42, -hr * 0.8, hr * 0.2])
            extra.append((head + [sx * hr * 0.75, 0, hr * 0.75], D.u(0.5, 1.4) * hr, sx * D.u(0.1, 0.7)))
    elif kind == "bird":
        b = D.u(0.16, 0.26)
        head = np.array([D.n(0, 0.05), -0.28, b * 2.2 + D.u(0, 0.4)])
        parts += [
            ((0, 0, b * 1.5), b, (0.85, 1.4, 0.9)),
            ((0, 0.35, b * 1.5), b * 0.45, (0.7, 2, 0.3)),
            (tuple(head), b * 0.55, (1, 1, 1)),
        ]
        for t in (0.25, 0.5, 0.75):
            q = np.array([0, -0.15, b * 1.7]) * (1 - t) + head * t
            parts.append((tuple(q), b * 0.45, (1, 1, 1)))
        v, f = lathe([(b * 0.2, 0), (b * 0.15, b * 0.4), (0.001, b * D.u(0.6, 1.5))], 8)
        beak = mesh(
            turn(v, 1.6) + head + [0, -b * 0.35, 0],
            f,
            material(hsv(D.u(0, 0.14), 0.8, 0.8), None, "plain", 1),
        )
        legs = mesh(
            *join([tube([[s * b * 0.4, 0, b], [s * b * 0.4, -0.02, 0]], 0.015) for s in (-1, 1)]),
            material(hsv(0.1, 0.7, 0.6), None, "plain", 1),
        )
        for sx in (-1, 1):
            eyes.append(head + [sx * b * 0.42, -b * 0.3, b * 0.12])
    else:
        b = D.u(0.15, 0.3)
        parts += [((0, y, b), b * (1 - abs(y) * 1.4), (0.55, 1.4, 1)) for y in (-0.3, -0.1, 0.15, 0.4)]
        fin = [((0, 0.5 + 0.07 * i, b), b * (0.3 + 0.15 * i), (0.12, 0.7, 1.2)) for i in range(3)] + [
            ((0, 0, b * 1.8), b * 0.5, (0.12, 1.3, 0.7))
        ]
        parts += fin
        eyes = [np.array([sx * b * 0.38, -0.38, b * 1.15]) for sx in (-1, 1)]
    body = metaball(parts, skin, D.u(0.05, 0.07))
    out = [body]
    er = D.u(0.018, 0.04)
    ev, ef = ball(10, 7)
    out.append(mesh(*join([(ev * er + np.asarray(e), ef) for e in eyes]), dark))
    if extra:
        horn = D.chance(0.2)
        ears = []
        for at, ln, side in extra:
            v, f = lathe(
                (
                    [(ln * 0.32, 0), (ln * 0.36, ln * 0.4), (0.002, ln)]
                    if not horn
                    else [(ln * 0.15, 0), (ln * 0.1, ln * 0.8), (0.002, ln * 1.6)]
                ),
                9,
            )
            ears.append((turn(v * [1, 0.45 if not horn else 1, 1], 0, side) + at - [0, 0, ln * 0.15], f))
        out.append(mesh(*join(ears), skin))
    if kind == "bird":
        out += [beak, legs]
    if kind != "fish" and D.chance(0.75):
        out.append(fur(body, hair, D.log(0.02, 0.07), 13000))
    return out
