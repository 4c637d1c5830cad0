extension Architecture {
  /// LeNet-5 with the widths of Caffe's example (20, 50 and 500; 431,080 weights), which pruning papers compare on; here a ReLU
  /// follows every hidden layer.
  ///
  /// Source: Y. LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE 1998; the widths are Caffe's.
  static let lenet = Architecture(name: "lenet", input: [1, 28, 28], classes: 10) { b, input, classes in
    var x = try b.relu(b.conv(input, "conv1", to: 20, kernel: 5, bias: 0, drawn: .torch), "relu1")
    x = try b.maxPool(x, "pool1", kernel: 2, stride: 2)
    x = try b.relu(b.conv(x, "conv2", to: 50, kernel: 5, bias: 0, drawn: .torch), "relu2")
    x = try b.maxPool(x, "pool2", kernel: 2, stride: 2)
    x = try b.relu(b.linear(b.flatten(x), "fc1", to: 500), "relu3")
    return try b.linear(x, "fc2", to: classes)
  }
}
