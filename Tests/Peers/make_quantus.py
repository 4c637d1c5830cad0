"""Measures by Quantus, and what it lacks by PyTorch and NumPy, for AnalysisTests: make_quantus.py GOLDEN_JSON OUT_JSON.

The network and its input are those of zennit-vgg-like-bn.json; the maps are its gradient. Needs torch, quantus and numpy.
"""

import json
import sys

import numpy as np
import quantus
import torch

from golden_vgg import Golden, plain, tensor
from philox import uniforms

golden = Golden(sys.argv[1])
network = golden.network().float()
x = golden.x.numpy().astype(np.float32)
y = np.array(golden.target)
gradient = tensor(golden.content["gradient"]).numpy()
summed = gradient.sum(1, keepdims=True)
quiet = dict(disable_warnings=True, display_progressbar=False, normalise=False, abs=False)
out = {}


def explain(model, inputs, targets, **_):
    inputs = torch.tensor(np.asarray(inputs), dtype=torch.float32).requires_grad_()
    picked = model(inputs)[torch.arange(len(inputs)), torch.as_tensor(np.asarray(targets))].sum()
    return torch.autograd.grad(picked, inputs)[0].numpy()


def called(metric, maps, **more):
    return metric(model=network, x_batch=x, y_batch=y, a_batch=maps, channel_first=True, device="cpu", **more)


# --- faithfulness --------------------------------------------------------------------------------------------------------------
for patch in (2, 4):
    metric = quantus.Infidelity(perturb_baseline=0.0, perturb_patch_sizes=[patch], n_perturb_samples=1, **quiet)
    out[f"infidelity:patch={patch},form=gradient,order=cumulative"] = plain(np.array(called(metric, gradient))[:, None])


def infidelity(patch, value, times):
    errors, net = [], golden.network()
    with torch.no_grad():
        f = lambda v: (net(v) * golden.one_hot).sum(1)
        for top in range(0, 8, patch):
            for left in range(0, 8, patch):
                changed = golden.x.clone()
                changed[:, :, top : top + patch, left : left + patch] = value
                gone = changed != golden.x
                weight = golden.x - changed if times else gone.double()
                expected = (torch.tensor(gradient) * weight).flatten(1).sum(1)
                errors.append((expected - (f(golden.x) - f(changed))) ** 2)
    return plain(torch.stack(errors).mean(0)[:, None])


out["infidelity:patch=3,value=0.5"] = infidelity(3, 0.5, False)
out["infidelity:patch=4,form=gradient"] = infidelity(4, 0.0, True)

# ROAD: Quantus' class takes images of one channel alone, so that its imputation is called here.
from quantus.functions.perturb_func import noisy_linear_imputation

road = np.zeros((2, 10, 2))
for sample in range(2):
    order = np.argsort(-summed[sample].ravel(), kind="stable")
    for step in range(10):
        image = golden.x[sample].numpy().copy()
        if step:
            image = noisy_linear_imputation(arr=image, indices=order[: 64 * step // 10].copy(), noise=0.0)
        with torch.no_grad():
            answer = golden.network()(torch.tensor(image)[None])[0]
        road[sample, step] = torch.softmax(answer, 0)[golden.target[sample]], int(answer.argmax()) == golden.target[sample]
out["road:noise=0"] = plain(np.trapezoid(road, dx=1 / 9, axis=1))

# The imputation by itself, on an image of one row too.
random = np.random.default_rng(8)
out["imputations"] = []
for height, width, count in ((6, 7, 20), (5, 5, 24), (9, 4, 1), (3, 12, 18)):
    image = random.normal(size=(2, height, width))
    removed = random.permutation(height * width)[:count]
    filled = noisy_linear_imputation(arr=image, indices=removed, noise=0.0)
    out["imputations"].append({"image": plain(image), "removed": removed.tolist(), "filled": plain(filled)})


def unveiling(steps, begin, end):
    scores, accuracy, net = np.zeros((2, steps + 1)), np.zeros((2, steps + 1)), golden.network()
    for sample in range(2):
        order = np.argsort(-summed[sample].ravel(), kind="stable")
        for step in range(steps + 1):
            count = int(np.floor(step / steps * 64 + 0.5))
            image = begin[sample].clone().reshape(3, -1)
            image[:, order[:count].copy()] = end[sample].reshape(3, -1)[:, order[:count].copy()]
            with torch.no_grad():
                answer = net(image.reshape(1, 3, 8, 8))[0]
            scores[sample, step] = torch.softmax(answer, 0)[golden.target[sample]]
            accuracy[sample, step] = float(int(answer.argmax()) == golden.target[sample])
    return plain(np.stack([np.trapezoid(c, dx=1 / steps, axis=1) for c in (scores, accuracy)], 1))


def blurred(sigma):
    line = torch.exp(-torch.arange(-5, 6, dtype=torch.float64) ** 2 / (2 * sigma**2))
    kernel = torch.outer(line, line) / line.sum() ** 2
    return torch.nn.functional.conv2d(golden.x.reshape(-1, 1, 8, 8), kernel[None, None], padding=5).reshape(golden.x.shape)


out["deletion:steps=8"] = unveiling(8, golden.x, torch.zeros_like(golden.x))
out["deletion:steps=5,value=0.5"] = unveiling(5, golden.x, torch.full_like(golden.x, 0.5))
out["insertion:steps=8,sigma=2"] = unveiling(8, blurred(2.0), golden.x)
out["insertion:steps=5,sigma=0"] = unveiling(5, torch.zeros_like(golden.x), golden.x)

# --- robustness, with this noise -------------------------------------------------------------------------------------------------
indices, copies, radius, seed = [3, 11], 4, 0.2, 7
draws = [np.array([uniforms(seed, index, copy << 32, x[0].size) for index in indices]) for copy in range(copies)]


def noisy(kind):
    calls = iter(draws)

    def perturb(arr, indices=None, **_):
        return arr + radius * (2 * next(calls).reshape(arr.shape) - 1)

    metric = kind(nr_samples=copies, perturb_func=perturb, return_nan_when_prediction_changes=False, **quiet)
    return called(metric, gradient, explain_func=explain)


out["sensitivity:n=4,radius=0.2,seed=7"] = plain(np.stack([noisy(quantus.MaxSensitivity), noisy(quantus.AvgSensitivity)], 1))

# --- complexity and randomisation: from maps alone -----------------------------------------------------------------------------------
from quantus.functions.complexity_func import discrete_entropy

out["maps"] = []
for height, width in ((7, 5), (16, 16), (1, 3)):
    one, other = random.normal(size=(2, height, width)), random.normal(size=(height, width)) ** 3
    metric = quantus.Complexity(disable_warnings=True, normalise=False, abs=True)
    complexity = metric(
        model=None, channel_first=True, x_batch=np.zeros((1, 1, height, width)), y_batch=np.array([0]),
        a_batch=one[0].reshape(1, 1, height, width))[0]
    entropies = [discrete_entropy(a=m, x=m, n_bins=20) for m in (one[0], other)]
    out["maps"].append({
        "map": plain(one[0]), "other": plain(other), "complexity": float(complexity),
        "efficient-randomisation": float((entropies[1] - entropies[0]) / entropies[0]),
    })
json.dump(out, open(sys.argv[2], "w"), indent=None, separators=(",", ":"))
