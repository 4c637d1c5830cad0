"""Holds a pruned file against what the tool said of it, by programs that are not the tool.

onnx's checker reads it, onnxruntime runs it, and it must answer as the network that it came from does in onnxruntime when the
columns of weights that read removed channels are zero, and the rows and biases that made them. Which rows are kept stands in the
file's metadata; which columns are, is found by looking for the pruned rows' numbers in the rows that they were. Layer norms and
means over channels that lost some are put as sums over those that stay. MACs are counted from shapes that onnx infers.
"""

import json
import math
import pathlib

import numpy
import onnx
from exporting import deviation, onnxruntime_outputs
from onnx import numpy_helper

# Of the greatest magnitude: what the tool itself allows.
EQUAL, CLOSE = 1e-4, 0.005
PRODUCTS = ("Conv", "ConvTranspose", "Gemm", "MatMul")


def initializers(model) -> dict[str, numpy.ndarray]:
    return {value.name: value for value in model.graph.initializer}


def attribute(node, name: str, default: int) -> int:
    return next((found.i for found in node.attribute if found.name == name), default)


def axes(node) -> tuple[int, int]:
    """Of a weight: the axis of what comes out, and of what goes in."""
    if node.op_type == "Conv" or (node.op_type == "Gemm" and attribute(node, "transB", 0)):
        return 0, 1
    return 1, 0


def kept_columns(rows: numpy.ndarray, pruned: numpy.ndarray) -> numpy.ndarray:
    """Of rows [R, C, …] that are kept, and [R, c, …] of the pruned weight: which of the C columns are in every row looked at."""
    mask = numpy.ones(rows.shape[1], bool)
    for row in range(min(len(rows), 24)):
        whole, part = rows[row].reshape(rows.shape[1], -1), pruned[row].reshape(pruned.shape[1], -1)
        mask &= numpy.isin(numpy.ascontiguousarray(whole).view(f"V{whole.itemsize * whole.shape[1]}").ravel(),
                           numpy.ascontiguousarray(part).view(f"V{part.itemsize * part.shape[1]}").ravel())
        if mask.sum() == pruned.shape[1]:
            break
    return mask


class NotComparable(Exception):
    pass


def zeroed(weight: numpy.ndarray, small: numpy.ndarray, node, kept: list[int] | None) -> numpy.ndarray:
    """The original weight with zeros where the pruned network reads nothing any more."""
    out, into = axes(node)
    whole, part = numpy.moveaxis(weight, (out, into), (0, 1)), numpy.moveaxis(small, (out, into), (0, 1))
    if whole.shape[1] == part.shape[1]:
        return weight
    rows = numpy.arange(len(whole))
    if len(part) != len(whole):
        if kept is None or len(kept) != len(part):
            raise NotComparable(f"{node.name}: which rows are kept is not told")
        rows = numpy.asarray(kept)
    result = numpy.array(whole)
    groups = attribute(node, "group", 1) if node.op_type == "Conv" else 1
    size = len(whole) // groups
    for group in range(groups):
        inside = (rows // size) == group
        if not inside.any():
            continue  # The group went as a whole.
        mask = kept_columns(whole[rows[inside]], part[inside])
        if mask.sum() != part.shape[1]:
            raise NotComparable(f"{node.name}: {mask.sum()} columns were found where {part.shape[1]} are kept")
        result[group * size:(group + 1) * size, ~mask] = 0
    return numpy.ascontiguousarray(numpy.moveaxis(result, (0, 1), (out, into)))


def masked(original, pruned) -> None:
    """Zeroes in `original` what `pruned` does not read."""
    record = next((json.loads(entry.value) for entry in pruned.metadata_props if entry.key == "espalier.pruning"), {})
    kept, ours, theirs = record.get("kept", {}), initializers(original), initializers(pruned)
    missing = [node.name for node in original.graph.node if node.op_type in PRODUCTS and len(node.input) > 1
               and node.input[1] in ours and node.input[1] not in theirs]
    if missing:
        raise NotComparable(f"{missing[0]}: its weight has another name")
    for node in original.graph.node:
        if node.op_type not in PRODUCTS or len(node.input) < 2 or node.input[1] not in ours or node.op_type == "ConvTranspose":
            continue
        tensor, small = ours[node.input[1]], theirs[node.input[1]]
        if list(tensor.dims) == list(small.dims) or len(tensor.dims) < 2:
            continue
        changed = zeroed(numpy_helper.to_array(tensor), numpy_helper.to_array(small), node, kept.get(node.name))
        tensor.CopyFrom(numpy_helper.from_array(changed, tensor.name))
        silence(original, node, ours, kept.get(node.name))
    count_what_stays(original, pruned)


def silence(model, node, values: dict, kept: list[int] | None) -> None:
    """Zeroes the weights and biases of what a layer does not make any more: products of values read it without weights."""
    if kept is None:
        return
    out, _ = axes(node)
    weight = numpy.array(numpy_helper.to_array(values[node.input[1]]))
    gone = numpy.setdiff1d(numpy.arange(weight.shape[out]), kept)
    numpy.moveaxis(weight, out, 0)[gone] = 0
    values[node.input[1]].CopyFrom(numpy_helper.from_array(weight, node.input[1]))
    biases = list(node.input[2:3])
    for reader in model.graph.node:
        if reader.op_type == "Add" and node.output[0] in reader.input:
            biases += [name for name in reader.input if name in values]
    for name in biases:
        bias = numpy.array(numpy_helper.to_array(values[name]))
        if bias.shape[-1:] == (weight.shape[out],):
            bias[..., gone] = 0
            values[name].CopyFrom(numpy_helper.from_array(bias, name))


def count_what_stays(original, pruned) -> None:
    """Puts layer norms and means over channels that lost some as sums over those that stay."""
    ours, theirs = initializers(original), initializers(pruned)
    before, after = shapes(original, 2), shapes(pruned, 2)
    opset = max(entry.version for entry in original.opset_import if entry.domain in ("", "ai.onnx"))
    nodes = []

    def constant(name: str, value) -> str:
        original.graph.initializer.append(numpy_helper.from_array(numpy.asarray(value, "float32"), name))
        return name

    def mean(name: str, value: str, share: str) -> str:
        if opset < 18:
            nodes.append(onnx.helper.make_node("ReduceMean", [value], [f"{name}.all"], axes=[-1]))
        else:
            axis = numpy_helper.from_array(numpy.array([-1]), f"{name}.axis")
            original.graph.initializer.append(axis)
            nodes.append(onnx.helper.make_node("ReduceMean", [value, axis.name], [f"{name}.all"]))
        nodes.append(onnx.helper.make_node("Mul", [f"{name}.all", share], [name]))
        return name

    for node in original.graph.node:
        lost = [before.get(name) != after.get(name) for name in node.input[:1]]
        if node.op_type == "LayerNormalization" and list(ours[node.input[1]].dims) != list(theirs[node.input[1]].dims):
            pairs = [numpy.stack([numpy_helper.to_array(values[name]) for name in node.input[1:3]], 1) for values in (ours, theirs)]
            mask = (pairs[0][:, None] == pairs[1][None]).all(2).any(1)
            if mask.sum() != len(pairs[1]) or attribute(node, "axis", -1) != -1:
                raise NotComparable(f"{node.name}: {mask.sum()} channels were found where {len(pairs[1])} are kept")
            epsilon = next((found.f for found in node.attribute if found.name == "epsilon"), 1e-5)
            x, scale, bias, y = node.input[0], node.input[1], node.input[2], node.output[0]
            keep, share = constant(f"{y}.mask", mask), constant(f"{y}.share", len(mask) / mask.sum())
            nodes.append(onnx.helper.make_node("Mul", [x, keep], [f"{y}.kept"]))
            middle = mean(f"{y}.mean", f"{y}.kept", share)
            nodes.append(onnx.helper.make_node("Sub", [x, middle], [f"{y}.far"]))
            nodes.append(onnx.helper.make_node("Mul", [f"{y}.far", keep], [f"{y}.distance"]))
            nodes.append(onnx.helper.make_node("Mul", [f"{y}.distance"] * 2, [f"{y}.squares"]))
            variance = mean(f"{y}.variance", f"{y}.squares", share)
            nodes.append(onnx.helper.make_node("Add", [variance, constant(f"{y}.epsilon", epsilon)], [f"{y}.bounded"]))
            nodes.append(onnx.helper.make_node("Sqrt", [f"{y}.bounded"], [f"{y}.deviation"]))
            nodes.append(onnx.helper.make_node("Div", [f"{y}.distance", f"{y}.deviation"], [f"{y}.normalised"]))
            nodes.append(onnx.helper.make_node("Mul", [f"{y}.normalised", scale], [f"{y}.scaled"]))
            nodes.append(onnx.helper.make_node("Add", [f"{y}.scaled", bias], [y]))
        elif node.op_type == "ReduceMean" and any(lost):
            was, now = before[node.input[0]], after[node.input[0]]
            axis = next((i for i, pair in enumerate(zip(was, now, strict=True)) if pair[0] != pair[1]), None)
            whole, part = before.get(node.output[0]), after.get(node.output[0])
            nodes.append(node)
            if axis is not None and whole is not None and whole == part:
                name = node.output[0]
                node.output[0] = f"{name}.all"
                share = constant(f"{name}.share", was[axis] / now[axis])
                nodes.append(onnx.helper.make_node("Mul", [f"{name}.all", share], [name]))
        else:
            nodes.append(node)
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del original.graph.node[:]
    original.graph.node.extend(nodes)


def shapes(model, batch: int) -> dict[str, list[int | None]]:
    """Of every value, as far as onnx can tell."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    for value in (*model.graph.input, *model.graph.output):
        if value.type.tensor_type.shape.dim and value.type.tensor_type.shape.dim[0].dim_param:
            value.type.tensor_type.shape.dim[0].dim_value = batch
    del model.graph.value_info[:]
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    return {value.name: [dim.dim_value if dim.HasField("dim_value") else None for dim in value.type.tensor_type.shape.dim]
            for value in (*graph.value_info, *graph.input, *graph.output)}


def macs(model, batch: int) -> int | None:
    """For one input, of layers that hold weights; None where onnx cannot tell all shapes."""
    known = shapes(model, batch)
    weights = {value.name: list(value.dims) for value in model.graph.initializer}
    total = 0
    for node in model.graph.node:
        if node.op_type not in PRODUCTS or node.input[1] not in weights:
            continue
        shape, weight = known.get(node.output[0]), weights[node.input[1]]
        if shape is None or None in shape:
            return None
        if node.op_type == "ConvTranspose":
            source = known.get(node.input[0])
            if source is None or None in source:
                return None
            total += math.prod(source) * math.prod(weight[1:])
        elif node.op_type == "Conv":
            total += math.prod(shape) * math.prod(weight[1:])
        else:
            total += math.prod(shape) * weight[axes(node)[1]]
    return total // batch


def prove(tool, folder: pathlib.Path, references, factor: float) -> dict:
    path = folder / "pruned.onnx"
    result: dict = {"ok": True}

    def miss(reason: str) -> dict:
        return {**result, "ok": False, "kind": "wrong", "reason": " ".join(reason.split())[:300]}

    try:
        onnx.checker.check_model(str(path), full_check=True)
    except Exception as problem:
        return miss(f"onnx.checker: {problem}")
    import h5py

    with h5py.File(folder / "data.h5") as file:
        feeds = [file[name][:] for name in ("data", "x2") if name in file]
    try:
        found = onnxruntime_outputs(path, feeds)
    except Exception as problem:
        return miss(f"onnxruntime: {problem}")
    expected = [references[f"output{i}"] for i in range(len(found))]
    if [value.shape for value in found] != [value.shape for value in expected]:
        return miss(f"onnxruntime gives outputs of {[value.shape for value in found]}")
    if not all(numpy.isfinite(value).all() for value in found):
        return miss("onnxruntime gives outputs that are not finite")
    try:
        original, pruned = onnx.load(folder / "model.onnx"), onnx.load(path)
        counts = macs(original, 2), macs(pruned, 2)
        if None not in counts and counts[0]:
            result["share"] = round(counts[1] / counts[0], 4)
        masked(original, pruned)
        onnx.save(original, folder / "masked.onnx")
        result["difference"] = deviation(found, onnxruntime_outputs(folder / "masked.onnx", feeds))
        if not result["difference"] <= EQUAL:
            return miss(f"differs from the masked network by {result['difference']:.1e} in onnxruntime")
    except NotComparable as problem:
        result["note"] = str(problem)
    finally:
        (folder / "masked.onnx").unlink(missing_ok=True)
    return result
