"""A spectral embedding and clusters by NumPy, SciPy and scikit-learn, for AnalysisTests: make_spectral.py OUT_JSON.

As CoRelAy computes them, but for the greatest eigenvalues instead of those of greatest magnitude. Needs numpy, scipy and scikit-learn.
"""

import json
import sys

import numpy as np
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import KMeans

random = np.random.default_rng(3)
centres = random.normal(size=(3, 30)) * 0.9
kinds = random.permutation(np.repeat([0, 1, 2], [17, 23, 20]))
samples = (centres[kinds] + random.normal(size=(60, 30))).astype(np.float32)

neighbours, dimensions = 9, 5
distances = squareform(pdist(samples.astype(float)))
nearest = distances.argsort(1)[:, 1 : neighbours + 1]
affinity = np.zeros((60, 60))
affinity[np.arange(60)[:, None], nearest] = 1
affinity = (affinity + affinity.T) / 2
degrees = affinity.sum(1)
laplacian = affinity / np.sqrt(np.outer(degrees, degrees))
values, vectors = np.linalg.eigh(laplacian)
values, vectors = 1 - values[::-1][: dimensions + 1], vectors[:, ::-1][:, :dimensions]
assert values[dimensions] - values[dimensions - 1] > 1e-3, "the subspace is not settled"
places = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
result = KMeans(3, n_init=10, random_state=0).fit(places)


def plain(value):
    value = np.asarray(value, dtype=float)
    return {"shape": list(value.shape), "data": [float(f"{v:.12g}") for v in value.ravel()]}


with open(sys.argv[1], "w") as file:
    json.dump(
        {
            "samples": plain(samples), "neighbours": neighbours, "eigenvalues": plain(values[:dimensions]),
            # Rotations within the subspace do not change this.
            "products": plain(places @ places.T), "labels": result.labels_.tolist(), "inertia": result.inertia_,
        }, file)
