"""Tests and intervals by SciPy, statsmodels and NumPy, for CommandTests: make_statistics.py OUT_JSON.

Draws are those of the counter-based generator (philox.py), each draw a stream of its own. Needs numpy, scipy and statsmodels.
"""

import itertools
import json
import sys

import numpy as np
from philox import philox_block
from scipy import stats
from statsmodels.stats.multitest import multipletests

random = np.random.default_rng(5)


def numbers(seed, stream, count):
    """The first 64-bit numbers of a stream."""
    result = []
    for block in range((count + 1) // 2):
        c = philox_block((block, 0, stream, 0), (seed, 0))
        result += [c[0] | c[1] << 32, c[2] | c[3] << 32]
    return result[:count]


def bootstrap(values, samples, level, seed):
    runs, images = values.shape
    means = []
    for sample in range(samples):
        drawn = numbers(seed, sample, (runs if runs > 1 else 0) + (images if images > 1 else 0))
        rows = [n * runs >> 64 for n in drawn[:runs]] if runs > 1 else [0]
        columns = [n * images >> 64 for n in drawn[-images:]] if images > 1 else [0]
        means.append(values[np.ix_(rows, columns)].mean())
    return list(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


def exact(differences):
    """By SciPy, but for more pairs than it takes: all signs."""
    if len(differences) <= 12:
        result = stats.permutation_test(
            (differences,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=False)
        return result.pvalue
    sums = np.zeros(1)
    for value in differences:
        sums = np.concatenate([sums - value, sums + value])
    return (np.abs(sums) >= abs(np.sum(differences)) - 1e-9).mean()


def drawn(differences, draws, seed):
    count = (len(differences) + 63) // 64
    far = 0
    for draw in range(draws):
        bits = sum(n << 64 * i for i, n in enumerate(numbers(seed, draw, count)))
        signs = [1 if bits >> i & 1 else -1 for i in range(len(differences))]
        far += abs(np.dot(signs, differences)) >= abs(np.sum(differences)) - 1e-9
    return (1 + int(far)) / (1 + draws)


out = {
    "student": [
        {"t": t, "degrees": degrees, "p": 2 * stats.t.sf(t, degrees)}
        for t, degrees in itertools.product([0, 1e-3, 0.5, 1, 1.96, 4.3, 12, 60], [1, 2, 3, 4.7, 10, 99, 1000, 31337])
    ]
}

cases = [
    [0.1, 0.2, 0.3], [1.0, -1.0], [0.5, 0.25], [0.3, 0.3, 0.3, -0.3, 0.3], [0, 0, 1, 2, -0.5, 0, 3],
    *[list(np.round(random.normal(shift, 1, size), 3)) for size, shift in [(5, 0.8), (10, 0.5), (12, -0.4), (20, 0.3), (24, 0.4)]],
]
out["paired"] = [
    {"differences": case, "mean": np.mean(case), "signs": float(exact(np.array(case, float))),
     "student": float(stats.ttest_1samp(case, 0).pvalue)}
    for case in cases
]
many = list(np.round(random.normal(0.1, 1, 130), 3))
out["drawn"] = {"differences": many, "draws": 600, "seed": 3, "p": drawn(many, 600, 3)}

lists = [list(random.random(size) ** 3) for size in [1, 2, 5, 12]] + [[0.01, 0.04, 0.03, 0.005, 0.04, 0.9, 1.0], [0.2] * 6]
out["holm"] = [{"given": p, "adjusted": list(multipletests(p, method="holm")[1])} for p in lists]

out["bootstrap"] = []
for (runs, images), level, seed in [((4, 9), 0.95, 7), ((1, 11), 0.9, 0), ((6, 1), 0.95, 2), ((2, 2), 0.5, 1)]:
    values = np.round(random.normal(size=(runs, images)), 4)
    out["bootstrap"].append(
        {"values": values.tolist(), "samples": 301, "level": level, "seed": seed, "interval": bootstrap(values, 301, level, seed)})

out["areas"] = []
for size in [2, 3, 8]:
    x, y = np.round(random.random(size), 3), random.random(size)
    order = np.argsort(x)
    out["areas"].append({"x": list(x), "y": list(y), "area": np.trapezoid(y[order], x[order]) / np.ptp(x)})

with open(sys.argv[1], "w") as file:
    json.dump(out, file, indent=1)
    file.write("\n")
