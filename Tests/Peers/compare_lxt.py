"""Compares relevance of torchvision's transformers with LXT's, layer by layer, seeded random weights, 224 x 224 inputs.

    compare_lxt.py TOOL [NETWORK...] [--speed]

AttnLRP and CP-LRP by LXT's functions in double precision (`lxt_functions.py`), with an epsilon that does not matter: LXT adds it whatever the
sign of what it keeps from zero. Prints the greatest difference over the greatest magnitude of LXT's, at the input and at the layer where it
is largest, and beside both what float32 makes of LXT's own. Where LXT patches a network as it is (`lxt.efficient`, CP-LRP of the ViT), its
map is compared too. `--speed` times relevance of images in turn, medians of five: the tool's with the time that it takes to start taken off.
Needs torch, torchvision, lxt, zennit, transformers, onnx and h5py.
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import h5py
import numpy
import torch
import torchvision
from lxt_functions import relevance
from torch import nn

warnings.filterwarnings("ignore")
NETWORKS = {"vit_b_16": torchvision.models.vit_b_16, "swin_t": torchvision.models.swin_t}
COMPOSITES = {"attnlrp": False, "cp_lrp": True}
THREADS = 2


def prepared(name):
    torch.manual_seed(0)
    model = NETWORKS[name](num_classes=10).eval()
    for key, parameter in model.named_parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5 if key.endswith("weight") else 0.02)
        else:
            nn.init.normal_(parameter, mean=1.0 if "weight" in key else 0.0, std=0.1)
    return model


def patched(model, x, classes):
    """LXT's patched vision transformer: input times gradient, which starts from the output itself."""
    x = x.clone().requires_grad_(True)
    outputs = model(x)[torch.arange(len(x)), classes]
    outputs.sum().backward()
    return x.detach() * x.grad / outputs.detach()[:, None, None, None]


class Patches:
    """LXT's patches of torchvision's module, taken back at the end."""

    def __enter__(self):
        from lxt.efficient import monkey_patch
        from torchvision.models import vision_transformer
        self.classes = (nn.GELU, nn.LayerNorm, nn.MultiheadAttention)
        self.forwards = [kind.forward for kind in self.classes]
        monkey_patch(vision_transformer)

    def __exit__(self, *_):
        for kind, forward in zip(self.classes, self.forwards):
            kind.forward = forward


def difference(found, expected):
    found, expected = (numpy.asarray(values, dtype=numpy.float64) for values in (found, expected))
    return numpy.abs(found - expected).max() / numpy.abs(expected).max()


def tool(path, folder, data, composite, *options):
    out = folder / "out.h5"
    out.unlink(missing_ok=True)
    start = time.monotonic()
    subprocess.run(
        [path, "relevance", folder / "model.onnx", "--data", f"hdf5:{data}", "--composite", f"{composite}:epsilon=1e-12,stabilizer=1e-12",
         "--out", out, *options], check=True, capture_output=True)
    return out, time.monotonic() - start


def write(path, x, classes):
    with h5py.File(path, "w") as file:
        file["data"], file["label"] = x.numpy(), classes.numpy()
    return path


def compare(path, name, model, folder):
    torch.manual_seed(1)
    x, classes = torch.randn(2, 3, 224, 224), torch.tensor([3, 7])
    data = write(folder / "data.h5", x, classes)
    exact = prepared(name).double().requires_grad_(False)
    for composite, constant in COMPOSITES.items():
        out, _ = tool(path, folder, data, composite, "--batch", "2")
        image, layers, _ = relevance(exact, x.double(), classes, constant, 1e-12)
        single_image, single_layers, _ = relevance(model, x, classes, constant, 1e-12)
        with h5py.File(out) as file:
            own = sorted(file["relevance"].values(), key=lambda dataset: dataset.attrs["order"])
            assert len(own) == len(layers), (len(own), len(layers))
            differences = [difference(found[:], layer) for found, layer in zip(own, layers)]
            worst = int(numpy.argmax(differences))
            line = f"{name} {composite}: input {difference(file['attribution'][:], image):.1e}"
            line += f" (float32 {difference(single_image, image):.1e}), {len(layers)} layers {differences[worst]:.1e}"
            line += f" (float32 {max(map(difference, single_layers, layers)):.1e}), most at {own[worst].name.split('/')[-1]}"
            if constant and name.startswith("vit"):
                with Patches():
                    line += f", patched {difference(file['attribution'][:], patched(exact, x.double(), classes)):.1e}"
        print(line, flush=True)


def speed(path, name, model, folder):
    # As many shards as workers, and three times as many: what lies between is no start.
    few, many = 2 * THREADS, 6 * THREADS
    torch.manual_seed(2)
    x, classes = torch.randn(many, 3, 224, 224), torch.randint(10, (many,))
    data = {count: write(folder / f"{count}.h5", x[:count], classes[:count]) for count in (few, many)}

    def own(composite):
        options = ("--batch", "2", "--workers", str(THREADS))
        return (tool(path, folder, data[many], composite, *options)[1] - tool(path, folder, data[few], composite, *options)[1]) / (many - few)

    def peer(method):
        start = time.monotonic()
        for first in range(0, 8, 4):
            method(x[first:first + 4], classes[first:first + 4])
        return (time.monotonic() - start) / 8

    ways = {
        "attnlrp, tool": lambda: own("attnlrp"), "cp_lrp, tool": lambda: own("cp_lrp"),
        "attnlrp, LXT": lambda: peer(lambda x, classes: relevance(model, x, classes, False)),
        "cp_lrp, LXT": lambda: peer(lambda x, classes: relevance(model, x, classes, True)),
    }
    if name.startswith("vit"):
        def run():
            with Patches():
                return peer(lambda x, classes: patched(model, x, classes))
        ways["cp_lrp, LXT patched"] = run
    times = {way: [] for way in ways}
    for _ in range(5):
        for way, run in ways.items():
            times[way].append(run())
    for way, values in times.items():
        print(f"{name} {way}: {1000 * statistics.median(values):.0f} ms an image", flush=True)


def main():
    torch.set_num_threads(THREADS)
    path, names = sys.argv[1], [name for name in sys.argv[2:] if name != "--speed"]
    for name in names or NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            model = prepared(name)
            torch.onnx.export(
                model, (torch.zeros(2, 3, 224, 224),), folder / "model.onnx", input_names=["x"], output_names=["y"], opset_version=17,
                dynamo=False, dynamic_axes={"x": {0: "N"}, "y": {0: "N"}})
            # PyTorch's attention is exported by its parts only where something is trained.
            model.requires_grad_(False)
            (speed if "--speed" in sys.argv else compare)(path, name, model, folder)


main()
