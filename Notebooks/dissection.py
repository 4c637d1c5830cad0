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
# # Dissection: what every filter fires on
#
# `espalier dissect` compares where filters fire with masks of concepts, `espalier score` gives every filter a number by every
# criterion. This notebook runs both on twenty images of each class, and opens their files with h5py and pandas.

# %%
import os
import subprocess
from pathlib import Path

import h5py
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

root = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / 'Package.swift').exists())
tool = os.environ.get('ESPALIER', root / '.build/release/espalier')
out = root / 'Output/notebooks'
out.mkdir(parents=True, exist_ok=True)
data = ['Data/fashion-mnist-vgg.onnx', '--data', 'fashion-mnist:test', '--per-class', 20, '--concepts', 'foreground:0',
        '--quantile', 0.05, '--quiet']


def espalier(*arguments):
    """Runs the tool in the repository's folder and prints what it says."""
    run = subprocess.run([tool, *map(str, arguments)], cwd=root, capture_output=True, text=True)
    print(run.stdout + run.stderr)
    run.check_returncode()


# %% [markdown]
# ## Compute
#
# Pixels of clothes are those that are not black: `foreground:0`. They are half of an image, and a class is a tenth of the
# images, so a filter counts as firing on the 5 % of positions where it is most active. `--report` also writes a page to look at in a browser,
# `Output/notebooks/report/index.html`.

# %%
espalier('dissect', *data, '--out', out / 'dissection.h5', '--report', out / 'report')
espalier('score', *data, '--criterion', 'all', '--out', out / 'scores.h5')

# %% [markdown]
# ## Every filter in a table

# %%
tables = []
with h5py.File(out / 'dissection.h5') as file:
    concepts = list(file['concepts'].asstr())
    for name, group in sorted(file['dissection'].items(), key=lambda item: item[1].attrs['order']):
        overlap = group['iou'][()]
        tables.append(pd.DataFrame({
            'layer': name, 'filter': range(len(overlap)), 'concept': [concepts[k] for k in overlap.argmax(1)],
            'iou': overlap.max(1), 'votes': group['votes'][()], 'threshold': group['threshold'][()],
            'zeros': file[f'stats/{name}/apoz'][()], 'variance': file[f'stats/{name}/variance'][()],
        }))
filters = pd.concat(tables, ignore_index=True)
filters.sort_values('iou', ascending=False).head(10)

# %% [markdown]
# ## Detectors by layer
#
# A filter detects a concept when its greatest IoU is above 0.04.

# %%
detectors = filters[filters.iou > 0.04]
counts = detectors.groupby(['layer', 'concept'], sort=False).size().unstack(fill_value=0)
counts.plot.bar(stacked=True, figsize=(10, 4), colormap='tab10', ylabel='detectors')
plt.legend(fontsize=8, ncols=2)
plt.tight_layout()
plt.show()

# %% [markdown]
# ## Where the best filters fire
#
# A linear layer fires on a whole image or not at all, so this is the convolution with the best filter. Masks lie in the file eight pixels a byte. The images are read as they were: `foreground` takes images, not tensors.

# %%
import gzip

with gzip.open('/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz') as file:
    images = np.frombuffer(file.read(), 'uint8', offset=16).reshape(-1, 28, 28)

with h5py.File(out / 'dissection.h5') as file:
    maps = filters[filters.layer.str.contains('conv')]
    layer = maps.loc[maps.iou.idxmax(), 'layer']
    group = file[f'exemplars/{layer}']
    width = group.attrs['width']
    masks = np.unpackbits(group['mask'][()], axis=-1)[..., :width].astype(bool)
    shown, positions = group['filter'][()], group['image'][()]

best = filters[filters.layer == layer].set_index('filter').loc[shown].sort_values('iou', ascending=False).head(6)
figure, axes = plt.subplots(len(best), positions.shape[1], figsize=(7, 7.4), layout='constrained')
for row, (number, entry) in enumerate(best.iterrows()):
    at = int(np.flatnonzero(shown == number)[0])
    for column, position in enumerate(positions[at]):
        axes[row, column].imshow(images[position] * np.where(masks[at, column], 1, 0.2), cmap='gray', vmin=0, vmax=255)
        axes[row, column].set_xticks([])
        axes[row, column].set_yticks([])
    axes[row, 0].set_ylabel(f'{number}: {entry.concept}\n{entry.iou:.2f}', fontsize=8, rotation=0, ha='right', va='center')
figure.suptitle(f'{layer}: filters of the greatest IoU')
plt.show()

# %% [markdown]
# ## Do criteria agree?
#
# Spearman's rank correlation of every criterion with every other, in the same layer.

# %%
with h5py.File(out / 'scores.h5') as file:
    criteria = list(file['scores'])
    scores = pd.DataFrame({name: file[f'scores/{name}/{layer}'][()] for name in criteria})
ranks = scores.corr('spearman')

plt.figure(figsize=(8, 7))
plt.imshow(ranks, cmap='RdBu_r', vmin=-1, vmax=1)
plt.xticks(range(len(criteria)), criteria, rotation=90, fontsize=8)
plt.yticks(range(len(criteria)), criteria, fontsize=8)
plt.colorbar(label='rank correlation')
plt.title(layer)
plt.tight_layout()
plt.show()

assert len(criteria) > 10 and len(filters) > 100 and (filters.iou <= 1).all()
