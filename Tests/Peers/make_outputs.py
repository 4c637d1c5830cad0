"""Small networks whose outputs have positions, and their relevance by Zennit, for AnalysisTests: make_outputs.py OUT_FOLDER.

pixels.onnx answers [N, 5, 12, 10] (a fully convolutional network with a bilinear enlargement at its end), steps.onnx [N, 4, 20] (a
Conv1d network) and boxes.onnx [N, 48, 3] (a detector's head over two feature maps). Relevance is Zennit's EpsilonPlus with merged
batch norms in float64, from seeds that are written here by hand for each text of a target; so is the gradient of each image's mean
cross-entropy at its labelled positions. Needs torch, onnx and zennit.
"""

import json
import sys

import torch
from seeded import plain, randomise_norms
from torch import nn
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.composites import EpsilonPlus


class Boxes(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU())
        self.more = nn.Sequential(nn.Conv2d(8, 8, 3, stride=2, padding=1), nn.ReLU())
        self.heads = nn.ModuleList([nn.Conv2d(8, 6, 3, padding=1), nn.Conv2d(8, 6, 3, padding=1)])

    def forward(self, x):
        maps = [self.body(x)]
        maps.append(self.more(maps[0]))
        scores = []
        for head, each in zip(self.heads, maps):
            y = head(each)
            n, _, h, w = y.shape
            scores.append(y.view(n, 2, 3, h, w).permute(0, 3, 4, 1, 2).reshape(n, h * w * 2, 3))
        return torch.cat(scores, 1)


torch.manual_seed(5)
pixels = nn.Sequential(
    nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 12, 3, stride=2, padding=1), nn.ReLU(),
    nn.Conv2d(12, 12, 3, padding=2, dilation=2), nn.ReLU(), nn.Conv2d(12, 5, 1),
    nn.Upsample(size=(12, 10), mode="bilinear", align_corners=False))
steps = nn.Sequential(
    nn.Conv1d(2, 6, 5, padding=2), nn.BatchNorm1d(6), nn.ReLU(), nn.Conv1d(6, 8, 3, padding=1), nn.ReLU(), nn.Conv1d(8, 4, 1))
networks = {"pixels": (pixels, (3, 12, 10)), "steps": (steps, (2, 20)), "boxes": (Boxes(), (3, 16, 10))}
for net, _ in networks.values():
    randomise_norms(net)
    net.eval()


def at(shape, *index):
    """Ones at some entries of one image's output."""
    seed = torch.zeros(shape, dtype=torch.float64)
    seed[index] = 1
    return seed


def seeds(name, y, label, tensor):
    """The seed of each target for one image's output y, classes first or last as the network has them."""
    axis = 1 if name == "boxes" else 0
    classes = y.shape[axis]
    chosen = nn.functional.one_hot(y.argmax(axis), classes).double().movedim(-1, axis)
    every = slice(None)

    def of(index, region):
        return at(y.shape, *((index, *region) if axis == 0 else (*region, index)))

    whole = (every, every) if name == "pixels" else (every,)
    where = chosen.select(axis, 2).unsqueeze(axis)
    own = nn.functional.one_hot(label.clamp(min=0), classes).double() * (label >= 0).unsqueeze(-1)
    result = {
        "predicted": chosen, "2": of(2, whole) * where, "2@all": of(2, whole), "2,-1": (of(2, whole) - of(1, whole)) * where,
        "label": own.movedim(-1, axis), "tensor": tensor,
    }
    if name == "pixels":
        result |= {"2@3,5": of(2, (3, 5)), "2@1:9,2:7": of(2, (slice(1, 9), slice(2, 7))), "@2,3,5": of(2, (3, 5)),
                   "predicted@3,5": chosen * of(every, (3, 5))}
    elif name == "steps":
        result |= {"2@7": of(2, (7,)), "2@4:9": of(2, (slice(4, 9),)), "@2,7": of(2, (7,))}
    else:
        result |= {"2@7": of(2, (7,)), "2@4:9": of(2, (slice(4, 9),)), "@7,2": of(2, (7,))}
    return result


golden = {}
for name, (net, shape) in networks.items():
    x = torch.randn(2, *shape)
    torch.onnx.export(
        net, (x,), f"{sys.argv[1]}/{name}.onnx", dynamo=False, opset_version=17, input_names=["input"], output_names=["output"],
        dynamic_axes={"input": {0: "N"}, "output": {0: "N"}}, training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False)
    net.double()
    x = x.double().requires_grad_()
    y = net(x)
    positions = y.shape[1:2] if name == "boxes" else y.shape[2:]
    classes = y.shape[2] if name == "boxes" else y.shape[1]
    labels = torch.randint(-1, classes, (2, *positions))
    tensor = torch.randn(y.shape).double()
    rows = [seeds(name, y[i].detach(), labels[i], tensor[i]) for i in range(2)]
    case = {"x": plain(x), "output": plain(y), "labels": labels.flatten().tolist(), "tensor": plain(tensor), "relevance": {}}
    for start in ["one-hot", "logit"]:
        for target in rows[0]:
            if start == "logit" and target not in ("predicted", "2,-1"):
                continue
            seed = torch.stack([row[target] for row in rows])
            with EpsilonPlus(canonizers=[SequentialMergeBatchNorm()]).context(net):
                out = net(x)
                (relevance,) = torch.autograd.grad(out, x, seed * (out.detach() if start == "logit" else 1))
            case["relevance"][f"{start} {target}"] = plain(relevance)
    # The gradient of each image's own mean cross-entropy at its labelled positions.
    y = net(x)
    scores = y.movedim(2, 1) if name == "boxes" else y
    loss = sum(nn.functional.cross_entropy(scores[i : i + 1], labels[i : i + 1], ignore_index=-1) for i in range(2))
    (gradient,) = torch.autograd.grad(loss, x)
    case["loss"] = loss.item()
    case["gradient"] = plain(gradient)
    golden[name] = case
json.dump(golden, open(f"{sys.argv[1]}/outputs.json", "w"))
