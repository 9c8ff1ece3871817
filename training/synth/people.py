"""Portraits with exact depth: one to six people, close or far, in the worlds of scenes.py and before walls and skies.

    blender -b --factory-startup -P people.py -- --assets ASSETS --out DIR --seed S --start A --n 60

Writes NNNNNN.jpg, NNNNNN_d.png (16 bit: 65535 * 0.25 / z[m], 0 = sky), NNNNNN_m.png (person ids 1..9) and
meta_S_A.jsonl: camera, people, `head` (centres: x, y in pixels, z in metres) and `points` (per person five of x, y,
visible: left eye, right eye, nose tip, left and right mouth corner, as the person has them). Goes on where it stopped.
"""

from __future__ import annotations

import math
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import scenes  # noqa: E402  (opens the stage)

import bpy  # noqa: E402
import numpy as np  # noqa: E402
from mathutils import Matrix, Vector  # noqa: E402

import hair  # noqa: E402
import human  # noqa: E402
import kit  # noqa: E402
import nature  # noqa: E402
import render  # noqa: E402
import sky  # noqa: E402
import things  # noqa: E402
from kit import D, any_colour, box, hsv, kelvin, lamp, material, mesh, put  # noqa: E402

stage = scenes.stage
LIB: human.Library = None  # type: ignore[assignment]
HANDS = 0.0  # share of people who have something to do before them, whatever else they would do
BEFORE = ("reach", "reach", "forward", "face", "face", "chin", "cheek", "hold", "hold", "chest", "wave")

KINDS = {"close": 0.13, "selfie": 0.24, "portrait": 0.27, "upper": 0.16, "full": 0.12, "far": 0.08}
LENS = {
    "close": (24, 60),
    "selfie": (20, 32),
    "portrait": (35, 85),
    "upper": (28, 70),
    "full": (24, 60),
    "far": (22, 50),
}
# Height of a head (0.25 m) as a share of the picture's.
SHARE = {
    "close": (0.7, 1.25),
    "selfie": (0.28, 0.7),
    "portrait": (0.25, 0.6),
    "upper": (0.13, 0.26),
    "full": (0.09, 0.15),
    "far": (0.04, 0.09),
}
# Where the picture's middle lies below the eyes, in half picture heights.
AIM = {
    "close": (-0.35, 0.25),
    "selfie": (-0.25, 0.25),
    "portrait": (-0.45, 0.1),
    "upper": (-0.65, -0.2),
    "full": (-0.75, -0.4),
    "far": (-0.45, 0.1),
}


def plan_person(kind: str, seated: bool, first: bool) -> dict:
    far = kind in ("full", "far")
    body = D.pick(
        ["rest", "standing01", "standing02", "standing03", "standing04", "standing05", "standing06"],
        [5, 1, 1, 1, 1, 1, 1],
    )
    if far and D.chance(0.3):
        body = D.pick(
            ["run01", "gym01", "sit01", "fight01", "fight02", "fight03", "fight04", "fly01", "fly02"]
        )
    if seated:
        body = "sit01"
    lean = D.n(0, 6)  # forward is positive
    if D.chance(0.3):
        lean = D.u(12, 38) if D.chance(0.6) else -D.u(8, 22)
    yaw, pitch = D.n(0, 18), D.n(3, 10)
    if D.chance(0.2):
        yaw = D.u(-75, 75)
    if D.chance(0.12):
        pitch = -D.u(14, 38) if D.chance(0.5) else D.u(15, 32)
    gestures = {}
    if D.chance(0.62):
        names = (
            "chin",
            "cheek",
            "wave",
            "forward",
            "reach",
            "chest",
            "belly",
            "head",
            "behind",
            "hip",
            "face",
            "hold",
            "hold",
            "hold",
        )
        for s in D.pick(["L", "R", "LR", "LR"]):
            gestures[s] = D.pick(names)
    if HANDS and D.chance(HANDS):  # without it the draws stay what they were
        gestures = {s: D.pick(BEFORE) for s in D.pick(["L", "R", "LR", "LR"])}
    if seated:
        gestures = {s: D.pick(["table", "table", "hold", "chin", "chest"]) for s in "LR"}
    if first and kind == "selfie" and D.chance(max(0.25, 0.6 * HANDS)):
        gestures[D.pick("LR")] = "selfie"
    return dict(body=body, lean=lean, yaw=yaw, pitch=pitch, gestures=gestures)


def held_thing(at, along) -> None:
    """Something in a hand."""
    kind = D.pick(
        [
            "phone",
            "phone",
            "cup",
            "cup",
            "book",
            "bottle",
            "ball",
            "plant",
            "flowers",
            "model",
            "pet",
            "sheet",
        ]
    )
    at = np.asarray(at, float) + [D.n(0, 0.01), -0.04, 0.02]
    rot = (D.n(0, 0.35), D.n(0, 0.35), D.n(0, 0.8))
    if kind == "phone":
        c = any_colour(0.3)
        put(
            mesh(*box(-0.037, 0.037, -0.005, 0.005, -0.06, 0.09), material(c, c, "plain", 1, 0.2), False),
            at,
            rot,
        )
    elif kind in ("cup", "bottle"):
        v, f = things.vessel(kind)
        s = 0.12 if kind == "cup" else D.u(0.22, 0.3)
        put(
            mesh(v - [0, 0, 0.35], f, material(None, None, D.pick(["plain", "plain", "wave", "spots"]), 3)),
            at,
            rot,
            s,
        )
    elif kind in ("book", "sheet"):
        t, w, h = (0.012, D.u(0.06, 0.1), D.u(0.09, 0.14)) if kind == "book" else (0.001, 0.105, 0.15)
        put(
            mesh(*box(-w, w, -t, t, -h * 0.6, h * 1.4), material(None, None, None, D.u(2, 9)), False), at, rot
        )
    elif kind == "ball":
        v, f = kit.ball(22, 14)
        r = D.u(0.04, 0.13)
        put(mesh(v, f, material(None, None, None, D.u(1, 4))), at + [0, -r * 0.7, r * 0.5], rot, r)
    elif kind in ("plant", "flowers"):
        leaf = nature.leaf_material()
        if kind == "plant":
            v, f = things.vessel("cup")
            put(mesh(v - [0, 0, 0.4], f, material()), at, rot, 0.16)
            put(
                nature.fern(leaf, 0.22) if D.chance(0.5) else nature.bush(leaf, 0.28, 400),
                at + [0, 0, 0.06],
                (0, 0, D.u(0, 6)),
            )
        else:
            fl = nature.flower(
                leaf,
                material(any_colour(0.9), None, "plain", 1, 0.6, vary=0.5),
                material(hsv(0.13, 0.8, 0.7), None, "noise", 9),
                0.3,
            )
            for _ in range(D.randint(2, 8)):
                r = (D.n(0, 0.3), D.n(0, 0.3), D.u(0, 6))
                for me in fl:
                    put(me, at - [0, 0, 0.12], r, D.u(0.8, 1.2))
    elif kind == "model":
        f = D.pick(scenes.FURN.choose(("Kitchen", "Miscellaneous", "Office"), 0.06, 0.4))
        scenes.FURN.place(f, *(at - [0, 0, f["h"] * 0.3]), D.u(0, 6.28))
    else:
        s = D.u(0.25, 0.42)
        rz = D.n(0, 0.5)
        for me in nature.animal(D.pick(["sitter", "sitter", "beast"])):
            put(me, at + [0, -0.08, -s * 0.35], (0, 0, rz), s)


def laid_table(eye_z: float) -> float:
    z = eye_z - D.u(0.4, 0.52)
    w = D.u(0.5, 1.2)
    y0, y1 = -D.u(0.7, 1.1), -D.u(0.16, 0.24)
    put(
        mesh(
            *box(-w, w, y0, y1, z - 0.04, z),
            material(None, None, D.pick(["planks", "wave", "plain", "noise"]), 3),
            False,
        )
    )
    for _ in range(D.randint(1, 6)):
        x, y = D.n(0, w * 0.45), D.u(y0 + 0.1, y1 - 0.06)
        if D.chance(0.35):
            r = D.u(0.08, 0.15)
            v, f = things.vessel(D.pick(["plate", "bowl"]))
            put(mesh(v, f, material(any_colour(0.3), None, "plain", 1, 0.3)), (x, y, z), (0, 0, 0), r * 2)
            things.heap((x, y, z + 0.02), r * 0.7, D.u(0.015, 0.04), D.randint(5, 40))
        elif D.chance(0.5):
            k = D.pick(["cup", "bottle", "vase"])
            v, f = things.vessel(k)
            put(
                mesh(v, f, material()),
                (x, y, z),
                (0, 0, D.u(0, 6)),
                {"cup": 0.1, "bottle": 0.3, "vase": 0.22}[k],
            )
        else:
            f = D.pick(scenes.FURN.choose(("Kitchen", "Miscellaneous", "Office"), 0.08, 0.45))
            scenes.FURN.place(f, x, y, z, D.u(0, 6.28))
    return z


def wall_behind(floor: float) -> dict:
    """A wall close behind, or nothing but a photographed place far away."""
    s = sky.photographed(D.pick(sky.INDOOR + sky.OUTDOOR), D.u(0.5, 1.3))
    if D.chance(0.6):
        y = D.u(0.3, 2.5)
        o = put(
            mesh(
                *box(-9, 9, 0, 0.1, floor - 0.1, floor + 7),
                things.wall_material() if D.chance(0.6) else material(),
                False,
            ),
            (0, y, 0),
            (0, 0, D.n(0, 0.3)),
        )
        o.visible_shadow = False
        put(mesh(*box(-9, 9, -9, 9, floor - 0.05, floor), scenes.ground_material(), False)).visible_shadow = (
            False
        )
        for _ in range(D.pick([0, 0, 1, 2])):
            f = D.pick(scenes.FURN.choose(("Living room", "Office", "Bedroom"), 0.5, 2.2))
            if f["d"] < y:
                scenes.FURN.place(
                    f, D.pick([-1, 1]) * D.u(0.5, 1.6), y - f["d"] / 2 - 0.1, floor + f["el"], 0
                )
    return dict(s, kind="wall", fog=False, reach=5)


WORLDS = {
    scenes.room: 3.2,
    scenes.street: 1.7,
    scenes.forest: 1.5,
    scenes.landscape: 1.2,
    scenes.creatures: 0.7,
    scenes.blossoms: 0.5,
    scenes.passage: 0.8,
    wall_behind: 2.0,
}


def world_around(loc, people, floor: float, kind: str) -> dict:
    """Builds one of the scenes and moves it so that its ground is under the people's feet and its viewpoint ours."""
    build = D.pick(WORLDS, list(WORLDS.values()))
    if build is wall_behind:
        return dict(wall_behind(floor), world="wall")
    first = len(stage.trash)
    view = stage.cam.matrix_world.copy(), stage.cam.data.lens
    info = build()
    stage.cam.matrix_world, stage.cam.data.lens = view
    info["world"] = build.__name__
    dist = float(np.linalg.norm(np.asarray(loc[:2])))
    scale = 1.5 if build is scenes.passage else 1.0
    ground = info.pop("ground", lambda x, y: 0.0)(0.0, dist / scale) * scale
    shift = np.array([loc[0], loc[1], floor - ground])
    spots = np.array(
        [loc[:2] * (1 - t) + np.asarray(p["eyes"][:2]) * t for p in people for t in (0.0, 0.35, 0.7, 1.0)]
    )
    gone = []
    for ob in stage.trash[first:]:
        if not isinstance(ob, bpy.types.Object):
            continue
        ob.location = Vector(ob.location) * scale + Vector(shift)
        if ob.type == "LIGHT":
            continue
        ob.scale = Vector(ob.scale) * scale
        # What is small enough to be a single thing must not stand in the people or between them and us.
        size = max(max(abs(c) for c in corner) for corner in ob.bound_box) * max(ob.scale)
        if size < 4:
            gap = np.sqrt(((spots - np.array(ob.location[:2])) ** 2).sum(1)).min()
            if gap < 0.35 + 0.6 * size:
                gone.append(ob)
    for ob in gone:
        stage.trash.remove(ob)
        bpy.data.objects.remove(ob)
    return info


def build(w: int, h: int) -> dict:
    n = D.pick([1, 2, 3, 4, 5, 6], [0.6, 0.2, 0.09, 0.05, 0.03, 0.03])
    kind = D.pick(KINDS, list(KINDS.values()))
    if n > 2 and kind in ("close", "selfie") and KINDS["portrait"]:
        kind = D.pick(["portrait", "upper", "full"])
    seated = n <= 3 and kind in ("selfie", "portrait", "upper") and D.chance(0.16)
    people = []
    side = D.pick([-1, 1])
    for i in range(n):
        plan = plan_person(kind, seated, i == 0)
        objects, p = human.build(LIB, i + 1, plan, dress_and_note)
        p["info"].update(_note)
        if i == 0:
            x, y, dz, rz = 0.0, 0.0, 0.0, D.n(0, 14) if D.chance(0.85) else D.u(-80, 80)
            if D.chance(0.04):
                rz = D.u(90, 270)  # from behind
        else:
            side = -side
            if n <= 3 and D.chance(0.3) and not seated:  # someone farther away
                y = D.u(1.2, 5)
                x = side * D.u(0.3, 0.7) * (1 + y * 0.5)
            else:
                x, y = side * ((i + 1) // 2) * D.u(0.36, 0.56), D.u(-0.15, 0.55)
            rz = D.n(-8 * side, 20)
            level = people[0]["zmin"] - p["zmin"]
            alike = people[0]["eyes"][2] - p["eyes"][2] + D.n(0, 0.1)
            dz = alike if abs(y) < 1 and kind not in ("full", "far") and D.chance(0.6) else level
        base = (
            Matrix.Translation((x, y, dz))
            @ Matrix.Rotation(math.radians(rz), 4, "Z")
            @ Matrix.Translation((-p["eyes"][0], -p["eyes"][1], 0))
        )
        for o in objects:
            o.matrix_world = base
        move = lambda q: np.array(base @ Vector([float(c) for c in q]))
        p["eyes"], p["head"] = move(p["eyes"]), move(p["head"])
        p["points"] = [move(q) for q in p["points"]]
        p["hands"] = {
            s: (move(at), np.array(base.to_3x3() @ Vector([float(c) for c in d])))
            for s, (at, d) in p["hands"].items()
        }
        p["zmin"] += dz
        people.append(p)
    eyes, floor = people[0]["eyes"], people[0]["zmin"]
    for p in people:
        for s, name in p["info"]["gestures"].items():
            if (
                name == "hold"
                and D.chance(0.9)
                or name in ("chest", "forward", "face", "belly")
                and D.chance(max(0.3, 0.6 * HANDS))
            ):
                held_thing(*p["hands"][s])
    top = laid_table(eyes[2]) if seated else None

    lens = D.u(*LENS[kind])
    share = D.u(*SHARE[kind])
    half_h = h / max(w, h) * 18 / lens  # half the picture's height at distance one
    dist = max(0.36, 0.25 / (share * 2 * half_h))
    if n > 1:
        dist = max(dist, 0.8, 0.3 * n / (w / max(w, h) * 18 / lens))
    az = math.radians(D.n(0, 14))
    el = math.radians(D.n(6, 14) if kind == "selfie" else D.n(3, 10) if D.chance(0.85) else D.u(-30, 40))
    loc = eyes + dist * np.array([math.sin(az) * math.cos(el), -math.cos(az) * math.cos(el), math.sin(el)])
    loc[2] = max(loc[2], floor + 0.15, (top or -99) + 0.12)
    half = dist * half_h
    near = [p["eyes"][0] for p in people if p["eyes"][1] < 0.8]
    tx = D.n(0, 0.2) * half if n == 1 else 0.5 * (np.mean(near) - eyes[0]) + D.n(0, 0.1) * half
    target = eyes + np.array([tx, 0, D.u(*AIM[kind]) * half])
    stage.cam.data.lens = lens
    stage.look(loc.tolist(), target.tolist(), math.radians(D.n(0, 4)))
    bpy.context.view_layer.update()
    info = world_around(loc, people, floor, kind)
    if D.chance(0.12):
        scenes.framing(loc, target, half_h, 0.6)

    light = D.pick(["world", "front", "side", "back", "two"], [0.4, 0.25, 0.12, 0.13, 0.1])
    c = eyes - [0, 0, 0.2]
    far = max(1.0, dist * 0.8)
    warm = lambda: kelvin(D.u(2700, 7500)) if D.chance(0.85) else any_colour(1)[:3]
    if light in ("front", "two"):
        lamp(
            "AREA",
            (loc[0] + D.u(-1, 1), loc[1] * 0.8 - 0.2, loc[2] + D.u(0.2, 1.2)),
            c,
            D.u(6, 30) * far**2,
            D.u(0.2, 1.5),
            warm(),
        )
    if light in ("side", "two"):
        lamp(
            "AREA",
            (eyes[0] + D.pick([-1, 1]) * D.u(1, 2), eyes[1] + D.n(-0.3, 0.5), eyes[2] + D.u(-0.3, 1)),
            c,
            D.u(10, 60),
            D.u(0.1, 1),
            warm(),
        )
    if light == "back":
        lamp("SUN", (D.n(0, 2), 5, D.u(1, 4)), (0, 0, 0), D.u(2, 7), 0.03, kelvin(D.u(2800, 6500)))
    return dict(info, people=people, light=light, shot=kind, lens=lens, distance=dist, seated=seated)


_note: dict = {}


def dress_and_note(head):
    out = hair.dress(head)
    _note.clear()
    _note.update(hair=head["style"], hat=head["hat"])
    return out


def project(p, inverse, w: int, h: int):
    q = inverse @ Vector([float(c) for c in p])
    f = stage.cam.data.lens / 36 * max(w, h)
    z = max(-q.z, 1e-3)
    return w / 2 + f * q.x / z, h / 2 - f * q.y / z, -q.z


def finish(r, sid: int, s: dict, rgb, z, ids) -> bool:
    h, w = z.shape
    person = (ids >= 1) & (ids <= 9)
    inverse = stage.cam.matrix_world.inverted()
    seen = z[z < render.FAR]
    if s["fog"] and D.chance(0.5):
        rgb = render.haze(
            stage,
            rgb,
            z,
            s["haze"],
            D.log(0.05, 0.8) / max(1.0, float(np.percentile(seen, 90))),
            D.log(2, 40),
        )
    focus = project(s["people"][0]["eyes"], inverse, w, h)[2]
    blur = D.chance(0.45)
    if blur:
        rgb = render.lens_blur(rgb, np.minimum(z, 1e4), max(0.2, focus), D.u(1.2, 9) * max(h, w) / 320)
    # Against the light the camera exposes for what it likes: a lit face, or a silhouette.
    silhouette = s["light"] == "back" and D.chance(0.4) or D.chance(0.05)
    out = render.develop(
        rgb, ~person if silhouette else person, D.u(0.6, 1.0) if s["sky"] == "night" else 1.0
    )
    if not np.isfinite(out).all() or out.std() < 0.06:
        return False
    head, points = [], []
    for p in s["people"]:
        x, y, d = project(p["head"], inverse, w, h)
        head.append([round(x, 1), round(y, 1), round(d, 3)])
        row = []
        for q in p["points"]:
            x, y, d = project(q, inverse, w, h)
            i, j = int(np.floor(y)), int(np.floor(x))
            visible = (
                0 <= i < h
                and 0 <= j < w
                and z[max(0, i - 1) : i + 2, max(0, j - 1) : j + 2].min() > d - 0.03
                and d > 0
            )
            row.append([round(x, 1), round(y, 1), int(visible)])
        points.append(row)
    f = s["lens"]
    meta = dict(
        f35=round(f, 1),
        fov=round(math.degrees(2 * math.atan(18 / f)), 2),
        kind=s["shot"],
        dist=round(s["distance"], 3),
        n=len(head),
        head=head,
        points=points,
        persons=[p["info"] for p in s["people"]],
        env=dict(
            world=s["world"],
            kind=s["kind"],
            sky=s["sky"],
            light=s["light"],
            seated=s["seated"],
            silhouette=bool(silhouette),
        ),
        dof=blur,
    )
    r.save(sid, out, z, ids, meta)
    return True


def main() -> None:
    global LIB, HANDS
    args = render.command_line(
        shots="kinds of picture, comma separated",
        hands="share of people with arms or things held before them",
        hats="share of people with a hat",
    )
    HANDS = float(args.hands or 0)
    if args.hats:
        hair.HATS = float(args.hats)
    for k in KINDS:
        KINDS[k] *= not args.shots or k in args.shots.split(",")
    LIB = human.Library(args.assets)
    scenes.FURN = things.Furniture(args.assets)
    sky.load_hdris(args.assets)
    r = render.Renderer(stage, args)
    for sid in render.samples(args):
        for attempt in range(6):
            D.start((args.seed * 1000003 + sid) * 7 + attempt)
            t0 = time.time()
            s = build(args.width, args.height)
            t1 = time.time()
            z, ids = r.depth()
            t2 = time.time()
            person = (ids >= 1) & (ids <= 9)
            # The people are hidden, or something stands right before the lens: draw again.
            ok = person.mean() > (0.003 if s["shot"] == "far" else 0.02) and np.percentile(z, 3) > 0.26
            if ok:
                ok = finish(r, sid, s, r.colour(sid, 0, D.u(0.1, 0.2)), z, ids)
            stage.clear()
            print(
                "%s %d %s %s n=%d build %.2f depth %.2f rest %.2f"
                % (
                    "SAMPLE" if ok else "AGAIN",
                    sid,
                    s["shot"],
                    s["world"],
                    len(s["people"]),
                    t1 - t0,
                    t2 - t1,
                    time.time() - t2,
                ),
                flush=True,
            )
            if ok:
                break
        if sid % 40 == 39:
            scenes.FURN.forget()
    r.close()


if __name__ == "__main__":
    main()
