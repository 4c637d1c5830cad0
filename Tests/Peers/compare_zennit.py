"""Compares relevance of torchvision's networks with Zennit's EpsilonPlus, seeded random weights, 64 x 64 inputs.

    compare_zennit.py TOOL [NETWORK...]

Residual sums, which torchvision writes as `+`, become modules of their own, as Zennit needs them for its rule; multiplications stay what
they are: gates get the plain gradient in both. Needs torch, torchvision, zennit, onnx and h5py. Prints the greatest difference over the
greatest magnitude of Zennit's map (in double precision), and beside it what float32 makes of Zennit's own.
"""

import pathlib
import subprocess
import sys
import tempfile
import types
import warnings

import h5py
import numpy
import torch
import torchvision
from torch import nn
from torchvision.models.convnext import CNBlock
from torchvision.models.efficientnet import MBConv
from torchvision.models.mobilenetv3 import InvertedResidual
from zennit.attribution import Gradient
from zennit.composites import EpsilonPlus
from zennit.layer import Sum
from zennit.torchvision import SequentialMergeBatchNorm

warnings.filterwarnings("ignore")


class MergeBatchNorm(SequentialMergeBatchNorm):
    """Zennit leaves a merged batch norm its eps, which scales by 1 / sqrt(1 + eps): in MobileNetV3 by 0.0005 a layer."""

    @staticmethod
    def merge_batch_norm(modules, batch_norm):
        SequentialMergeBatchNorm.merge_batch_norm(modules, batch_norm)
        batch_norm.eps = 0.0


def add(module, a, b):
    return module.sum(torch.stack([a, b], -1))


def mbconv(self, x):
    y = self.block(x)
    return add(self, y, x) if self.use_res_connect else y


def cnblock(self, x):
    return add(self, self.layer_scale * self.block(x), x)


class Perceptron(nn.Module):
    """The perceptrons of swin_t's first blocks, on tokens of patches, without the normalisation between them."""

    def __init__(self):
        super().__init__()
        swin = torchvision.models.swin_t()
        self.patches = swin.features[0][0]
        self.first, self.second = swin.features[1][0].mlp, swin.features[1][1].mlp
        self.head = nn.Linear(96, 10)

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        return self.head(self.second(self.first(tokens))).sum(1)


NETWORKS = {
    "efficientnet_b0": lambda: torchvision.models.efficientnet_b0(num_classes=10),
    "mobilenet_v3_large": lambda: torchvision.models.mobilenet_v3_large(num_classes=10),
    "convnext_tiny": lambda: torchvision.models.convnext_tiny(num_classes=10),
    "swin_t-perceptrons": Perceptron,
}

# epsilon and stabilizer. Linear layers on tokens, and residual sums of both signs, divide by small numbers: float32 tells maps apart
# only where these are larger.
EPSILONS = {"convnext_tiny": (0.1, 0.1), "swin_t-perceptrons": (0.1, 1e-6)}


def prepared(name, as_modules):
    # Seeded, so that both copies are alike.
    torch.manual_seed(0)
    model = NETWORKS[name]().eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.normal_(module.bias, std=0.1)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.8, 1.2)
        elif isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.normal_(module.weight, std=(2 / module.weight[0].numel()) ** 0.5)
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.05)
        elif isinstance(module, CNBlock):
            nn.init.uniform_(module.layer_scale, 0.5, 1)
        for kind, forward in ((MBConv, mbconv), (InvertedResidual, mbconv), (CNBlock, cnblock)):
            if as_modules and isinstance(module, kind):
                module.sum = Sum()
                module.forward = types.MethodType(forward, module)
    return model


def relevance(model, x, classes, epsilon, stabilizer):
    composite = EpsilonPlus(epsilon=epsilon, stabilizer=stabilizer, canonizers=[MergeBatchNorm()])
    with Gradient(model=model, composite=composite) as attributor:
        _, result = attributor(x, torch.eye(10, dtype=x.dtype)[classes])
    return result.detach().double().numpy()


def main():
    tool = sys.argv[1]
    for name in sys.argv[2:] or NETWORKS:
        epsilon, stabilizer = EPSILONS.get(name, (1e-6, 1e-6))
        torch.manual_seed(1)
        x = torch.randn(2, 3, 64, 64)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            # torchvision's own forward writes `+`; it is what a user exports.
            torch.onnx.export(
                prepared(name, False), (x,), folder / "m.onnx", input_names=["x"], output_names=["y"],
                dynamic_axes={"x": {0: "N"}, "y": {0: "N"}}, opset_version=17, dynamo=False)
            model = prepared(name, True).double()
            classes = model(x.double()).argmax(1).tolist()
            expected = relevance(model, x.double(), classes, epsilon, stabilizer)
            single = relevance(prepared(name, True), x, classes, epsilon, stabilizer)
            with h5py.File(folder / "d.h5", "w") as file:
                file["data"], file["label"] = x.numpy(), numpy.array(classes, numpy.uint16)
            run = subprocess.run(
                [tool, "relevance", folder / "m.onnx", "--data", f"hdf5:{folder}/d.h5", "--target", "label", "--composite",
                 f"epsilon_plus:epsilon={epsilon},stabilizer={stabilizer}", "--out", folder / "r.h5"], capture_output=True, text=True)
            if run.returncode:
                print(f"{name}: {run.stderr.strip().splitlines()[-1]}")
                continue
            found = h5py.File(folder / "r.h5")["attribution"][:]
        scale = abs(expected).max()
        print(f"{name}: {abs(found - expected).max() / scale:.1e} (float32 of Zennit {abs(single - expected).max() / scale:.1e}), "
              f"sums {found.sum():.4f} and {expected.sum():.4f}")


main()
