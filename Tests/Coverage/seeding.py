"""Makes a network whose every part counts for its output: a fresh one multiplies by one, adds zero, scales whole branches by
1e-6 and passes attention that is everywhere alike, and would hide what a tool gets wrong there."""

import math

from libraries import torch
from torch import nn

# To be raised when seeded networks become others: exports are then made anew.
VERSION = 2
SCALES = ("gamma", "scale", "gain", "weight", "alpha")
NORMS = (nn.modules.batchnorm._BatchNorm,)


def perturb_constants(model: nn.Module):
    """Parameters that are one number throughout get several: around it, around zero, and scales of branches between 0.5 and 1."""
    for name, parameter in model.named_parameters():
        values = parameter.data
        if values.numel() == 0 or not values.is_floating_point() or not bool((values == values.flatten()[0]).all()):
            continue
        value = float(values.flatten()[0])
        if abs(value) > 1e-2:
            values.copy_(value * torch.empty_like(values).uniform_(0.8, 1.2))
        elif value != 0 or (values.dim() < 2 and any(word in name.rpartition(".")[2].lower() for word in SCALES)):
            values.uniform_(0.5, 1)
        elif values.dim() >= 2 and name.endswith("weight"):
            values.normal_(std=1 / math.sqrt(max(1, values[0].numel())))
        else:
            values.normal_(std=0.1)


def widen_weights(model: nn.Module):
    """Linear layers drawn with a deviation of 0.02 make scores of attention that are all alike; they get that of their fan-in."""
    for module in model.modules():
        if not isinstance(module, (nn.Linear, nn.modules.conv._ConvNd)) or not isinstance(module.weight, nn.Parameter):
            continue
        weight = module.weight.data
        wanted = 1 / math.sqrt(max(1, weight[0].numel()))
        found = float(weight.std()) if weight.numel() > 1 else wanted
        if 0 < found < 0.5 * wanted:
            weight.mul_(wanted / found)


def calibrate(model: nn.Module, shapes: list[tuple[int, ...]], images: int):
    """Batch normalisations take the statistics of noise that comes through the network: of as much as gives a channel of the last
    maps some hundred values. With eight images a deep network amplifies rounding from layer to layer until float32 says
    nothing."""
    norms = [module for module in model.modules() if isinstance(module, NORMS)]
    if not norms:
        return
    momenta = [module.momentum for module in norms]
    for module in norms:
        module.momentum = None  # The mean over all batches, which are one.
        module.reset_running_stats()
        module.train()
    with torch.no_grad():
        model(*(torch.randn(images, *shape[1:]) for shape in shapes))
    for module, momentum in zip(norms, momenta):
        module.momentum = momentum
        module.eval()
        # A channel that is constant on noise would be divided by nearly nothing.
        module.running_var.clamp_(min=1e-3)


def seed(model: nn.Module, shapes: list[tuple[int, ...]]):
    torch.manual_seed(1)
    widen_weights(model)
    perturb_constants(model)
    pixels = math.prod(shapes[0][2:])
    calibrate(model, shapes, 128 if pixels <= 64 * 64 else 32 if pixels <= 128 * 128 else 8)


def inputs(shapes: list[tuple[int, ...]]):
    generator = torch.Generator().manual_seed(2)
    return [torch.randn(shape, generator=generator) for shape in shapes]
