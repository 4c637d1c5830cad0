"""Relevance conditional on filters by Zennit, for AnalysisTests: make_conditional.py GOLDEN_JSON OUT_JSON.

The network and its input are those of zennit-vgg-like-bn.json, in float64, under Zennit's EpsilonPlus with merged batch norms. Relevance
is masked at the output of conv2, as zennit-crp does. Needs torch and zennit.
"""

import json
import sys

import torch
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.composites import EpsilonPlus

from golden_vgg import Golden, plain

golden = Golden(sys.argv[1])
net = golden.network()

result = {}
for channels in [[1], [0, 3]]:
    for seed in ["relevance", "activation"]:
        x = golden.x.clone().requires_grad_()
        with EpsilonPlus(canonizers=[SequentialMergeBatchNorm()]).context(net):
            below, above = torch.nn.Sequential(*list(net)[:5]), torch.nn.Sequential(*list(net)[5:])
            maps = below(x)
            mask = torch.zeros_like(maps)
            mask[:, channels] = 1
            if seed == "relevance":
                maps.register_hook(lambda gradient: gradient * mask)
                (relevance,) = torch.autograd.grad(above(maps), x, golden.one_hot)
            else:
                (relevance,) = torch.autograd.grad(maps, x, maps.detach() * mask)
        result[f"conv2:{','.join(map(str, channels))}:{seed}"] = plain(relevance)
json.dump(result, open(sys.argv[2], "w"))
