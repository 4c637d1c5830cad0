"""Which columns onnxruntime's Resize takes in mode nearest, for many pairs of lengths: writes resize-columns.json beside this file.

Each entry holds the columns of all pairs, one character a column (base 36), with a space between pairs; "sizes" gives the length,
"scales" the quotient in single precision.
"""

import json
import pathlib

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper

FROM = range(3, 21)
TO = {"sizes": range(2, 41), "scales": (2, 3, 5, 7, 8, 12, 13, 17, 20, 24, 31, 40)}
COORDINATES = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.log_severity_level = 3


def columns(coordinates, rounding, form, source, target):
    inputs = ["x", "", "", "s"] if form == "sizes" else ["x", "", "s"]
    if form == "sizes":
        value = helper.make_tensor("s", TensorProto.INT64, [4], [1, 1, 2, target])
    else:
        value = helper.make_tensor("s", TensorProto.FLOAT, [4], [1, 1, 1, float(numpy.float32(target) / numpy.float32(source))])
    node = helper.make_node(
        "Resize", inputs, ["y"], mode="nearest", coordinate_transformation_mode=coordinates, nearest_mode=rounding)
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 2, source])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], [value])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    data = numpy.tile(numpy.arange(source, dtype=numpy.float32), (1, 1, 2, 1))
    row = session.run(None, {"x": data})[0][0, 0, 0]
    return "".join(DIGITS[int(value)] for value in row)


result = {"onnxruntime": onnxruntime.__version__, "from": list(FROM), "to": {k: list(v) for k, v in TO.items()}, "columns": {}}
for coordinates in COORDINATES:
    for rounding in ROUNDINGS:
        for form in TO:
            result["columns"][f"{coordinates} {rounding} {form}"] = " ".join(
                columns(coordinates, rounding, form, source, target) for source in FROM for target in TO[form])
path = pathlib.Path(__file__).parent / "resize-columns.json"
path.write_text(json.dumps(result, indent=1) + "\n")
