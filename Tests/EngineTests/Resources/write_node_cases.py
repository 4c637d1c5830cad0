"""Writes ONNX's own test cases of some operators into a folder, one sub-folder a case.

    write_node_cases.py FOLDER OPERATOR...

A case is taken if its model is one node and all its tensors are float32, int64 or bool.
"""

import pathlib
import sys
import warnings

import numpy
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

warnings.filterwarnings("ignore")
folder = pathlib.Path(sys.argv[1])
operators = set(sys.argv[2:])
kinds = {numpy.dtype("float32"), numpy.dtype("int64"), numpy.dtype("bool")}

for case in collect_testcases(None):
    nodes = case.model.graph.node
    if len(nodes) != 1 or nodes[0].op_type not in operators or nodes[0].domain:
        continue
    inputs, outputs = case.data_sets[0]
    tensors = [*inputs, *outputs]
    if not all(isinstance(t, numpy.ndarray) and t.dtype in kinds for t in tensors):
        continue
    values = case.model.graph.input, case.model.graph.output
    data = folder / case.name / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / case.name / "model.onnx").write_bytes(case.model.SerializeToString())
    for kind, arrays, infos in zip(("input", "output"), (inputs, outputs), values):
        for index, (array, info) in enumerate(zip(arrays, infos)):
            tensor: TensorProto = numpy_helper.from_array(array, info.name)
            (data / f"{kind}_{index}.pb").write_bytes(tensor.SerializeToString())
