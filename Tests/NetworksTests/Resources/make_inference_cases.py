"""Writes inference-cases.json: random applications of operators, run by onnxruntime, with the shapes and values that came out."""

import json
import pathlib
import random

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

random.seed(7)
numbers = np.random.default_rng(7)
cases = []


def run(op, inputs, attributes, outputs=1):
    """Runs one node; returns its results, or None where onnxruntime refuses it."""
    values, feeds, names = [], {}, []
    for place, value in enumerate(inputs):
        if value is None:
            names.append("")
            continue
        name = f"x{place}"
        names.append(name)
        kind = TensorProto.INT64 if value.dtype == np.int64 else TensorProto.FLOAT
        values.append(helper.make_tensor_value_info(name, kind, value.shape))
        feeds[name] = value
    results = [f"y{place}" for place in range(outputs)]
    kinds = [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in results]
    node = helper.make_node(op, names, results, **attributes)
    model = helper.make_model(helper.make_graph([node], "case", values, kinds), opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 8
    for info in model.graph.output:
        info.type.Clear()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return session.run(None, feeds)
    except Exception:
        return None


def plain(value, known):
    if value is None:
        return None
    entry = {"shape": list(value.shape)}
    if known:
        entry["integers" if value.dtype == np.int64 else "floats"] = [float(f"{number:.9g}") for number in value.flatten()]
    return entry


def add(op, inputs, attributes=None, outputs=1, known=None, values=False):
    """Records one case. `known` lists the inputs whose elements inference is told; `values`: results are compared too."""
    attributes = attributes or {}
    result = run(op, inputs, attributes, outputs)
    known = range(len(inputs)) if known is None else known
    cases.append({
        "operator": op, "attributes": dict(attributes), "outputCount": outputs,
        "inputs": [plain(value, place in known) for place, value in enumerate(inputs)],
        "outputs": None if result is None else [plain(np.asarray(value), values) for value in result],
    })


def floats(*shape):
    return np.asarray(numbers.integers(-8, 8, shape) + 0.5, np.float32)


def ints(*values):
    return np.array(values, dtype=np.int64)


def window(rank, transposed=False):
    attributes = {}
    if random.random() < 0.8:
        attributes["strides"] = [random.randint(1, 3) for _ in range(rank)]
    if random.random() < 0.4:
        attributes["dilations"] = [random.randint(1, 2) for _ in range(rank)]
    kind = random.choice(["NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])
    if kind == "NOTSET":
        attributes["pads"] = [random.randint(0, 1) for _ in range(2 * rank)]
    else:
        attributes["auto_pad"] = kind
        attributes.pop("dilations", None)
    return attributes


for _ in range(120):
    rank = random.choice([1, 2, 2, 3])
    group = random.choice([1, 1, 2])
    size = [random.randint(4, 9) for _ in range(rank)]
    kernel = [random.randint(1, 3) for _ in range(rank)]
    x = floats(random.randint(1, 2), 2 * group, *size)
    add("Conv", [x, floats(4, 2, *kernel), floats(4)], {**window(rank), "group": group}, known=[])
    attributes = {**window(rank), "group": group}
    attributes.pop("dilations", None)
    pick = random.random()
    if pick < 0.3 and "strides" in attributes:
        attributes["output_padding"] = [random.randint(0, stride - 1) for stride in attributes["strides"]]
    elif pick < 0.5:
        strides = attributes.get("strides", [1] * rank)
        attributes["output_shape"] = [length * stride for length, stride in zip(size, strides)]
        attributes.pop("pads", None)
    add("ConvTranspose", [x, floats(2 * group, 3, *kernel)], attributes, known=[])
    pool = {**window(rank), "kernel_shape": [random.randint(2, 3) for _ in range(rank)], "ceil_mode": random.randint(0, 1)}
    if pool.get("auto_pad", "NOTSET") != "NOTSET":
        pool["ceil_mode"] = 0
        # onnxruntime refuses to pool windows that are smaller than their stride under SAME, which ONNX allows.
        pool["strides"] = [min(pair) for pair in zip(pool.get("strides", [1] * rank), pool["kernel_shape"])]
    add("MaxPool", [x], pool, known=[])
    pool.pop("dilations", None)
    add("AveragePool", [x], pool, known=[])

for _ in range(60):
    shape = [random.randint(1, 4) for _ in range(random.randint(1, 4))]
    x = floats(*shape)
    whole = numbers.integers(-5, 6, shape).astype(np.int64)
    axis = random.randrange(-len(shape), len(shape))
    axes = random.sample(range(len(shape)), random.randint(1, len(shape)))
    count = len(axes)
    add("Slice", [x, ints(*[random.randint(-6, 6) for _ in axes]), ints(*[random.choice([-6, -2, 0, 1, 3, 9, 2**62, -(2**62)]) for _ in axes]),
                  ints(*axes), ints(*[random.choice([-2, -1, 1, 2]) for _ in axes])], values=True)
    add("Transpose", [x], {"perm": random.sample(range(len(shape)), len(shape))}, values=True)
    add("Gather", [whole, ints(*[random.randrange(-shape[axis], shape[axis]) for _ in range(3)])], {"axis": axis}, values=True)
    add("Flatten", [x], {"axis": random.randint(-len(shape), len(shape))}, values=True)
    add("Concat", [x, x, floats(*shape)], {"axis": axis}, values=True)
    add("Unsqueeze", [x, ints(*random.sample(range(-len(shape) - 2, len(shape) + 2), 2))], values=True)
    add("Squeeze", [x] + ([ints(axis)] if random.random() < 0.6 else []), values=True)
    add("Reshape", [x, ints(*random.sample([0, -1, 1, shape[0], x.size // shape[0]], random.randint(1, 3)))], values=True)
    add("Expand", [x, ints(*[random.choice([1, 3, length]) for length in [2] + shape])], values=True)
    add("Split", [x], {"axis": axis, "num_outputs": 2}, outputs=2, values=True)
    add("Split", [x, ints(1, shape[axis] - 1)], {"axis": axis}, outputs=2, values=True)
    add("Shape", [x], {"start": random.randint(-5, 5), "end": random.randint(-5, 5)}, values=True)
    add("Pad", [x, ints(*[random.randint(-1, 2) for _ in range(2 * count)]), None, ints(*axes)], {"mode": "constant"})
    add("ReduceMean", [x, ints(*axes)], {"keepdims": random.randint(0, 1)})
    add("Resize", [floats(1, 2, 5, 7), None, np.array([1, 1, random.uniform(0.3, 3), random.uniform(0.3, 3)], np.float32)])
    other = floats(*[random.choice([1, length]) for length in shape[random.randint(0, len(shape)):]])
    for op in ["Add", "Sub", "Mul", "Div"]:
        add(op, [x, other], values=True)
    add("Add", [whole, ints(random.randint(-9, 9))], values=True)
    add("Div", [whole, ints(random.choice([-3, -2, 2, 3]))], values=True)
    a = floats(*shape[:-1], 2, 3) if random.random() < 0.7 else floats(3)
    b = floats(3, 4) if random.random() < 0.5 else floats(*[random.choice([1, length]) for length in shape[:-1]], 3, 4)
    add("MatMul", [a, b], known=[])
    add("Gemm", [floats(2, 3), floats(*random.choice([(3, 4), (4, 3)])), floats(*random.choice([(4,), (1, 4), (2, 1), (2, 4), (3,)]))],
        {"transB": random.randint(0, 1)}, known=[])
    add("PRelu", [x, other], known=[])

for to in [TensorProto.FLOAT, TensorProto.INT64]:
    add("Cast", [np.array([-1.5, 2.7, 0], np.float32)], {"to": int(to)}, values=True)
    add("Cast", [ints(-3, 4)], {"to": int(to)}, values=True)
add("ConstantOfShape", [ints(2, 0, 3)], values=True)
add("ConstantOfShape", [ints()], values=True)
for op in ["GlobalAveragePool", "GlobalMaxPool"]:
    add(op, [floats(2, 3, 5, 4)], known=[])
    add(op, [floats(2, 3, 5)], known=[])

path = pathlib.Path(__file__).with_name("inference-cases.json")
path.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
print(len(cases), "cases,", sum(case["outputs"] is None for case in cases), "refused")
