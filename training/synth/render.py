"""From a built scene to the four files of a sample: picture, disparity, person ids, one line of meta.jsonl.

Few samples per pixel, then a filter guided by colour, normal and depth: some ten times quicker than rendering clean.
Haze, depth of field, exposure and noise are added to the linear picture afterwards, since they need only depth.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator

import bpy
import numpy as np
from PIL import Image

from kit import D, stage  # noqa: F401  (stage is opened before this module is imported)

NEAR = 0.25  # metres: disparity 65535
FAR = 900.0  # beyond this a pixel counts as sky


def command_line(**own: str) -> argparse.Namespace:
    """The options that every generator takes, and its own: name -> help."""
    ap = argparse.ArgumentParser()
    ap.add_argument("--assets", required=True)
    ap.add_argument("--out", required=True)
    for k, d in dict(seed=0, start=0, n=10, width=320, height=320, spp=4, threads=1).items():
        ap.add_argument("--" + k, type=int, default=d)
    ap.add_argument("--stop", help="ends before the next sample once this file exists")
    for k, text in own.items():
        ap.add_argument("--" + k, help=text)
    return ap.parse_args(sys.argv[sys.argv.index("--") + 1 :])


def samples(args: argparse.Namespace) -> Iterator[int]:
    """Numbers of the samples that are still to be made."""
    for sid in range(args.start, args.start + args.n):
        if args.stop and os.path.exists(args.stop):
            return
        if not os.path.exists(os.path.join(args.out, "%06d.jpg" % sid)):
            yield sid


class Renderer:
    def __init__(self, st, args: argparse.Namespace):
        self.st, self.out, self.w, self.h, self.spp = st, args.out, args.width, args.height, args.spp
        out, width, height = args.out, args.width, args.height
        threads, meta = args.threads, "meta_%d_%d.jsonl" % (args.seed, args.start)
        os.makedirs(out, exist_ok=True)
        shm = "/dev/shm" if os.path.isdir("/dev/shm") else out
        self.tmp = os.path.join(shm, "relievo_synth_%d" % os.getpid())
        os.makedirs(self.tmp, exist_ok=True)
        self.meta = open(os.path.join(out, meta), "a")
        s = st.scene
        s.render.engine = "CYCLES"
        s.render.threads_mode, s.render.threads = "FIXED", threads
        s.render.resolution_x, s.render.resolution_y, s.render.resolution_percentage = width, height, 100
        s.render.image_settings.file_format = "PNG"
        s.render.image_settings.color_mode = "RGB"
        s.render.use_persistent_data = True  # the picture reuses the geometry that the depth pass built
        c = s.cycles
        c.device, c.use_denoising, c.use_adaptive_sampling = "CPU", False, False
        c.diffuse_bounces, c.glossy_bounces, c.transmission_bounces, c.transparent_max_bounces = 2, 1, 1, 12
        c.sample_clamp_indirect, c.sample_clamp_direct, c.blur_glossy = 2.0, 12, 1.0
        c.caustics_reflective = c.caustics_refractive = False
        layer = s.view_layers[0]
        layer.use_pass_z = layer.use_pass_object_index = True
        layer.pass_alpha_threshold = 0.5
        layer.cycles.denoising_store_passes = True
        s.use_nodes = True
        t = s.node_tree
        t.nodes.clear()
        rl = t.nodes.new("CompositorNodeRLayers")
        t.links.new(rl.outputs["Image"], t.nodes.new("CompositorNodeComposite").inputs[0])
        zi = t.nodes.new("CompositorNodeCombRGBA")
        t.links.new(rl.outputs["Depth"], zi.inputs[0])
        t.links.new(rl.outputs["IndexOB"], zi.inputs[1])
        self.file_depth = self._files(t, [("zi", zi.outputs[0])])
        names = (
            ("rgb", "Image"),
            ("alb", "Denoising Albedo"),
            ("nor", "Denoising Normal"),
            ("dep", "Denoising Depth"),
        )
        self.file_rgb = self._files(t, [(k, rl.outputs[v]) for k, v in names])

    def _files(self, tree, slots):
        f = tree.nodes.new("CompositorNodeOutputFile")
        f.base_path = self.tmp
        f.format.file_format, f.format.color_depth, f.format.color_mode = "OPEN_EXR", "32", "RGB"
        f.format.exr_codec = "NONE"
        for i, (name, source) in enumerate(slots):
            if i:
                f.file_slots.new(name)
            else:
                f.file_slots[0].path = name
            tree.links.new(source, f.inputs[i])
        return f

    def _read(self, name):
        im = bpy.data.images.load("%s/%s0001.exr" % (self.tmp, name), check_existing=False)
        im.colorspace_settings.name = "Non-Color"
        a = np.empty(self.w * self.h * im.channels, np.float32)
        im.pixels.foreach_get(a)
        c = im.channels
        bpy.data.images.remove(im)
        return a.reshape(self.h, self.w, c)[::-1]

    def depth(self):
        """One ray through each pixel's centre: distance along the optical axis in metres, object index."""
        c = self.st.scene.cycles
        c.samples, c.max_bounces, c.pixel_filter_type, c.filter_width = 1, 0, "BOX", 0.01
        self.file_depth.mute, self.file_rgb.mute = False, True
        undo = hard_alpha()
        bpy.ops.render.render(write_still=False)
        for socket, value in undo:
            socket.default_value = value
        a = self._read("zi")
        return a[..., 0], np.rint(a[..., 1]).astype(np.int32)

    def colour(self, seed: int, bounces: int, ambient: float):
        c = self.st.scene.cycles
        c.samples, c.seed, c.max_bounces, c.pixel_filter_type, c.filter_width = (
            self.spp,
            seed,
            bounces,
            "BLACKMAN_HARRIS",
            1.5,
        )
        self.file_depth.mute, self.file_rgb.mute = True, False
        bpy.ops.render.render(write_still=False)
        return denoise(
            self._read("rgb")[..., :3],
            self._read("alb")[..., :3],
            self._read("nor")[..., :3],
            self._read("dep")[..., 0],
            ambient,
        )

    def save(self, sid: int, rgb, z, ids, meta: dict) -> None:
        base = os.path.join(self.out, "%06d" % sid)
        far = z > FAR
        inv = np.clip(np.rint(NEAR / np.maximum(z, NEAR) * 65535), 0, 65535).astype(np.uint16)
        inv[far] = 0
        person = (ids >= 1) & (ids <= 9)
        Image.fromarray(inv).save(base + "_d.png")
        Image.fromarray(np.where(person, ids, 0).astype(np.uint8)).save(base + "_m.png")
        # The picture comes last: whoever finds it finds a whole sample.
        tmp = base + ".part"
        Image.fromarray((np.clip(rgb, 0, 1) * 255 + 0.5).astype(np.uint8)).save(
            tmp, "JPEG", quality=D.randint(84, 95)
        )
        os.replace(tmp, base + ".jpg")
        self.meta.write(json.dumps({"id": sid, **meta, "width": self.w, "height": self.h}) + "\n")
        self.meta.flush()

    def close(self) -> None:
        self.meta.close()
        shutil.rmtree(self.tmp, ignore_errors=True)


def hard_alpha():
    """While depth is rendered a thing is there or not: soft alpha becomes a step at its middle."""
    undo = []
    for m in bpy.data.materials:
        if not m.use_nodes:
            continue
        a, b = m.node_tree.nodes.get("ALPHA"), m.node_tree.nodes.get("Principled BSDF")
        if a:
            lo, hi = a.inputs[1].default_value, a.inputs[2].default_value
            undo += [(a.inputs[1], lo), (a.inputs[2], hi)]
            mid = (lo + hi) / 2
            a.inputs[1].default_value, a.inputs[2].default_value = mid - 0.0005, mid + 0.0005
        elif b and not b.inputs["Alpha"].is_linked and b.inputs["Alpha"].default_value < 0.999:
            v = b.inputs["Alpha"].default_value
            undo.append((b.inputs["Alpha"], v))
            b.inputs["Alpha"].default_value = 0.0 if v < 0.5 else 1.0
    return undo


def denoise(c, albedo, normal, dep, ambient):
    """Edge-avoiding a-trous filter of the irradiance (colour over albedo), guided by normal, depth and brightness.

    ambient: light from everywhere, as a share of the mean, in place of the bounces that were not traced.
    """
    sky = (normal**2).sum(-1) < 0.05
    al = albedo + 0.03
    x = np.where(sky[..., None], c, c / al)
    x = np.minimum(x, np.percentile(x, 99.7) * 1.5)
    nr = normal / np.maximum(np.sqrt((normal**2).sum(-1, keepdims=True)), 1e-3)
    d = np.log(np.clip(dep, 0.05, 5000))
    gy, gx = np.gradient(d)
    slope = np.clip(np.abs(gx) + np.abs(gy), 0, 0.15)
    h, w = d.shape
    kernel = np.array([0.27, 0.46, 0.27], np.float32)
    for step, tol in ((1, 9.0), (2, 1.8), (4, 0.8), (8, 0.45)):
        pad = lambda q: np.pad(q, ((step, step), (step, step)) + ((0, 0),) * (q.ndim - 2), mode="edge")
        lum = np.log(x @ np.array([0.3, 0.6, 0.1], np.float32) + 0.02)
        xp, np_, dp, sp, lp = pad(x), pad(nr), pad(d), pad(sky), pad(lum)
        acc = x * kernel[1] ** 2
        ws = np.full((h, w), kernel[1] ** 2, np.float32)
        for j in range(3):
            for i in range(3):
                if i == 1 and j == 1:
                    continue
                o = slice(j * step, j * step + h), slice(i * step, i * step + w)
                dn = np.clip((nr * np_[o]).sum(-1), 0, 1) ** 16
                wgt = (
                    kernel[i]
                    * kernel[j]
                    * dn
                    * np.exp(-np.abs(d - dp[o]) / (0.012 + slope * step * 1.2) - np.abs(lum - lp[o]) / tol)
                )
                wgt *= ~(sky | sp[o])
                acc += xp[o] * wgt[..., None]
                ws += wgt
        x = acc / ws[..., None]
    lit = x[~sky]
    amb = np.array(lit.mean(0) if len(lit) else [0, 0, 0], np.float32) * ambient
    return np.where(sky[..., None], c, (x + amb) * al).astype(np.float32)


def box_blur(a, r: int):
    if r < 1:
        return a
    for ax in (0, 1):
        for _ in range(2):
            p = np.pad(a, [(r + 1, r) if i == ax else (0, 0) for i in range(a.ndim)], mode="edge").cumsum(
                ax, dtype=np.float64
            )
            n, t = a.shape[ax], 2 * r + 1
            at = lambda q: tuple(slice(q, q + n) if i == ax else slice(None) for i in range(a.ndim))
            a = ((p[at(t)] - p[at(0)]) / t).astype(np.float32)
    return a


def lens_blur(c, z, focus: float, blur: float):
    """Depth of field in layers; blur = blur radius in pixels of a point at infinity."""
    coc = blur * focus * (1 / np.maximum(z, 0.05) - 1 / focus)
    rad = [0, 1, 2, 3, 5, 8, 12]
    lay = np.argmin(np.abs(np.abs(coc)[..., None] - np.array(rad) * 1.3), -1) * np.where(coc < 0, -1, 1)
    far = (lay < 0).astype(np.float32)[..., None]
    out = c.copy()
    if far.any():
        cover = box_blur(far, 16)
        out = np.where(cover > 1e-3, box_blur(c * far, 16) / np.maximum(cover, 1e-3), c)
    for k in range(-len(rad) + 1, len(rad)):
        m = (lay == k).astype(np.float32)[..., None]
        if not m.any():
            continue
        r = rad[abs(k)]
        a = box_blur(m, r) if r else m
        out = out * (1 - a) + (box_blur(c * m, r) if r else c * m)
    return out


def ray_elevation(st, w: int, h: int):
    """Sine of each pixel's elevation, and cosine of its angle to the optical axis."""
    cam = st.cam
    f = cam.data.lens / cam.data.sensor_width * max(w, h)
    x, y = np.meshgrid((np.arange(w) + 0.5 - w / 2) / f, -(np.arange(h) + 0.5 - h / 2) / f)
    d = np.stack([x, y, -np.ones_like(x)], -1)
    length = np.linalg.norm(d, axis=-1)
    m = np.array(cam.matrix_world.to_3x3(), np.float32)
    return (d @ m.T)[..., 2] / length, 1 / length


def haze(st, rgb, z, colour, thickness: float, layer: float):
    """Fog: thickness in 1/m, lying up to `layer` metres above the camera."""
    h, w = z.shape
    up, cos = ray_elevation(st, w, h)
    dist = np.minimum(np.minimum(z, 1e5) / cos, layer / np.maximum(up, 0.004))
    f = (1 - np.exp(-thickness * dist))[..., None].astype(np.float32)
    return rgb * (1 - f) + np.asarray(colour, np.float32) * f


def develop(rgb, key_of=None, dark: float = 1.0):
    """Exposure, white balance, tone curve and sensor noise: linear light to a photo's values in 0..1."""
    lum = np.maximum(rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32), 1e-4)
    key = np.exp(np.log(lum).mean())
    if key_of is not None and key_of.sum() > 200:
        key = np.exp(np.log(lum[key_of]).mean()) ** 0.7 * key**0.3
    gain = min(D.u(0.10, 0.21) * dark / max(key, 1e-4), 14)
    gain = min(gain, D.u(0.7, 1.6) / max(np.percentile(lum, 75), 1e-4))
    wb = np.exp(D.np.normal(0, 0.06, 3))
    x = rgb * gain * (wb / wb[1]).astype(np.float32)
    if D.chance(0.5):
        x = x * 0.9
        x = np.clip((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14), 0, 1) ** (1 / D.u(1.75, 2.2))
    else:
        x = np.clip(np.where(x < 0.7, x, 0.7 + 0.3 * (1 - np.exp(-(x - 0.7) / 0.3))), 0, 1) ** (1 / 2.2)
    return x + D.np.normal(0, 1, x.shape).astype(np.float32) * D.pick([0, 0, 0.006, 0.012, 0.02])
