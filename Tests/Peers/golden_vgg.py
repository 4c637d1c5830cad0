"""The network of zennit-vgg-like-bn.json in PyTorch, in float64, and tensors as the JSON files here hold them."""

import json

import numpy as np
import torch


def tensor(value):
    return torch.tensor(value["data"], dtype=torch.float64).reshape(value["shape"])


def plain(value):
    value = np.asarray(value.detach() if isinstance(value, torch.Tensor) else value, dtype=float)
    return {"shape": list(value.shape), "data": [float(f"{v:.12g}") for v in value.ravel()]}


class Golden:
    """The file's input `x` [N, 3, 8, 8], `target` [N], `one_hot` [N, 3] of it, and fresh networks."""

    def __init__(self, path):
        with open(path) as file:
            self.content = json.load(file)["net_vgg_like_bn"]
        self.x = tensor(self.content["x"])
        self.target = self.content["target"]
        self.one_hot = torch.eye(3, dtype=torch.float64)[self.target]

    def network(self):
        names = ["conv1", "bn1", "relu1", "pool1", "conv2", "bn2", "relu2", "pool2", "flatten", "fc1", "relu3", "fc2"]
        layers = [
            torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(4, 5, 3, padding=1), torch.nn.BatchNorm2d(5), torch.nn.ReLU(), torch.nn.AvgPool2d(2),
            torch.nn.Flatten(), torch.nn.Linear(20, 6), torch.nn.ReLU(), torch.nn.Linear(6, 3),
        ]
        net = torch.nn.Sequential()
        for name, layer in zip(names, layers):
            net.add_module(name, layer)
        net = net.double().eval()
        net.load_state_dict({k: tensor(v) for k, v in self.content["state_dict"].items()}, strict=False)
        return net
