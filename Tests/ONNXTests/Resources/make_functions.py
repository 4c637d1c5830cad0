"""Makes models with operators of newer sets and with functions: `python make_functions.py` (needs onnx 1.23, numpy, onnxruntime).

newer/    models, and in values.json what onnxruntime makes of random inputs
refused/  calls of functions that a reader must answer with an error
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

here = pathlib.Path(__file__).parent
random = np.random.default_rng(2)
node = helper.make_node


def weights(name, *shape):
    return numpy_helper.from_array((random.normal(size=shape) * 0.5).astype(np.float32), name)


def ints(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def model(opset, nodes, initializers=(), shape=("N", 4, 6, 6), functions=(), infos=(), outputs=("y",), inputs=()):
    graph = helper.make_graph(
        nodes, "graph", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape), *inputs],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None) for output in outputs], list(initializers),
        value_info=list(infos))
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in sorted({f.domain for f in functions})]
    return helper.make_model(graph, opset_imports=imports, ir_version=8 if opset < 19 else 11, functions=list(functions))


def function(name, inputs, outputs, nodes, opset=18, attributes=(), defaults=(), domain="blocks", others=()):
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(other, 1) for other in others]
    return helper.make_function(domain, name, inputs, outputs, nodes, imports, list(attributes), list(defaults))


def refer(made, **attributes):
    """A node whose attributes are those of the function around it."""
    for name, (to, kind) in attributes.items():
        attribute = made.attribute.add()
        attribute.name, attribute.ref_attr_name, attribute.type = name, to, kind
    return made


def attention(opset=23, shape=("N", 6, 12), mask=None, masks=(), **attributes):
    """Queries, keys and values are thirds of what a linear layer makes of tokens."""
    width = 24
    nodes = [
        node("MatMul", ["x", "w"], ["qkv"]),
        node("Split", ["qkv"], ["q", "k", "v"], axis=-1, num_outputs=3),
        node("Attention", ["q", "k", "v"] + ([mask] if mask else []), ["a"], name="attention", **attributes),
        node("MatMul", ["a", "p"], ["y"]),
    ]
    return model(opset, nodes, [weights("w", 12, 3 * width), weights("p", width, 5), *masks], shape)


scaled = function(
    "Scaled", ["x", "w"], ["y", "z"],
    [node("Mul", ["x", "w"], ["t"]), refer(node("LeakyRelu", ["t"], ["y"]), alpha=("slope", onnx.AttributeProto.FLOAT)),
     node("Abs", ["t"], ["z"])],
    attributes=["slope"])
twice = function(
    "Twice", ["x"], ["y"],
    [node("Constant", [], ["c"], value_floats=[0.5]),
     node("Scaled", ["x", "c"], ["t", ""], domain="blocks", slope=0.25),
     refer(node("Scaled", ["t", "c"], ["u", "y"], domain="blocks"), slope=("steepness", onnx.AttributeProto.FLOAT))],
    defaults=[helper.make_attribute("steepness", 0.125)], others=["blocks"])
same = function("Same", ["a", "b"], ["c", "t"], [node("Relu", ["b"], ["t"]), node("Identity", ["a"], ["c"])])

bools = numpy_helper.from_array(random.random((6, 6)) < 0.7, "m")
floats = numpy_helper.from_array(random.normal(size=(4, 6, 6)).astype(np.float32), "m")
newer = {
    "group-norm18": model(18, [node("GroupNormalization", ["x", "s", "b"], ["y"], num_groups=2, epsilon=0.01)],
                          [weights("s", 2), weights("b", 2)]),
    "group-norm21": model(21, [node("GroupNormalization", ["x", "s", "b"], ["y"], num_groups=2)],
                          [weights("s", 4), weights("b", 4)]),
    "rms-norm23": model(23, [node("RMSNormalization", ["x", "s"], ["y"], epsilon=0.01)], [weights("s", 6)]),
    "rms-norm-axis23": model(23, [node("RMSNormalization", ["x", "s"], ["y"], axis=1)], [weights("s", 4, 6, 6)]),
    "attention23": attention(q_num_heads=4, kv_num_heads=4),
    "attention-causal23": attention(q_num_heads=4, kv_num_heads=4, is_causal=1, scale=0.3),
    "attention-capped23": attention(q_num_heads=3, kv_num_heads=3, softcap=2.0),
    "attention-bool-mask23": attention(q_num_heads=4, kv_num_heads=4, mask="m", masks=[bools]),
    "attention-mask23": attention(q_num_heads=4, kv_num_heads=4, mask="m", masks=[floats], is_causal=1),
    "attention-grouped24": model(
        24, [node("MatMul", ["x", "wq"], ["q"]), node("MatMul", ["x", "wk"], ["k"]), node("MatMul", ["x", "wv"], ["v"]),
             node("Attention", ["q", "k", "v"], ["y"], q_num_heads=4, kv_num_heads=2)],
        [weights("wq", 12, 24), weights("wk", 12, 12), weights("wv", 12, 10)], ("N", 6, 12)),
    "attention-maps23": model(23, [node("Attention", ["x", "x", "x"], ["y"])], (), ("N", 2, 6, 4)),
    "size14": model(14, [node("Size", ["w"], ["n"]), node("Cast", ["n"], ["f"], to=TensorProto.FLOAT), node("Mul", ["x", "f"], ["y"])],
                    [weights("w", 3, 5)]),
    "functions18": model(
        18, [node("Twice", ["x"], ["t"], domain="blocks", name="first"), node("Twice", ["t"], ["first/t"], domain="blocks", steepness=0.5),
             node("Same", ["first/t", "t"], ["a", "b"], domain="blocks"), node("Sum", ["a", "b", "t"], ["y"])],
        functions=[scaled, twice, same]),
    "gather-nd12": model(12, [node("GatherND", ["x", "i"], ["y"], batch_dims=0)], [numpy_helper.from_array(np.array([[1, 0], [0, 3]]), "i")],
                         (2, 4, 6)),
    "one-hot11": model(11, [node("OneHot", ["i", "d", "v"], ["h"], axis=0), node("Mul", ["x", "h"], ["y"])],
                       [ints("i", 2, 0, -1), ints("d", 4), numpy_helper.from_array(np.float32([1, 3]), "v")], ("N", 4, 3)),
    "eye9": model(9, [node("EyeLike", ["w"], ["e"], k=1), node("MatMul", ["x", "e"], ["y"])], [weights("w", 6, 5)]),
    "cumsum14": model(14, [node("CumSum", ["x", "a"], ["y"], exclusive=1, reverse=1)], [numpy_helper.from_array(np.array(-1), "a")]),
    "non-zero13": model(13, [node("NonZero", ["w"], ["i"]), node("Squeeze", ["i", "z"], ["s"]), node("Gather", ["x", "s"], ["y"], axis=1)],
                        [numpy_helper.from_array(np.float32([0, 2, 0, -1]), "w"), ints("z", 0)]),
    "cubic13": model(13, [node("Resize", ["x", "", "s"], ["y"], mode="cubic", cubic_coeff_a=-0.5, exclude_outside=1)],
                     [numpy_helper.from_array(np.float32([1, 1, 1.5, 0.75]), "s")]),
    "cubic-constant18": model(18, [node("Resize", ["w", "", "", "s"], ["r"], mode="cubic"), node("Add", ["x", "r"], ["y"])],
                              [weights("w", 1, 4, 3, 4), ints("s", 1, 4, 6, 6)]),
    "grid-sample16": model(
        16, [node("Transpose", ["g"], ["t"], perm=[0, 2, 3, 1]), node("GridSample", ["x", "t"], ["y"], mode="bilinear", align_corners=1)],
        inputs=[helper.make_tensor_value_info("g", TensorProto.FLOAT, ["N", 2, 3, 5])]),
    "grid-sample20": model(
        20, [node("Transpose", ["g"], ["t"], perm=[0, 2, 3, 1]),
             node("GridSample", ["x", "t"], ["y"], mode="linear", padding_mode="reflection")],
        inputs=[helper.make_tensor_value_info("g", TensorProto.FLOAT, ["N", 2, 3, 5])]),
}


def branch(name, nodes):
    return helper.make_graph(nodes, name, [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)])


def scalar(name, value, kind=np.int64):
    return numpy_helper.from_array(np.array(value, kind), name)


# As PyTorch writes `squeeze` of an axis that may have length 1, and views of tensors that are cut into a list.
newer["if13"] = model(
    13, [node("Shape", ["x"], ["s"]), node("Gather", ["s", "one"], ["c"]), node("Equal", ["c", "four"], ["e"]),
         node("If", ["e"], ["y"], name="choice",
              then_branch=branch("t", [node("Constant", [], ["f"], value_float=2.0), node("Mul", ["x", "f"], ["t"])]),
              else_branch=branch("u", [node("Identity", ["x"], ["u"])]))],
    [scalar("one", 1), scalar("four", 4)])


def loop(count="count", more="Identity"):
    values = [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("c", TensorProto.BOOL, []),
              helper.make_tensor_sequence_value_info("l", TensorProto.FLOAT, None)]
    results = [helper.make_tensor_value_info("d", TensorProto.BOOL, []), helper.make_tensor_sequence_value_info("m", TensorProto.FLOAT, None)]
    return node("Loop", [count, "true", "empty"], ["list"], name="rounds", body=helper.make_graph(
        [node("Constant", [], ["o"], value_int=1), node("Add", ["i", "o"], ["j"]), node("Gather", ["cuts", "i"], ["from"]),
         node("Gather", ["cuts", "j"], ["to"]), node("Slice", ["x", "from", "to", "axis"], ["part"]),
         node("SequenceInsert", ["l", "part"], ["m"]), node(more, ["c"], ["d"])], "body", values, results))


sequence = [node("SequenceEmpty", [], ["empty"]), loop(), node("SequenceInsert", ["list", "x"], ["all"])]
cuts = [numpy_helper.from_array(np.array([[0], [1], [4]]), "cuts"), ints("axis", 1), scalar("count", 2), scalar("true", True, bool),
        scalar("first", 0), scalar("last", -1), scalar("second", 1)]
newer["loop13"] = model(
    13, sequence + [node("SequenceAt", ["all", "first"], ["a"]), node("SequenceAt", ["all", "second"], ["b"]),
                    node("SequenceAt", ["all", "last"], ["c"]), node("Concat", ["b", "a"], ["ba"], axis=1), node("Add", ["ba", "c"], ["s"]),
                    node("ConcatFromSequence", ["all"], ["q"], axis=1), node("Concat", ["s", "q"], ["y"], axis=1)], cuts)
values = {}
(here / "newer").mkdir(exist_ok=True)
for name, proto in newer.items():
    path = here / "newer" / f"{name}.onnx"
    onnx.save(proto, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    feeds = {
        feed.name: (random.normal(size=[2 if isinstance(d, str) else d for d in feed.shape])).astype(np.float32)
        for feed in session.get_inputs()}
    plain = {name: {"shape": list(v.shape), "data": [float(f"{n:.9g}") for n in v.flatten()]}
             for name, v in {**feeds, "y": session.run(["y"], feeds)[0]}.items()}
    values[name] = plain
lines = [f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}" for name, value in values.items()]
(here / "newer" / "values.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def called(functions, opset=18, call=None):
    return model(opset, [call or node("F", ["x"], ["y"], domain="blocks", name="call")], functions=functions)


def levels(count, calls, leaf):
    """Functions that call each other, so many times a level."""
    yield function("F0", ["x"], ["y"], leaf)
    for level in range(1, count):
        steps = [node(f"F{level - 1}", ["x" if i == 0 else f"t{i}"], ["y" if i == calls - 1 else f"t{i + 1}"], domain="blocks")
                 for i in range(calls)]
        yield function(f"F{level}", ["x"], ["y"], steps, others=["blocks"])
    yield function("F", ["x"], ["y"], [node(f"F{count - 1}", ["x"], ["y"], domain="blocks")], others=["blocks"])


relu = [node("Relu", ["x"], ["y"])]
slope = [refer(node("LeakyRelu", ["x"], ["y"]), alpha=("slope", onnx.AttributeProto.FLOAT))]
refused = {
    "function-recursion": called([
        function("F", ["x"], ["y"], [node("G", ["x"], ["y"], domain="blocks")], others=["blocks"]),
        function("G", ["x"], ["y"], [node("F", ["x"], ["y"], domain="blocks")], others=["blocks"])]),
    "function-doubling": called(list(levels(40, 2, relu))),
    "function-doubling-nothing": called(list(levels(40, 2, [node("Identity", ["x"], ["y"])]))),
    "function-depth": called(list(levels(3000, 1, relu))),
    "function-missing-attribute": called([function("F", ["x"], ["y"], slope, attributes=["slope"])]),
    "function-unknown-attribute": called(
        [function("F", ["x"], ["y"], relu)], call=node("F", ["x"], ["y"], domain="blocks", name="call", speed=1)),
    "function-attribute-type": called(
        [function("F", ["x"], ["y"], slope, attributes=["slope"])],
        call=node("F", ["x"], ["y"], domain="blocks", name="call", slope="steep")),
    "function-reference": called([function("F", ["x"], ["y"], slope)]),
    "function-undefined": called([function("F", ["x"], ["y"], [node("Add", ["x", "w"], ["y"])])]),
    "function-twice": called([function("F", ["x"], ["y"], relu + relu)]),
    "function-no-output": called([function("F", ["x"], ["y"], [node("Relu", ["x"], ["z"])])]),
    "function-inputs": called([function("F", ["x"], ["y"], relu)], call=node("F", ["x", "x"], ["y"], domain="blocks", name="call")),
    "function-opset": called([function("F", ["x"], ["y"], relu, opset=15)]),
    "function-inner": called([function("F", ["x"], ["y"], [node("Det", ["x"], ["y"], name="det")])]),
    "reference": model(18, [refer(node("LeakyRelu", ["x"], ["y"], name="leaky"), alpha=("slope", onnx.AttributeProto.FLOAT))]),
    "attention-cache": model(
        23, [node("Attention", ["x", "x", "x", "", "p", "p"], ["y"], name="attention")], [weights("p", 1, 2, 3, 4)], ("N", 2, 6, 4)),
    "attention-heads": model(23, [node("Attention", ["x", "x", "x"], ["y"], name="attention", q_num_heads=4)], (), ("N", 6, 12)),
    "grid-sample-cubic": model(
        16, [node("GridSample", ["x", "g"], ["y"], name="sample", mode="bicubic")], [weights("g", 1, 3, 3, 2)], (1, 4, 6, 6)),
}
refused["if-of-data"] = model(
    13, [node("ReduceSum", ["x"], ["s"], keepdims=0), node("Cast", ["s"], ["c"], to=TensorProto.BOOL),
         node("If", ["c"], ["y"], name="choice", then_branch=branch("t", [node("Relu", ["x"], ["t"])]),
              else_branch=branch("u", [node("Identity", ["x"], ["u"])]))])
at = node("SequenceAt", ["list", "first"], ["y"], name="taken")
counted = [node("ReduceSum", ["x"], ["s"], keepdims=0), node("Cast", ["s"], ["n"], to=TensorProto.INT64)]
refused["loop-of-data"] = model(13, [*counted, sequence[0], loop("n"), at], cuts)
refused["loop-long"] = model(13, [sequence[0], loop("long"), at], [*cuts, scalar("long", 1 << 40)])
refused["loop-until"] = model(13, [sequence[0], loop(more="Not"), at], cuts)
refused["sequence-element"] = model(
    13, [sequence[0], loop(), node("SequenceAt", ["list", "count"], ["y"], name="taken")], cuts)
refused["sequence-unknown"] = model(13, [node("SequenceAt", ["x", "first"], ["y"], name="taken")], cuts)
for name, proto in refused.items():
    onnx.save(proto, here / "refused" / f"{name}.onnx")
print(len(newer), "models,", len(refused), "refused")
