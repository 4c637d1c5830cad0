"""Makes the small models of this folder: `python make_models.py` (needs onnx 1.23, numpy and onnxruntime).

older/    forms of operators of older (and newer) operator sets, each run once by onnxruntime to see that it is valid
refused/  what a reader must answer with an error
case/     a test case as ONNX lays them out
"""

import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

here = pathlib.Path(__file__).parent
random = np.random.default_rng(1)


def weights(name, *shape, dtype=np.float32):
    return numpy_helper.from_array((random.normal(size=shape) * 0.5).astype(dtype), name)


def ints(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def model(opset, nodes, initializers=(), shape=("N", 4, 6, 6), outputs=("y",), ir=None, inputs=None, domains=()):
    graph = helper.make_graph(
        nodes,
        "graph",
        inputs or [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in outputs],
        list(initializers),
    )
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in domains]
    return helper.make_model(graph, opset_imports=imports, ir_version=ir or (8 if opset < 19 else 9))


node = helper.make_node


def one(opset, op, initializers=(), inputs=(), shape=("N", 4, 6, 6), **attributes):
    return model(opset, [node(op, ["x", *inputs], ["y"], name=op.lower(), **attributes)], initializers, shape)


older = {
    "clip6": one(7, "Clip", min=-0.5, max=0.25),
    "squeeze11": model(
        11, [node("Unsqueeze", ["x"], ["u"], axes=[1, 3]), node("Squeeze", ["u"], ["y"], axes=[3])]
    ),
    "slice7": one(7, "Slice", starts=[1, 0], ends=[3, 100], axes=[1, 2]),
    "split11": model(
        11, [node("Split", ["x"], ["a", "b"], axis=1, split=[1, 3]), node("Concat", ["b", "a"], ["y"], axis=1)]
    ),
    "split18": model(
        18, [node("Split", ["x"], ["a", "b"], axis=1, num_outputs=2), node("Concat", ["b", "a"], ["y"], axis=1)]
    ),
    "pad7": one(7, "Pad", pads=[0, 0, 1, 0, 0, 0, 2, 3], mode="constant", value=0.5),
    "pad-reflect": one(13, "Pad", [ints("p", 0, 0, 1, 1, 0, 0, 2, 2)], ["p"], mode="reflect"),
    "pad-wrap19": one(19, "Pad", [ints("p", 0, 0, 1, 1, 0, 0, 2, 2)], ["p"], mode="wrap"),
    "dropout7": one(7, "Dropout", ratio=0.25),
    "dropout12": model(
        12,
        [node("Dropout", ["x", "r", "t"], ["y", "mask"], seed=1)],
        [numpy_helper.from_array(np.float32(0.5), "r"), numpy_helper.from_array(np.array(False), "t")],
    ),
    "reducemean13": one(13, "ReduceMean", axes=[2, 3], keepdims=0),
    "upsample7": one(7, "Upsample", scales=[1.0, 1.0, 2.0, 1.5], mode="nearest"),
    "upsample9": one(9, "Upsample", [numpy_helper.from_array(np.float32([1, 1, 2, 2]), "s")], ["s"], mode="linear"),
    "resize10": one(10, "Resize", [numpy_helper.from_array(np.float32([1, 1, 0.5, 2]), "s")], ["s"], mode="nearest"),
    "resize11": one(
        11,
        "Resize",
        [numpy_helper.from_array(np.float32([]), "e"), numpy_helper.from_array(np.float32([1, 1, 2, 2]), "s")],
        ["e", "s"],
        mode="linear",
        coordinate_transformation_mode="pytorch_half_pixel",
        cubic_coeff_a=-0.75,
        nearest_mode="floor",
    ),
    "resize-sizes13": one(
        13, "Resize", [ints("z", 2, 4, 9, 5)], ["", "", "z"], shape=(2, 4, 6, 6), mode="nearest",
        coordinate_transformation_mode="asymmetric", nearest_mode="floor"
    ),
    "softmax-matrix9": one(9, "Softmax", shape=("N", 7)),
    "softmax-map11": one(11, "Softmax"),
    "softmax-axis2": one(11, "LogSoftmax", axis=2),
    "softmax-pooled9": model(9, [node("GlobalAveragePool", ["x"], ["p"]), node("Softmax", ["p"], ["y"])]),
    "softmax13": one(13, "Softmax", axis=1),
    "batchnorm7": one(
        7, "BatchNormalization", [weights("s", 4), weights("b", 4), weights("m", 4), numpy_helper.from_array(np.float32([1, 2, 3, 4]), "v")],
        ["s", "b", "m", "v"], epsilon=0.01, spatial=1
    ),
    "initializer-input3": model(
        9, [node("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3], pads=[0, 1, 2, 1])], [weights("w", 2, 4, 3, 3)], ir=3,
        inputs=[
            helper.make_tensor_value_info("w", TensorProto.FLOAT, [2, 4, 3, 3]),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4, 6, 6]),
        ]
    ),
    "conv-same": one(13, "Conv", [weights("w", 2, 4, 3, 2)], ["w"], auto_pad="SAME_LOWER", strides=[2, 2]),
    "convtranspose": one(
        11, "ConvTranspose", [weights("w", 4, 3, 3, 3), weights("b", 6)], ["w", "b"], group=2, strides=[2, 2],
        output_padding=[1, 1], pads=[1, 0, 1, 0]
    ),
    "maxpool-ceil": one(12, "MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, storage_order=0),
    "averagepool-dilated19": one(19, "AveragePool", kernel_shape=[2, 2], dilations=[2, 2], count_include_pad=1),
    "values12": model(
        13,
        [
            node("Constant", [], ["f"], value_floats=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            node("Constant", [], ["i"], value_ints=[0, 2]),
            node("Constant", [], ["h"], value_float=0.5),
            node("Add", ["x", "f"], ["a"]),
            node("Gather", ["a", "i"], ["g"], axis=1),
            node("Mul", ["g", "h"], ["y"]),
        ],
    ),
    "arithmetic15": model(
        15,
        [
            node("Shape", ["x"], ["s"], start=0, end=1),
            node("Cast", ["m"], ["c"], to=TensorProto.INT64),
            node("Concat", ["s", "c"], ["t"], axis=0),
            node("Reshape", ["x", "t"], ["y"]),
        ],
        [numpy_helper.from_array(np.array([-1], np.int32), "m")],
    ),
    "double-typed": model(
        13,
        [node("Cast", ["w"], ["f"], to=TensorProto.FLOAT), node("Mul", ["x", "f"], ["y"])],
        [helper.make_tensor("w", TensorProto.DOUBLE, [6], [1, -2, 0.5, 4, 5, 6])],
    ),
    "half": model(
        13,
        [node("Cast", ["w"], ["f"], to=TensorProto.FLOAT), node("Mul", ["x", "f"], ["y"])],
        [weights("w", 6, dtype=np.float16)],
    ),
    "float-typed": one(13, "Mul", [helper.make_tensor("w", TensorProto.FLOAT, [2, 3], [1, 2, 3, 4, 5, 6])], ["w"], shape=("N", 2, 3)),
}
for name, proto in older.items():
    onnx.checker.check_model(onnx.shape_inference.infer_shapes(proto))
    path = here / "older" / f"{name}.onnx"
    onnx.save(proto, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    feed = [i for i in session.get_inputs()][0]
    session.run(None, {feed.name: np.ones([2 if isinstance(d, str) else d for d in feed.shape], np.float32)})


def outside(location, **fields):
    tensor = weights("w", 4, 1, 1)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **fields}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    return one(13, "Mul", [tensor], ["w"])


def broken(edit):
    tensor = weights("w", 4, 1, 1)
    edit(tensor)
    return one(13, "Mul", [tensor], ["w"])


nan = numpy_helper.from_array(np.float32([1, np.nan, 3, 4]).reshape(4, 1, 1), "w")
sparse = one(13, "Mul", [], ["w"])
sparse.graph.sparse_initializer.append(
    helper.make_sparse_tensor(weights("w", 1), ints("indices", 0), [4, 1, 1])
)
refused = {
    "opset6": one(6, "Relu"),
    "opset99": one(99, "Relu"),
    "domain": model(13, [node("Gelu", ["x"], ["y"], name="act", domain="com.example")], domains=["com.example"]),
    "unknown-operator": one(13, "Det"),
    "unknown-attribute": one(13, "Relu", speed=3),
    "attribute-type": one(13, "LeakyRelu", alpha=[1, 2]),
    "attribute-of-older-set": one(13, "Clip", min=0.0),
    "nan": one(13, "Mul", [nan], ["w"]),
    "sparse": sparse,
    "external": outside("external.bin", offset=4, length=16),
    "external-absent": outside("absent.bin"),
    "external-parent": outside("../older/clip6.onnx"),
    "external-absolute": outside("/etc/hostname"),
    "external-folder": outside("."),
    "external-short": outside("external.bin", offset=8),
    "external-negative": outside("external.bin", offset=-4),
    "external-length": outside("external.bin", length=12),
    "dims": broken(lambda t: t.dims.__setitem__(0, 5)),
    "dims-huge": broken(lambda t: t.dims.__setitem__(0, 1 << 62)),
    "dims-negative": broken(lambda t: t.dims.__setitem__(0, -4)),
    "type-string": broken(lambda t: setattr(t, "data_type", TensorProto.STRING)),
    "type-unknown": broken(lambda t: setattr(t, "data_type", 99)),
    "undefined-value": one(13, "Mul", [], ["nowhere"]),
    "cycle": model(13, [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"])]),
    "twice": model(13, [node("Relu", ["x"], ["y"]), node("Tanh", ["x"], ["y"])]),
    "indices": model(13, [node("MaxPool", ["x"], ["y", "i"], kernel_shape=[2, 2]), node("Relu", ["i"], ["z"])], outputs=("y", "z")),
    "integer-input": model(
        13, [node("Gather", ["x", "i"], ["y"])],
        inputs=[helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4]), helper.make_tensor_value_info("i", TensorProto.INT64, [2])]
    ),
    "arity": model(13, [node("Add", ["x"], ["y"])]),
    "kernel-shape": one(13, "Conv", [weights("w", 2, 4, 3, 3)], ["w"], kernel_shape=[5, 5]),
    "stride": one(13, "MaxPool", kernel_shape=[2, 2], strides=[0, 1]),
    "cast": one(13, "Cast", to=TensorProto.STRING),
}
for name, proto in refused.items():
    onnx.save(proto, here / "refused" / f"{name}.onnx")
(here / "refused" / "external.bin").write_bytes(np.float32([9, 1, 2, 3, 4]).tobytes())
(here / "refused" / "empty.onnx").write_bytes(b"")
(here / "refused" / "text.onnx").write_text("This is no model.\n")

case = here / "case"
(case / "test_data_set_0").mkdir(parents=True, exist_ok=True)
scalar = [helper.make_tensor_value_info(n, TensorProto.FLOAT, []) for n in ("min", "max")]
clip = model(
    13, [node("Clip", ["x", "min", "max"], ["y"])], inputs=[helper.make_tensor_value_info("x", TensorProto.FLOAT, [3]), *scalar]
)
onnx.save(clip, case / "model.onnx")
data = {"input_0": ("x", [-2, 0, 2]), "input_1": ("min", -1), "input_2": ("max", 1), "output_0": ("y", [-1, 0, 1])}
for file, (name, values) in data.items():
    onnx.save_tensor(numpy_helper.from_array(np.float32(values), name), case / "test_data_set_0" / f"{file}.pb")
