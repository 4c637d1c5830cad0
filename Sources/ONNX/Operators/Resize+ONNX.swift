internal import Networks
internal import Tensors

extension Op.Resize: ONNXOperator {
  static var inputTypes: [Int: ElementType] { [1: .float, 2: .float, 3: .int64] }
  init(reading node: inout NodeReader) throws {
    let mode = try node.choice("mode", default: ResizeMode.nearest)
    guard node.opset >= 11 else {
      // Upsample, and Resize as it was in opset 10.
      self.init(mode: mode, coordinates: .asymmetric, rounding: .floor)
      if node.inputs.count == 2 { node.inputs.insert(nil, at: 1) }
      if node.opset < 9, let scales = try node.floats("scales") {
        try node.setInput(2, "scales", .float(Tensor(scales, shape: [scales.count])))
      }
      return
    }
    self.init(
      mode: mode, coordinates: try node.choice("coordinate_transformation_mode", default: .halfPixel),
      rounding: try node.choice("nearest_mode", default: .roundPreferFloor),
      cubicCoefficient: try node.float("cubic_coeff_a") ?? -0.75, excludesOutside: try node.flag("exclude_outside"))
    guard cubicCoefficient.isFinite else { throw EspalierError("attribute 'cubic_coeff_a' is \(cubicCoefficient)") }
    if excludesOutside, mode == .linear { throw EspalierError("exclude_outside is not supported in mode linear", accepted: "0") }
    // It matters to `tf_crop_and_resize`, which is refused above, and so does the input `roi`.
    node.ignore("extrapolation_value")
    if node.inputs.count > 1 { node.inputs[1] = nil }
    // Before opset 13 an empty array stood for an input that is left out.
    for index in 2..<max(2, node.inputs.count) where node.constant(index)?.shape.count == 0 { node.inputs[index] = nil }
    while case .some(nil) = node.inputs.last { node.inputs.removeLast() }
    guard node.opset >= 18 else { return }
    axes = try node.ints("axes") ?? []
    if try node.flag("antialias") { throw EspalierError("antialias is not supported", accepted: "0") }
    if let policy = try node.string("keep_aspect_ratio_policy"), policy != "stretch" {
      throw EspalierError("keep_aspect_ratio_policy '\(policy)' is not supported", accepted: "stretch")
    }
  }

  func write(to node: inout NodeWriter) throws {
    node.set("mode", mode.rawValue)
    guard node.opset >= 11 else { return try writeOlder(to: &node) }
    // Before opset 13 what is left out is a constant without elements.
    if node.opset < 13 { node.fill(1..<3) }
    node.set("coordinate_transformation_mode", coordinates.rawValue)
    node.set("nearest_mode", rounding.rawValue)
    if mode == .cubic { node.set("cubic_coeff_a", cubicCoefficient) }
    if excludesOutside { node.set("exclude_outside", true) }
    if !axes.isEmpty { try node.require(18, "names its axes") }
    node.set("axes", axes)
  }

  /// `Upsample`, and `Resize` as it was in opset 10.
  private func writeOlder(to node: inout NodeWriter) throws {
    if node.opset < 10 { node.type = "Upsample" }
    if node.inputs.count > 3 { try node.require(11, "makes a size") }
    if mode == .cubic { try node.require(11, "is cubic") }
    if coordinates != .asymmetric || rounding != .floor { try node.require(11, "names its coordinates") }
    if node.opset < 9, let scales = try node.lower(2, "scales", before: 9)?.floats { node.set("scales", scales.elements) }
    node.removeInput(1)
  }
}
