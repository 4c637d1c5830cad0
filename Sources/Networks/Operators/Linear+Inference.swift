import Tensors

extension Op.Conv {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    let weight = try inputs.required(1).shape
    try requireFeatureMaps(x, weight)
    try requireGroups(group, channels: x[1], "input \(x)")
    try requireGroups(group, channels: weight[0], "weight \(weight)")
    guard weight[1] == x[1] / group else {
      throw EspalierError(
        "a weight of \(weight) in \(group) group(s) meets an input of \(x)",
        accepted: "\(weight[1].saturatingProduct(group)) input channels")
    }
    try requireBias(inputs.optional(2)?.shape, channels: weight[0])
    let placement = try window.placement(input: x.spatial, kernel: weight.spatial)
    return [Fact(try Shape(validating: [x[0], weight[0]] + placement.output))]
  }

  public func cost(inputs: [Shape?], outputs: [Shape]) -> Cost {
    guard case let weight?? = inputs.dropFirst().first, let output = outputs.first else { return Cost() }
    let taps = weight.count / max(weight[0], 1)
    return Cost(
      macs: output.count.saturatingProduct(taps), biasAdditions: inputs.count > 2 && inputs[2] != nil ? output.count : 0)
  }
}

extension Op.ConvTranspose {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    let weight = try inputs.required(1).shape
    try requireFeatureMaps(x, weight)
    try requireGroups(group, channels: x[1], "input \(x)")
    guard weight[0] == x[1] else {
      throw EspalierError("a weight of \(weight) meets an input of \(x)", accepted: "\(weight[0]) input channels")
    }
    let (channels, overflow) = weight[1].multipliedReportingOverflow(by: group)
    guard !overflow else { throw EspalierError("a weight of \(weight) in \(group) groups") }
    try requireBias(inputs.optional(2)?.shape, channels: channels)
    let placement = try placement(input: x.spatial, kernel: weight.spatial)
    return [Fact(try Shape(validating: [x[0], channels] + placement.output))]
  }

  public func cost(inputs: [Shape?], outputs: [Shape]) -> Cost {
    guard case let x?? = inputs.first, case let weight?? = inputs.dropFirst().first, let output = outputs.first else {
      return Cost()
    }
    let taps = weight.count / max(weight[0], 1)
    return Cost(macs: x.count.saturatingProduct(taps), biasAdditions: inputs.count > 2 && inputs[2] != nil ? output.count : 0)
  }
}

extension Op.Gemm {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let a = try inputs.required(0).shape
    let b = try inputs.required(1).shape
    try a.requireRank(2...2, "a matrix")
    try b.requireRank(2...2, "a matrix")
    guard a[transposeA ? 0 : 1] == b[transposeB ? 1 : 0] else {
      throw EspalierError(
        "a matrix of \(a)\(transposeA ? " transposed" : "") meets one of \(b)\(transposeB ? " transposed" : "")",
        accepted: "equal inner lengths")
    }
    let shape = try Shape(validating: [a[transposeA ? 1 : 0], b[transposeB ? 0 : 1]])
    try inputs.optional(2)?.shape.requireBroadcast(to: shape, "bias")
    return [Fact(shape)]
  }

  public func cost(inputs: [Shape?], outputs: [Shape]) -> Cost {
    guard case let a?? = inputs.first, let output = outputs.first, a.rank == 2 else { return Cost() }
    return Cost(
      macs: output.count.saturatingProduct(a[transposeA ? 0 : 1]),
      biasAdditions: inputs.count > 2 && inputs[2] != nil ? output.count : 0)
  }
}

extension Op.MatMul {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let a = try inputs.required(0).shape
    let b = try inputs.required(1).shape
    try a.requireRank(1..., "one axis or more")
    try b.requireRank(1..., "one axis or more")
    guard a[-1] == b[b.rank == 1 ? 0 : -2] else {
      throw EspalierError("a matrix of \(a) meets one of \(b)", accepted: "equal inner lengths")
    }
    let stack = try Shape(validating: Array(a.dimensions.dropLast(2)))
      .broadcast(with: Shape(validating: Array(b.dimensions.dropLast(2))))
    let rows = a.rank == 1 ? [] : [a[-2]]
    let columns = b.rank == 1 ? [] : [b[-1]]
    return [Fact(try Shape(validating: stack.dimensions + rows + columns))]
  }

  public func cost(inputs: [Shape?], outputs: [Shape]) -> Cost {
    guard case let a?? = inputs.first, let output = outputs.first, a.rank > 0 else { return Cost() }
    return Cost(macs: output.count.saturatingProduct(a[-1]))
  }
}

private func requireFeatureMaps(_ x: Shape, _ weight: Shape) throws {
  guard x.rank >= 3, weight.rank == x.rank else {
    throw EspalierError("a weight of \(weight) meets an input of \(x)", accepted: "equal numbers of axes, 3 or more")
  }
}

private func requireGroups(_ group: Int, channels: Int, _ what: String) throws {
  guard group > 0, channels % group == 0 else {
    throw EspalierError("\(group) groups do not divide the \(channels) channels of \(what)")
  }
}

private func requireBias(_ bias: Shape?, channels: Int) throws {
  guard bias == nil || bias == [channels] else {
    throw EspalierError("a bias of \(bias!) for \(channels) output channels", accepted: "\(Shape([channels]))")
  }
}
