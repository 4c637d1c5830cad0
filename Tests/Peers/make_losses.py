"""Losses of pixels and numbers with their gradients by PyTorch, and their measures, for TrainingTests: make_losses.py OUT_FOLDER.

pixels.onnx answers [N, 4, 9, 8], steps.onnx [N, 16, 3] (rows of classes), mask.onnx [N, 1, 9, 8] (one logit a pixel) and numbers.onnx
[N, 3]. Loss and gradients are those of the whole batch in training mode, in float64; accuracy, IoU, errors and R² those in inference
mode, counted as torchvision's references/segmentation does, the mean over classes that labels or predictions have. Needs torch, onnx.
"""

import json
import sys

import torch
from seeded import plain, randomise_norms
from torch import nn
from torch.nn import functional as F


class Rows(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 6, 5, padding=2)
        self.norm = nn.BatchNorm1d(6)
        self.head = nn.Conv1d(6, 3, 1)

    def forward(self, x):
        return self.head(F.relu(self.norm(self.conv(x)))).transpose(1, 2)


def body(classes):
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8),
        nn.ReLU(), nn.Conv2d(8, classes, 1), nn.Upsample(size=(9, 8), mode="bilinear", align_corners=False))


torch.manual_seed(11)
networks = {
    "pixels": (body(4), (3, 9, 8)), "mask": (body(1), (3, 9, 8)), "steps": (Rows(), (2, 16)),
    "numbers": (nn.Sequential(
        nn.Conv1d(2, 5, 3), nn.BatchNorm1d(5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(5, 3), nn.Sigmoid()),
        (2, 12)),
}
count = 7
golden = {}
for name, (net, shape) in networks.items():
    x = torch.randn(count, *shape)
    randomise_norms(net)
    for module in net.modules():
        if isinstance(module, (nn.Conv1d, nn.Conv2d)):
            module.weight.data.mul_(2)
    if name == "pixels":
        net[6].bias.data[3] = -9
    net.eval()
    torch.onnx.export(
        net, (x,), f"{sys.argv[1]}/{name}.onnx", dynamo=False, opset_version=17, input_names=["input"], output_names=["output"],
        dynamic_axes={"input": {0: "N"}, "output": {0: "N"}}, training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False)
    net.double()
    x = x.double()
    case = {"x": plain(x)}
    y = net(x).detach()
    if name == "numbers":
        values = torch.rand(count, 3).double()
        case["values"] = plain(values)
        error = y - values
        case["measures"] = [
            (error**2).mean().item(), error.abs().mean().item(),
            (1 - (error**2).sum(0) / ((values - values.mean(0)) ** 2).sum(0)).mean().item()]
    else:
        positions = y.shape[1:2] if name == "steps" else y.shape[2:]
        classes = 2 if name == "mask" else 3 if name == "steps" else 4
        # Class 3 of `pixels` is in no label.
        labels = torch.randint(-1, 3 if name == "pixels" else classes, (count, *positions))
        case["labels"] = labels.flatten().tolist()
        scores = y.movedim(2, 1) if name == "steps" else torch.cat([torch.zeros_like(y), y], 1) if name == "mask" else y
        predicted = scores.argmax(1)
        known = labels >= 0
        matrix = torch.bincount(classes * labels[known] + predicted[known], minlength=classes**2).reshape(classes, classes)
        union = matrix.sum(0) + matrix.sum(1) - matrix.diag()
        iou = [(matrix[k, k] / union[k]).item() if union[k] > 0 else None for k in range(classes)]
        found = [value for value in iou if value is not None]
        case["confusion"] = matrix.flatten().tolist()
        case["iou"] = iou
        case["measures"] = [
            (matrix.diag().sum() / matrix.sum()).item(), sum(found) / len(found),
            F.cross_entropy(scores, labels, ignore_index=-1).item()]
    net.train()
    for smoothing in [0.0, 0.1]:
        if name == "numbers" and smoothing:
            continue
        net.zero_grad()
        y = net(x)
        if name == "numbers":
            loss = F.mse_loss(y, values)
        elif name == "mask":
            wanted = labels[known].double() * (1 - smoothing) + smoothing / 2
            loss = F.binary_cross_entropy_with_logits(y[:, 0][known], wanted)
        else:
            loss = F.cross_entropy(
                y.movedim(2, 1) if name == "steps" else y, labels, ignore_index=-1, label_smoothing=smoothing)
        loss.backward()
        case[f"loss {smoothing}"] = loss.item()
        case[f"gradients {smoothing}"] = {key: plain(value.grad) for key, value in net.named_parameters()}
    golden[name] = case
json.dump(golden, open(f"{sys.argv[1]}/losses.json", "w"))
