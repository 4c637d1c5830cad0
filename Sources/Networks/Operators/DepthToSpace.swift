import Tensors

extension Op {
  /// Channels laid out as blocks of pixels, `[N, C·b², H, W] → [N, C, H·b, W·b]`: PyTorch's `PixelShuffle` in mode `CRD`.
  public struct DepthToSpace: Operator {
    /// Which of a channel's three parts counts fastest: columns of the block in both; `DCR` has the block's rows and columns
    /// before the channel.
    public enum Mode: String, Hashable, Sendable, CaseIterable {
      case depthColumnRow = "DCR"
      case columnRowDepth = "CRD"
    }

    public static let name = "DepthToSpace"
    public static let arity = 1...1
    /// The side of a block, in pixels.
    public var blockSize: Int
    /// The order of a channel's parts.
    public var mode: Mode

    /// Makes the operator.
    public init(blockSize: Int, mode: Mode = .depthColumnRow) { (self.blockSize, self.mode) = (blockSize, mode) }
  }

  /// Blocks of pixels laid out as channels, `[N, C, H, W] → [N, C·b², H/b, W/b]`: PyTorch's `PixelUnshuffle` in mode `CRD`.
  public struct SpaceToDepth: Operator {
    public static let name = "SpaceToDepth"
    public static let arity = 1...1
    /// The side of a block, in pixels.
    public var blockSize: Int
    /// The order of a channel's parts.
    public var mode: DepthToSpace.Mode

    /// Makes the operator.
    public init(blockSize: Int, mode: DepthToSpace.Mode = .depthColumnRow) { (self.blockSize, self.mode) = (blockSize, mode) }
  }
}

/// An operator that is two views with a transposition between them.
protocol BlockOperator: Operator {
  var blockSize: Int { get }

  /// The shape before the transposition, its axes, and the shape behind it, for one image; nil where lengths do not divide.
  func parts(of shape: Shape) -> (before: [Int], order: [Int], after: [Int])?
}

extension Op.DepthToSpace: BlockOperator {
  func parts(of shape: Shape) -> (before: [Int], order: [Int], after: [Int])? {
    let (b, c, h, w) = (blockSize, shape[1], shape[2], shape[3])
    let (area, isOverflow) = b.multipliedReportingOverflow(by: b)
    guard !isOverflow, c % area == 0 else { return nil }
    let after = [c / area, h.multipliedReportingOverflow(by: b).partialValue, w.multipliedReportingOverflow(by: b).partialValue]
    return mode == .depthColumnRow
      ? ([b, b, c / area, h, w], [3, 4, 1, 5, 2], after) : ([c / area, b, b, h, w], [1, 4, 2, 5, 3], after)
  }
}

extension Op.SpaceToDepth: BlockOperator {
  func parts(of shape: Shape) -> (before: [Int], order: [Int], after: [Int])? {
    let (b, c, h, w) = (blockSize, shape[1], shape[2], shape[3])
    guard h % b == 0, w % b == 0, case (let area, false) = b.multipliedReportingOverflow(by: b),
      case (let channels, false) = c.multipliedReportingOverflow(by: area)
    else { return nil }
    let order = mode == .depthColumnRow ? [3, 5, 1, 2, 4] : [1, 3, 5, 2, 4]
    return ([c, h / b, b, w / b, b], order, [channels, h / b, w / b])
  }
}

extension BlockOperator {
  public var elements: ElementFlow { .moved }
  public var sign: SignBehaviour { .ofFirst }

  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let shape = try inputs.required(0).shape
    try shape.requireRank(4...4, "[N, C, H, W]")
    guard 1...(1 << 20) ~= blockSize, let after = parts(of: shape)?.after else {
      throw EspalierError("blocks of \(blockSize) do not divide \(shape)")
    }
    return [Fact(try Shape(validating: [shape[0]] + after))]
  }

  /// Channels of one block go and stay together, which labels of their own would have to say.
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), flow.channels[input] != nil else { return }
    flow.stop(node, "\(name) '\(node.label)' makes pixels of channels, or channels of pixels")
  }

  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard let input = inputs.first ?? nil else { return outputs.map { _ in .constant } }
    return outputs.map { _ in placement.moved(input.images, "it moves the images' axis") { $0 == 0 ? 0 : nil } }
  }

  /// The same as two views and a transposition, for any number of images.
  func build(_ node: Node, _ shape: Shape, _ editor: inout GraphEditor) -> String? {
    guard let (before, order, after) = parts(of: shape) else { return nil }
    let cut = editor.add(.integers([0] + before), named: "\(node.label).blocks")
    let joined = editor.add(.integers([0] + after), named: "\(node.label).joined")
    let blocks = editor.add(Op.Reshape(), named: "\(node.label).cut", inputs: [node.inputs[0], cut])
    let moved = editor.add(Op.Transpose(permutation: [0] + order), named: "\(node.label).moved", inputs: [blocks])
    return editor.add(Op.Reshape(), named: node.label, inputs: [moved, joined])
  }
}
