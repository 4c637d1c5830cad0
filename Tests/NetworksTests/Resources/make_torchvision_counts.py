"""Writes torchvision-counts.json: multiply-accumulates, parameter counts and state-dict shapes of torchvision's networks."""

import json
import pathlib

import torch

library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import torchvision  # noqa: E402

NAMES = {name.replace("_bn", "-bn").replace("_v2", "-v2"): name for name in [
    "alexnet", "vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn",
    "resnet18", "resnet34", "resnet50", "mobilenet_v2", "densenet121"]}
WITH_SHAPES = {"alexnet", "vgg11-bn", "resnet18", "resnet50", "mobilenet-v2", "densenet121"}
counts = {}

for name, original in NAMES.items():
    with torch.device("meta"):
        network = getattr(torchvision.models, original)(init_weights=False) if original.startswith("vgg") else getattr(
            torchvision.models, original)()
    macs = 0

    def count(module, inputs, output):
        global macs
        macs += output[0].numel() * (module.weight.numel() // module.weight.shape[0])

    for module in network.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            module.register_forward_hook(count)
    network.eval()(torch.zeros(1, 3, 224, 224, device="meta"))
    entry = {"macs": macs, "parameters": sum(weight.numel() for weight in network.parameters())}
    if name in WITH_SHAPES:
        entry["shapes"] = {key: list(value.shape) for key, value in network.state_dict().items() if "num_batches" not in key}
    counts[name] = entry

path = pathlib.Path(__file__).with_name("torchvision-counts.json")
path.write_text(json.dumps(counts, separators=(",", ":")).replace('},"', '},\n"') + "\n")
print({name: (entry["macs"], entry["parameters"]) for name, entry in counts.items()})
