"""Imports torch, torchvision and timm once, in the order and with the settings that every step needs.

PyPI's torchvision is built for CUDA's torch; beside the CPU's it finds no C++ library, and then its import fails because it
describes operators that nothing has defined. No network is exported with them, so their declarations alone are enough.
"""

import importlib.util
import os
import pathlib
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.filterwarnings("ignore")

import torch  # noqa: E402


def declare_missing_operators():
    folder = pathlib.Path(importlib.util.find_spec("torchvision").submodule_search_locations[0])
    try:
        torch.ops.load_library(str(folder / "_C.so"))
    except OSError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return library  # What is declared ends with it.
    return None


DECLARED = declare_missing_operators()

import timm  # noqa: E402
import timm.layers  # noqa: E402
import torchvision  # noqa: E402

timm.layers.set_exportable(True)
torch.set_num_threads(1)
# The fused path of attention at inference has no ONNX counterpart, and is not what is differentiated.
torch.backends.mha.set_fastpath_enabled(False)

__all__ = ["timm", "torch", "torchvision"]
