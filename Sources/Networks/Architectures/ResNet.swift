extension Architecture {
  /// ResNet with 18, 34 and 50 layers as torchvision has them (v1.5: the stride of a bottleneck is in its 3 × 3 convolution),
  /// and ResNet-50 as in the paper (v1: in the first 1 × 1).
  ///
  /// Source: K. He et al., "Deep residual learning for image recognition", CVPR 2016.
  static let resnets: [Architecture] = [
    resnet("resnet18", [2, 2, 2, 2], bottleneck: false), resnet("resnet34", [3, 4, 6, 3], bottleneck: false),
    resnet("resnet50", [3, 4, 6, 3], bottleneck: true),
    resnet("resnet50-v1", [3, 4, 6, 3], bottleneck: true, strideInFirst: true),
  ]

  private static func resnet(_ name: String, _ blocks: [Int], bottleneck: Bool, strideInFirst: Bool = false) -> Architecture {
    Architecture(name: name, input: [3, 224, 224], classes: 1000) { b, input, classes in
      var x = try b.norm(b.conv(input, "conv1", to: 64, kernel: 7, stride: 2, padding: 3), "bn1")
      x = try b.maxPool(b.relu(x, "relu"), "maxpool", kernel: 3, stride: 2, padding: 1)
      for (stage, count) in blocks.enumerated() {
        let width = 64 << stage
        for block in 0..<count {
          let name = "layer\(stage + 1).\(block)"
          let stride = stage > 0 && block == 0 ? 2 : 1
          let y =
            bottleneck
            ? try b.bottleneck(x, width, strides: strideInFirst ? (stride, 1) : (1, stride), name)
            : try b.basicBlock(x, width, stride: stride, name)
          var shortcut = x
          if b.shape(x) != b.shape(y) {
            shortcut = try b.conv(x, name + ".downsample.0", to: b.shape(y)[1], kernel: 1, stride: stride)
            shortcut = try b.norm(shortcut, name + ".downsample.1")
          }
          x = try b.relu(b.add(Op.Add(), [y, shortcut], name + ".add"), name + ".relu")
        }
      }
      return try b.linear(b.globalAverage(x, "avgpool"), "fc", to: classes)
    }
  }

  /// ResNet with 20, 32, 56 and 110 layers for CIFAR.
  ///
  /// A shortcut that changes size takes every second pixel and pads channels with zeros (option A), half before and half behind.
  ///
  /// Source: K. He et al., "Deep residual learning for image recognition", CVPR 2016, section 4.2.
  static let residualsForCIFAR: [Architecture] = [20, 32, 56, 110].map { depth in
    Architecture(name: "resnet\(depth)", input: [3, 32, 32], classes: 10) { b, input, classes in
      var x = try b.relu(b.norm(b.conv(input, "conv1", to: 16, kernel: 3, padding: 1), "bn1"), "relu")
      for stage in 0..<3 {
        for block in 0..<(depth - 2) / 6 {
          let name = "layer\(stage + 1).\(block)"
          let stride = stage > 0 && block == 0 ? 2 : 1
          let y = try b.basicBlock(x, 16 << stage, stride: stride, name)
          let shortcut = stride == 1 ? x : try b.subsampled(x, channels: 16 << stage, name + ".shortcut")
          x = try b.relu(b.add(Op.Add(), [y, shortcut], name + ".add"), name + ".relu")
        }
      }
      return try b.linear(b.globalAverage(x, "avgpool"), "fc", to: classes)
    }
  }
}

extension NetworkBuilder {
  /// Two 3 × 3 convolutions, the first with the stride.
  fileprivate mutating func basicBlock(_ x: String, _ width: Int, stride: Int, _ name: String) throws -> String {
    var y = try conv(x, name + ".conv1", to: width, kernel: 3, stride: stride, padding: 1)
    y = try relu(norm(y, name + ".bn1"), name + ".relu1")
    return try norm(conv(y, name + ".conv2", to: width, kernel: 3, padding: 1), name + ".bn2")
  }

  /// 1 × 1, 3 × 3, and 1 × 1 to four times the width; strides of the first two.
  fileprivate mutating func bottleneck(_ x: String, _ width: Int, strides: (Int, Int), _ name: String) throws -> String {
    var y = try conv(x, name + ".conv1", to: width, kernel: 1, stride: strides.0)
    y = try relu(norm(y, name + ".bn1"), name + ".relu1")
    y = try conv(y, name + ".conv2", to: width, kernel: 3, stride: strides.1, padding: 1)
    y = try relu(norm(y, name + ".bn2"), name + ".relu2")
    return try norm(conv(y, name + ".conv3", to: 4 * width, kernel: 1), name + ".bn3")
  }

  /// Every second pixel, between channels of zeros.
  fileprivate mutating func subsampled(_ x: String, channels: Int, _ name: String) throws -> String {
    let added = channels - shape(x)[1]
    let slice = [([0, 0], "starts"), ([Int.max, Int.max], "ends"), ([2, 3], "axes"), ([2, 2], "steps")].map { values, role in
      constant(.integers(values), "\(name).\(role)")
    }
    let pixels = try add(Op.Slice(), [x] + slice, name + ".slice")
    let pads = constant(.integers([0, added / 2, 0, 0, 0, added - added / 2, 0, 0]), name + ".pads")
    return try add(Op.Pad(), [pixels, pads], name + ".pad")
  }
}
