internal import Networks
internal import Tensors

extension Op.BatchNormalization: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    if node.opset < 9, try !node.flag("spatial", default: true) {
      throw EspalierError("batch normalisation of single positions (spatial = 0) is not supported", accepted: "spatial = 1")
    }
    // A node saved in training mode is read for inference: its inputs are the running statistics all the same, unless it
    // normalises weights.
    let isTraining = try node.opset >= 14 && node.flag("training_mode", default: false)
    self.init(
      epsilon: try node.float("epsilon") ?? 1e-5, momentum: try node.float("momentum") ?? 0.9, usesOwnStatistics: isTraining)
  }

  func write(to node: inout NodeWriter) {
    node.set("epsilon", epsilon)
    node.set("momentum", momentum)
  }
}

extension Op.InstanceNormalization: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init(epsilon: try node.float("epsilon") ?? 1e-5) }
  func write(to node: inout NodeWriter) { node.set("epsilon", epsilon) }
}

extension Op.LayerNormalization: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    // The type of the inner sums; here they are double.
    node.ignore("stash_type")
    self.init(axis: try node.int("axis") ?? -1, epsilon: try node.float("epsilon") ?? 1e-5)
  }

  func write(to node: inout NodeWriter) {
    node.set("axis", axis)
    node.set("epsilon", epsilon)
  }

  var opset: Int { 17 }
}

extension Op.LRN: ONNXOperator {
  init(reading node: inout NodeReader) throws {
    guard let size = try node.int("size"), NodeReader.lengths.contains(size) else {
      throw EspalierError("attribute 'size' is missing or out of range", accepted: "1 or more")
    }
    self.init(
      size: size, alpha: try node.float("alpha") ?? 0.0001, beta: try node.float("beta") ?? 0.75,
      bias: try node.float("bias") ?? 1)
  }

  func write(to node: inout NodeWriter) {
    node.set("size", size)
    node.set("alpha", alpha)
    node.set("beta", beta)
    node.set("bias", bias)
  }
}
