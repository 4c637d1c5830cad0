"""Espalier beside onnxruntime (forward) and Zennit (relevance): one run, in turn, medians.

usage: compare.py ESPALIER ESPALIER_BENCH [--rounds N] [--networks vgg16,resnet50] [--modes …] [--batch N]

onnxruntime is needed for the forward pass, torch and zennit for relevance; a peer that is not installed is left out by name.
The networks' weights are random: speed does not depend on them. Only the ratios mean something on a shared machine.
"""
import argparse, os, statistics, subprocess, sys, tempfile, time


class Espalier:
    def __init__(self, driver, mode, model, batch, workers):
        self.process = subprocess.Popen(
            [driver, mode, model, str(batch), str(workers)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        word, pictures = self.process.stdout.readline().split()
        self.pictures = int(pictures)

    def __call__(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline()) / self.pictures

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def timed(work, pictures):
    def run():
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) / pictures
    return run


def onnxruntime_forward(model, batch, threads):
    import numpy, onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    x = numpy.random.default_rng(1).uniform(-2, 2, (batch, 3, 224, 224)).astype(numpy.float32)
    return timed(lambda: session.run(None, {"input": x}), batch)


def torch_network(name):
    import torch
    library = torch.library.Library("torchvision", "DEF")
    for schema in ("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
                   "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"):
        try:
            library.define(schema)
        except RuntimeError:
            pass
    import torchvision
    return getattr(torchvision.models, name)(weights=None).eval()


def zennit_relevance(name, batch, threads):
    import torch
    network = torch_network(name)
    torch.set_num_threads(threads)
    from zennit.attribution import Gradient
    from zennit.composites import EpsilonPlus
    from zennit.torchvision import ResNetCanonizer, VGGCanonizer
    canonizer = ResNetCanonizer() if name.startswith("resnet") else VGGCanonizer()
    x = torch.rand(batch, 3, 224, 224) * 4 - 2
    target = torch.eye(1000)[[0] * batch]
    attributor = Gradient(network, EpsilonPlus(canonizers=[canonizer]))
    attributor.__enter__()
    return timed(lambda: attributor(x, target), batch)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("espalier")
    parser.add_argument("driver")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--networks", default="resnet50,vgg16")
    parser.add_argument("--modes", default="forward,relevance")
    parser.add_argument("--batch", type=int, help="default: 16 forward, 8 for relevance")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for network in options.networks.split(","):
            model = os.path.join(folder, network + ".onnx")
            subprocess.run([options.espalier, "new", network, "--seed", "1", "--out", model], check=True, stderr=subprocess.DEVNULL)
            for mode in options.modes.split(","):
                batch = options.batch or (16 if mode == "forward" else 8)
                ours = Espalier(options.driver, mode, model, batch, options.threads)
                sides = {"espalier": ours}
                try:
                    if mode == "forward":
                        sides["onnxruntime"] = onnxruntime_forward(model, batch, options.threads)
                    else:
                        sides["zennit"] = zennit_relevance(network, batch, options.threads)
                except ImportError as error:
                    print(f"{mode} of {network}: no peer ({error})")
                seconds = {side: [] for side in sides}
                for round in range(options.rounds + 1):
                    for side, run in sides.items():
                        value = run()
                        if round:  # the first one warms up
                            seconds[side].append(value)
                ours.close()
                line = ", ".join(
                    f"{side} {1 / statistics.median(s):.2f} pictures/s (spread {min(s) * 1e3:.0f} to {max(s) * 1e3:.0f} ms)"
                    for side, s in seconds.items())
                for peer in list(seconds)[1:]:
                    ratios = [p / o for o, p in zip(seconds["espalier"], seconds[peer])]
                    line += f"; {peer} takes {statistics.median(ratios):.2f} times as long"
                print(f"{mode} of {network}, batch {batch}, {options.threads} threads: {line}", flush=True)


if __name__ == "__main__":
    main()
