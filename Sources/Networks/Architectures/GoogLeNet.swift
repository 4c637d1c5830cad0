extension Architecture {
  /// GoogLeNet without its auxiliary classifiers, named as in torchvision, which has batch normalisation instead of response
  /// normalisation, 3 × 3 kernels in the branch of 5 × 5, and drops 0.2 where the paper drops 0.4.
  ///
  /// Source: C. Szegedy et al., "Going deeper with convolutions", CVPR 2015, table 1; initial weights and response normalisation
  /// as in Caffe's model.
  static let googlenet = Architecture(name: "googlenet", input: [3, 224, 224], classes: 1000) { b, input, classes in
    let norm = Op.LRN(size: 5, alpha: 1e-4, beta: 0.75, bias: 1)
    func conv(_ x: String, _ filters: Int, _ kernel: Int, stride: Int = 1, _ name: String) throws -> String {
      let padding = kernel / 2
      let y = try b.conv(x, name, to: filters, kernel: kernel, stride: stride, padding: padding, bias: 0.2, drawn: .xavier)
      return try b.relu(y, name + ".relu")
    }
    func pool(_ x: String, _ name: String) throws -> String {
      try b.maxPool(x, name, kernel: 3, stride: 2, ceilMode: true)
    }
    var x = try pool(conv(input, 64, 7, stride: 2, "conv1"), "maxpool1")
    x = try conv(b.add(norm, [x], "norm1"), 64, 1, "conv2")
    x = try b.add(norm, [conv(x, 192, 3, "conv3")], "norm2")
    x = try pool(x, "maxpool2")
    // The filters of 1 × 1, of the reduction and the convolution of 3 × 3 and of 5 × 5, and of the projection of the pool.
    for (name, filters) in [
      ("3a", [64, 96, 128, 16, 32, 32]), ("3b", [128, 128, 192, 32, 96, 64]), ("4a", [192, 96, 208, 16, 48, 64]),
      ("4b", [160, 112, 224, 24, 64, 64]), ("4c", [128, 128, 256, 24, 64, 64]), ("4d", [112, 144, 288, 32, 64, 64]),
      ("4e", [256, 160, 320, 32, 128, 128]), ("5a", [256, 160, 320, 32, 128, 128]), ("5b", [384, 192, 384, 48, 128, 128]),
    ] {
      if name == "4a" { x = try pool(x, "maxpool3") }
      if name == "5a" { x = try pool(x, "maxpool4") }
      let block = "inception\(name)"
      let one = try conv(x, filters[0], 1, block + ".branch1")
      let three = try conv(conv(x, filters[1], 1, block + ".branch2.0"), filters[2], 3, block + ".branch2.1")
      let five = try conv(conv(x, filters[3], 1, block + ".branch3.0"), filters[4], 5, block + ".branch3.1")
      let pooled = try b.maxPool(x, block + ".branch4.0", kernel: 3, stride: 1, padding: 1)
      let projected = try conv(pooled, filters[5], 1, block + ".branch4.1")
      x = try b.add(Op.Concat(axis: 1), [one, three, five, projected], block)
    }
    return try b.linear(b.dropout(b.globalAverage(x, "avgpool"), "dropout", ratio: 0.4), "fc", to: classes, drawn: .xavier)
  }
}
