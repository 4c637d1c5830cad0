"""Builds a network by name, with the least input that it takes."""

import inspect

from libraries import timm, torch, torchvision
from networks import Network
from torch import nn

# The least sides of torchvision's networks where 64 is too little. Adaptive pooling to 7 × 7 can be exported only where 7
# divides the side of its input.
SIDES = {"inception_v3": 96, "maxvit_t": 224, "ssd300_vgg16": 300, "ssdlite320_mobilenet_v3_large": 96, "vit_h_14": 56}
VIDEO_SIDES = {"mvit_v1_b": 224, "mvit_v2_s": 224, "s3d": 224}
TIMM_SIDES = (64, 128)
TIMM_NATIVE = {"vgg11_bn"}


class OneOutput(nn.Module):
    """Segmentation answers with a dictionary."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x)["out"]


class RawHeads(nn.Module):
    """A detector up to what its head says for every anchor: without resizing before it and choosing boxes behind it. Of
    detectors in two stages, the first."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.backbone = model.backbone
        self.head = model.rpn.head if hasattr(model, "rpn") else model.head

    def forward(self, x):
        features = self.backbone(x)
        found = self.head(list(features.values()) if isinstance(features, dict) else [features])
        if isinstance(found, dict):
            return tuple(found.values())
        return tuple(torch.cat([part.flatten(2) for part in parts], 2) for parts in found)


class LastFlow(nn.Module):
    """RAFT answers with its estimate after every update."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, first, second):
        return self.model(first, second)[-1]


def torchvision_network(network: Network):
    name, models = network.name, torchvision.models
    if network.group == "segmentation":
        model = models.get_model(name, weights=None, weights_backbone=None)
        # Flattened, 21 classes of every pixel have to be fewer than 65,536 numbers.
        return OneOutput(model), [(2, 3, 48, 48)]
    if network.group == "detection":
        side = SIDES.get(name, 64)
        model = models.get_model(name, weights=None, weights_backbone=None)
        return RawHeads(model), [(2, 3, side, side)]
    if network.group == "optical flow":
        return LastFlow(models.get_model(name, weights=None)), [(2, 3, 128, 128)] * 2
    if network.group == "video":
        side, frames = (224, 16) if name in VIDEO_SIDES else (64, 16)
        return models.get_model(name, weights=None), [(2, 3, frames, side, side)]
    side = 224 if name == "alexnet" or name.startswith("vgg") else SIDES.get(name, 64)
    options = {}
    if name.startswith("vit_"):
        options["image_size"] = side
    if name in ("googlenet", "inception_v3"):
        options.update(init_weights=False, aux_logits=False)
    return models.get_model(name, weights=None, **options), [(2, 3, side, side)]


def timm_network(network: Network):
    """Tries sides from small to that of the network's own configuration."""
    native = timm.models.get_pretrained_cfg(network.name)
    native = native.input_size[-1] if native is not None and native.input_size else 224
    takes_size = None
    smaller = () if network.name in TIMM_NATIVE else (side for side in TIMM_SIDES if side < native)
    for side in (*smaller, native):
        for options in ({"img_size": side}, {}) if takes_size is not False else ({},):
            torch.manual_seed(0)
            try:
                model = timm.create_model(network.name, pretrained=False, **options).eval()
            except TypeError as problem:
                if options and "img_size" in str(problem):
                    takes_size = False
                continue
            except (RuntimeError, ValueError, AssertionError, IndexError, ZeroDivisionError):
                continue
            try:
                with torch.no_grad():
                    model(torch.zeros(2, 3, side, side))
                return model, [(2, 3, side, side)]
            except (RuntimeError, ValueError, AssertionError, IndexError, ZeroDivisionError):
                continue
    raise ValueError("no size of input was found that it takes")


def build(network: Network):
    """The network in evaluation mode, with seeded weights, and the shapes of its inputs."""
    torch.manual_seed(0)
    model, shapes = (torchvision_network if network.library == "torchvision" else timm_network)(network)
    return model.eval(), shapes


def signature_names(model: nn.Module, count: int) -> list[str]:
    return list(inspect.signature(model.forward).parameters)[:count]
