"""Writes operator-cases.json: named applications of operators, run by onnxruntime in float32."""

import json
import pathlib

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

numbers = np.random.default_rng(11)
cases = {}


def floats(*shape):
    """Different numbers with few digits: sums of products are exact, no maximum is shared, none is 0."""
    count = int(np.prod(shape))
    return (numbers.permutation(count).reshape(shape) / 8 - count / 16 + 3 / 32).astype(np.float32)


def ints(*values):
    return np.array(values, dtype=np.int64)


def add(name, op, inputs, outputs=1, opset=18, **attributes):
    values, feeds, names = [], {}, []
    for place, value in enumerate(inputs):
        names.append("" if value is None else f"x{place}")
        if value is not None:
            kind = {np.dtype(np.int64): TensorProto.INT64, np.dtype(bool): TensorProto.BOOL}.get(value.dtype, TensorProto.FLOAT)
            values.append(helper.make_tensor_value_info(names[-1], kind, value.shape))
            feeds[names[-1]] = value
    results = [helper.make_tensor_value_info(f"y{place}", TensorProto.UNDEFINED, None) for place in range(outputs)]
    node = helper.make_node(op, names, [result.name for result in results], **attributes)
    model = helper.make_model(helper.make_graph([node], "case", values, results), opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8 if opset == 18 else 10
    for info in model.graph.output:
        info.type.Clear()
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    cases[name] = {
        "inputs": [None if value is None else plain(value) for value in inputs],
        "outputs": [plain(value) for value in session.run(None, feeds)],
    }


def plain(value):
    return {"shape": list(value.shape), "data": [float(f"{number:.9g}") for number in value.flatten()],
            "integers": value.dtype in (np.int64, bool)}


x = floats(2, 4, 7, 6)
add("conv", "Conv", [x, floats(6, 2, 3, 2), floats(6)], group=2, strides=[2, 1], dilations=[1, 2], pads=[1, 0, 2, 1])
add("conv same upper", "Conv", [x, floats(3, 4, 3, 2)], auto_pad="SAME_UPPER", strides=[2, 3])
add("conv same lower", "Conv", [x, floats(3, 4, 2, 4)], auto_pad="SAME_LOWER", strides=[1, 2])
add("conv valid", "Conv", [x, floats(3, 4, 2, 3)], auto_pad="VALID", strides=[2, 2])
add("conv 1-d", "Conv", [floats(2, 3, 9), floats(4, 3, 3), floats(4)], pads=[1, 2], strides=[2])
add("conv 3-d", "Conv", [floats(1, 2, 4, 5, 3), floats(2, 2, 2, 3, 2)], pads=[1, 0, 1, 0, 1, 0])
add("transposed", "ConvTranspose", [floats(2, 4, 3, 4), floats(4, 3, 3, 2), floats(6)], group=2, strides=[2, 3],
    dilations=[2, 1], pads=[1, 0, 2, 1], output_padding=[1, 2])
add("transposed same upper", "ConvTranspose", [floats(1, 2, 3, 4), floats(2, 3, 3, 4)], auto_pad="SAME_UPPER", strides=[2, 3])
add("transposed same lower", "ConvTranspose", [floats(1, 2, 3, 4), floats(2, 3, 4, 3)], auto_pad="SAME_LOWER", strides=[3, 2])
add("transposed valid", "ConvTranspose", [floats(1, 2, 3, 4), floats(2, 3, 3, 4)], auto_pad="VALID", strides=[2, 3])
add("transposed to a shape", "ConvTranspose", [floats(1, 2, 3, 4), floats(2, 3, 4, 4)], output_shape=[7, 9], strides=[2, 2])
add("gemm", "Gemm", [floats(3, 2), floats(4, 3), floats(4)], transA=1, transB=1, alpha=0.5, beta=2.0)
add("gemm column", "Gemm", [floats(2, 3), floats(3, 4), floats(2, 1)])
add("matmul", "MatMul", [floats(2, 1, 3, 4), floats(5, 4, 2)])
add("matmul vector left", "MatMul", [floats(4), floats(3, 4, 2)])
add("matmul vector right", "MatMul", [floats(3, 2, 4), floats(4)])
add("matmul vectors", "MatMul", [floats(4), floats(4)])

variance = np.array([0.5, 1, 2, 4], np.float32)
add("batch norm", "BatchNormalization", [x, floats(4), floats(4), floats(4), variance], epsilon=0.01)
add("batch norm in training", "BatchNormalization", [x, floats(4), floats(4), floats(4), variance], 3, epsilon=0.01,
    training_mode=1)
add("lrn", "LRN", [floats(2, 7, 3, 2)], size=3, alpha=0.5, beta=0.6, bias=1.5)

wide = floats(3, 4, 5)
add("relu", "Relu", [wide])
add("leaky relu", "LeakyRelu", [wide], alpha=0.1)
add("prelu", "PRelu", [wide, floats(4, 1)])
add("clip", "Clip", [wide, np.array(-1.0, np.float32), np.array(2.0, np.float32)])
add("clip above", "Clip", [wide, None, np.array(2.0, np.float32)])
add("sigmoid", "Sigmoid", [wide])
add("hard sigmoid", "HardSigmoid", [wide], alpha=0.3, beta=0.4)
add("hard swish", "HardSwish", [wide])
add("tanh", "Tanh", [wide])
add("elu", "Elu", [wide], alpha=0.7)
add("softmax", "Softmax", [wide], axis=1)
add("log softmax", "LogSoftmax", [wide], axis=-1)

add("max pool", "MaxPool", [x], kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1], dilations=[1, 2])
add("max pool ceil", "MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
add("max pool same", "MaxPool", [x], kernel_shape=[3, 2], strides=[2, 2], auto_pad="SAME_LOWER")
add("average pool", "AveragePool", [x], kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])
add("average pool with padding", "AveragePool", [x], kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1], count_include_pad=1)
add("average pool ceil", "AveragePool", [x], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
add("average pool same", "AveragePool", [x], kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
add("global average pool", "GlobalAveragePool", [x])
add("global max pool", "GlobalMaxPool", [x])
add("mean", "ReduceMean", [x, ints(2, -1)], keepdims=0)
add("mean kept", "ReduceMean", [x, ints(1)])
add("mean of all", "ReduceMean", [x])
add("mean of none", "ReduceMean", [x, ints()], noop_with_empty_axes=1)

for op in ["Add", "Sub", "Mul", "Div"]:
    add(op.lower(), op, [floats(2, 1, 4), floats(3, 1) + 2])
add("integer quotient", "Div", [ints(7, -7, 9, -9), ints(2, 2, -4, 5)])
add("sum", "Sum", [floats(3, 4), floats(4), floats(2, 1, 1)])

add("concat", "Concat", [floats(2, 3, 2), floats(2, 1, 2), floats(2, 4, 2)], axis=-2)
add("split", "Split", [floats(2, 7), ints(2, 1, 4)], 3, axis=1)
add("split unevenly", "Split", [floats(7, 2)], 3, num_outputs=3)
add("slice", "Slice", [floats(5, 6, 7), ints(4, 1), ints(-(2**63), 2**63 - 1), ints(0, -1), ints(-2, 3)])
add("slice from behind", "Slice", [floats(5, 6), ints(-9, -2), ints(3, -1)])
for mode in ["constant", "reflect", "edge"]:
    add(f"pad {mode}", "Pad", [floats(3, 4), ints(1, 2, 2, 3), np.array(0.5, np.float32)], mode=mode)
add("pad some axes", "Pad", [floats(2, 3, 4), ints(1, -1, 2, 0), None, ints(-1, 1)])
add("flatten", "Flatten", [floats(2, 3, 4, 2)], axis=-2)
add("reshape", "Reshape", [floats(2, 3, 4), ints(0, -1, 2)])
add("squeeze", "Squeeze", [floats(1, 3, 1, 2), ints(-2)])
add("squeeze all", "Squeeze", [floats(1, 3, 1, 2)])
add("unsqueeze", "Unsqueeze", [floats(3, 2), ints(-1, 0)])
add("transpose", "Transpose", [floats(2, 3, 4)], perm=[2, 0, 1])
add("transpose reversed", "Transpose", [floats(2, 3, 4)])
add("expand", "Expand", [floats(3, 1), ints(2, 1, 4)])
add("dropout", "Dropout", [wide])
add("identity", "Identity", [wide])
add("constant of shape", "ConstantOfShape", [ints(2, 3)])
add("cast", "Cast", [np.array([-1.5, 2.75, 0], np.float32)], to=int(TensorProto.INT64))
add("shape", "Shape", [x], start=1, end=-1)
add("gather", "Gather", [floats(3, 5, 2), ints(4, -1, 0, 1).reshape(2, 2)], axis=1)
add("gather one", "Gather", [ints(3, 5, 7), np.array(-2, np.int64)])

image = floats(1, 2, 4, 5)
scales = np.array([1, 1, 1.75, 0.7], np.float32)
for rounding in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]:
    add(f"nearest {rounding}", "Resize", [image, None, scales], nearest_mode=rounding)
for coordinates in ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]:
    add(f"linear {coordinates}", "Resize", [image, None, None, ints(1, 2, 7, 3)], mode="linear",
        coordinate_transformation_mode=coordinates)
    add(f"nearest {coordinates}", "Resize", [image, None, None, ints(1, 2, 1, 9)], nearest_mode="floor",
        coordinate_transformation_mode=coordinates)
add("linear scales", "Resize", [image, None, scales], mode="linear")

wave = np.abs(wide) + np.float32(0.25)
add("selu", "Selu", [wide])
add("celu", "Celu", [wide], alpha=0.7)
add("thresholded relu", "ThresholdedRelu", [wide], alpha=0.6)
add("softplus", "Softplus", [wide])
add("softsign", "Softsign", [wide])
add("gelu", "Gelu", [wide], opset=20)
add("gelu by tanh", "Gelu", [wide], opset=20, approximate="tanh")
add("mish", "Mish", [wide])
for name in ["Erf", "Exp", "Abs", "Neg"]:
    add(name.lower(), name, [wide])
for name in ["Log", "Sqrt", "Reciprocal"]:
    add(name.lower(), name, [wave])
add("pow", "Pow", [wave, floats(5)])
add("min", "Min", [wide, floats(4, 1) + np.float32(1 / 32), floats(1, 1, 5)])
add("max", "Max", [wide, floats(4, 1) + np.float32(1 / 32), floats(1, 1, 5)])
for name in ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"]:
    add(f"logic {name}", name, [np.array([1, 2, 3], np.float32), np.array([[2], [3]], np.float32)])
choice = np.array([True, False, True])
add("logic And", "And", [choice, np.array([[True], [False]])])
add("logic Or", "Or", [choice, np.array([[True], [False]])])
add("logic Not", "Not", [choice])
add("where", "Where", [choice, floats(2, 3), floats(3)])
for name in ["Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare"]:
    add(f"reduce {name}", f"Reduce{name}", [floats(2, 3, 4), ints(-1, 0)])

add("layer norm", "LayerNormalization", [floats(2, 3, 5), floats(5), floats(5)], epsilon=0.01)
add("layer norm of maps", "LayerNormalization", [floats(2, 3, 2, 4), floats(3, 2, 4)], axis=1)
add("cast to bool", "Cast", [np.array([0, 0.5, -3, 0], np.float32)], to=TensorProto.BOOL)
add("mod", "Mod", [ints(7, -7, 7, -7, 6), ints(3, 3, -3, -3, 3)])
add("mod like C", "Mod", [ints(7, -7, 7, -7, 6), ints(3, 3, -3, -3, 3)], fmod=1)
add("range", "Range", [np.array(9, np.int64), np.array(-2, np.int64), np.array(-3, np.int64)])
add("scatter", "ScatterND", [floats(3, 4), np.array([[[2, 1], [0, -1]]], np.int64), floats(1, 2)])
add("scatter rows", "ScatterND", [floats(3, 2, 2), np.array([[2], [0]], np.int64), floats(2, 2, 2)])
add("instance norm", "InstanceNormalization", [floats(2, 3, 4, 5), floats(3), floats(3)], epsilon=0.01)
add("instance norm of groups", "InstanceNormalization", [floats(2, 2, 7), floats(2), floats(2)])
add("ceil", "Ceil", [floats(3, 4) * 3])
add("floor", "Floor", [floats(3, 4) * 3])
add("round", "Round", [np.array([0.5, 1.5, -0.5, -1.5, 2.3, -2.7], np.float32)])
add("sign", "Sign", [np.array([0.5, 0, -3], np.float32)])
add("sine", "Sin", [floats(3, 4) * 3])
add("cosine", "Cos", [floats(3, 4) * 3])
add("tile", "Tile", [floats(2, 1, 3), np.array([1, 4, 2], np.int64)])
add("repeat", "Tile", [floats(2, 1, 3), np.array([1, 4, 1], np.int64)])
add("einsum", "Einsum", [floats(2, 3, 4), floats(2, 5, 4)], equation="bid,bjd->bij")
add("einsum of heads", "Einsum", [floats(2, 3, 2, 3, 4), floats(3, 5, 4)], equation="bywhc,hkc->bywhk")
add("einsum, vectors", "Einsum", [floats(3, 4), floats(3, 4)], equation="ij, ij -> i")
add("einsum, outer", "Einsum", [floats(3), floats(4)], equation="i,j")
add("depth to space", "DepthToSpace", [floats(2, 8, 2, 3)], blocksize=2)
add("pixel shuffle", "DepthToSpace", [floats(2, 8, 2, 3)], blocksize=2, mode="CRD")
add("space to depth", "SpaceToDepth", [floats(2, 2, 3, 6)], blocksize=3)

add("gather parts", "GatherND", [floats(3, 4, 2), ints(2, 1, 0, -1).reshape(2, 1, 2)])
add("gather in batches", "GatherND", [floats(2, 3, 4), ints(1, 2).reshape(2, 1)], batch_dims=1)
add("one hot", "OneHot", [ints(2, -1, 0, 7).reshape(2, 2), ints(4), np.array([0.5, 3], np.float32)], axis=1)
add("one hot last", "OneHot", [ints(2, 0), ints(3), ints(0, 1)])
add("eye", "EyeLike", [floats(3, 4)], k=1)
add("eye of integers", "EyeLike", [floats(4, 3)], k=-1, dtype=int(TensorProto.INT64))
for name, flags in {"": {}, " exclusive": {"exclusive": 1}, " reversed": {"reverse": 1},
                    " exclusive and reversed": {"exclusive": 1, "reverse": 1}}.items():
    add(f"running sum{name}", "CumSum", [floats(2, 3, 4), np.array(-2, np.int64)], **flags)
add("non-zero", "NonZero", [np.array([[1, 0, 0], [0.5, 0, -3]], np.float32)])

# Cubics: onnxruntime resizes the last two axes alone.
for coordinates in ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]:
    for outside in [0, 1]:
        add(f"cubic {coordinates}{' inside' if outside else ''}", "Resize", [image, None, None, ints(1, 2, 7, 3)], mode="cubic",
            coordinate_transformation_mode=coordinates, exclude_outside=outside, cubic_coeff_a=-0.5 if outside else -0.75)
add("cubic scales", "Resize", [image, None, scales], mode="cubic")
add("cubic to one", "Resize", [image, None, None, ints(1, 2, 1, 9)], mode="cubic")

# No coordinate lies on a kink, and some lie far outside.
places = (numbers.permutation(2 * 5 * 3 * 2).reshape(2, 5, 3, 2) / 16 - 127 / 64).astype(np.float32)
for mode in ["linear", "nearest"]:
    for padding in ["zeros", "border", "reflection"]:
        for corners in [0, 1]:
            add(f"sample {mode} {padding}{' corners' if corners else ''}", "GridSample", [floats(2, 3, 4, 5), places], opset=20,
                mode=mode, padding_mode=padding, align_corners=corners)

path = pathlib.Path(__file__).with_name("operator-cases.json")
lines = [f"{json.dumps(name)}:{json.dumps(case, separators=(',', ':'))}" for name, case in cases.items()]
path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
print(len(cases), "cases")
