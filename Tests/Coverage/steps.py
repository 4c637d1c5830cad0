"""The steps of one network through the tool: load, forward, gradient, relevance, prune, and the proof by others.

Each is a dictionary with `ok`, and `reason` where that is false; a step whose way to it is barred is left out.
"""

import json
import math
import pathlib

import h5py
import numpy
from exporting import cosine, deviation, flatten, wobble
from networks import Network
from proving import prove
from tool import Answer, Tool

# What forward passes and maps may differ by, of their greatest magnitude. Where float32 itself (onnxruntime's outputs, PyTorch's
# maps) is further from double precision than that, the tool may be LENIENCE times as far from it, and the row says so; where
# it is further than COARSE, nothing can be said of the tool.
FORWARD, GRADIENT, LENIENCE, COARSE = 1e-4, 1e-3, 4, 1e-2
# The least cosine of a map whose difference is put down to single ReLUs that round the other way.
ALIKE = 0.999
SHARE, TOLERANCE = 0.5, 0.02


def refused(answer: Answer) -> dict:
    return {"ok": False, "kind": answer.kind, "reason": answer.reason, "seconds": answer.seconds}


def judged(found, expected, exact, peer, limit: float) -> dict:
    """Compares with a peer in float32, and where that is too far, both with double precision."""
    result = {"difference": deviation(found, expected)}
    result["ok"] = result["difference"] <= limit
    if exact is not None:
        ours, theirs = deviation(found, exact), deviation(expected, exact)
        result.update(double=ours, peer=theirs)
        if not result["ok"] and (ours <= limit or (theirs <= COARSE and ours <= LENIENCE * theirs)):
            result.update(ok=True, conditioned=False)
        elif not result["ok"] and theirs > COARSE:
            result.update(kind="coarse", reason=f"nothing can be said: {peer} itself is {theirs:.1e} from double precision")
    if not result["ok"] and "reason" not in result:
        result.update(kind="wrong", reason=f"differs from {peer} by {result['difference']:.1e} of the greatest")
    return result


def judged_map(maps, references, network: Network, folder: pathlib.Path) -> dict:
    exact = [references["gradient_double"]] if "gradient_double" in references else None
    result = judged([maps], [references["gradient"]], exact, "PyTorch's gradient", GRADIENT)
    if not result["ok"] and maps.shape == references["gradient"].shape and math.isfinite(result["difference"]):
        best = (exact or [references["gradient"]])[0]
        result["cosine"] = cosine(maps, best)
        result["wobble"] = wobble(network, folder)
        # A fault of the tool's would show in every image; a ReLU that rounds the other way does in the one that it is of.
        least = [(deviation([one], [other]), deviation([peer], [other]))
                 for one, peer, other in zip(maps, references["gradient"], best)]
        alike = result["cosine"] >= ALIKE or any(
            ours <= max(GRADIENT, LENIENCE * min(theirs, COARSE)) for ours, theirs in least)
        if result["difference"] <= LENIENCE * result["wobble"] and alike:
            result.pop("kind"), result.pop("reason")
            result.update(ok=True, conditioned=False)
    return result


def load(tool: Tool, folder: pathlib.Path, factor: float) -> dict:
    answer = tool.run(["inspect", folder / "model.onnx", "--json"], folder, factor)
    if answer.reason:
        return refused(answer)
    return {"ok": True, "macs": json.loads(answer.output)["macs"], "seconds": answer.seconds}


def outputs_of(references, kind: str = "output") -> list[str]:
    return sorted((name for name in references if name.rstrip("0123456789") == kind), key=lambda name: int(name[len(kind):]))


def side_by_side(outputs: list[numpy.ndarray]) -> numpy.ndarray:
    return numpy.concatenate([output.reshape(len(output), -1) for output in outputs], 1)


def passes(tool: Tool, network: Network, folder: pathlib.Path, references, factor: float) -> dict[str, dict]:
    """One run gives the forward pass and the gradient map, another relevance.

    What answers with other than class scores and is refused therefor is asked again with its outputs flattened side by side:
    then the forward pass is told of, and marked."""
    found = {}
    out = folder / "gradient.h5"
    out.unlink(missing_ok=True)
    common = ["--data", f"hdf5:{folder / 'data.h5'}", "--batch", "2", "--workers", "1", "--quiet"]
    model = folder / "model.onnx"
    answer = tool.run(["relevance", model, *common, "--attributor", "gradient", "--out", out], folder, factor)
    flat = False
    expected = [references[name] for name in outputs_of(references)]
    exact = [references[name] for name in outputs_of(references, "double")] or None
    if answer.kind == "refused" and "[N, K]" in answer.reason:
        flat, model = True, folder / "flat.onnx"
        flatten(folder / "model.onnx", model)
        expected = [side_by_side(expected)]
        exact = [side_by_side(exact)] if exact else None
        asked = answer.reason
        answer = tool.run(["relevance", model, *common, "--attributor", "gradient", "--out", out], folder, factor)
    if answer.reason:
        found["forward"] = refused(answer)
    else:
        with h5py.File(out) as file:
            prediction, maps = file["prediction"][:], file["attribution"][:]
        if prediction.size == expected[0].size:
            prediction = prediction.reshape(expected[0].shape)
        found["forward"] = judged([prediction], expected, exact, "onnxruntime", FORWARD)
        if flat:
            found["forward"].update(flat=True, asked=asked)
        found["forward"]["seconds"] = answer.seconds
        found["gradient"] = judged_map(maps, references, network, folder)
    out = folder / "relevance.h5"
    out.unlink(missing_ok=True)
    answer = tool.run(["relevance", model, *common, "--out", out], folder, factor)
    if answer.reason:
        found["relevance"] = refused(answer)
    else:
        with h5py.File(out) as file:
            maps = file["attribution"][:].astype(numpy.float64)
        sums = maps.reshape(len(maps), -1).sum(1)
        greatest = float(numpy.abs(maps).max())
        found["relevance"] = {"ok": True, "seconds": answer.seconds}
        if not math.isfinite(greatest):
            found["relevance"].update(ok=False, kind="wrong", reason="not finite")
        elif greatest == 0:
            found["relevance"].update(ok=False, kind="wrong", reason="zero everywhere")
        else:
            found["relevance"].update(sums=[float(f"{value:.4g}") for value in sums], greatest=greatest)
    (folder / "flat.onnx").unlink(missing_ok=True)
    return found


def prune(tool: Tool, folder: pathlib.Path, factor: float) -> dict:
    out = folder / "pruned.onnx"
    out.unlink(missing_ok=True)
    answer = tool.run(
        ["prune", folder / "model.onnx", "--criterion", "l1", "--budget", f"macs={SHARE}", "--latency-batch", "0",
         "--workers", "1", "--json", "--out", out], folder, factor)
    if answer.reason:
        return refused(answer)
    told = json.loads(answer.output)
    macs = told["networks"]["macs"]
    share = macs["after"] / macs["before"]
    result = {"ok": abs(share / SHARE - 1) <= TOLERANCE, "share": round(share, 4), "proof": told["proof"]["greatestDifference"],
              "seconds": answer.seconds}
    if told.get("notes"):
        result["notes"] = told["notes"][:3]
    if not result["ok"]:
        result.update(kind="far", reason=f"{share:.1%} of the MACs are left")
    return result


def run_steps(tool: Tool, network: Network, folder: pathlib.Path, factor: float = 1) -> dict[str, dict]:
    steps = {"load": load(tool, folder, factor)}
    if not steps["load"]["ok"]:
        return steps
    with numpy.load(folder / "references.npz") as file:
        references = {name: file[name] for name in file.files}
    steps.update(passes(tool, network, folder, references, factor))
    steps["prune"] = prune(tool, folder, factor)
    if (folder / "pruned.onnx").exists():
        steps["proof"] = prove(tool, folder, references, factor)
    return steps
