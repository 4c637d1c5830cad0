"""Writes a network as ONNX, with what PyTorch and onnxruntime say of it beside it.

A folder for each network and exporter: `model.onnx`, `data.h5` (two inputs and the class that the network says), `references.npz`
(`output*` of onnxruntime, `double*` of PyTorch in double precision, `gradient` and `gradient_double` of PyTorch's autograd) and
`export.json`, which is written last. They do not depend on the tool, and are kept.
"""

import json
import pathlib
import time

import h5py
import numpy
import onnx
from builders import build, signature_names
from libraries import torch
from networks import Network
from seeding import VERSION, inputs, seed

LEGACY, DYNAMO = "legacy", "dynamo"


def write_onnx(model, tensors, path: pathlib.Path, exporter: str) -> str:
    """Returns what became of the batch axis: "symbolic" or "fixed"."""
    names = ["x", "x2"][:len(tensors)]
    outputs = ["y"]
    if exporter == LEGACY:
        for attempt, axes in (("symbolic", {name: {0: "N"} for name in (*names, *outputs)}), ("fixed", None)):
            try:
                torch.onnx.export(
                    model, tuple(tensors), path, input_names=names, output_names=outputs, dynamic_axes=axes, opset_version=17,
                    dynamo=False)
                return attempt
            except Exception:
                if attempt == "fixed":
                    raise
    batch = torch.export.Dim("N")
    shapes = {name: {0: batch} for name in signature_names(model, len(tensors))}
    external = sum(parameter.numel() for parameter in model.parameters()) > 450_000_000
    for attempt, dynamic in (("symbolic", shapes), ("fixed", None)):
        try:
            torch.onnx.export(
                model, tuple(tensors), path, input_names=names, dynamo=True, dynamic_shapes=dynamic, external_data=external,
                verbose=False)
            return attempt
        except Exception:
            if attempt == "fixed":
                raise
    raise AssertionError


def as_list(result) -> list:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def scores(outputs: list):
    """One row an input: class scores as they are, and whatever else a network answers flattened and side by side."""
    return torch.cat([output.flatten(1) for output in outputs], 1)


def gradient(model, tensors, classes):
    """Outputs, and the gradient of each input's greatest score, or of that of a class, by autograd."""
    first = tensors[0].clone().requires_grad_(True)
    outputs = as_list(model(first, *tensors[1:]))
    rows = scores(outputs)
    if classes is None:
        classes = rows.argmax(1)
    rows.gather(1, classes[:, None]).sum().backward()
    return [output.detach() for output in outputs], first.grad.detach()


def flatten(path: pathlib.Path, to: pathlib.Path):
    """The same network with one output, `scores` of what it had."""
    model = onnx.load(path)
    graph, names = model.graph, []
    for value in graph.output:
        names.append(f"{value.name}-flat")
        graph.node.append(onnx.helper.make_node("Flatten", [value.name], [names[-1]], name=names[-1], axis=1))
    if len(names) > 1:
        graph.node.append(onnx.helper.make_node("Concat", names, ["flat"], name="flat", axis=1))
    del graph.output[:]
    graph.output.append(onnx.helper.make_tensor_value_info(
        "flat" if len(names) > 1 else names[0], onnx.TensorProto.FLOAT, ["N", None]))
    onnx.save(model, to)


def operators(path: pathlib.Path) -> list[str]:
    """Those of all graphs and functions of a file."""
    found, waiting = set(), []
    model = onnx.load(path, load_external_data=False)
    waiting += [model.graph, *model.functions]
    while waiting:
        for node in waiting.pop().node:
            found.add(node.op_type)
            for attribute in node.attribute:
                waiting += [attribute.g] if attribute.HasField("g") else list(attribute.graphs)
    return sorted(found)


def onnxruntime_outputs(path: pathlib.Path, feeds: list[numpy.ndarray]) -> list[numpy.ndarray]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    return session.run(None, dict(zip(names, feeds)))


def export(network: Network, exporter: str, folder: pathlib.Path) -> dict:
    """Raises what the exporter raises."""
    started = time.time()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wobble.json").unlink(missing_ok=True)
    model, shapes = build(network)
    seed(model, shapes)
    tensors = inputs(shapes)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    outputs, single = gradient(model, tensors, None)
    classes = scores(outputs).argmax(1)
    plain = len(outputs) == 1 and outputs[0].dim() == 2
    stored = {"gradient": single.numpy()}
    if not network.heavy:
        # There and back is exact, and needs no copy, which not every network can make of itself.
        try:
            outputs, exact = gradient(model.double(), [tensor.double() for tensor in tensors], classes)
            stored.update({f"double{i}": value.numpy() for i, value in enumerate(outputs)})
            stored["gradient_double"] = exact.numpy()
        except RuntimeError:
            pass  # It makes float32 tensors of its own on the way.
        model.float()
    for parameter in model.parameters():
        parameter.grad = None
        parameter.requires_grad_(False)
    batch = write_onnx(model, tensors, folder / "model.onnx", exporter)
    found = onnxruntime_outputs(folder / "model.onnx", [tensor.numpy() for tensor in tensors])
    stored.update({f"output{i}": value for i, value in enumerate(found)})
    numpy.savez(folder / "references.npz", **stored)
    with h5py.File(folder / "data.h5", "w") as file:
        file["data"] = tensors[0].numpy()
        for name, tensor in zip(("x2",), tensors[1:]):
            file[name] = tensor.numpy()
        file["label"] = classes.numpy().astype(numpy.uint16 if plain else numpy.uint32)
    result = {"seeding": VERSION, "batch": batch, "input": list(shapes[0]), "outputs": [list(value.shape) for value in found],
              "parameters": parameters, "classes": plain, "seconds": round(time.time() - started, 1)}
    result["operators"] = operators(folder / "model.onnx")
    if "double0" in stored and len(found) == len(outputs):
        result["onnxruntime"] = deviation(found, [stored[f"double{i}"] for i in range(len(found))])
    (folder / "export.json").write_text(json.dumps(result) + "\n")
    return result


def wobble(network: Network, folder: pathlib.Path, draws: int = 4, size: float = 1e-5) -> float:
    """How far PyTorch's map goes from that in double precision when noise of some rounding errors' size is added to the
    inputs: a ReLU whose input is near zero is passed by one float32 and not by another, and with it goes a piece of the
    map."""
    told = folder / "wobble.json"
    if told.exists():
        return json.loads(told.read_text())
    model, shapes = build(network)
    seed(model, shapes)
    tensors = inputs(shapes)
    with numpy.load(folder / "references.npz") as file:
        exact = file["gradient_double" if "gradient_double" in file.files else "gradient"]
    with h5py.File(folder / "data.h5") as file:
        classes = torch.from_numpy(file["label"][:].astype(numpy.int64))
    generator = torch.Generator().manual_seed(3)
    worst = 0.0
    for _ in range(draws):
        moved = [tensor * (1 + size * torch.randn(tensor.shape, generator=generator)) for tensor in tensors]
        worst = max(worst, deviation([gradient(model, moved, classes)[1].numpy()], [exact]))
    told.write_text(json.dumps(worst))
    return worst


def cosine(found: numpy.ndarray, expected: numpy.ndarray) -> float:
    one, other = found.astype(numpy.float64).ravel(), expected.astype(numpy.float64).ravel()
    return float(one @ other / (numpy.linalg.norm(one) * numpy.linalg.norm(other) or 1))


def deviation(found, expected) -> float:
    """The greatest difference over the greatest magnitude, of all outputs the worst."""
    worst = 0.0
    for one, other in zip(found, expected, strict=True):
        if one.shape != other.shape or not numpy.isfinite(one).all():
            return float("inf")
        scale = float(numpy.abs(other).max()) or 1.0
        worst = max(worst, float(numpy.abs(one.astype(numpy.float64) - other).max()) / scale)
    return worst
