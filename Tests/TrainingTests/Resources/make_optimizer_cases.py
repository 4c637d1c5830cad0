"""Runs PyTorch's optimisers on a fixed sequence of gradients and stores where the weights go.

Usage: python make_optimizer_cases.py > optimizers.json   (PyTorch 2, CPU)
"""

import json
import torch

torch.manual_seed(1)
start = torch.randn(6)
gradients = [torch.randn(6) for _ in range(5)]
cases = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.05),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.05),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.05, betas=(0.8, 0.95), eps=1e-4),
}
paths = {}
for name, make in cases.items():
    weight = torch.nn.Parameter(start.clone())
    optimizer = make([weight])
    path = []
    for gradient in gradients:
        weight.grad = gradient.clone()
        optimizer.step()
        path.append(weight.detach().tolist())
    paths[name] = path

schedules = {
    "multiStep": lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [2, 5], 0.1),
    "step": lambda o: torch.optim.lr_scheduler.StepLR(o, 3, 0.5),
    "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 8, 0.02),
}
rates = {}
for name, make in schedules.items():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4)
    schedule = make(optimizer)
    rates[name] = []
    for _ in range(8):
        rates[name].append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()

print(json.dumps({"start": start.tolist(), "gradients": [g.tolist() for g in gradients], "paths": paths, "rates": rates}))
