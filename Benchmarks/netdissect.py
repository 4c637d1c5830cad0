"""Network dissection, votes and statistics of ResNet-50's 16 blocks as they are done in Python: PyTorch, hooks on modules.

usage: netdissect.py PICTURES BATCH THREADS [plain|observe|exact]

For every line on standard input, all images go through the network once, and the seconds that it took are printed. Work as
espalier-bench's `pass:observe` does it (`plain`: the forward pass alone; `exact`: a first pass over all images keeps the maps and
takes their quantiles, as far as memory allows): thresholds are given, masks are 112 × 112 with five concepts of twenty an image, maps of
units that exceed their threshold are upsampled bilinearly and compared with the masks, and on each image the top tenth of a
layer's units get a vote for each concept. Whole layers are upsampled and multiplied with the masks at once, which is faster than the
original's loop over units. Statistics are fewer: mean, variance, extremes, mean magnitude, zeros, near-zeros, share above zero,
Gram matrix at ten positions; there are no histograms, quantiles or top images.
"""
import sys, time
import torch
from compare import torch_network

SIDE, CONCEPTS, CATEGORIES, SHOWN = 112, 20, 3, 5


class Layer:
    """What is learned of one block."""

    def __init__(self, channels):
        self.sums = torch.zeros(7, channels, dtype=torch.double)
        self.least = torch.full((channels,), torch.inf)
        self.greatest = -self.least
        self.gram = torch.zeros(channels, channels, dtype=torch.double)
        self.intersections = torch.zeros(channels, CONCEPTS, dtype=torch.double)
        self.areas = torch.zeros(channels, CATEGORIES, dtype=torch.double)
        self.votes = torch.zeros(channels, CONCEPTS, dtype=torch.double)
        self.thresholds = None

    def observe(self, maps, masks, concepts):
        flat = maps.flatten(2)
        self.statistics(flat)
        for image in range(maps.shape[0]):
            firing = (flat[image].amax(1) > self.thresholds).nonzero()[:, 0]
            if len(firing) == 0:
                continue
            large = torch.nn.functional.interpolate(
                maps[image, firing].unsqueeze(0), size=(SIDE, SIDE), mode="bilinear", align_corners=False)[0]
            fires = (large > self.thresholds[firing, None, None]).flatten(1).float()
            mask = masks[image]
            both, area, truth = fires @ mask.T, fires.sum(1), mask.sum(1)
            overlap = both / (area[:, None] + truth - both)
            for position, concept in enumerate(concepts[image]):
                self.intersections[firing, concept] += both[:, position]
                best = overlap[:, position].topk(min(max(1, maps.shape[1] // 10), len(firing)))
                self.votes[firing[best.indices[best.values > 0]], concept] += 1
            for category in {concept % CATEGORIES for concept in concepts[image]}:
                self.areas[firing, category] += area

    def statistics(self, flat):
        parts = [flat, flat * flat, flat.abs(), flat == 0, flat.abs() < 1e-3, flat > 0, torch.ones_like(flat)]
        self.sums += torch.stack([part.sum((0, 2), dtype=torch.double) for part in parts])
        self.least = torch.minimum(self.least, flat.amin((0, 2)))
        self.greatest = torch.maximum(self.greatest, flat.amax((0, 2)))
        positions = torch.randint(flat.shape[2], (min(10, flat.shape[2]),))
        rows = flat[:, :, positions].transpose(1, 2).reshape(-1, flat.shape[1])
        self.gram += (rows.T @ rows).double()


def main():
    count, batch, threads = map(int, sys.argv[1:4])
    work = sys.argv[4] if len(sys.argv) > 4 else "observe"
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    network = torch_network("resnet50")
    maps = {}
    layers = []
    for stage in (network.layer1, network.layer2, network.layer3, network.layer4):
        for block in stage:
            position = len(layers)
            layers.append(Layer(block.conv3.out_channels))
            block.register_forward_hook(lambda module, inputs, output, position=position: maps.__setitem__(position, output))
    images = torch.nn.functional.interpolate(torch.rand(batch, 3, 15, 15) * 4 - 2, size=(224, 224), mode="bilinear")
    images += torch.rand_like(images) * 0.6
    masks = (torch.nn.functional.interpolate(torch.rand(batch, SHOWN, 5, 5), size=(SIDE, SIDE), mode="bilinear") > 0.7)
    masks = masks.flatten(2).float()
    concepts = [[(image * 3 + position * 7) % CONCEPTS for position in range(SHOWN)] for image in range(batch)]

    def find_thresholds(count):
        kept = [[] for layer in layers]
        for start in range(0, count, batch):
            network(images)
            for position in maps:
                kept[position].append(maps[position].transpose(0, 1).flatten(1))
            maps.clear()
        for position, layer in enumerate(layers):
            values = torch.cat(kept[position], 1)
            layer.thresholds = values.kthvalue(max(1, round(values.shape[1] * 0.995)), 1).values
            kept[position] = None

    def run():
        if work == "exact":
            find_thresholds(count)
        for start in range(0, count, batch):
            network(images)
            if work != "plain":
                for position, layer in enumerate(layers):
                    layer.observe(maps[position], masks, concepts)
            maps.clear()

    with torch.no_grad():
        find_thresholds(batch)
        print("ready", count, flush=True)
        for _ in sys.stdin:
            start = time.perf_counter()
            run()
            print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
