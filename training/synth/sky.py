"""What light comes from: photographed skies and rooms, painted skies with clouds and stars."""

from __future__ import annotations

import math
import os

import bpy

from kit import D, hsv, kelvin, lamp, mix, node
import kit

OUTDOOR = (
    "bridge",
    "city",
    "dawn",
    "esplanade",
    "forest",
    "park",
    "sky",
    "sunrise",
    "sunset",
    "venice",
    "night",
)
INDOOR = ("apartment", "hall", "lab", "lobby", "studio", "warehouse", "workshop")
_images: dict = {}


def load_hdris(assets: str) -> None:
    for f in sorted(os.listdir(os.path.join(assets, "hdri"))):
        if f.endswith(".exr"):
            _images[f[:-4]] = bpy.data.images.load(os.path.join(assets, "hdri", f))


def _fresh():
    t = kit.stage.world.node_tree
    t.nodes.clear()
    out, bg = t.nodes.new("ShaderNodeOutputWorld"), t.nodes.new("ShaderNodeBackground")
    t.links.new(bg.outputs[0], out.inputs[0])
    return t, bg


def photographed(name: str, strength: float = 1.0) -> dict:
    t, bg = _fresh()
    m = node(t, "Mapping", Vector=t.nodes.new("ShaderNodeTexCoord").outputs["Generated"])
    m.inputs["Rotation"].default_value = (0, 0, D.u(0, 6.28))
    e = node(t, "TexEnvironment", Vector=m.outputs[0])
    e.image = _images[name]
    c = node(t, "HueSaturation", Saturation=D.u(0.5, 1.1), Color=e.outputs[0])
    t.links.new(c.outputs[0], bg.inputs[0])
    bg.inputs[1].default_value = strength
    return dict(sky=name, haze=hsv(0.6, 0.1, 0.8)[:3], sun=None)


def plain(colour, strength: float = 1.0) -> dict:
    t, bg = _fresh()
    bg.inputs[0].default_value = colour
    bg.inputs[1].default_value = strength
    return dict(sky="plain", haze=colour[:3], sun=None)


PAINTED = ("noon", "noon", "overcast", "evening", "evening", "dawn", "storm", "night", "odd")


def painted(kind: str | None = None, sun: bool = True) -> dict:
    """A gradient with clouds and a sun lamp to match."""
    kind = kind or D.pick(PAINTED)
    h = D.u(0.55, 0.63)
    zenith, horizon, cloud, warm, strength = {
        "noon": (
            hsv(h, D.u(0.5, 0.85), D.u(0.55, 0.9)),
            hsv(h - 0.02, D.u(0.1, 0.35), 0.95),
            hsv(0.6, 0.02, 1),
            5600,
            1.0,
        ),
        "overcast": (
            hsv(h, D.u(0, 0.15), D.u(0.6, 0.8)),
            hsv(h, 0.05, 0.85),
            hsv(0.6, 0.04, D.u(0.6, 0.95)),
            6500,
            1.0,
        ),
        "evening": (
            hsv(h, D.u(0.3, 0.6), D.u(0.3, 0.6)),
            hsv(D.u(0.02, 0.11), D.u(0.4, 0.85), 0.95),
            hsv(D.u(0.9, 1.08), D.u(0.2, 0.6), 0.8),
            3000,
            0.8,
        ),
        "dawn": (
            hsv(D.u(0.6, 0.75), D.u(0.2, 0.5), D.u(0.4, 0.7)),
            hsv(D.u(0.88, 1.1), D.u(0.2, 0.5), 0.9),
            hsv(D.u(0.85, 1.1), 0.25, 0.9),
            3600,
            0.8,
        ),
        "storm": (
            hsv(h, 0.25, D.u(0.2, 0.4)),
            hsv(D.u(0.5, 0.65), 0.2, D.u(0.4, 0.75)),
            hsv(0.6, 0.15, D.u(0.15, 0.5)),
            5500,
            0.8,
        ),
        "night": (
            hsv(h + 0.03, 0.8, D.u(0.08, 0.2)),
            hsv(h, D.u(0.4, 0.8), D.u(0.15, 0.4)),
            hsv(0.62, 0.4, D.u(0.1, 0.3)),
            8000,
            0.5,
        ),
        "odd": (
            hsv(D.random(), D.u(0.3, 0.9), D.u(0.2, 0.9)),
            hsv(D.random(), D.u(0.2, 0.8), D.u(0.5, 1)),
            hsv(D.random(), D.u(0.1, 0.6), D.u(0.3, 1)),
            D.u(2500, 9000),
            0.9,
        ),
    }[kind]
    t, bg = _fresh()
    co = t.nodes.new("ShaderNodeTexCoord").outputs["Generated"]
    sep = node(t, "SeparateXYZ", Vector=co)
    up = node(t, "MapRange", Value=sep.outputs[2])
    up.inputs[1].default_value, up.inputs[2].default_value = -0.05, D.u(0.25, 0.8)
    grad = mix(t, "MIX", up.outputs[0], horizon, zenith)
    if kind == "night" and D.chance(0.7):
        s = node(t, "TexVoronoi", Vector=co, Scale=D.u(60, 140))
        st = node(t, "MapRange", Value=s.outputs["Distance"])
        (
            st.inputs[1].default_value,
            st.inputs[2].default_value,
            st.inputs[3].default_value,
            st.inputs[4].default_value,
        ) = (0.02, 0.12, D.u(1, 4), 0)
        grad = mix(t, "ADD", 1.0, grad, st.outputs[0])
    if D.chance(0.75) or kind in ("overcast", "storm"):
        # Clouds lie on a plane: the direction over its height gives their perspective.
        hz = node(t, "Math")
        hz.operation = "MAXIMUM"
        t.links.new(sep.outputs[2], hz.inputs[0])
        hz.inputs[1].default_value = 0.0
        ad = node(t, "Math")
        ad.operation = "ADD"
        t.links.new(hz.outputs[0], ad.inputs[0])
        ad.inputs[1].default_value = D.u(0.08, 0.3)
        dv = node(t, "VectorMath")
        dv.operation = "DIVIDE"
        t.links.new(co, dv.inputs[0])
        t.links.new(ad.outputs[0], dv.inputs[1])
        m = node(t, "Mapping", Vector=dv.outputs[0])
        m.inputs["Location"].default_value = (D.u(0, 50), D.u(0, 50), D.u(0, 9))
        m.inputs["Scale"].default_value = (1, D.u(0.6, 2.5), 0.15)
        n = node(
            t,
            "TexNoise",
            Vector=m.outputs[0],
            Scale=D.log(0.5, 3),
            Detail=5,
            Roughness=D.u(0.45, 0.65),
            Distortion=D.u(0, 0.5),
        )
        f = node(t, "MapRange", Value=n.outputs["Fac"])
        cover = {"overcast": 0.35, "storm": 0.38}.get(kind, D.u(0.42, 0.62))
        f.inputs[1].default_value, f.inputs[2].default_value = cover, cover + D.u(0.06, 0.25)
        f.inputs[4].default_value = D.u(0.6, 1)
        grad = mix(t, "MIX", f.outputs[0], grad, cloud)
    az = D.u(-math.pi, math.pi)
    el = {
        "noon": D.u(0.5, 1.3),
        "evening": D.u(0.03, 0.3),
        "dawn": D.u(0.05, 0.35),
        "night": D.u(0.3, 1),
    }.get(kind, D.u(0.15, 1.2))
    d = (math.sin(az) * math.cos(el), math.cos(az) * math.cos(el), math.sin(el))
    if kind not in ("overcast", "storm"):  # the glow around the sun, or a moon
        dot = node(t, "VectorMath")
        dot.operation = "DOT_PRODUCT"
        t.links.new(co, dot.inputs[0])
        dot.inputs[1].default_value = d
        g = node(t, "MapRange", Value=dot.outputs["Value"])
        g.interpolation_type = "SMOOTHERSTEP"
        g.inputs[1].default_value = D.u(0.6, 0.95) if kind != "night" else 0.998
        g.inputs[4].default_value = D.u(0.5, 2) if kind != "night" else 1.0
        grad = mix(t, "ADD", 1.0, grad, mix(t, "MULTIPLY", 1.0, g.outputs[0], (*kelvin(warm), 1)))
    t.links.new(grad, bg.inputs[0])
    bg.inputs[1].default_value = strength
    if sun and kind not in ("overcast",) and D.chance(0.85):
        power = {"noon": D.u(2, 5), "night": D.u(0.1, 0.5), "storm": D.u(0.3, 1.5)}.get(kind, D.u(1.5, 4))
        lamp("SUN", (d[0] * 10, d[1] * 10, d[2] * 10 + 0.3), (0, 0, 0), power, D.u(0.005, 0.1), kelvin(warm))
    fog = tuple(0.5 * (a + b) for a, b in zip(horizon[:3], cloud[:3])) if D.chance(0.4) else horizon[:3]
    return dict(sky=kind, haze=tuple(x * strength for x in fog), sun=d)


def outdoors() -> dict:
    return photographed(D.pick(OUTDOOR), D.u(0.7, 1.4)) if D.chance(0.35) else painted()
