"""What scripts that make golden values of seeded networks have in common."""

from torch import nn


def randomise_norms(net):
    """Statistics, factors and shifts of batch norms that differ from those of a new network, so that each counts."""
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.3)


def plain(tensor):
    """A tensor as JSON holds it, in eight digits."""
    return {"shape": list(tensor.shape), "data": [float(f"{value:.8g}") for value in tensor.detach().double().flatten().tolist()]}
