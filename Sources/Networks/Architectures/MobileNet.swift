extension Architecture {
  /// MobileNet v2 of width 1 as torchvision has it.
  ///
  /// Source: M. Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", CVPR 2018, table 2.
  static let mobilenetV2 = Architecture(name: "mobilenet-v2", input: [3, 224, 224], classes: 1000) { b, input, classes in
    func layer(_ x: String, _ filters: Int, kernel: Int, stride: Int = 1, group: Int = 1, _ name: String) throws -> String {
      let y = try b.conv(x, name + ".0", to: filters, kernel: kernel, stride: stride, padding: kernel / 2, group: group)
      return try b.relu6(b.norm(y, name + ".1"), name + ".2")
    }
    var x = try layer(input, 32, kernel: 3, stride: 2, "features.0")
    var position = 1
    for (expansion, filters, count, stride) in [
      (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ] {
      for block in 0..<count {
        let name = "features.\(position)"
        let width = b.shape(x)[1] * expansion
        var y = x
        var step = 0
        if expansion > 1 {
          y = try layer(y, width, kernel: 1, name + ".conv.0")
          step = 1
        }
        y = try layer(y, width, kernel: 3, stride: block == 0 ? stride : 1, group: width, name + ".conv.\(step)")
        y = try b.conv(y, name + ".conv.\(step + 1)", to: filters, kernel: 1)
        y = try b.norm(y, name + ".conv.\(step + 2)")
        x = block == 0 ? y : try b.add(Op.Add(), [x, y], name + ".add")
        position += 1
      }
    }
    x = try layer(x, 1280, kernel: 1, "features.\(position)")
    x = try b.dropout(b.globalAverage(x, "avgpool"), "classifier.0", ratio: 0.2)
    return try b.linear(x, "classifier.1", to: classes, drawn: .normal(0.01))
  }
}
