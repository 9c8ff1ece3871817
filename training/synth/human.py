"""People: bodies of the MakeHuman base mesh with face, clothes and pose; everything in metres, facing -y.

A body is morphed from targets, its skeleton posed, and all that it wears is skinned along with it.
"""

from __future__ import annotations

import json
import math
import os

import bpy
import numpy as np
from mathutils import Matrix, Vector

import kit
from kit import D, hsv, material, mesh, mix, node, tube

FACE = 13380  # vertices of the base mesh that are the body; the rest are helpers that clothes hang on
I3 = np.eye(3, dtype=np.float32)


class Library:
    """Everything under ASSETS/mh."""

    def __init__(self, assets: str):
        self.assets = assets
        self.base = self._npz("base")
        self.v0 = self.base["v"].astype(np.float32)
        self.weights = self.base["W"].astype(np.float32)
        rig = json.load(open(assets + "/mh/rig.json"))
        self.bones, self.parent = rig["bones"], rig["parent"]
        self.bone = {b: i for i, b in enumerate(self.bones)}
        longest = max(map(len, rig["head"]))
        self.head_i = np.zeros((len(rig["head"]), longest), np.int64)
        self.head_w = np.zeros((len(rig["head"]), longest), np.float32)
        for i, row in enumerate(rig["head"]):
            self.head_i[i, : len(row)], self.head_w[i, : len(row)] = row, 1 / len(row)
        t = self._npz("targets")
        self.target = {n: i for i, n in enumerate(t["names"].tolist())}
        self.t_off, self.t_idx, self.t_vec = t["off"], t["idx"].astype(np.int64), t["vec"].astype(np.float32)
        poses = json.load(open(assets + "/mh/poses.json"))
        self.units, self.expressions, self.poses = poses["units"], poses["expr"], poses["poses"]
        self.manifest = json.load(open(assets + "/mh/manifest.json"))
        groups = ("head", "nose", "mouth", "eyes", "cheek", "chin", "ears", "forehead", "eyebrows", "neck")
        self.details = [
            n
            for n in self.target
            if n.split("/")[0] in groups
            and "/r-" not in n
            and "trans" not in n.split("/")[1].replace("nose-trans", "").replace("mouth-trans", "")
        ]
        self._worn: dict = {}
        self._images: dict = {}

    def _npz(self, name):
        with np.load(os.path.join(self.assets, "mh", name + ".npz")) as z:
            return {k: z[k] for k in z.files}

    def image(self, path):
        if path not in self._images:
            self._images[path] = bpy.data.images.load(os.path.join(self.assets, path))
        return self._images[path]

    def worn(self, kind, name):
        """A garment, hair, eyes, ...: geometry that refers to three vertices of the body for each of its own."""
        key = kind + "_" + name
        if key not in self._worn:
            p = self._npz(key)
            w = sum(p["w"][:, j, None] * self.weights[p["refs"][:, j]] for j in range(3))
            p["W"] = w / np.maximum(w.sum(1, keepdims=True), 1e-6)
            self._worn[key] = p
        return self._worn[key]

    def morph(self, weights):
        v = self.v0.copy()
        for n, w in weights.items():
            i = self.target.get(n)
            if i is None or abs(w) < 1e-3:
                continue
            a, b = self.t_off[i], self.t_off[i + 1]
            v[self.t_idx[a:b]] += w * self.t_vec[a:b]
        return v

    @staticmethod
    def fit(p, v):
        s = np.ones(3, np.float32)
        for k in range(3):
            if p["slen"][k] > 1e-9:
                s[k] = abs(v[p["sref"][k, 0], k] - v[p["sref"][k, 1], k]) / p["slen"][k]
        r, w = p["refs"], p["w"]
        return v[r[:, 0]] * w[:, :1] + v[r[:, 1]] * w[:, 1:2] + v[r[:, 2]] * w[:, 2:] + p["d"] * s

    def joints(self, heads, rots):
        """Each bone's transform [3, 4] from the rest pose."""
        out = np.zeros((len(self.bones), 3, 4), np.float32)
        for i, p in enumerate(self.parent):
            r = rots.get(i)
            local = np.zeros((3, 4), np.float32)
            local[:, :3] = I3 if r is None else r
            if r is not None:
                local[:, 3] = heads[i] - r @ heads[i]
            if p < 0:
                out[i] = local
            else:
                out[i, :, :3] = out[p, :, :3] @ local[:, :3]
                out[i, :, 3] = out[p, :, :3] @ local[:, 3] + out[p, :, 3]
        return out

    def skin(self, v, w, joints):
        m = (w @ joints.reshape(len(self.bones), 12)).reshape(-1, 3, 4)
        return np.einsum("nij,nj->ni", m[:, :, :3], v) + m[:, :, 3]


def rot(axis, degrees):
    return np.array(Matrix.Rotation(math.radians(degrees), 3, Vector(axis)), np.float32)


def euler(e, k=1.0):
    m = I3
    for c, x in e:
        m = m @ rot({"X": (1, 0, 0), "Y": (0, 1, 0), "Z": (0, 0, 1)}[c], x * k)
    return m


def clip01(x):
    return min(1.0, max(0.0, x))


# Skin colour is drawn apart from sex, so that every tone is as common among women as among men.
def draw_person(lib: Library, child: float = 0.1):
    male = D.chance(0.5)
    sex = clip01((0.88 if male else 0.12) + D.n(0, 0.08))
    age = D.pick(["child", "young", "mid", "old"], [child, 0.5, 0.25, 0.15])
    ages = {
        "child": dict(child=D.u(0.35, 1)),
        "young": dict(old=D.u(0, 0.15)),
        "mid": dict(old=D.u(0.2, 0.5)),
        "old": dict(old=D.u(0.55, 1)),
    }[age]
    ages["young"] = 1 - sum(ages.values())
    race = D.pick(["african", "asian", "caucasian"])
    eth = D.np.dirichlet([2.5 if r == race else 0.3 for r in ("african", "asian", "caucasian")])
    three = lambda x, a, b, c: {a: max(0, 1 - 2 * x), b: 1 - abs(2 * x - 1), c: max(0, 2 * x - 1)}
    muscle = three(clip01(D.n(0.5, 0.18)), "minmuscle", "averagemuscle", "maxmuscle")
    weight = three(clip01(D.n(0.5, 0.22)), "minweight", "averageweight", "maxweight")
    tall = D.n(0, 0.45)
    w = {}
    for g, gw in (("male", sex), ("female", 1 - sex)):
        for a, aw in ages.items():
            for r, rw in zip(("african", "asian", "caucasian"), eth):
                w["macrodetails/%s-%s-%s" % (r, g, a)] = gw * aw * rw
            for m, mw in muscle.items():
                for q, qw in weight.items():
                    w["macrodetails/universal-%s-%s-%s-%s" % (g, a, m, q)] = gw * aw * mw * qw
            h = "max" if tall > 0 else "min"
            w["macrodetails/height/%s-%s-averagemuscle-averageweight-%sheight" % (g, a, h)] = (
                gw * aw * min(1, abs(tall))
            )
    if not male and age != "child":
        w[
            "breast/female-young-averagemuscle-averageweight-%scup-averagefirmness" % D.pick(["min", "max"])
        ] = D.u(0, 0.7)
    for n in D.sample(lib.details, 22):
        w[n] = min(abs(D.n(0, 0.24)), 0.7)
        w[n.replace("/l-", "/r-")] = w[n] * D.u(0.85, 1.1) if "/l-" in n else w[n]
    return dict(male=male, age=age, race=race, old=ages.get("old", 0), weights=w)


# ------------------------------------------------------------------ pose


def reach(lib, heads, joints, side, target, rots, tries=260):
    """Turns shoulder and elbow so that the wrist comes near a place: the best of many random arms."""
    iu, il, iw = (lib.bone[b + side] for b in ("upperarm01.", "lowerarm01.", "wrist."))
    sg = 1 if side == "L" else -1
    hu, hl, hw = heads[iu], heads[il], heads[iw]
    g = joints[lib.parent[iu]]
    goal = g[:, :3].T @ (np.asarray(target, np.float32) - g[:, 3])
    best = None
    for _ in range(tries):
        up = (
            rot((0, 0, 1), D.u(-100, 60) * sg)
            @ rot((0, 1, 0), D.u(-60, 70) * sg)
            @ rot((1, 0, 0), D.u(-120, 40))
        )
        bend = rot((0, 0, 1), -D.u(5, 140) * sg)
        elbow = hu + up @ (hl - hu)
        wrist = elbow + up @ bend @ (hw - hl)
        cost = (
            np.linalg.norm(wrist - goal) + 0.15 * max(0, elbow[2] - hu[2]) + 0.25 * max(0, elbow[1] - hu[1])
        )
        if best is None or cost < best[0]:
            best = (cost, up, bend)
    rots[iu], rots[il] = best[1], best[2]


def curl(lib, heads, side, amount, rots):
    across = heads[lib.bone["finger2-1." + side]] - heads[lib.bone["finger5-1." + side]]
    across /= np.linalg.norm(across) + 1e-9
    sg = -1 if side == "L" else 1
    for f in range(1, 6):
        k = clip01(amount + D.n(0, 0.15)) * (0.4 if f == 1 else 1)
        for j in (1, 2, 3):
            rots[lib.bone["finger%d-%d.%s" % (f, j, side)]] = rot(
                tuple(across), sg * k * (55 if j > 1 else 45)
            )


# Where the wrist goes, relative to the head's joint, for a left hand (x is mirrored for the right); y < 0 is forward.
GESTURES = {
    "chin": lambda: (0.04 + D.n(0, 0.03), -0.14, -0.08),
    "cheek": lambda: (0.09, -0.1, 0.0 + D.n(0, 0.03)),
    "wave": lambda: (0.28, -0.22 + D.n(0, 0.05), 0.02 + D.n(0, 0.08)),
    "forward": lambda: (0.12 + D.n(0, 0.1), -0.5, -0.12 + D.n(0, 0.1)),
    "reach": lambda: (D.n(0.1, 0.1), -0.62, D.n(-0.02, 0.12)),
    "chest": lambda: (0.05 + D.n(0, 0.06), -0.28, -0.36 + D.n(0, 0.06)),
    "belly": lambda: (0.06 + D.n(0, 0.05), -0.3, -0.52 + D.n(0, 0.06)),
    "head": lambda: (0.16, -0.02, 0.1),
    "behind": lambda: (0.12, 0.1, 0.06),
    "hip": lambda: (0.26, 0.0, -0.62),
    "selfie": lambda: (0.42 + D.n(0, 0.06), -0.42, -0.1 + D.n(0, 0.1)),
    "face": lambda: (0.06 + D.n(0, 0.04), -0.24, -0.02 + D.n(0, 0.05)),
    "hold": lambda: (0.1 + D.n(0, 0.05), -0.34 + D.n(0, 0.05), -0.3 + D.n(0, 0.1)),
    "table": lambda: (0.14 + D.n(0, 0.06), -0.36 + D.n(0, 0.05), -0.46),
}


def strike_pose(lib, heads, plan):
    """plan: dict(body, lean, gestures {side: name}); returns bone rotations."""
    rots = {}
    if plan["body"] != "rest":
        for b, e in lib.poses[plan["body"]].items():
            rots[lib.bone[b]] = euler(e)
        for b in ("neck01", "neck02", "neck03", "head", "root"):
            rots.pop(lib.bone[b], None)
    else:
        for s, sg in (("L", 1), ("R", -1)):
            rots[lib.bone["upperarm01." + s]] = rot((0, 1, 0), sg * D.u(25, 42)) @ rot(
                (1, 0, 0), D.u(-12, 10)
            )
            rots[lib.bone["lowerarm01." + s]] = rot((1, 0, 0), D.u(-25, 0))
    lean, side, twist = plan["lean"], D.n(0, 5), D.n(0, 7)
    for b in ("spine03", "spine02", "spine01"):
        r = rot((1, 0, 0), lean / 3 + D.n(0, 2)) @ rot((0, 1, 0), side / 2) @ rot((0, 0, 1), twist)
        rots[lib.bone[b]] = r @ rots.get(lib.bone[b], I3)
    # The head makes up for part of the lean: people look where they are looking.
    yaw, pitch, roll = plan["yaw"], plan["pitch"] - lean * 0.5, D.n(0, 9)
    for b, k in (("neck01", 0.15), ("neck02", 0.2), ("neck03", 0.2), ("head", 0.45)):
        rots[lib.bone[b]] = rot((0, 0, 1), yaw * k) @ rot((1, 0, 0), pitch * k) @ rot((0, 1, 0), roll * k)
    face(lib, rots)
    for s in "LR":
        if D.chance(0.8):
            curl(lib, heads, s, D.u(0.05, 0.7), rots)
    if plan["gestures"]:
        g = lib.joints(heads, rots)
        ih = lib.bone["head"]
        head = g[ih][:, :3] @ heads[ih] + g[ih][:, 3]
        for s, name in plan["gestures"].items():
            sg = 1 if s == "L" else -1
            for b in ("upperarm02.", "lowerarm02.", "shoulder01.", "clavicle."):
                rots.pop(lib.bone[b + s], None)
            x, y, z = GESTURES[name]()
            reach(lib, heads, lib.joints(heads, rots), s, head + np.array([x * sg, y, z]), rots)
            if name == "hold":
                curl(lib, heads, s, 0.55, rots)
    return rots


def face(lib, rots):
    """An expression, the gaze, lids."""
    names = [
        e
        for e in lib.expressions
        if not e.startswith(("cry", "fear", "threaten", "effort", "disgust", "anger"))
    ]
    smiles = [e for e in lib.expressions if e.startswith(("smile", "laugh"))]
    x, k = D.random(), D.u(0.4, 1.1)
    chosen = (
        dict(lib.expressions[D.pick(smiles)])
        if x < 0.45
        else dict(lib.expressions[D.pick(names)]) if x < 0.8 else {}
    )
    units = {a: b * k for a, b in chosen.items()}
    gx, gz = D.n(0, 0.25), D.n(0, 0.2)
    for s in ("Left", "Right"):
        units[s + ("EyeturnLeft" if gx > 0 else "EyeturnRight")] = abs(gx)
        units[s + ("EyeUp" if gz > 0 else "EyeDown")] = abs(gz)
    if D.chance(0.15):
        lid = D.u(0.3, 1)
        units["LeftUpperLidClosed"] = units["RightUpperLidClosed"] = lid
    if D.chance(0.2):
        units["JawDrop"] = D.u(0.1, 0.7)
    total: dict = {}
    for u, w in units.items():
        for b, e in lib.units.get(u, {}).items():
            axis, angle = Matrix(euler(e).tolist()).to_quaternion().to_axis_angle()
            total[b] = total.get(b, np.zeros(3)) + np.array(axis) * angle * w
    for b, a in total.items():
        angle = np.linalg.norm(a)
        if angle > 1e-5:
            rots[lib.bone[b]] = rot(tuple(a / angle), math.degrees(angle)) @ rots.get(lib.bone[b], I3)


# ------------------------------------------------------------------ surfaces


def tint(tree, src, h, s, v):
    return node(tree, "HueSaturation", Hue=h, Saturation=s, Value=v, Color=src).outputs[0]


def texture(lib, tree, path):
    t = node(tree, "TexImage")
    t.image = lib.image(path)
    return t


def skin_material(lib, who, hair_colour):
    m, t, p = kit.new_material("skin")
    race = who["race"]
    age = "old" if who["old"] > 0.5 else "middleage" if who["old"] > 0.18 else "young"
    skins = lib.manifest["skins"]
    # Dark skins were only drawn for men; dark women get a woman's skin darkened, or a young man's.
    dark = race == "african" and (who["male"] or D.chance(0.4))
    c = [
        s for s in skins if ("dark" in s["name"]) == dark and (dark or ("female" in s["name"]) != who["male"])
    ]
    c = [s for s in c if (age if who["male"] or not dark else "young") in s["name"]] or c
    s = D.pick(c)
    k = {
        "african": D.u(0.45, 1.0) if dark else D.u(0.14, 0.35),
        "asian": D.u(0.55, 1.0),
        "caucasian": D.u(0.68, 1.02),
    }[race]
    tone = {
        "african": (1, D.u(0.86, 0.98), D.u(0.75, 0.95), 1),
        "asian": (1, D.u(0.9, 1), D.u(0.75, 0.95), 1),
        "caucasian": (1, D.u(0.9, 1.02), D.u(0.85, 1.05), 1),
    }[race]
    col = tint(t, texture(lib, t, s["tex"]).outputs[0], 0.5 + D.u(-0.012, 0.012), D.u(0.9, 1.15), k)
    col = mix(t, "MULTIPLY", 1, col, tone)
    n = node(t, "TexNoise", Scale=D.u(20, 60), Detail=3)
    col = mix(t, "OVERLAY", D.u(0.03, 0.12), col, n.outputs["Fac"])
    at = t.nodes.new("ShaderNodeAttribute")
    at.attribute_name = "scalp"
    col = mix(t, "MIX", at.outputs["Fac"], col, tuple(x * 0.55 for x in hair_colour[:3]) + (1,))
    t.links.new(col, p.inputs["Base Color"])
    p.inputs["Roughness"].default_value, p.inputs["Specular"].default_value = D.u(0.38, 0.6), D.u(0.25, 0.5)
    return m


def hair_colour(who):
    if who["old"] > 0.45 and D.chance(0.75):
        return hsv(0.08, D.u(0, 0.12), D.u(0.55, 0.85))
    x = D.random()
    if who["race"] != "caucasian" and x < 0.85 or x < 0.3:
        return hsv(0.06, D.u(0.2, 0.55), D.u(0.08, 0.25))
    if x < 0.6:
        return hsv(0.06, D.u(0.45, 0.65), D.u(0.25, 0.45))
    if x < 0.84:
        return hsv(0.10, D.u(0.35, 0.55), D.u(0.55, 0.8))
    return (
        hsv(0.035, D.u(0.6, 0.8), D.u(0.4, 0.6))
        if x < 0.93
        else hsv(D.random(), D.u(0.3, 0.8), D.u(0.3, 0.7))
    )


def card_material(lib, path, colour):
    """Hair drawn on a mesh: lightness and alpha from the texture, colour from us."""
    m, t, p = kit.new_material("hair")
    x = texture(lib, t, path)
    g = t.nodes.new("ShaderNodeRGBToBW")
    t.links.new(x.outputs[0], g.inputs[0])
    r = node(t, "MapRange", Value=g.outputs[0])
    r.inputs[2].default_value, r.inputs[3].default_value, r.inputs[4].default_value, r.clamp = (
        0.35,
        0.35,
        1.9,
        False,
    )
    t.links.new(mix(t, "MULTIPLY", 1, colour, r.outputs[0]), p.inputs["Base Color"])
    kit.soft_alpha(t, p, x.outputs[1], 0.1, 0.6)
    p.inputs["Roughness"].default_value, p.inputs["Specular"].default_value = D.u(0.45, 0.7), D.u(0.1, 0.25)
    return m


def plain_texture(lib, path, rough=0.5, alpha=False):
    m, t, p = kit.new_material("t")
    x = texture(lib, t, path)
    t.links.new(x.outputs[0], p.inputs["Base Color"])
    if alpha:
        kit.soft_alpha(t, p, x.outputs[1])
    p.inputs["Roughness"].default_value = rough
    return m


def cloth_material(lib, path):
    m, t, p = kit.new_material("cloth")
    if path and D.chance(0.6):
        col = tint(
            t,
            texture(lib, t, path).outputs[0],
            D.random() if D.chance(0.7) else 0.5,
            D.u(0.3, 1.5),
            D.u(0.4, 1.3),
        )
        if D.chance(0.4):
            col = mix(t, "MULTIPLY", D.u(0.4, 1), col, hsv(D.random(), D.u(0.1, 0.7), D.u(0.3, 1)))
    else:
        col = mix(t, "MIX", 0, hsv(D.random(), D.u(0, 0.8), D.u(0.06, 0.95)), (0, 0, 0, 1))
        if path:
            g = t.nodes.new("ShaderNodeRGBToBW")
            t.links.new(texture(lib, t, path).outputs[0], g.inputs[0])
            col = mix(t, "OVERLAY", 0.6, col, g.outputs[0])
        if D.chance(0.5):
            co = t.nodes.new("ShaderNodeTexCoord").outputs["Object"]
            kind = D.pick(["Wave", "Checker", "Voronoi", "Noise", "Magic"])
            w = node(
                t,
                "Tex" + kind,
                Vector=co,
                Scale={
                    "Wave": D.u(3, 20),
                    "Checker": D.u(20, 90),
                    "Voronoi": D.u(15, 80),
                    "Noise": D.u(4, 30),
                    "Magic": D.u(4, 20),
                }[kind],
            )
            if kind == "Wave":
                w.bands_direction = D.pick("XZ")
            f = w.outputs["Fac"] if "Fac" in w.outputs else w.outputs["Distance"]
            col = mix(t, "MIX", f, col, hsv(D.random(), D.u(0, 0.8), D.u(0.1, 0.95)))
    t.links.new(col, p.inputs["Base Color"])
    (
        p.inputs["Roughness"].default_value,
        p.inputs["Specular"].default_value,
        p.inputs["Sheen"].default_value,
    ) = (D.u(0.6, 0.95), D.u(0.05, 0.3), D.u(0, 0.6))
    n = node(t, "TexNoise", Scale=D.u(6, 18), Detail=2, Distortion=D.u(0, 2))  # folds
    b = node(t, "Bump", Height=n.outputs["Fac"], Strength=D.u(0.1, 0.45), Distance=0.025)
    t.links.new(b.outputs[0], p.inputs["Normal"])
    return m


# ------------------------------------------------------------------ the whole


def spectacles(body, eyes):
    """Frame and lens outlines around the fitted eyes, in the rest pose: (vertices, faces), [lens rings]."""
    left, right = eyes[eyes[:, 0] > 0].mean(0), eyes[eyes[:, 0] < 0].mean(0)
    near = np.abs(body[:, 2] - left[2]) < 0.01
    front = min(eyes[:, 1].min(), body[near][:, 1].min()) - 0.004
    d = abs(left[0] - right[0])
    rx = d * D.u(0.34, 0.46)
    rz, ex, thick = rx * D.u(0.55, 1.0), D.pick([2, 2.6, 3.5]), D.u(0.0012, 0.0034)
    a = np.linspace(0, 2 * math.pi, 24, endpoint=False)
    ring = np.stack(
        [
            np.sign(np.cos(a)) * np.abs(np.cos(a)) ** (2 / ex) * rx,
            0 * a,
            np.sign(np.sin(a)) * np.abs(np.sin(a)) ** (2 / ex) * rz - 0.006,
        ],
        -1,
    )
    temple = (np.abs(body[:, 2] - left[2]) < 0.015) & (np.abs(body[:, 1] - left[1] - 0.05) < 0.03)
    hw = np.abs(body[temple][:, 0]).max() + 0.004
    parts, lenses = [], []
    for c, sg in ((left, 1), (right, -1)):
        p = ring + np.array([c[0], front, c[2]])
        p[:, 1] += np.abs(p[:, 0]) * 0.12 * (np.abs(p[:, 0]) > d * 0.5)
        lenses.append(p)
        ear = [
            [c[0] + sg * rx, front + 0.008, c[2] + 0.006],
            [sg * hw, front + 0.03, c[2] + 0.006],
            [sg * hw, left[1] + 0.09, c[2] + 0.002],
            [sg * (hw - 0.003), left[1] + 0.115, c[2] - 0.02],
        ]
        parts += [tube(p, thick, True), tube(ear, thick)]
    parts.append(
        tube(
            [
                [left[0] - rx, front, left[2]],
                [0, front - 0.004, left[2] + 0.006],
                [right[0] + rx, front, right[2]],
            ],
            thick,
        )
    )
    return kit.join(parts), lenses


def build(lib: Library, index: int, plan: dict, dress_hair):
    """Makes one person at the origin.

    dress_hair(person) is called with the posed head to grow hair on it; see hair.py.
    Returns the objects and what the camera needs to know.
    """
    who = draw_person(lib)
    v = lib.morph(who["weights"])
    heads = np.einsum("ij,ijk->ik", lib.head_w, v[lib.head_i])
    rots = strike_pose(lib, heads, plan)
    g = lib.joints(heads, rots)
    hc = hair_colour(who)
    sm = skin_material(lib, who, hc)
    clothes = [
        c for c in lib.manifest["clothes"] if c["name"].startswith("male" if who["male"] else "female")
    ]
    if D.chance(0.15):
        clothes = [c for c in lib.manifest["clothes"] if "fedora" not in c["name"]]
    c = D.pick(clothes)
    cp = lib.worn("clothes", c["name"])
    hidden = np.zeros(len(v), bool)
    hidden[cp["dele"][cp["dele"] < len(v)]] = True
    base = lib.base
    starts = np.concatenate([[0], np.cumsum(base["tot"])[:-1]])
    keep = ~np.logical_and.reduceat(hidden[base["loops"]], starts)

    eyes = lib.fit(lib.worn("eyes", "high-poly"), v)
    head = dict(
        lib=lib, who=who, rest=v, joints=g, colour=hc, eyes=eyes, index=index, eye_z=float(eyes[:, 2].mean())
    )
    head["posed_eyes"] = lib.skin(eyes, lib.worn("eyes", "high-poly")["W"], g)
    # Colour on the skin under hair and beard.
    scalp, objects = dress_hair(head)
    if who["male"] and who["age"] != "child" and D.chance(0.45):
        w = lib.weights
        lips = w[:, [lib.bone[b] for b in lib.bones if b.startswith("oris")]].sum(1)
        z = v[:, 2] - head["eye_z"]
        beard = np.clip(w[:, lib.bone["jaw"]] * 1.6, 0, 1) * np.clip(1 - lips * 2.2, 0, 1) * (z < -0.035)
        lip = ((lips > 0.2) & (z < -0.045) & (np.abs(v[:, 0]) < 0.035) & (z > -0.068)) * 0.8
        scalp = np.maximum(scalp, np.maximum(beard, lip if D.chance(0.7) else 0) * D.u(0.15, 0.75))

    def add(name, vv, ww, geo, mat, kept=None, values=None):
        posed = lib.skin(vv, ww, g)
        loops, tot, uv = geo["loops"], geo["tot"], geo["uv"]
        if kept is not None:
            lm = np.repeat(kept, tot)
            loops, uv, tot = loops[lm], uv[lm], tot[kept]
        me = kit.raw_mesh("p%d_%s" % (index, name), posed, tot, loops, uv, True, None, values)
        me.materials.append(mat)
        objects.append(kit.put(me, index=index))
        return posed

    body = add("body", v, lib.weights, base, sm, keep, dict(scalp=scalp))
    add("cloth", lib.fit(cp, v), cp["W"], cp, cloth_material(lib, c["tex"]))
    q = D.pick(lib.manifest["eyebrows"])
    p = lib.worn("eyebrows", q["name"])
    add("brow", lib.fit(p, v), p["W"], p, card_material(lib, q["tex"], tuple(x * 0.5 for x in hc[:3]) + (1,)))
    q = D.pick(lib.manifest["eyelashes"])
    p = lib.worn("eyelashes", q["name"])
    add("lash", lib.fit(p, v), p["W"], p, card_material(lib, q["tex"], (0.01, 0.008, 0.006, 1)))
    p = lib.worn("eyes", "high-poly")
    irises = lib.manifest["eyetex"]
    brown = [t for t in irises if "brown" in t]
    posed_eyes = add(
        "eyes",
        eyes,
        p["W"],
        p,
        plain_texture(
            lib, D.pick(brown if who["race"] != "caucasian" and D.chance(0.9) else irises), 0.08, True
        ),
    )
    for kind, name in (("teeth", "teeth_base"), ("tongue", "tongue01")):
        path = lib.manifest[kind][0]["tex"]
        p = lib.worn(kind, name)
        add(kind, lib.fit(p, v), p["W"], p, plain_texture(lib, path, 0.3) if path else None)
    on_head = lambda n: np.eye(len(lib.bones), dtype=np.float32)[[lib.bone["head"]] * n]
    glasses = D.chance(0.22)
    if glasses:
        (gv, gf), lenses = spectacles(v[:FACE], eyes)
        geo = dict(tot=np.full(len(gf), 4, np.int32), loops=gf.ravel(), uv=np.zeros((gf.size, 2), np.float32))
        rim = D.pick(
            [(0.01, 0.01, 0.01, 1), (0.02, 0.015, 0.01, 1), hsv(D.random(), 0.6, 0.5), (0.4, 0.4, 0.4, 1)]
        )
        add(
            "glasses", gv, on_head(len(gv)), geo, material(rim, rim, "plain", 1, 0.25, 0, D.pick([0, 0, 0.8]))
        )
        if D.chance(0.35):
            lv = np.concatenate(lenses).astype(np.float32)
            dark = hsv(D.random(), 0.3, 0.06)
            add(
                "lens",
                lv,
                on_head(48),
                dict(tot=np.array([24, 24]), loops=np.arange(48), uv=np.zeros((48, 2))),
                material(dark, dark, "plain", 1, 0.06, 0),
            )
    b = body[:FACE]
    wj = lib.weights[:FACE]
    part = b[wj[:, lib.bone["head"]] + wj[:, lib.bone["jaw"]] > 0.3]
    hands = {}
    for s in "LR":
        i, j = lib.bone["wrist." + s], lib.bone["finger3-1." + s]
        at = lambda k: g[k][:, :3] @ heads[k] + g[k][:, 3]
        hands[s] = at(i) * 0.3 + at(j) * 0.7, at(j) - at(i)
    fwd = g[lib.bone["head"]][:, :3] @ np.array([0, -1, 0], np.float32)
    return objects, dict(
        eyes=posed_eyes.mean(0),
        head=part.mean(0),
        top=float(b[:, 2].max()),
        zmin=float(b[:, 2].min()),
        fwd=fwd,
        hands=hands,
        points=landmarks(lib, v, b, posed_eyes, eyes),
        info=dict(
            male=who["male"],
            age=who["age"],
            race=who["race"],
            cloth=c["name"],
            glasses=glasses,
            **{k: plan[k] for k in ("body", "gestures")},
        ),
        who=who,
    )


def landmarks(lib, rest, body, posed_eyes, eyes):
    """Five points of the face: the person's left and right eye, nose tip, left and right mouth corner."""
    ez = eyes[:, 2].mean()
    r = rest[:FACE]
    z = r[:, 2] - ez
    nose = np.where((np.abs(r[:, 0]) < 0.012) & (z < -0.02) & (z > -0.06))[0]
    tip = nose[r[nose, 1].argmin()]
    w = lib.weights[:FACE]
    lips = w[:, [lib.bone[b] for b in lib.bones if b.startswith("oris")]].sum(1) > 0.4
    # Corners lie where the lips meet: half-way up the mouth, not on the wider rim of the lower lip's skin.
    middle = (r[lips, 2].min() + r[lips, 2].max()) / 2
    lips = np.where(lips & (np.abs(r[:, 2] - middle) < 0.005) & (np.abs(r[:, 0]) < 0.035))[0]
    left, right = lips[r[lips, 0].argmax()], lips[r[lips, 0].argmin()]
    side = eyes[:, 0] > 0
    return np.stack([posed_eyes[side].mean(0), posed_eyes[~side].mean(0), body[tip], body[left], body[right]])
