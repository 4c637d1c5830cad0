# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Relevance: which pixels, and which filters, an answer rests on
#
# `espalier relevance` writes one HDF5 file. This notebook makes a small one, for ten images of each class, and opens it with
# h5py, xarray and pandas. Nothing in it needs Espalier's own code; the same cells read the file of any network.

# %%
import os
import subprocess
from pathlib import Path

import h5py
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr

root = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / 'Package.swift').exists())
tool = os.environ.get('ESPALIER', root / '.build/release/espalier')
out = root / 'Output/notebooks'
out.mkdir(parents=True, exist_ok=True)


def espalier(*arguments):
    """Runs the tool in the repository's folder and prints what it says."""
    run = subprocess.run([tool, *map(str, arguments)], cwd=root, capture_output=True, text=True)
    print(run.stdout + run.stderr)
    run.check_returncode()


# %% [markdown]
# ## Compute
#
# `--data-out` writes the images beside the maps, as the network saw them.

# %%
espalier('relevance', 'Data/fashion-mnist-vgg.onnx', '--data', 'fashion-mnist:test', '--per-class', 10, '--quiet',
         '--out', out / 'relevance.h5', '--data-out', out / 'images.h5')

# %% [markdown]
# ## What is in the file

# %%
with h5py.File(out / 'relevance.h5') as file:
    print({name: file.attrs[name] for name in ('model', 'composite', 'data')})
    file.visititems(lambda name, item: print(f'{name:40} {item.shape}') if isinstance(item, h5py.Dataset) else None)

# %% [markdown]
# ## Maps beside their images
#
# Red speaks for the class, blue against it; each map is on its own scale, zero in the middle. Row i of the images' file is
# image i of the data, as `index` counts.

# %%
with h5py.File(out / 'relevance.h5') as file, h5py.File(out / 'images.h5') as stored:
    labels, index = file['label'][()], file['index'][()]
    names = list(file['scales/class'].attrs['names']) if 'names' in file['scales/class'].attrs else [str(k) for k in range(10)]
    rows = [np.flatnonzero(labels == label)[0] for label in range(10)]
    maps = file['attribution'][()].sum(1)
    images = [stored['data'][index[row]][0] for row in rows]

figure, axes = plt.subplots(2, 10, figsize=(14, 3.2))
for column, row in enumerate(rows):
    limit = abs(maps[row]).max()
    axes[0, column].imshow(images[column], cmap='gray')
    axes[0, column].set_title(names[labels[row]], fontsize=8)
    axes[1, column].imshow(maps[row], cmap='seismic', vmin=-limit, vmax=limit)
for axis in axes.flat:
    axis.set_axis_off()
plt.show()

# %% [markdown]
# ## Filters
#
# `relevance/<layer>` holds the relevance of every filter of every image; axes have names, so xarray knows them.

# %%
tree = xr.open_datatree(out / 'relevance.h5', engine='h5netcdf', phony_dims='sort')
layers = sorted(tree['relevance'].data_vars, key=lambda name: tree['relevance'][name].attrs['order'])
totals = pd.DataFrame({name: {
    'filters': tree['relevance'][name].shape[1],
    'relevance in all': float(tree['relevance'][name].sum(axis=1).mean()),
    'its greatest share': float((abs(tree['relevance'][name]).mean('sample') / abs(tree['relevance'][name]).mean('sample').sum()).max()),
} for name in layers}).T
totals.round(3)

# %% [markdown]
# Which filters of the last convolution matter for which class?

# %%
layer = [name for name in layers if 'conv' in name][-1]
values = tree['relevance'][layer]
by_class = pd.DataFrame(values.values).groupby(labels).mean()
by_class.index = [names[label] for label in by_class.index]
order = by_class.abs().max().sort_values(ascending=False).index[:40]

plt.figure(figsize=(12, 3.6))
limit = by_class.abs().to_numpy().max()
plt.imshow(by_class[order], cmap='seismic', vmin=-limit, vmax=limit, aspect='auto')
plt.yticks(range(len(by_class)), by_class.index, fontsize=8)
plt.xticks(range(len(order)), order, fontsize=7, rotation=90)
plt.xlabel(f'filter of {layer}')
plt.colorbar(label='mean relevance')
plt.show()

# %% [markdown]
# ## Conservation
#
# Under `epsilon_plus` a layer's relevance sums to what the output started from, but for what biases take.

# %%
sums = pd.DataFrame({name: tree['relevance'][name].values.sum(1) for name in layers})
assert np.isfinite(sums.to_numpy()).all()
sums.describe().loc[['mean', 'std', 'min', 'max']].round(3)
