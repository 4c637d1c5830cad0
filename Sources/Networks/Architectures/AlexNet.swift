extension Architecture {
  /// AlexNet as torchvision has it: one group, no response normalisation.
  ///
  /// Source: A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks", arXiv:1404.5997.
  static let alexnet = Architecture(name: "alexnet", input: [3, 224, 224], classes: 1000) { b, input, classes in
    var x = try b.conv(input, "features.0", to: 64, kernel: 11, stride: 4, padding: 2, bias: 0, drawn: .torch)
    x = try b.maxPool(b.relu(x, "features.1"), "features.2", kernel: 3, stride: 2)
    x = try b.conv(x, "features.3", to: 192, kernel: 5, padding: 2, bias: 0, drawn: .torch)
    x = try b.maxPool(b.relu(x, "features.4"), "features.5", kernel: 3, stride: 2)
    for (position, filters) in [(6, 384), (8, 256), (10, 256)] {
      x = try b.conv(x, "features.\(position)", to: filters, kernel: 3, padding: 1, bias: 0, drawn: .torch)
      x = try b.relu(x, "features.\(position + 1)")
    }
    x = try b.flatten(b.maxPool(x, "features.12", kernel: 3, stride: 2))
    x = try b.relu(b.linear(b.dropout(x, "classifier.0"), "classifier.1", to: 4096), "classifier.2")
    x = try b.relu(b.linear(b.dropout(x, "classifier.3"), "classifier.4", to: 4096), "classifier.5")
    return try b.linear(x, "classifier.6", to: classes)
  }

  /// The AlexNet of the paper: three convolutions in two groups, local response normalisation, dropout behind two layers.
  ///
  /// Source: A. Krizhevsky, I. Sutskever, G. E. Hinton, "ImageNet classification with deep convolutional neural networks",
  /// NIPS 2012 (k = 2, n = 5, α = 10⁻⁴, β = 0.75; ONNX divides α by n); images of 227, which its sizes imply.
  static let groupedAlexNet = Architecture(name: "alexnet-grouped", input: [3, 227, 227], classes: 1000) { b, input, classes in
    let norm = Op.LRN(size: 5, alpha: 5e-4, beta: 0.75, bias: 2)
    var x = try b.relu(b.conv(input, "conv1", to: 96, kernel: 11, stride: 4, bias: 0, drawn: .torch), "relu1")
    x = try b.maxPool(b.add(norm, [x], "norm1"), "pool1", kernel: 3, stride: 2)
    x = try b.relu(b.conv(x, "conv2", to: 256, kernel: 5, padding: 2, group: 2, bias: 0, drawn: .torch), "relu2")
    x = try b.maxPool(b.add(norm, [x], "norm2"), "pool2", kernel: 3, stride: 2)
    x = try b.relu(b.conv(x, "conv3", to: 384, kernel: 3, padding: 1, bias: 0, drawn: .torch), "relu3")
    x = try b.relu(b.conv(x, "conv4", to: 384, kernel: 3, padding: 1, group: 2, bias: 0, drawn: .torch), "relu4")
    x = try b.relu(b.conv(x, "conv5", to: 256, kernel: 3, padding: 1, group: 2, bias: 0, drawn: .torch), "relu5")
    x = try b.flatten(b.maxPool(x, "pool5", kernel: 3, stride: 2))
    x = try b.dropout(b.relu(b.linear(x, "fc6", to: 4096), "relu6"), "drop6")
    x = try b.dropout(b.relu(b.linear(x, "fc7", to: 4096), "relu7"), "drop7")
    return try b.linear(x, "fc8", to: classes)
  }
}
