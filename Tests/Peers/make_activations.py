"""Makes small networks with activations that ONNX writes out, and the relevance that Zennit gives them.

    make_activations.py FOLDER

Every network is exported at several opsets, the activation being written in other operators at each; `activations.json` holds input,
classes and the map of Zennit's EpsilonPlus, in double precision. Needs torch, zennit and onnx. Zennit 0.5.1 knows no Mish: it gets the
rule of the other activations here.
"""

import json
import pathlib
import sys
import warnings

import torch
from torch import nn
from zennit.attribution import Gradient
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.composites import EpsilonPlus
from zennit.rules import Pass

warnings.filterwarnings("ignore")


class MergeBatchNorm(SequentialMergeBatchNorm):
    """Zennit leaves a merged batch norm its eps, which scales by 1 / sqrt(1 + eps): in MobileNetV3 by 0.0005 a layer."""

    @staticmethod
    def merge_batch_norm(modules, batch_norm):
        SequentialMergeBatchNorm.merge_batch_norm(modules, batch_norm)
        batch_norm.eps = 0.0


class SqueezeExcite(nn.Module):
    """A gate of every channel by all channels' means: the product of two maps, which Zennit has no rule for."""

    def __init__(self, channels, gate):
        super().__init__()
        self.pool, self.relu, self.gate = nn.AdaptiveAvgPool2d(1), nn.ReLU(), gate
        self.reduce, self.expand = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1)

    def forward(self, x):
        return x * self.gate(self.expand(self.relu(self.reduce(self.pool(x)))))


def plain(activation):
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), activation(), nn.Conv2d(8, 8, 3, padding=1), activation(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(8, 4))


def gated(gate):
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), SqueezeExcite(8, gate()), nn.Conv2d(8, 8, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(8, 4))


def mobile():
    def layer(i, o, k, group=1):
        return [nn.Conv2d(i, o, k, padding=k // 2, groups=group, bias=False), nn.BatchNorm2d(o), nn.Hardswish()]

    return nn.Sequential(
        *layer(3, 8, 3), *layer(8, 16, 1), *layer(16, 16, 3, 16), SqueezeExcite(16, nn.Hardsigmoid()), *layer(16, 8, 1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 12), nn.Hardswish(), nn.Linear(12, 4))


class Tokens(nn.Module):
    """The perceptron of a transformer's block, on [N, places, channels], and the mean over places."""

    def __init__(self):
        super().__init__()
        self.embed, self.first, self.act, self.second = nn.Conv2d(3, 6, 4, 4), nn.Linear(6, 10), nn.GELU(), nn.Linear(10, 4)

    def forward(self, x):
        tokens = self.embed(x).flatten(2).transpose(1, 2)
        return self.second(self.act(self.first(tokens))).sum(1)


NETWORKS = {
    "silu": (lambda: plain(nn.SiLU), [17]),
    "hardswish": (lambda: plain(nn.Hardswish), [13, 14]),
    "gelu": (lambda: plain(nn.GELU), [17, 20]),
    "gelu-tanh": (lambda: plain(lambda: nn.GELU(approximate="tanh")), [17, 20]),
    "mish": (lambda: plain(nn.Mish), [17, 18]),
    "relu6": (lambda: plain(nn.ReLU6), [10, 17]),
    "hardsigmoid": (lambda: plain(nn.Hardsigmoid), [13, 17]),
    "celu": (lambda: plain(nn.CELU), [17]),
    "softsign": (lambda: plain(nn.Softsign), [17]),
    "gate-sigmoid": (lambda: gated(nn.Sigmoid), [17]),
    "gate-hardsigmoid": (lambda: gated(nn.Hardsigmoid), [17]),
    "mobile": (mobile, [13, 17]),
    "tokens": (Tokens, [17]),
}


def relevance(model, x, classes):
    model = model.double()
    composite = EpsilonPlus(canonizers=[MergeBatchNorm()])
    composite.layer_map = [(nn.Mish, Pass())] + composite.layer_map
    with Gradient(model=model, composite=composite) as attributor:
        _, result = attributor(x.double(), torch.eye(4, dtype=torch.float64)[classes])
    return result.detach()


def main():
    folder = pathlib.Path(sys.argv[1])
    golden = {}
    for name, (make, opsets) in NETWORKS.items():
        torch.manual_seed(len(name))
        model = make().eval()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, std=0.3)
                nn.init.normal_(module.running_mean, std=0.3)
                nn.init.uniform_(module.running_var, 0.5, 1.5)
            elif isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.normal_(module.weight, std=1.5 / module.weight[0].numel() ** 0.5)
        x = torch.randn(2, 3, 8, 8)
        model = model.float()
        files = []
        for opset in opsets:
            file = f"{name}-opset{opset}.onnx"
            try:
                torch.onnx.export(
                    model, (x,), folder / file, input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "N"}, "y": {0: "N"}},
                    opset_version=opset, dynamo=False)
                files.append(file)
            except Exception as error:
                print(f"{file}: {str(error).splitlines()[0]}")
        # The class of the greatest output: a small one's relevance is ill-conditioned.
        classes = model.double()(x.double()).argmax(1).tolist()
        result = relevance(model, x, classes)
        golden[name] = {
            "files": files, "shape": list(x.shape), "x": [round(v, 7) for v in x.flatten().tolist()], "classes": classes,
            "relevance": [float(f"{v:.9g}") for v in result.flatten().tolist()],
        }
    (folder / "activations.json").write_text(json.dumps(golden, indent=1).replace("\n   ", " "))


main()
