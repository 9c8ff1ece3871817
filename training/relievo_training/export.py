"""Writes the trained network as TF.js graph models, one per module, without TensorFlow.

    python -m relievo_training.export RUN.pt --models ../models [--quantise SCHEME] [--only matte,faces]

MODELS/relievo-backbone, relievo-depth, relievo-matte and relievo-faces get module.json, model.json and group1-shard1of1.bin. Batch norms are
folded, activations fused. Each export is run in TF.js and compared with PyTorch before it replaces what is there.
"""
from __future__ import annotations

import argparse
import base64
import hashlib
import json
import pathlib
import shutil
import tempfile

import numpy as np
import torch

from . import card, parity, quantise
from .infer import AREA, MULTIPLE, load_net
from .model import MEAN, STD, TAPS, ConvBN, Decoder, Doubt, MBConv, Net, Separable
from .quantise import Encoded

VERSION = "0.1.0"
# Task -> the head of the network that answers it, and which of its planes under which name.
HEADS = {
    "depth": ("head", {"depth": "disparity"}),
    "matte": ("matte", {"matte": "matte"}),
    "faces": ("faces", {"score": "score", "box": "box", "points": "points"}),
}
# Task -> the branch of its head that ships in the same module, and its one plane under which name.
BRANCHES = {"depth": ("doubt", "log", "doubt")}
SHARD = "group1-shard1of1.bin"
LICENCE = "MIT; initialised from EfficientNet-Lite0 ImageNet weights, Apache-2.0"
PRETRAINED = "ImageNet-1k, through the EfficientNet-Lite0 weights the training starts from (weights Apache-2.0)"
SYNTHETIC = "about 1,790 synthetic portraits and 760 synthetic scenes rendered for this project (assets CC0 and CC-BY 3.0)"
TEACHER = "faces and their relief as MediaPipe 0.10.21 labels them on these pictures (Apache-2.0)"
# By the recipe of relievo_training.train.
TRAINED_ON = {
    "all": [
        PRETRAINED,
        "EG1800 portraits, official training half, 1,290 photos with masks (AutoPortraitMatting repository, Apache-2.0; the photos are their Flickr authors')",
        "Clothing Co-Parsing, 600 street photos with masks (clothing-co-parsing repository, Apache-2.0)",
        "one RGB-D room sequence, 100 frames (tsdf-fusion-python repository, BSD-2-Clause)",
        "1,135 frames of people standing still in videos (Mannequin Challenge, Li et al. 2019) with depth by multi-view stereo and dense labels by a network (timestamps and poses CC BY 4.0; the pictures state no licence: YouTube videos, by their name the Creative-Commons part; for training only, none is shipped)",
        SYNTHETIC,
        TEACHER,
    ],
    "synthetic": [PRETRAINED, SYNTHETIC, TEACHER],
}
# How weights are stored. `mixed`: uint8 for the pointwise kernels of the backbone's last blocks, which hold most of
# the weights and bear it; float16 for the rest. `uint8`: for every pointwise kernel. See docs/model-card.md.
SCHEMES = ("none", "float16", "mixed", "uint8", "uint8-minmax")
UINT8_FROM_BLOCK = 11


def encoder(scheme: str, name: str, kernel: torch.Tensor):
    """How the kernel of one convolution is stored."""
    if scheme == "none":
        return quantise.float32
    pointwise = kernel.shape[1] > 1 and kernel.shape[-1] == 1
    if scheme == "float16" or not pointwise:
        return quantise.float16
    late = name.startswith("backbone.blocks.") and int(name.split(".")[2]) >= UINT8_FROM_BLOCK
    if scheme == "uint8-minmax":
        return lambda w: quantise.uint8(w, clip=False)
    return quantise.uint8 if scheme == "uint8" or late else quantise.float16


def encode(net: Net, scheme: str) -> tuple[Net, dict[str, tuple[Encoded, Encoded]]]:
    """The folded network with the values its files will decode to, and those files' tensors in TensorFlow's order."""
    net = quantise.fold(net)
    weights = {}
    small = quantise.float32 if scheme == "none" else quantise.float16
    for name, (kernel, bias) in quantise.convolutions(net).items():
        k, b = encoder(scheme, name, kernel)(kernel.detach().numpy()), small(bias.detach().numpy())
        kernel.data, bias.data = torch.from_numpy(k.values), torch.from_numpy(b.values)
        depthwise = kernel.shape[1] == 1 and kernel.shape[0] > 1 and not name.endswith(".final")
        # OIHW -> HWIO; depthwise [C, 1, H, W] -> [H, W, C, 1].
        axes = (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)
        k = Encoded(np.ascontiguousarray(k.data.transpose(axes)), k.values.transpose(axes), k.quantization)
        weights[name] = (k, b)
    return net, weights


class Graph:
    """A TensorFlow GraphDef in TF.js's JSON, and its weights in one shard."""

    def __init__(self, weights: dict[str, tuple[Encoded, Encoded]]):
        self.weights, self.nodes, self.specs, self.shard = weights, [], [], bytearray()
        self.inputs: dict[str, list[int]] = {}
        self.outputs: dict[str, list[int]] = {}

    def node(self, name: str, op: str, inputs: list[str], **attr) -> str:
        self.nodes.append({"name": name, "op": op, **({"input": inputs} if inputs else {}), "attr": attr})
        return name

    def const(self, name: str, e: Encoded, dtype: str = "float32") -> str:
        self.specs.append({"name": name, "shape": list(e.data.shape), "dtype": dtype, **({"quantization": e.quantization} if e.quantization else {})})
        self.shard += e.data.tobytes()
        shape = {"dim": [{"size": str(d)} for d in e.data.shape]}
        kind = "DT_FLOAT" if dtype == "float32" else "DT_INT32"
        return self.node(name, "Const", [], dtype={"type": kind}, value={"tensor": {"dtype": kind, "tensorShape": shape}})

    def ints(self, name: str, values: list[int]) -> str:
        return self.const(name, Encoded(np.array(values, "<i4"), np.array(values), None), "int32")

    def feed(self, name: str, channels: int) -> str:
        shape = [-1, -1, -1, channels]
        self.inputs[name] = shape
        return self.node(name, "Placeholder", [], dtype={"type": "DT_FLOAT"}, shape={"shape": {"dim": [{"size": str(d)} for d in shape]}})

    def output(self, name: str, source: str, channels: int) -> None:
        self.outputs[name] = [-1, -1, -1, channels]
        self.node(name, "Identity", [source], T={"type": "DT_FLOAT"})

    def convolve(self, name: str, x: str, stride: int = 1, depthwise: bool = False, act: bool = True) -> str:
        k, b = self.weights[name]
        text = lambda s: base64.b64encode(s.encode()).decode()
        ints = lambda *v: {"list": {"i": [str(i) for i in v]}}
        node = name.replace(".", "/")
        return self.node(
            node, "FusedDepthwiseConv2dNative" if depthwise else "_FusedConv2D",
            [x, self.const(f"{node}/kernel", k), self.const(f"{node}/bias", b)],
            T={"type": "DT_FLOAT"}, num_args={"i": "1"}, data_format={"s": text("NHWC")}, padding={"s": text("SAME")},
            strides=ints(1, stride, stride, 1), dilations=ints(1, 1, 1, 1), explicit_paddings={"list": {}}, epsilon={"f": 0.0},
            fused_ops={"list": {"s": [text(s) for s in (["BiasAdd", "Relu6"] if act else ["BiasAdd"])]}},
        )

    def conv_bn(self, name: str, m: ConvBN, x: str) -> str:
        return self.convolve(name, x, m.stride, m.conv.groups > 1, m.act)

    def separable(self, at: str, m: Separable, x: str) -> str:
        y = self.conv_bn(f"{at}.point", m.point, self.conv_bn(f"{at}.depthwise", m.depthwise, x))
        return self.add(f"{at}.add".replace(".", "/"), x, y) if m.residual else y

    def add(self, name: str, a: str, b: str) -> str:
        return self.node(name, "AddV2", [a, b], T={"type": "DT_FLOAT"})

    def split(self, name: str, x: str, channels: list[int]) -> list[str]:
        self.node(name, "SplitV", [x, self.ints(f"{name}/sizes", channels), self.const(f"{name}/axis", Encoded(np.array(3, "<i4"), np.array(3), None), "int32")],
                  T={"type": "DT_FLOAT"}, Tlen={"type": "DT_INT32"}, num_split={"i": str(len(channels))})
        return [name, *(f"{name}:{i}" for i in range(1, len(channels)))]

    def resize_like(self, name: str, x: str, like: str) -> str:
        """Bilinear, to the height and width of `like`, which are known only when it runs."""
        one, three = (f"resize/{v}" for v in ("one", "three"))
        if one not in {s["name"] for s in self.specs}:
            self.ints(one, [1]); self.ints(three, [3])
        integer, masks = {"type": "DT_INT32"}, {m: {"i": "0"} for m in ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")}
        self.node(f"{name}/shape", "Shape", [like], T={"type": "DT_FLOAT"}, out_type=integer)
        self.node(f"{name}/size", "StridedSlice", [f"{name}/shape", one, three, one], T=integer, Index=integer, **masks)
        return self.node(name, "ResizeBilinear", [x, f"{name}/size"], T={"type": "DT_FLOAT"}, align_corners={"b": False}, half_pixel_centers={"b": True})

    def model_json(self) -> dict:
        info = lambda name, shape: {"name": f"{name}:0", "dtype": "DT_FLOAT", "tensorShape": {"dim": [{"size": str(d)} for d in shape]}}
        return {
            "format": "graph-model", "generatedBy": "relievo-training", "convertedBy": None,
            "signature": {"inputs": {n: info(n, s) for n, s in self.inputs.items()}, "outputs": {n: info(n, s) for n, s in self.outputs.items()}},
            "modelTopology": {"node": self.nodes, "library": {}, "versions": {"producer": 987}},
            "weightsManifest": [{"paths": [SHARD], "weights": self.specs}],
        }


def backbone_graph(net: Net, weights: dict) -> Graph:
    g = Graph(weights)
    x = g.conv_bn("backbone.stem", net.backbone.stem, g.feed("image", 3))
    for i, block in enumerate(net.backbone.blocks):
        assert isinstance(block, MBConv)
        y, prefix = x, f"backbone.blocks.{i}."
        for part in ("expand", "depthwise", "project"):
            if (m := getattr(block, part)) is not None:
                y = g.conv_bn(prefix + part, m, y)
        x = g.add(f"backbone/blocks/{i}/add", x, y) if block.residual else y
        for tap, (last, _, channels) in TAPS.items():
            if i == last:
                g.output(tap, x, channels)
    return g


def head_graph(name: str, head: Decoder, weights: dict, planes: dict[str, str], branch: tuple[str, Doubt, str] | None = None) -> Graph:
    """The decoder with those of its planes that ship (plane -> output name); others were only there to train with. `branch`: one
    plane from what it has at stride 8, under its part's name and with its output's."""
    g = Graph(dict(weights))
    first = dict(zip(head.outputs, np.cumsum([0, *head.outputs.values()])))
    keep = [c for p in planes for c in range(first[p], first[p] + head.outputs[p])]
    kernel, bias = weights[f"{name}.final"]
    pick = lambda e: Encoded(np.ascontiguousarray(e.data[..., keep]), e.values[..., keep], e.quantization)
    g.weights[f"{name}.final"] = (pick(kernel), pick(bias))
    taps = {t: g.feed(t, TAPS[t][2]) for t in head.lateral}

    x = g.conv_bn(f"{name}.lateral.s32", head.lateral["s32"], taps["s32"])
    for i, block in enumerate(head.context):
        x = g.separable(f"{name}.context.{i}", block, x)
    for t, blocks in head.fuse.items():
        x = g.conv_bn(f"{name}.narrow.{t}", head.narrow[t], x)
        x = g.resize_like(f"{name}/resize/{t}", x, taps[t])
        x = g.add(f"{name}/join/{t}", x, g.conv_bn(f"{name}.lateral.{t}", head.lateral[t], taps[t]))
        for i, block in enumerate(blocks):
            x = g.separable(f"{name}.fuse.{t}.{i}", block, x)
        if branch and t == "s8":
            y = x
            for i, block in enumerate(branch[1].mix):
                y = g.separable(f"{branch[0]}.mix.{i}", block, y)
            g.output(branch[2], g.convolve(f"{branch[0]}.final", y, act=False), 1)
    x = g.convolve(f"{name}.final", x, act=False)
    counts = [head.outputs[p] for p in planes]
    parts = g.split(f"{name}/split", x, counts) if len(counts) > 1 else [x]
    for output, part, channels in zip(planes.values(), parts, counts):
        g.output(output, part, channels)
    return g


def write_module(folder: pathlib.Path, graph: Graph, manifest: dict) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    files = {"model.json": json.dumps(graph.model_json(), separators=(",", ":")).encode(), SHARD: bytes(graph.shard)}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    size = sum(len(d) for d in files.values())
    full = {
        **manifest, "model": "model.json", "bytes": size,
        "files": {n: len(d) for n, d in files.items()},
        "sha256": {n: hashlib.sha256(d).hexdigest() for n, d in files.items()},
        "licence": LICENCE,
    }
    (folder / "module.json").write_text(json.dumps(full, indent=2) + "\n")
    return size


def export(net: Net, scheme: str, models: pathlib.Path, recipe: str = "all", about: dict | None = None) -> tuple[Net, int]:
    """Writes every module. Returns the network with the weights the files decode to, and the bytes of all files."""
    coded, weights = encode(net, scheme)
    origin = {"trainedOn": TRAINED_ON[recipe], **({"training": {"recipe": recipe, "steps": about["steps"], "hours": round(about["hours"], 2)}} if about else {})}
    provides = {t: {"tap": t, "stride": s, "channels": c} for t, (_, s, c) in TAPS.items()}
    size = write_module(models / "relievo-backbone", backbone_graph(net, weights), {
        "id": "relievo-backbone", "version": VERSION, "kind": "backbone",
        "preprocess": {"mean": [MEAN] * 3, "std": [STD] * 3, "multipleOf": MULTIPLE, "area": AREA},
        "provides": list(provides.values()), "input": "image", "outputs": {t: t for t in TAPS}, **origin,
    })
    for task, (name, planes) in HEADS.items():
        head = getattr(net, name)
        part, _, output = BRANCHES.get(task, (None, None, None))
        branch = (part, getattr(net, part), output) if part else None
        size += write_module(models / f"relievo-{task}", head_graph(name, head, weights, planes, branch), {
            "id": f"relievo-{task}", "version": VERSION, "kind": "head", "task": task,
            "requires": {"module": "relievo-backbone@^" + VERSION.rsplit(".", 1)[0], "taps": [provides[t] for t in head.lateral]},
            "inputs": {t: t for t in head.lateral}, "outputs": {o: o for o in (*planes.values(), *([output] if output else []))}, **origin,
        })
    return coded, size


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("run", type=pathlib.Path, help="checkpoint of relievo_training.train")
    ap.add_argument("--models", type=pathlib.Path, required=True)
    ap.add_argument("--quantise", choices=SCHEMES, default="mixed")
    ap.add_argument("--only", default="", help="write these heads (comma-separated) and refuse if the backbone in MODELS is not theirs")
    ap.add_argument("--recipe", choices=list(TRAINED_ON), default="all", help="the one it was trained with, for the list of data sets")
    ap.add_argument("--fixture", type=pathlib.Path, help="also write the small parity fixture the jest tests read")
    ap.add_argument("--card", type=pathlib.Path, help="write the differences into this model card, too")
    a = ap.parse_args()
    torch.set_num_threads(1)
    net, about = load_net(a.run)
    with tempfile.TemporaryDirectory() as tmp:
        t = pathlib.Path(tmp)
        export(net, "none", t / "none")
        coded, size = export(net, a.quantise, t / "out", a.recipe, about)
        measured = [("PyTorch and TF.js, float32 weights", net, "none"), ("PyTorch and TF.js, stored weights", coded, "out"), ("float32 and stored weights", net, "out")]
        rows = {task: [(what, *parity.compare(n, t / folder, task)) for what, n, folder in measured] for task in HEADS}
        text = f"{about['hours']:.2f} h of training, {about['steps']} steps; `{a.quantise}`: {size / 1e6:.2f} MB in all.\n\n" + card.grid(
            ["head", "difference, share of the output's range", "max", "mean"],
            [[task, what, f"{most:.1e}", f"{mean:.1e}"] for task, found in rows.items() for what, most, mean in found],
        )
        print(text)
        if max(most for found in rows.values() for _, most, _ in found[:2]) > 1e-3:
            raise SystemExit("the exported graph does not compute what PyTorch does: nothing was written")
        if a.only and any((t / "out/relievo-backbone" / f).read_bytes() != (a.models / "relievo-backbone" / f).read_bytes() for f in ("model.json", SHARD)):
            raise SystemExit("--only: these heads were trained on another backbone than the one in MODELS: nothing was written")
        for module in [f"relievo-{task}" for task in a.only.split(",")] if a.only else ["relievo-backbone", *(f"relievo-{task}" for task in HEADS)]:
            (a.models / module).mkdir(parents=True, exist_ok=True)
            for f in sorted((t / "out" / module).iterdir()):
                shutil.copyfile(f, a.models / module / f.name)
    if a.card:
        card.fill(a.card, "parity", text)
    if a.fixture:
        parity.write_fixture(coded, a.models, a.fixture)
        print(f"wrote {a.fixture}")


if __name__ == "__main__":
    main()
