"""Network dissection by brute force in numpy, as a twin of `espalier dissect`.

    dissection_twin.py make FOLDER SEED                 writes model.onnx, images.h5 and concepts.h5
    dissection_twin.py check FOLDER SEED SITE Q SHARE   compares out.h5 with what is counted here, and prints what it compared

Weights and images are multiples of 1/16, so that every sum is exact in single precision in whatever order: activations here and
there are the same numbers. Upsampling is computed in double precision here; a pixel whose upsampled value is nearer than 1e-5 to the
threshold may fall on either side, and its filter's counts become intervals. Such filters are few, and are counted.
"""

import sys

import h5py
import numpy

CHANNELS, HEIGHT, WIDTH, COUNT = 3, 11, 17, 14
MASK_HEIGHT, MASK_WIDTH = 19, 71
CONCEPTS = ['cat', 'red', 'never', 'dog', 'blue', 'striped']
CATEGORIES = ['object', 'color', 'object', 'object', 'color', 'texture']
NEAR = 1e-5


def network(seed):
    """Two convolutions, 3×3 then 3×3 with a stride of 2, and a linear layer; the last filter of each convolution never fires, and
    two filters are alike, so that votes are drawn."""
    random = numpy.random.default_rng(seed)

    def draw(*shape):
        return random.integers(-16, 17, shape) / 16

    layers = {'first': (draw(13, CHANNELS, 3, 3), draw(13)), 'second': (draw(10, 13, 3, 3), draw(10))}
    for weight, bias in layers.values():
        weight[-1], bias[-1] = 0, -1
        weight[4], bias[4] = weight[3], bias[3]
    layers['last'] = (draw(5, 10 * 6 * 9), draw(5))
    return layers


def data(seed):
    """Images, and masks [N, concepts, H, W] in which one concept has no pixel, one image no concept, and some lack a category."""
    random = numpy.random.default_rng(seed + 1000)
    images = random.integers(-32, 33, (COUNT, CHANNELS, HEIGHT, WIDTH)) / 16
    masks = numpy.zeros((COUNT, len(CONCEPTS), MASK_HEIGHT, MASK_WIDTH), 'uint8')
    for image in range(1, COUNT):
        for concept in range(len(CONCEPTS)):
            if concept == 2 or random.random() < 0.4:
                continue
            top, left = random.integers(0, MASK_HEIGHT), random.integers(0, MASK_WIDTH)
            part = masks[image, concept, top:top + 12, left:left + 40]
            part[:] = random.random(part.shape) < 0.8
    return images, masks


def convolution(x, weight, bias, stride):
    padded = numpy.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = numpy.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))[:, :, ::stride, ::stride]
    return numpy.einsum('nchwij,kcij->nkhw', windows, weight) + bias[:, None, None]


def activations(seed, site):
    layers, x = network(seed), data(seed)[0]
    first = convolution(x, *layers['first'], 1)
    second = convolution(numpy.maximum(first, 0), *layers['second'], 2)
    if site == 'activation':
        return {'first': numpy.maximum(first, 0), 'second': numpy.maximum(second, 0)}
    return {'first': first, 'second': second}


def upsample(maps, height, width):
    """Bilinear with half-pixel centres, the border repeated."""
    def taps(source, target):
        place = numpy.maximum((numpy.arange(target) + 0.5) * source / target - 0.5, 0)
        low = numpy.minimum(place.astype(int), source - 1)
        return low, numpy.minimum(low + 1, source - 1), place - low

    low, high, share = taps(maps.shape[-2], height)
    rows = maps[..., low, :] * (1 - share)[:, None] + maps[..., high, :] * share[:, None]
    low, high, share = taps(maps.shape[-1], width)
    return rows[..., low] * (1 - share) + rows[..., high] * share


def make(folder, seed):
    import onnx
    from onnx import helper, numpy_helper

    initializers, nodes = [], []
    for name, (weight, bias) in network(seed).items():
        for part, values in (('weight', weight), ('bias', bias)):
            initializers.append(numpy_helper.from_array(values.astype('float32'), f'{name}.{part}'))
    conv = {'kernel_shape': [3, 3], 'pads': [1, 1, 1, 1]}
    nodes.append(helper.make_node('Conv', ['input', 'first.weight', 'first.bias'], ['a'], 'first', **conv))
    nodes.append(helper.make_node('Relu', ['a'], ['b'], 'relu1'))
    nodes.append(helper.make_node('Conv', ['b', 'second.weight', 'second.bias'], ['c'], 'second', strides=[2, 2], **conv))
    nodes.append(helper.make_node('Relu', ['c'], ['d'], 'relu2'))
    nodes.append(helper.make_node('Flatten', ['d'], ['e'], 'flatten'))
    nodes.append(helper.make_node('Gemm', ['e', 'last.weight', 'last.bias'], ['output'], 'last', transB=1))
    graph = helper.make_graph(
        nodes, 'twin', [helper.make_tensor_value_info('input', 1, ['N', CHANNELS, HEIGHT, WIDTH])],
        [helper.make_tensor_value_info('output', 1, ['N', 5])], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, f'{folder}/model.onnx')
    images, masks = data(seed)
    with h5py.File(f'{folder}/images.h5', 'w') as file:
        file['data'] = images.astype('float32')
    with h5py.File(f'{folder}/concepts.h5', 'w') as file:
        file['concepts'] = masks
        file['concept_names'] = CONCEPTS
        file['concept_categories'] = CATEGORIES


def voters(intersections, areas, truth, most):
    """The filters that get a vote on an image for a concept: the best by IoU, of equals the lower one, none of 0."""
    overlap = [i / (a + truth - i) if i else 0 for i, a in zip(intersections, areas)]
    order = sorted(range(len(overlap)), key=lambda k: (-overlap[k], k))
    return [k for k in order[:most] if overlap[k] > 0]


def check(folder, seed, site, quantile, share):
    masks = data(seed)[1].astype(bool)
    compared = exact = close = fired = 0
    with h5py.File(f'{folder}/out.h5') as file:
        assert list(file['concepts'].asstr()) == CONCEPTS
        assert list(file['concept_categories'].asstr()) == CATEGORIES
        for layer, maps in activations(seed, site).items():
            found = {name: values[()] for name, values in file[f'dissection/{layer}'].items()}
            filters = maps.shape[1]
            flat = numpy.moveaxis(maps, 1, 0).reshape(filters, -1)
            thresholds = numpy.quantile(flat, 1 - quantile, axis=1)
            numpy.testing.assert_allclose(found['threshold'], thresholds, rtol=1e-6, atol=1e-7)

            # The tool's own threshold is what its masks are cut at.
            cut = found['threshold'].astype('float64')[:, None, None]
            up = upsample(maps, MASK_HEIGHT, MASK_WIDTH)
            fires = up > cut + NEAR
            near = (abs(up - cut) <= NEAR) & ~numpy.isclose(flat.max(1), thresholds, rtol=0, atol=1e-12)[None, :, None, None]
            # Behind a ReLU nothing interpolates to 0 but zeros, on both sides.
            near &= ~((up == 0) & (cut == 0)) if site == 'activation' else True
            shown = masks.any((2, 3))
            most = max(1, int(share * filters + 0.5))
            votes = numpy.zeros((filters, len(CONCEPTS)))
            unsure = numpy.zeros(len(CONCEPTS), bool)
            pixels = {kind: numpy.einsum('nkhw,nchw->nkc', which.astype(int), masks.astype(int))
                      for kind, which in (('fires', fires), ('near', near))}
            for concept, category in enumerate(CATEGORIES):
                related = [c for c, other in enumerate(CATEGORIES) if other == category]
                annotated = shown[:, related].any(1)
                truth = masks[:, concept].sum()
                low = pixels['fires'][:, :, concept].sum(0)
                area = fires[annotated].sum((0, 2, 3))
                area_near = near[annotated].sum((0, 2, 3))
                low_near = pixels['near'][:, :, concept].sum(0)
                for k in range(filters):
                    value = found['iou'][k, concept]
                    union = area[k] + truth - low[k]
                    expected = low[k] / union if union else 0
                    compared += 1
                    if area_near[k] == 0:
                        exact += 1
                        assert value == numpy.float32(expected), (layer, k, concept, value, expected)
                    else:
                        close += 1
                        n, m = low_near[k], area_near[k]
                        bounds = (low[k] / (union + m), (low[k] + n) / max(union - n, 1))
                        assert bounds[0] - 1e-7 <= value <= bounds[1] + 1e-7, (layer, k, concept, value, bounds)
                for image in range(COUNT):
                    if not shown[image, concept]:
                        continue
                    if near[image].any():
                        unsure[concept] = True
                    areas = fires[image].sum((1, 2))
                    for k in voters(pixels['fires'][image, :, concept], areas, masks[image, concept].sum(), most):
                        votes[k, concept] += 1
            sure = ~unsure
            numpy.testing.assert_array_equal(found['votes-by-concept'][:, sure], votes[:, sure])
            difference = abs(found['votes-by-concept'] - votes).sum()
            assert difference <= 2 * near.any((1, 2, 3)).sum() * len(CONCEPTS), (layer, difference)
            numpy.testing.assert_array_equal(found['votes'], found['votes-by-concept'].sum(1))
            assert found['votes'].sum() > 0 and (found['iou'][:, 2] == 0).all() and (found['votes-by-concept'][:, 2] == 0).all()
            assert (found['iou'][-1] == 0).all() and found['votes'][-1] == 0, 'the filter that never fires'
            fired += (found['iou'] > 0).any(1).sum()
    assert close <= compared // 4, (close, compared)
    print(f'{compared} IoU compared, {exact} of them bit by bit; {fired} filters fire')


if __name__ == '__main__':
    mode, folder, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if mode == 'make':
        make(folder, seed)
    else:
        check(folder, seed, sys.argv[4], float(sys.argv[5]), float(sys.argv[6]))
