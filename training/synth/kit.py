"""What every generator shares: dice, the Blender scene, meshes from arrays, procedural materials, light.

A sample is built from nothing and cleared afterwards (`clear`), so that sample N of a seed is the same whether it is
made alone or in a row.
"""

from __future__ import annotations

import colorsys
import math
import random

import bpy
import numpy as np
from mathutils import Matrix, Vector


class Dice(random.Random):
    """One source of chance for a sample: `random` for single draws, `np` for arrays."""

    np: np.random.Generator

    def start(self, seed: int) -> None:
        self.seed(seed)
        self.np = np.random.default_rng(seed)

    def u(self, a: float, b: float) -> float:
        return self.uniform(a, b)

    def n(self, mean: float, sd: float) -> float:
        return self.gauss(mean, sd)

    def log(self, a: float, b: float) -> float:
        """Between a and b, as many small as large."""
        return math.exp(self.uniform(math.log(a), math.log(b)))

    def chance(self, p: float) -> bool:
        return self.random() < p

    def pick(self, options, weights=None):
        return self.choices(list(options), weights)[0]


D = Dice()
D.start(0)


# ------------------------------------------------------------------ the scene


class Stage:
    """The Blender scene: camera, world and the list of what has to go before the next sample."""

    def __init__(self) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.scene = bpy.context.scene
        self.trash: list = []
        cam = bpy.data.objects.new("cam", bpy.data.cameras.new("cam"))
        self.scene.collection.objects.link(cam)
        self.scene.camera = cam
        cam.data.sensor_width = 36
        cam.data.sensor_fit = "AUTO"  # focal lengths count along the longer side
        cam.data.clip_start = 0.02
        cam.data.clip_end = 5000
        self.cam = cam
        world = bpy.data.worlds.new("w")
        self.scene.world = world
        world.use_nodes = True
        world.cycles.sampling_method = "MANUAL"
        world.cycles.sample_map_resolution = 256
        self.world = world

    def add(self, ob, index: int = 0):
        ob.pass_index = index
        self.scene.collection.objects.link(ob)
        self.trash.append(ob)
        return ob

    def clear(self) -> None:
        for x in self.trash:
            if isinstance(x, bpy.types.Object):
                data, kind = x.data, x.type
                bpy.data.objects.remove(x)
                if data and data.users == 0:
                    {"MESH": bpy.data.meshes, "LIGHT": bpy.data.lights, "META": bpy.data.metaballs}[
                        kind
                    ].remove(data)
        for x in self.trash:
            try:
                if isinstance(x, bpy.types.Mesh) and x.users == 0:
                    bpy.data.meshes.remove(x)
            except ReferenceError:
                pass  # went with its last object
        for x in self.trash:
            try:
                if isinstance(x, bpy.types.Material) and x.users == 0:
                    bpy.data.materials.remove(x)
            except ReferenceError:
                pass
        self.trash.clear()

    def look(self, loc, target, roll: float = 0.0) -> None:
        d = Vector(target) - Vector(loc)
        self.cam.matrix_world = (
            Matrix.Translation(loc)
            @ d.to_track_quat("-Z", "Y").to_matrix().to_4x4()
            @ Matrix.Rotation(roll, 4, "Z")
        )


stage: Stage = None  # type: ignore[assignment]


def open_stage() -> Stage:
    global stage
    stage = Stage()
    return stage


# ------------------------------------------------------------------ meshes


def raw_mesh(name, v, tot, loops, uv=None, smooth=True, colour=None, values=None) -> bpy.types.Mesh:
    v = np.ascontiguousarray(v, np.float32)
    tot = np.asarray(tot, np.int32)
    loops = np.asarray(loops, np.int32)
    me = bpy.data.meshes.new(name)
    me.vertices.add(len(v))
    me.vertices.foreach_set("co", v.ravel())
    me.loops.add(len(loops))
    me.loops.foreach_set("vertex_index", loops)
    me.polygons.add(len(tot))
    me.polygons.foreach_set("loop_start", np.concatenate([[0], np.cumsum(tot)[:-1]]).astype(np.int32))
    me.polygons.foreach_set("loop_total", tot)
    me.polygons.foreach_set("use_smooth", np.full(len(tot), smooth))
    if uv is not None:
        me.uv_layers.new(name="uv").data.foreach_set("uv", np.ascontiguousarray(uv, np.float32).ravel())
    if colour is not None:
        c = np.concatenate([np.asarray(colour, np.float32), np.ones((len(v), 1), np.float32)], 1)
        me.attributes.new("col", "FLOAT_COLOR", "POINT").data.foreach_set("color", c.ravel())
    for k, a in (values or {}).items():
        me.attributes.new(k, "FLOAT", "POINT").data.foreach_set("value", np.asarray(a, np.float32))
    me.update(calc_edges=True)
    return me


def mesh(v, faces, mat=None, smooth=True, colour=None, values=None) -> bpy.types.Mesh:
    """A mesh of equal polygons: faces is [n, 3] or [n, 4]."""
    faces = np.asarray(faces, np.int32)
    me = raw_mesh("m", v, np.full(len(faces), faces.shape[1]), faces.ravel(), None, smooth, colour, values)
    if mat:
        me.materials.append(mat)
    stage.trash.append(me)
    return me


def put(me, loc=(0, 0, 0), rot=(0, 0, 0), scale=1.0, index=0):
    ob = bpy.data.objects.new("o", me)
    ob.location = loc
    ob.rotation_euler = rot
    ob.scale = (scale,) * 3 if np.isscalar(scale) else scale
    return stage.add(ob, index)


def join(parts) -> tuple[np.ndarray, np.ndarray]:
    """Several (vertices, faces) with equal polygons as one."""
    vs, fs, o = [], [], 0
    for v, f in parts:
        vs.append(np.asarray(v, np.float32))
        fs.append(np.asarray(f, np.int32) + o)
        o += len(v)
    return np.concatenate(vs), np.concatenate(fs)


def box(x0, x1, y0, y1, z0, z1) -> tuple[np.ndarray, np.ndarray]:
    v = np.array([[x, y, z] for x in (x0, x1) for y in (y0, y1) for z in (z0, z1)], np.float32)
    f = np.array(
        [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]], np.int32
    )
    return v, f


def grid(nu: int, nv: int, wrap: bool = False) -> np.ndarray:
    """Quads over a row-major nu x nv lattice; wrap closes each row."""
    i, j = np.meshgrid(np.arange(nu - 1), np.arange(nv if wrap else nv - 1), indexing="ij")
    k = (j + 1) % nv
    return (
        np.stack([i * nv + j, i * nv + k, (i + 1) * nv + k, (i + 1) * nv + j], -1)
        .reshape(-1, 4)
        .astype(np.int32)
    )


def lathe(profile, n: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """A turned body from (radius, height) pairs."""
    p = np.asarray(profile, np.float32)
    a = np.arange(n) * 2 * math.pi / n
    v = np.stack([p[:, :1] * np.cos(a), p[:, :1] * np.sin(a), np.repeat(p[:, 1:], n, 1)], -1).reshape(-1, 3)
    return v, grid(len(p), n, True)


def ball(n: int = 20, m: int = 12) -> tuple[np.ndarray, np.ndarray]:
    t = np.linspace(0, math.pi, m)
    return lathe(np.stack([np.maximum(np.sin(t), 1e-4), -np.cos(t)], 1), n)


def ring(thick: float = 0.35, n: int = 28, k: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A torus of outer radius 1 lying flat."""
    a, b = np.arange(n) * 2 * math.pi / n, np.arange(k) * 2 * math.pi / k
    r = 1 - thick / 2 + thick / 2 * np.cos(b)
    v = np.stack(
        [np.cos(a)[:, None] * r, np.sin(a)[:, None] * r, np.broadcast_to(thick / 2 * np.sin(b), (n, k))], -1
    )
    f = grid(n + 1, k, True)
    return v.reshape(-1, 3), f % (n * k)


def tube(path, radius, closed: bool = False, k: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """A pipe along a path; radius may be one number or one per point."""
    path = np.asarray(path, np.float32)
    n = len(path)
    t = np.roll(path, -1, 0) - np.roll(path, 1, 0)
    if not closed:
        t[0], t[-1] = path[1] - path[0], path[-1] - path[-2]
    t /= np.linalg.norm(t, axis=1, keepdims=True) + 1e-9
    # The reference must not run along the path, or the pipe collapses.
    main = np.abs(t).mean(0)
    ref = np.eye(3, dtype=np.float32)[int(main.argmin())] + 0.1
    u = np.cross(t, ref)
    u /= np.linalg.norm(u, axis=1, keepdims=True) + 1e-9
    w = np.cross(t, u)
    a = np.arange(k) * 2 * math.pi / k
    r = np.broadcast_to(np.asarray(radius, np.float32), (n,))[:, None, None]
    v = path[:, None] + r * (np.cos(a)[None, :, None] * u[:, None] + np.sin(a)[None, :, None] * w[:, None])
    f = grid(n + (1 if closed else 0), k, True)
    return v.reshape(-1, 3), f % (n * k)


def turn(v, rx=0.0, ry=0.0, rz=0.0) -> np.ndarray:
    m = np.array(
        Matrix.Rotation(rz, 3, "Z") @ Matrix.Rotation(ry, 3, "Y") @ Matrix.Rotation(rx, 3, "X"), np.float32
    )
    return np.asarray(v, np.float32) @ m.T


# ------------------------------------------------------------------ noise in numpy

_PERM = np.random.default_rng(7).permutation(256).astype(np.int64)
_GRAD = np.random.default_rng(8).normal(size=(256, 3)).astype(np.float32)
_GRAD /= np.linalg.norm(_GRAD, axis=1, keepdims=True)


def noise(p) -> np.ndarray:
    """Gradient noise of points [..., 3], about -0.7 to 0.7."""
    p = np.asarray(p, np.float32)
    i = np.floor(p).astype(np.int64)
    f = p - i
    s = f * f * f * (f * (f * 6 - 15) + 10)
    out = 0.0
    for dx in (0, 1):
        for dy in (0, 1):
            for dz in (0, 1):
                h = _PERM[
                    (_PERM[(_PERM[(i[..., 0] + dx) & 255] + i[..., 1] + dy) & 255] + i[..., 2] + dz) & 255
                ]
                g = (_GRAD[h] * (f - np.array([dx, dy, dz], np.float32))).sum(-1)
                w = (s[..., 0] if dx else 1 - s[..., 0]) * (s[..., 1] if dy else 1 - s[..., 1])
                out = out + g * w * (s[..., 2] if dz else 1 - s[..., 2])
    return out


def fbm(p, octaves: int = 5, rough: float = 0.5, ridged: bool = False) -> np.ndarray:
    p = np.asarray(p, np.float32)
    if p.shape[-1] == 2:
        p = np.concatenate([p, np.full(p.shape[:-1] + (1,), 0.37, np.float32)], -1)
    out, a, k = 0.0, 1.0, 1.0
    for o in range(octaves):
        x = noise(p * k + 13.7 * o)
        out = out + a * (0.5 - 2 * np.abs(x) if ridged else x)
        a, k = a * rough, k * 2.03
    return out


# ------------------------------------------------------------------ colour and materials


def hsv(h, s, v) -> tuple[float, float, float, float]:
    c = colorsys.hsv_to_rgb(h % 1, min(1, max(0, s)), min(1, max(0, v)))
    return (*[x**2.2 for x in c], 1.0)


def kelvin(t: float) -> tuple[float, float, float]:
    t = t / 100
    r = 1 if t <= 66 else min(1, 1.293 * (t - 60) ** -0.1332)
    g = min(1, max(0, (0.39 * math.log(t) - 0.632) if t <= 66 else 1.13 * (t - 60) ** -0.0755))
    b = 1 if t >= 66 else 0 if t <= 19 else min(1, max(0, 0.5432 * math.log(t - 10) - 1.196))
    return (r**2.2, g**2.2, b**2.2)


def any_colour(strong: float = 0.5):
    """Anything, with grey, white and black as common as they are in the world."""
    if D.chance(strong):
        return hsv(D.random(), D.u(0.4, 1), D.u(0.2, 1))
    return hsv(D.random(), D.u(0, 0.35), D.u(0.04, 0.95))


def node(tree, kind, **inputs):
    x = tree.nodes.new("ShaderNode" + kind)
    for k, v in inputs.items():
        k = k.replace("_", " ")
        if k not in x.inputs:
            continue
        if hasattr(v, "is_output"):
            tree.links.new(v, x.inputs[k])
        else:
            x.inputs[k].default_value = v
    return x


def mix(tree, mode, fac, a, b):
    m = tree.nodes.new("ShaderNodeMixRGB")
    m.blend_type = mode
    for slot, x in enumerate((fac, a, b)):
        if hasattr(x, "is_output"):
            tree.links.new(x, m.inputs[slot])
        else:
            m.inputs[slot].default_value = x
    return m.outputs[0]


def new_material(name="m"):
    m = bpy.data.materials.new(name)
    m.use_nodes = True
    stage.trash.append(m)
    return m, m.node_tree, m.node_tree.nodes["Principled BSDF"]


def soft_alpha(tree, shader, alpha, lo: float = 0.0, hi: float = 1.0) -> None:
    """Alpha that is soft in the picture and a hard step while depth is rendered (see render.hard_alpha)."""
    x = tree.nodes.new("ShaderNodeMapRange")
    x.name = "ALPHA"
    x.inputs[1].default_value, x.inputs[2].default_value = lo, hi
    tree.links.new(alpha, x.inputs[0])
    tree.links.new(x.outputs[0], shader.inputs["Alpha"])


TEXTURES = (
    "plain",
    "noise",
    "noise",
    "voronoi",
    "cells",
    "brick",
    "tiles",
    "planks",
    "wave",
    "checker",
    "magic",
    "spots",
)


def material(
    a=None,
    b=None,
    texture=None,
    scale=1.0,
    rough=None,
    bump=None,
    metal=0.0,
    vary=0.0,
    vertex=False,
    glow=0.0,
):
    """A surface of two colours and a procedural pattern.

    scale: features per metre, about; vary: how far copies of one mesh differ in hue and lightness;
    vertex: multiply with the mesh's own colours.
    """
    m, t, p = new_material()
    texture = texture or D.pick(TEXTURES)
    a = a or any_colour()
    b = b or (any_colour() if D.chance(0.4) else tuple(x * D.u(0.25, 0.8) for x in a[:3]) + (1,))
    co = t.nodes.new("ShaderNodeTexCoord").outputs["Object"]
    if texture in ("brick", "tiles", "planks") or D.chance(0.3):
        # Walls stand: the pattern's plane has to be turned up for them; at a slant both floors and walls get some.
        mp = node(t, "Mapping", Vector=co)
        mp.inputs["Rotation"].default_value = (
            D.pick([0, math.pi / 2, 0.78]),
            0,
            D.pick([0, 0, math.pi / 2, D.u(0, 3)]),
        )
        co = mp.outputs[0]
    height = None
    if texture == "plain":
        col = mix(t, "MIX", 0.0, a, b)
    elif texture == "noise":
        x = node(
            t,
            "TexNoise",
            Vector=co,
            Scale=scale * D.u(1, 4),
            Detail=4,
            Roughness=D.u(0.45, 0.75),
            Distortion=D.pick([0, 0, D.u(0, 3)]),
        )
        height = x.outputs["Fac"]
        f = node(t, "MapRange", Value=height)
        f.inputs[1].default_value, f.inputs[2].default_value = D.u(0.3, 0.45), D.u(0.55, 0.7)
        col = mix(t, "MIX", f.outputs[0], a, b)
    elif texture in ("voronoi", "cells", "spots"):
        x = node(t, "TexVoronoi", Vector=co, Scale=scale * D.u(1.5, 6))
        height = x.outputs["Distance"]
        if texture == "cells":
            col = mix(t, "MULTIPLY", D.u(0.4, 1), mix(t, "MIX", D.u(0.2, 0.7), a, x.outputs["Color"]), b)
        elif texture == "spots":
            f = node(t, "MapRange", Value=height)
            f.inputs[1].default_value = D.u(0.2, 0.4)
            f.inputs[2].default_value = f.inputs[1].default_value + 0.05
            col = mix(t, "MIX", f.outputs[0], b, a)
        else:
            col = mix(t, "MIX", height, a, b)
    elif texture in ("brick", "tiles", "planks"):
        w, h = {"brick": (0.5, 0.25), "tiles": (0.5, 0.5), "planks": (D.u(1, 3), D.u(0.12, 0.3))}[texture]
        mortar = hsv(D.random(), 0.05, D.u(0.1, 0.9))
        x = node(
            t,
            "TexBrick",
            Vector=co,
            Scale=scale,
            Color1=a,
            Color2=tuple(D.u(0.5, 1.1) * q for q in a[:3]) + (1,),
            Mortar=mortar,
            Mortar_Size=D.u(0.006, 0.02),
            Brick_Width=w,
            Row_Height=h,
        )
        x.offset = 0.5 if texture != "tiles" else 0
        n = node(t, "TexNoise", Vector=co, Scale=scale * D.u(2, 12), Detail=3)
        col = mix(t, "OVERLAY", D.u(0.2, 0.8), x.outputs["Color"], n.outputs["Fac"])
        height = x.outputs["Fac"]
    elif texture == "wave":
        x = node(
            t, "TexWave", Vector=co, Scale=scale * D.u(0.5, 3), Distortion=D.pick([0, D.u(1, 12)]), Detail=3
        )
        x.wave_type = D.pick(["BANDS", "BANDS", "RINGS"])
        x.bands_direction = D.pick("XYZ")
        height = x.outputs["Fac"]
        col = mix(t, "MIX", height, a, b)
    elif texture == "checker":
        col = node(t, "TexChecker", Vector=co, Scale=scale * D.u(1, 5), Color1=a, Color2=b).outputs["Color"]
    else:
        x = node(t, "TexMagic", Vector=co, Scale=scale * D.u(0.7, 3), Distortion=D.u(0.5, 3))
        col = mix(t, "OVERLAY", D.u(0.3, 1), a, x.outputs["Color"])
    if D.chance(0.5):  # large stains: nothing real is evenly coloured
        n = node(t, "TexNoise", Vector=co, Scale=scale * D.u(0.2, 0.8), Detail=2)
        col = mix(t, "OVERLAY", D.u(0.2, 0.7), col, n.outputs["Fac"])
    if vertex:
        at = t.nodes.new("ShaderNodeAttribute")
        at.attribute_name = "col"
        col = mix(t, "MULTIPLY", 1.0, col, at.outputs["Color"])
    if vary:
        r = t.nodes.new("ShaderNodeObjectInfo").outputs["Random"]
        hm, vm = node(t, "MapRange", Value=r), node(t, "MapRange", Value=r)
        hm.inputs[3].default_value, hm.inputs[4].default_value = 0.5 - 0.12 * vary, 0.5 + 0.12 * vary
        vm.inputs[3].default_value, vm.inputs[4].default_value = 1 - 0.5 * vary, 1 + 0.3 * vary
        col = node(t, "HueSaturation", Hue=hm.outputs[0], Value=vm.outputs[0], Color=col).outputs[0]
    t.links.new(col, p.inputs["Base Color"])
    p.inputs["Roughness"].default_value = D.u(0.25, 0.95) if rough is None else rough
    p.inputs["Specular"].default_value = D.u(0.1, 0.5)
    p.inputs["Metallic"].default_value = metal
    if glow:
        t.links.new(col, p.inputs["Emission"])
        p.inputs["Emission Strength"].default_value = glow
    bump = max(0.0, D.u(-0.3, 0.5)) if bump is None else bump  # a bump evaluates the pattern three times
    if bump and height is not None:
        bu = node(t, "Bump", Height=height, Strength=min(1, bump), Distance=0.08 / scale)
        t.links.new(bu.outputs[0], p.inputs["Normal"])
    return m


# ------------------------------------------------------------------ light


def lamp(kind, loc, target, energy, size, colour=(1, 1, 1)):
    light = bpy.data.lights.new("l", kind)
    light.energy = energy
    light.color = colour
    if kind == "AREA":
        light.size = size
    elif kind == "SUN":
        light.angle = size
    elif kind == "POINT":
        light.shadow_soft_size = size
    ob = bpy.data.objects.new("l", light)
    ob.location = loc
    ob.rotation_euler = (Vector(target) - Vector(loc)).to_track_quat("-Z", "Y").to_euler()
    return stage.add(ob)
