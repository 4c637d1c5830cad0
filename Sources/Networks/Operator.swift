import Tensors

/// What is known of a value before the graph is run: its shape at one batch size, and its elements if they do not depend on
/// the input.
public struct Fact: Sendable {
  /// The lengths of the axes.
  public var shape: Shape
  /// The elements, where they can be computed ahead.
  public var value: Constant?

  /// Makes a fact from a shape alone.
  public init(_ shape: Shape) { self.shape = shape }

  /// Makes a fact from a known value.
  public init(_ value: Constant) {
    shape = value.shape
    self.value = value
  }
}

/// What a node computes: an ONNX operator of opset 18 with its attributes.
///
/// The optional inputs of ONNX are inputs here too (a `Clip` takes its bounds, a `Reshape` its target); the reader turns
/// older forms into this one. Conforming types are small values in the namespace ``Op``, listed in ``OperatorCatalog``.
public protocol Operator: Hashable, Sendable {
  /// The operator's name in ONNX.
  static var name: String { get }

  /// The fewest and the most inputs that it takes.
  static var arity: ClosedRange<Int> { get }

  /// Shapes of the outputs, and their elements where all that they depend on is known.
  ///
  /// - Parameters:
  ///   - inputs: one fact an input; nil where an optional input is left out.
  ///   - outputs: the number of outputs that the node names.
  /// - Throws: `EspalierError` if the inputs do not fit the operator, with the shapes on both sides.
  func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact]

  /// What computing the outputs once costs.
  func cost(inputs: [Shape?], outputs: [Shape]) -> Cost

  /// The part that it plays in a network; ``OperatorRole/other`` unless it says so.
  var role: OperatorRole { get }

  /// When its output cannot be negative; never unless it says so.
  var sign: SignBehaviour { get }

  /// How the elements of its outputs come from those of its inputs; ``ElementFlow/mixed`` unless it says so.
  var elements: ElementFlow { get }

  /// The inputs that hold, where they are constants, what training changes, by their position; none unless it says so.
  var trainable: [Int: ParameterRole] { get }

  /// Says where the images of a batch lie in the outputs, given where they lie in the inputs, at one number of images.
  ///
  /// Called where an input depends on the network's input. By default the operator is taken to work element by element.
  func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis]

  /// Says where the channels of the inputs come out, which must stay together, and which entries of constants go with them.
  ///
  /// Called for nodes that depend on the network's input. Outputs that are given no channels get some that must stay.
  func passChannels(of node: Node, _ flow: inout ChannelFlow) throws

  /// Changes what the node or its constants say of the number of channels, when some go; entries of constants that were recorded
  /// in ``passChannels(of:_:)`` are gone already.
  ///
  /// - Throws: `EspalierError` if the operator's form does not allow it.
  func removeChannels(from node: inout Node, _ removal: inout ChannelRemoval) throws

  /// Masks channels, when some go, where the node mixes them: what it makes of those that stay is the same as without the others.
  ///
  /// Called for nodes that are no linear layers.
  func maskChannels(of node: Node, _ masking: inout ChannelMasking) throws
}

extension Operator {
  /// The operator's name in ONNX.
  public var name: String { Self.name }

  /// Most operators play no part of their own.
  public var role: OperatorRole { .other }

  /// Most operators may give negative numbers.
  public var sign: SignBehaviour { .any }

  /// Most operators mix elements.
  public var elements: ElementFlow { .mixed }

  /// Most operators have nothing to train.
  public var trainable: [Int: ParameterRole] { [:] }

  /// Most operators hold no number of channels.
  public func removeChannels(from node: inout Node, _ removal: inout ChannelRemoval) throws {}

  /// Most operators mix no channels.
  public func maskChannels(of node: Node, _ masking: inout ChannelMasking) throws {}

  /// Operators that multiply nothing cost their output's elements.
  public func cost(inputs: [Shape?], outputs: [Shape]) -> Cost {
    outputs.reduce(Cost()) { $0 + Cost(elementwise: $1.count) }
  }
}

/// The namespace of operators, each named as in ONNX.
public enum Op {}

/// What an operator or a whole graph costs for one batch.
///
/// MACs are multiply-accumulate pairs of convolutions and linear layers; one MAC is two FLOPs.
public struct Cost: Hashable, Sendable {
  /// Multiply-accumulate operations of convolutions, transposed convolutions and matrix products.
  public var macs = 0
  /// Additions of biases.
  public var biasAdditions = 0
  /// Operations of every other operator, one an output element.
  public var elementwise = 0

  /// Makes a cost.
  public init(macs: Int = 0, biasAdditions: Int = 0, elementwise: Int = 0) {
    self.macs = macs
    self.biasAdditions = biasAdditions
    self.elementwise = elementwise
  }

  /// The cost of doing both.
  public static func + (a: Cost, b: Cost) -> Cost {
    Cost(
      macs: a.macs.saturatingSum(b.macs), biasAdditions: a.biasAdditions.saturatingSum(b.biasAdditions),
      elementwise: a.elementwise.saturatingSum(b.elementwise))
  }
}

extension Int {
  /// The product, or the largest integer where that is no integer.
  ///
  /// Both factors are counts.
  package func saturatingProduct(_ other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }

  /// The sum, or the largest integer where that is no integer.
  ///
  /// Both terms are counts.
  package func saturatingSum(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
