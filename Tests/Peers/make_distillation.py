"""Losses of distillation and their gradients by PyTorch, for TrainingTests: make_distillation.py OUT_FOLDER. Needs torch.

Writes distillation.json: (1 - w) cross_entropy + w T^2 kl_div(teacher || student) of one sample each, in float64, with the gradient at
the student's logits. The logits are exact in float32. A single logit z stands for the logits 0 and z.
"""

import json
import sys

import torch
from torch.nn import functional as F

torch.manual_seed(4)
cases = []
for classes, temperature, weight, smoothing in [
        (5, 4.0, 0.9, 0.0), (5, 1.0, 0.5, 0.0), (10, 20.0, 1.0, 0.0), (3, 2.5, 0.25, 0.1), (2, 0.5, 0.75, 0.0), (1, 4.0, 0.9, 0.0),
        (1, 2.0, 0.6, 0.2)]:
    logits, teacher = ((torch.randn(2, classes) * 4).float().double())
    logits.requires_grad_()
    label = int(torch.randint(max(classes, 2), ()))
    if classes == 1:
        z, t = torch.cat([torch.zeros(1).double(), logits]), torch.cat([torch.zeros(1).double(), teacher])
    else:
        z, t = logits, teacher
    loss = (1 - weight) * F.cross_entropy(z[None], torch.tensor([label]), label_smoothing=smoothing)
    loss = loss + weight * temperature**2 * F.kl_div(
        F.log_softmax(z / temperature, 0), F.softmax(t / temperature, 0), reduction="sum")
    loss.backward()
    cases.append({
        "temperature": temperature, "weight": weight, "smoothing": smoothing, "label": label, "logits": logits.tolist(),
        "teacher": teacher.tolist(), "loss": loss.item(), "gradient": logits.grad.tolist()})
json.dump(cases, open(f"{sys.argv[1]}/distillation.json", "w"), indent=1)
