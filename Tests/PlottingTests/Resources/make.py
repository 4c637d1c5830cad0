"""Writes heatmaps.json: relevance and the palette indices and overlays that a plain NumPy twin makes of it.

The twin follows the definitions in Heatmap's documentation, in float64. Run from this folder: python make.py.
"""
import json

import numpy as np

random = np.random.default_rng(3)


def normalised(r, norm):
    a = np.abs(r).max()
    if norm == "symmetric":
        return (r + a) / (2 * a)
    if norm == "absolute":
        return np.abs(r) / a
    return (r - r.min()) / (r.max() - r.min())


cases = []
for shape in [(3, 5, 7), (1, 4, 4), (6, 5)]:
    relevance = (random.normal(0, 1, shape) ** 3).astype(np.float32)
    summed = relevance.astype(float).sum(0) if relevance.ndim == 3 else relevance.astype(float)
    summed = summed.astype(np.float32).astype(float)
    image = random.integers(0, 256, summed.shape + (3,))
    grey = (image @ [19595, 38470, 7471] + 0x8000) >> 16
    for norm in ["symmetric", "absolute", "unaligned"]:
        indices = (normalised(summed, norm) * 255).clip(0, 255).astype(np.uint8)
        # The gray palette is the index itself, so the overlay needs no colour map here.
        alpha = 0.9 * np.abs(summed) / np.abs(summed).max()
        overlay = indices * alpha + grey * (1 - alpha)
        cases.append(
            {
                "shape": shape,
                "relevance": [float(v) for v in relevance.reshape(-1)],
                "norm": norm,
                "indices": indices.reshape(-1).tolist(),
                "image": image.reshape(-1).tolist(),
                "overlay": overlay.reshape(-1).round(9).tolist(),
            }
        )
json.dump(cases, open("heatmaps.json", "w"), indent=0)
