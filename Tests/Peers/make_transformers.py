"""Makes small transformers of torchvision, and the relevance that LXT gives them.

    make_transformers.py FOLDER

`transformers.json` holds input, classes, and for every composite the relevance at the input, at the outputs of layers in the order of
execution, summed over tokens, and per head of attention; in double precision, and with an ε that does not matter, as LXT adds it whatever
the sign of what it keeps from zero. Needs torch, torchvision, lxt, zennit and onnx.
"""

import json
import pathlib
import sys
import warnings

import torch
import zennit.rules
from lxt_functions import relevance
from torch import nn
from torchvision.models.swin_transformer import SwinTransformer
from torchvision.models.vision_transformer import VisionTransformer
from zennit.composites import LayerMapComposite

warnings.filterwarnings("ignore")
EPSILON = 1e-12


def vit():
    return VisionTransformer(
        image_size=12, patch_size=4, num_layers=2, num_heads=2, hidden_dim=8, mlp_dim=12, num_classes=4), 12


def swin():
    """Windows of 2 × 2 on 5 × 5 tokens: padded, shifted and masked."""
    return SwinTransformer(
        patch_size=[4, 4], embed_dim=8, depths=[2, 1], num_heads=[2, 4], window_size=[2, 2], mlp_ratio=1.5, num_classes=4), 20


def prepared(build, seed):
    torch.manual_seed(seed)
    model, size = build()
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1:
            fan = parameter[0].numel() if parameter.dim() > 1 and "weight" in name else 4
            nn.init.normal_(parameter, std=fan ** -0.5)
        else:
            nn.init.normal_(parameter, mean=1.0 if "norm" in name and "weight" in name else 0.0, std=0.3)
    return model.eval(), size


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]


def gamma():
    return LayerMapComposite([
        (nn.Conv2d, zennit.rules.Gamma(0.25, stabilizer=EPSILON)), (nn.Linear, zennit.rules.Gamma(0.1, stabilizer=EPSILON)),
    ])


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    examples = {}
    for build in (vit, swin):
        name = build.__name__
        model, size = prepared(build, seed=3)
        x = torch.randn(2, 3, size, size)
        torch.onnx.export(
            model, (x,), folder / f"{name}.onnx", input_names=["x"], output_names=["y"], opset_version=17, dynamo=False,
            dynamic_axes={"x": {0: "N"}, "y": {0: "N"}})
        classes = [1, 3]
        example = {"file": f"{name}.onnx", "shape": list(x.shape), "x": numbers(x), "classes": classes, "composites": {}}
        model = model.double()
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        for key, constant, composite in (("attnlrp", False, None), ("cp_lrp", True, None), ("gamma", False, gamma())):
            if key == "gamma" and name != "vit":
                continue
            image, layers, heads = relevance(model, x.double(), classes, constant, EPSILON, composite)
            example["composites"][key] = {
                "relevance": numbers(image),
                "layers": [numbers(layer) for layer in layers],
                "heads": [numbers(head) for head in heads],
            }
        examples[name] = example
    (folder / "transformers.json").write_text(json.dumps(examples))


main()
