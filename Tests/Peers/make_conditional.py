"""Relevance conditional on filters by Zennit, for AnalysisTests: make_conditional.py GOLDEN_JSON OUT_JSON.

The network and its input are those of zennit-vgg-like-bn.json, in float64, under Zennit's EpsilonPlus with merged batch norms. Relevance
is masked at the output of conv2, as zennit-crp does. Needs torch and zennit.
"""

import json
import sys

import torch
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.composites import EpsilonPlus

golden = json.load(open(sys.argv[1]))["net_vgg_like_bn"]


def tensor(value):
    return torch.tensor(value["data"], dtype=torch.float64).reshape(value["shape"])


def plain(value):
    return {"shape": list(value.shape), "data": [float(f"{v:.12g}") for v in value.detach().numpy().ravel()]}


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
net.load_state_dict({k: tensor(v) for k, v in golden["state_dict"].items()}, strict=False)
one_hot = torch.eye(3, dtype=torch.float64)[golden["target"]]

result = {}
for channels in [[1], [0, 3]]:
    for seed in ["relevance", "activation"]:
        x = tensor(golden["x"]).requires_grad_()
        with EpsilonPlus(canonizers=[SequentialMergeBatchNorm()]).context(net):
            below, above = torch.nn.Sequential(*list(net)[:5]), torch.nn.Sequential(*list(net)[5:])
            maps = below(x)
            mask = torch.zeros_like(maps)
            mask[:, channels] = 1
            if seed == "relevance":
                maps.register_hook(lambda gradient: gradient * mask)
                (relevance,) = torch.autograd.grad(above(maps), x, one_hot)
            else:
                (relevance,) = torch.autograd.grad(maps, x, maps.detach() * mask)
        result[f"conv2:{','.join(map(str, channels))}:{seed}"] = plain(relevance)
json.dump(result, open(sys.argv[2], "w"))
