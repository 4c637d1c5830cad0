"""Attributions and measures of them by PyTorch, Zennit and NumPy, for AnalysisTests: make_attributions.py GOLDEN_JSON OUT_JSON.

The network and its input are those of zennit-vgg-like-bn.json, in float64. Needs torch, zennit and numpy.
"""

import json
import sys

import numpy as np
import torch
from zennit.attribution import IntegratedGradients, Occlusion, SmoothGrad
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.composites import EpsilonPlus

from golden_vgg import Golden, plain, tensor
from philox import normals

golden = Golden(sys.argv[1])
network, x, target, one_hot = golden.network, golden.x, golden.target, golden.one_hot


class Noise:
    """Stands in for torch.randn_like inside Zennit's SmoothGrad: one draw a call."""

    def __init__(self, seed, indices):
        self.seed, self.indices, self.draw = seed, indices, 0

    def __call__(self, like):
        size = like[0].numel()
        values = [normals(self.seed, index, self.draw << 32, size) for index in self.indices]
        self.draw += 1
        return torch.tensor(values, dtype=torch.float64).reshape(like.shape)


out = {"indices": [3, 2**33 + 11], "maps": {}}


def smoothgrad(noise, n, seed, composite=None):
    torch.randn_like, kept = Noise(seed, out["indices"]), torch.randn_like
    try:
        with SmoothGrad(network(), noise_level=noise, n_iter=n, composite=composite) as attributor:
            return attributor(x.clone(), one_hot)[1]
    finally:
        torch.randn_like = kept


out["maps"]["input-x-gradient"] = plain(IntegratedGradients(network(), n_iter=1)(x.clone(), one_hot)[1])
out["maps"]["smoothgrad:noise=0.2,n=5,seed=7"] = plain(smoothgrad(0.2, 5, 7))
out["maps"]["smoothgrad:n=3/epsilon_plus"] = plain(
    smoothgrad(0.1, 3, 0, EpsilonPlus(canonizers=[SequentialMergeBatchNorm()])))
for size in (2, 4, 8):
    occlusion = Occlusion(network(), window=(size, size), stride=(size, size), attr_output=lambda y: y * one_hot)
    out["maps"][f"occlusion:window={size},stride={size}"] = plain(occlusion(x.clone())[1])


# --- what Zennit has not: windows that end at the edge, and those that are taken away ----------------------------------------------
def occluded(window, stride, remove, fill):
    net, result, covers = network(), torch.zeros_like(x), torch.zeros_like(x)
    for top in range(0, 8, stride):
        for left in range(0, 8, stride):
            inside = torch.zeros_like(x)
            inside[:, :, top : top + window, left : left + window] = 1
            hidden = inside if remove else 1 - inside
            y = (net(x * (1 - hidden) + fill * hidden) * one_hot).sum(1)
            score = (net(x) * one_hot).sum(1) - y if remove else y
            result, covers = result + inside * score[:, None, None, None], covers + inside
    return result / covers if remove else result


out["maps"]["occlusion:window=5,stride=3"] = plain(occluded(5, 3, False, 0))
out["maps"]["occlusion:window=3,stride=2,form=remove,fill=0.5"] = plain(occluded(3, 2, True, 0.5))


def grad_cam(last):
    net = network()
    names = [name for name, _ in net.named_children()]
    cut = names.index(last) + 1
    maps = net[:cut](x).detach().requires_grad_()
    (gradient,) = torch.autograd.grad((net[cut:](maps) * one_hot).sum(), maps)
    cam = torch.relu((gradient.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True))
    large = torch.nn.functional.interpolate(cam, size=(8, 8), mode="bilinear", align_corners=False)
    return large.expand(-1, 3, -1, -1)


out["maps"]["grad-cam"] = plain(grad_cam("relu2"))
out["maps"]["grad-cam:layer=conv1,site=linear"] = plain(grad_cam("bn1"))
out["maps"]["grad-cam:layer=conv1"] = plain(grad_cam("relu1"))

# --- measures ------------------------------------------------------------------------------------------------------------------
random = np.random.default_rng(5)
cases = []
for height, width, radius in ((7, 5, 1), (9, 70, 3), (1, 3, 0), (16, 16, 2.5)):
    values = random.normal(size=(height, width))
    mask = random.random((height, width)) < 0.15
    mask[0, 0] = True
    ordered = lambda v: np.argsort(-v, axis=None, kind="stable")

    def hit(v, tolerance):
        row, column = np.unravel_index(np.argmax(v), v.shape)
        ys, xs = np.nonzero(mask)
        return float(np.sqrt(((ys - row) ** 2 + (xs - column) ** 2).min()) <= tolerance)

    magnitudes = np.sort(np.abs(values).ravel())
    n = magnitudes.size
    other = random.normal(size=(height, width))
    ranks = [np.argsort(np.argsort(np.abs(v).ravel())).astype(float) for v in (values, other)]
    cases.append({
        "map": plain(values), "other": plain(other), "mask": mask.astype(int).ravel().tolist(),
        "values": {
            "pointing-game": hit(values, 0),
            f"pointing-game:tolerance={radius}": hit(values, radius),
            "pointing-game:sign=absolute": hit(np.abs(values), 0),
            "mass-accuracy": np.maximum(values, 0)[mask].sum() / np.maximum(values, 0).sum(),
            "mass-accuracy:sign=absolute": np.abs(values)[mask].sum() / np.abs(values).sum(),
            "mass-accuracy:sign=signed": values[mask].sum() / values.sum(),
            "rank-accuracy:sign=signed": mask.ravel()[ordered(values)[: mask.sum()]].mean(),
            "rank-accuracy:sign=absolute": mask.ravel()[ordered(np.abs(values))[: mask.sum()]].mean(),
            "sparseness": ((2 * np.arange(1, n + 1) - n - 1) * magnitudes).sum() / (n * magnitudes.sum()),
        },
        "similarity": float(np.corrcoef(*ranks)[0, 1]),
    })
out["measures"] = cases


def flipping(steps, share, value, probability, ascending):
    maps = tensor(golden.content["gradient"]).sum(1).reshape(2, -1).numpy()
    logits, right = np.zeros((2, steps + 1)), np.zeros((2, steps + 1))
    for sample in range(2):
        order = np.argsort(maps[sample] if ascending else -maps[sample], kind="stable")
        for step in range(steps + 1):
            image = x[sample].clone().reshape(3, -1)
            count = int(np.floor(share * step / steps * 64 + 0.5))
            fill = image.mean(1, keepdim=True) if value is None else torch.full((3, 1), value, dtype=torch.float64)
            image[:, order[:count].copy()] = fill
            y = network()(image.reshape(1, 3, 8, 8))[0].detach()
            logits[sample, step] = (torch.softmax(y, 0) if probability else y)[target[sample]]
            right[sample, step] = float(int(y.argmax()) == target[sample])
    return {"curve": plain(logits), "accuracy": plain(right),
            "areas": plain(np.stack([np.trapezoid(c, dx=1 / steps, axis=1) for c in (logits, right)], 1))}


out["flipping"] = {
    "pixel-flipping:steps=8": flipping(8, 1, None, False, False),
    "pixel-flipping:steps=5,share=0.5,value=zero,output=probability,order=ascending": flipping(5, 0.5, 0.0, True, True),
}
json.dump(out, open(sys.argv[2], "w"), indent=None, separators=(",", ":"))
