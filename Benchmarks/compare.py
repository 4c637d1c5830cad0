"""Espalier beside onnxruntime (forward), Zennit (relevance) and PyTorch (dissection): one run, in turn, medians.

usage: compare.py ESPALIER ESPALIER_BENCH [--rounds N] [--networks vgg16,resnet50] [--modes …] [--batch N]

onnxruntime is needed for the forward pass, torch and zennit for relevance, torch for dissection; a peer that is not installed is left
out by name. Mode `analysis` is what `stats`, `dissect` and `score` add to the passes that they need, over the 16 block outputs of
ResNet-50 with masks of 112 × 112 and five concepts an image (Benchmarks/Driver/AnalysisBench.swift), with one worker, with all and in as
many processes of one worker, and beside PyTorch (Benchmarks/netdissect.py); `memory` is the greatest memory that such a pass takes over more and more images, up to a
thousand, and its time.
The networks' weights are random: speed does not depend on them. Only the ratios mean something on a shared machine.
"""
import argparse, importlib.util, os, statistics, subprocess, sys, tempfile, time


class Espalier:
    def __init__(self, driver, mode, model, batch, workers, *more):
        self.start([driver, mode, model, str(batch), str(workers)] + [str(argument) for argument in more])

    def start(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        word, images = self.process.stdout.readline().split()
        self.images = int(images)

    def __call__(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        words = self.process.stdout.readline().split()
        self.peak = int(words[1]) if len(words) > 1 else 0
        self.processor = getattr(self, "processor", []) + [float(word) / self.images for word in words[2:]]
        return float(words[0]) / self.images

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Apart:
    """As many processes as there are threads, one worker each, at the same time: what the machine gives at most."""
    def __init__(self, driver, mode, model, batch, threads, *more):
        self.processes = [Espalier(driver, mode, model, batch, 1, *more) for _ in range(threads)]

    def __call__(self):
        start = time.perf_counter()
        for one in self.processes:
            one.process.stdin.write("go\n")
            one.process.stdin.flush()
        for one in self.processes:
            one.process.stdout.readline()
        return (time.perf_counter() - start) / sum(one.images for one in self.processes)

    def close(self):
        for one in self.processes:
            one.close()


def timed(work, images):
    def run():
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) / images
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


class NetDissect(Espalier):
    def __init__(self, images, batch, threads, work):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "netdissect.py")
        self.start([sys.executable, script, str(images), str(batch), str(threads), work])


def interleaved(sides, rounds):
    """Seconds an image of each side, round by round; the first round warms up."""
    seconds = {side: [] for side in sides}
    for round in range(rounds + 1):
        for side, run in sides.items():
            value = run()
            if round:
                seconds[side].append(value)
    return seconds


def analysis(options, model):
    """What observing costs, as a multiple of the pass that is observed."""
    threads, batch = options.threads, options.batch or 16
    arms = options.arms.split(",")
    ratios = {  # what: (side, what it is compared with, the most or least that is wanted)
        "dissection, votes and statistics ÷ forward": ("observe", "plain", "at most 1.3"),
        "the same with exact thresholds ÷ forward": ("exact", "plain", "at most 2.4"),
        "every criterion ÷ its passes alone": ("score", "phases", "at most 1.15"),
        "forward, one worker ÷ all": ("plain-1", "plain", "at least 1.9 with two"),
        "dissection, votes and statistics, one worker ÷ all": ("observe-1", "observe", "at least 1.9 with two"),
        "forward, one worker ÷ processes of their own": ("plain-1", "plain-apart", "what the machine gives"),
        "dissection, votes and statistics, one worker ÷ processes of their own": ("observe-1", "observe-apart", "what the machine gives"),
        "PyTorch's forward ÷ ours": ("python-plain", "plain", ""),
        "PyTorch's dissection, votes and statistics ÷ ours": ("python", "observe", ""),
        "the same with exact thresholds": ("python-exact", "exact", ""),
    }
    sides = {}
    for arm in arms:
        if arm.startswith("python"):
            if not importlib.util.find_spec("torchvision"):
                print("analysis: no peer (torchvision is not installed)")
                continue
            sides[arm] = NetDissect(options.peer_images, min(options.peer_images, 8), threads, arm[7:] or "observe")
        else:
            work, _, workers = arm.partition("-")
            images = options.images // (2 if work in ("phases", "score", "gradient", "relevance") else 1)
            start = Apart if workers == "apart" else Espalier
            count = threads if workers in ("", "apart") else workers
            if workers == "apart":  # as many images in all: each process prepares its worker, as each worker does
                images = max(images // threads, 1)
            sides[arm] = start(options.driver, "pass:" + work, model, batch, count, images)
    seconds = interleaved(sides, options.rounds)
    for side in sides.values():
        side.close()
    print(f"analysis of resnet50's 16 blocks, batch {batch}, {threads} workers, {options.images} images, {options.rounds} rounds:")
    for side, values in seconds.items():
        print(f"  {side}: {statistics.median(values) * 1e3:.1f} ms an image (spread {min(values) * 1e3:.1f} to {max(values) * 1e3:.1f})")
    for what, (side, base, wanted) in ratios.items():
        if side in seconds and base in seconds:
            pairs = [a / b for a, b in zip(seconds[side], seconds[base])]
            line = f"  {what}: {statistics.median(pairs):.3f} (spread {min(pairs):.3f} to {max(pairs):.3f})"
            a, b = (getattr(sides[name], "processor", [])[1:] for name in (side, base))
            if a and b and not side.endswith("-1"):  # what neighbours on the machine disturb less
                line += f", in processor time {statistics.median(x / y for x, y in zip(a, b)):.3f}"
            print(line + (f"; wanted: {wanted}" if wanted else ""))
    if all(side in seconds for side in ("score", "plain", "gradient", "relevance")):
        # Each of the two passes costs what it takes more than forward alone.
        pairs = [s / (g + r - f) for s, f, g, r in zip(*(seconds[k] for k in ("score", "plain", "gradient", "relevance")))]
        print(f"  every criterion ÷ (forward + a gradient pass + a relevance pass): {statistics.median(pairs):.3f} (at most 1.15)")
    sys.stdout.flush()


def memory(options, model):
    """The greatest memory, and the time, of a pass over few and over many images."""
    for images in options.counts.split(","):
        run = Espalier(options.driver, "pass:report", model, options.batch or 16, options.threads, images)
        seconds = run() * run.images
        run.close()
        print(f"dissection, votes and statistics of {run.images} images: {seconds:.1f} s, at most {run.peak / 2**20:.0f} MiB", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("espalier")
    parser.add_argument("driver")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--networks", default="resnet50,vgg16", help="architectures, or ONNX files in mode forward")
    parser.add_argument("--modes", default="forward,relevance,analysis,memory")
    parser.add_argument("--arms", default="plain,observe,exact,phases,score,gradient,relevance,plain-1,observe-1,plain-apart,observe-apart,python-plain,python,python-exact")
    parser.add_argument("--images", type=int, default=64, help="of a pass in mode analysis")
    parser.add_argument("--peer-images", type=int, default=16, help="of a pass of PyTorch, which takes long")
    parser.add_argument("--counts", default="96,512,1000", help="images of the passes in mode memory")
    parser.add_argument("--batch", type=int, help="default: 16 forward, 8 for relevance")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for network in options.networks.split(","):
            model = network
            if not network.endswith(".onnx"):
                model = os.path.join(folder, network + ".onnx")
                subprocess.run([options.espalier, "new", network, "--seed", "1", "--out", model], check=True, stderr=subprocess.DEVNULL)
            for mode in options.modes.split(","):
                if mode in ("analysis", "memory"):
                    if network == "resnet50":
                        {"analysis": analysis, "memory": memory}[mode](options, model)
                    continue
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
                seconds = interleaved(sides, options.rounds)
                ours.close()
                line = ", ".join(
                    f"{side} {1 / statistics.median(s):.2f} images/s (spread {min(s) * 1e3:.0f} to {max(s) * 1e3:.0f} ms)"
                    for side, s in seconds.items())
                for peer in list(seconds)[1:]:
                    ratios = [p / o for o, p in zip(seconds["espalier"], seconds[peer])]
                    line += f"; {peer} takes {statistics.median(ratios):.2f} times as long"
                print(f"{mode} of {network}, batch {batch}, {options.threads} threads: {line}", flush=True)


if __name__ == "__main__":
    main()
