extension Architecture {
  /// DenseNet-121 as torchvision has it: growth of 32, bottlenecks of 128.
  ///
  /// Source: G. Huang et al., "Densely connected convolutional networks", CVPR 2017, table 1.
  static let densenet121 = Architecture(name: "densenet121", input: [3, 224, 224], classes: 1000) { b, input, classes in
    var x = try b.conv(input, "features.conv0", to: 64, kernel: 7, stride: 2, padding: 3, drawn: .heFanIn)
    x = try b.relu(b.norm(x, "features.norm0"), "features.relu0")
    x = try b.maxPool(x, "features.pool0", kernel: 3, stride: 2, padding: 1)
    for (stage, count) in [6, 12, 24, 16].enumerated() {
      var joined = [x]
      for layer in 1...count {
        let name = "features.denseblock\(stage + 1).denselayer\(layer)"
        let all = layer == 1 ? x : try b.add(Op.Concat(axis: 1), joined, name + ".concat")
        var y = try b.relu(b.norm(all, name + ".norm1"), name + ".relu1")
        y = try b.conv(y, name + ".conv1", to: 128, kernel: 1, drawn: .heFanIn)
        y = try b.relu(b.norm(y, name + ".norm2"), name + ".relu2")
        joined.append(try b.conv(y, name + ".conv2", to: 32, kernel: 3, padding: 1, drawn: .heFanIn))
      }
      x = try b.add(Op.Concat(axis: 1), joined, "features.denseblock\(stage + 1)")
      guard stage < 3 else { break }
      let name = "features.transition\(stage + 1)"
      x = try b.relu(b.norm(x, name + ".norm"), name + ".relu")
      x = try b.conv(x, name + ".conv", to: b.shape(x)[1] / 2, kernel: 1, drawn: .heFanIn)
      x = try b.add(Op.AveragePool(kernel: [2, 2], window: Window(strides: [2, 2])), [x], name + ".pool")
    }
    x = try b.relu(b.norm(x, "features.norm5"), "relu")
    return try b.linear(b.globalAverage(x, "avgpool"), "classifier", to: classes)
  }
}
