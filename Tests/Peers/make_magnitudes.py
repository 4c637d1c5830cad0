"""Writes Tests/PruningTests/Resources/torch-pruning.json: magnitudes of filters as Torch-Pruning computes them.

Needs torch and torch-pruning 1.6.1 (`pip install torch torch-pruning==1.6.1`). The network's weights are a formula that the test
repeats: element k of the tensor with number t is sin(1 + t + 0.37 k).
"""
import json
import sys

import torch
import torch_pruning


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 6, 3, padding=1)
        self.bn1 = torch.nn.BatchNorm2d(6)
        self.conv2 = torch.nn.Conv2d(6, 8, 3, padding=1)
        self.fc = torch.nn.Linear(8, 4)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        return self.fc(torch.relu(self.conv2(x)).mean((2, 3)))


network = Network().eval()
with torch.no_grad():
    for t, name in enumerate(['conv1.weight', 'bn1.weight', 'conv2.weight']):
        tensor = network.get_parameter(name)
        k = torch.arange(tensor.numel(), dtype=torch.float64)
        tensor.copy_(torch.sin(1 + t + 0.37 * k).reshape(tensor.shape))
example = torch.zeros(1, 3, 8, 8)
result = {'torch-pruning': torch_pruning.__version__}
importances = {
    'l1': torch_pruning.importance.GroupMagnitudeImportance(p=1, group_reduction='first', normalizer=None),
    'l2-squared': torch_pruning.importance.GroupMagnitudeImportance(p=2, group_reduction='first', normalizer=None),
    'bn-scale': torch_pruning.importance.BNScaleImportance(group_reduction='mean', normalizer=None),
    'fpgm-of-squares': torch_pruning.importance.FPGMImportance(p=2, group_reduction='first', normalizer=None),
}
for name, importance in importances.items():
    graph = torch_pruning.DependencyGraph().build_dependency(network, example_inputs=example)
    layers = ['conv1'] if name == 'bn-scale' else ['conv1', 'conv2']
    for layer in layers:
        module = getattr(network, layer)
        group = graph.get_pruning_group(module, torch_pruning.prune_conv_out_channels, list(range(module.out_channels)))
        result[f'{name}/{layer}'] = importance(group).double().tolist()
json.dump(result, open(sys.argv[1], 'w'), indent=1)
