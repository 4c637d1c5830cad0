extension Architecture {
  /// A small VGG for 28 × 28 images: three stages of two 3 × 3 convolutions with batch normalisation, and two linear layers;
  /// 435,754 weights.
  static let vggLike = Architecture(name: "vgg-like", input: [1, 28, 28], classes: 10) { b, input, classes in
    var x = input
    for (stage, filters) in [32, 64, 128].enumerated() {
      for layer in 1...2 {
        let name = "features.\(stage).conv\(layer)"
        x = try b.conv(x, name, to: filters, kernel: 3, padding: 1)
        x = try b.relu(b.norm(x, "features.\(stage).bn\(layer)"), "features.\(stage).relu\(layer)")
      }
      x = try b.maxPool(x, "features.\(stage).pool", kernel: 2, stride: 2)
    }
    x = try b.relu(b.linear(b.flatten(x), "classifier.0", to: 128), "classifier.1")
    return try b.linear(x, "classifier.2", to: classes)
  }

  /// VGG with 11, 13, 16 and 19 layers, each without and with batch normalisation, as torchvision has them.
  ///
  /// The first linear layer takes the last feature maps as large as they are (7 × 7 for 224 × 224 images).
  ///
  /// Source: K. Simonyan, A. Zisserman, "Very deep convolutional networks", ICLR 2015.
  static let vggs: [Architecture] = [11: [1, 1, 2, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4]]
    .sorted { $0.key < $1.key }
    .flatMap { depth, layers in [vgg("vgg\(depth)", layers, norm: false), vgg("vgg\(depth)-bn", layers, norm: true)] }

  private static func vgg(_ name: String, _ layers: [Int], norm: Bool) -> Architecture {
    Architecture(name: name, input: [3, 224, 224], classes: 1000) { b, input, classes in
      var x = input
      var position = 0
      func next() -> String {
        defer { position += 1 }
        return "features.\(position)"
      }
      for (filters, count) in zip([64, 128, 256, 512, 512], layers) {
        for _ in 0..<count {
          x = try b.conv(x, next(), to: filters, kernel: 3, padding: 1, bias: 0)
          if norm { x = try b.norm(x, next()) }
          x = try b.relu(x, next())
        }
        x = try b.maxPool(x, next(), kernel: 2, stride: 2)
      }
      x = try b.relu(b.linear(b.flatten(x), "classifier.0", to: 4096, drawn: .normal(0.01)), "classifier.1")
      x = try b.dropout(x, "classifier.2")
      x = try b.relu(b.linear(x, "classifier.3", to: 4096, drawn: .normal(0.01)), "classifier.4")
      x = try b.dropout(x, "classifier.5")
      return try b.linear(x, "classifier.6", to: classes, drawn: .normal(0.01))
    }
  }
}
