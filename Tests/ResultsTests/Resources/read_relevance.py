"""Reads a relevance file that RelevanceFileTests wrote, with h5py, xarray and the model class of ViRelAy.

Arguments: the file, a folder to write in. Prints the names of the readers that found everything in place.
"""

import json
import sys
import types
from pathlib import Path

import h5py
import numpy as np
import xarray

path, folder = sys.argv[1], Path(sys.argv[2])


def values(kind, *shape):
    size = int(np.prod(shape))
    return ((kind * 10000 + np.arange(7 * size)) / 8).astype(np.float32).reshape(7, *shape)


expected = {
    'attribution': values(1, 2, 3, 4),
    'label': (np.arange(7) % 3).astype(np.uint16),
    'prediction': values(0, 3),
    'index': (2 * np.arange(7) + 1).astype(np.uint32),
}
layers = {'features.conv1': (values(2, 5), values(5, 5)), 'conv2': (values(3, 5), values(6, 5)), 'a.fc': (values(4, 3), values(7, 3))}

with h5py.File(path) as file:
    for name, array in expected.items():
        assert file[name].dtype == array.dtype and np.array_equal(file[name][:], array), name
        assert 'units' in file[name].attrs and 'description' in file[name].attrs, name
    assert set(file['relevance']) == set(file['relevance-absolute']) == set(layers)
    for name, (signed, absolute) in layers.items():
        assert file['relevance'][name].dtype == np.float32
        assert np.array_equal(file['relevance'][name][:], signed), name
        assert np.array_equal(file['relevance-absolute'][name][:], absolute), name
    assert np.array_equal(file['relevance-head/attention.MatMul'][:], values(8, 4))
    assert file['relevance/features.conv1'].attrs['node'] == '/features/conv1'
    assert [int(file['relevance'][name].attrs['order']) for name in layers] == [0, 2, 4]
    assert set(file['scales']) == {'sample', 'channel', 'row', 'column', 'class', 'filter_3', 'filter_5', 'head_4'}
    assert list(file['scales/class'].attrs['names']) == ['ant', 'bee', 'cat']
    assert file.attrs['composite'] == 'epsilon_plus'
print('h5py', end=' ')

tree = xarray.open_datatree(path, engine='h5netcdf')
assert tree['attribution'].dims == ('sample', 'channel', 'row', 'column')
assert tree['prediction'].dims == ('sample', 'class')
assert tree['relevance/conv2'].dims == ('sample', 'filter_5')
assert tree['relevance-head/attention.MatMul'].dims == ('sample', 'head_4')
assert np.array_equal(tree['sample'], expected['index'])
picked = xarray.open_dataset(path, engine='h5netcdf').sel(sample=5)
assert np.array_equal(picked['attribution'], expected['attribution'][2])
print('xarray', end=' ')

# The model class draws with matplotlib's colour maps only when it renders, which this does not.
sys.modules['matplotlib'] = types.ModuleType('matplotlib')
sys.modules['matplotlib.cm'] = sys.modules['matplotlib'].cm = types.ModuleType('matplotlib.cm')
from virelay.model import AttributionDatabase, LabelMap  # noqa: E402

label_map = folder / 'label-map.json'
label_map.write_text(json.dumps([{'index': i, 'word_net_id': f'n{i}', 'name': n} for i, n in enumerate(['ant', 'bee', 'cat'])]))
database = AttributionDatabase(path, LabelMap(str(label_map)))
attribution = database.get_attribution(5)
assert np.array_equal(np.asarray(attribution.data), expected['attribution'][2].transpose(1, 2, 0))
assert np.array_equal(attribution.prediction, expected['prediction'][2])
assert [label.name for label in np.atleast_1d(attribution.labels)] == ['cat']
database.close()
print('virelay')
