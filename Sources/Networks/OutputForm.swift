/// What an output holds of one image: K classes at each of P positions, `[K, H, W]` and `[L, K]` as well as `[K]`, which is one
/// position.
public struct OutputForm: Hashable, Sendable {
  /// The lengths of the axes behind the batch.
  public let lengths: [Int]
  /// Which of these axes counts classes.
  public let classAxis: Int

  /// Makes a form.
  ///
  /// - Precondition: there is such an axis, and no length is 0.
  public init(_ lengths: [Int], classAxis: Int = 0) {
    precondition(lengths.indices.contains(classAxis) && lengths.allSatisfy { $0 > 0 }, "no output: \(lengths)")
    self.lengths = lengths
    self.classAxis = classAxis
    (classes, count) = (lengths[classAxis], lengths.reduce(1, *))
    stride = lengths[(classAxis + 1)...].reduce(1, *)
  }

  /// The number of classes, K.
  public let classes: Int
  /// The number of numbers, K · P.
  public let count: Int
  /// How far apart the numbers of neighbouring classes lie, row-major.
  public let stride: Int

  /// The number of positions, P.
  public var positions: Int { count / classes }
  /// The lengths of the axes that count positions, `[H, W]`.
  public var positionLengths: [Int] { lengths.indices.filter { $0 != classAxis }.map { lengths[$0] } }
  /// Whether it is a vector of numbers, one a class.
  public var isVector: Bool { count == classes }

  /// Where the number of class 0 at a position lies, row-major; those of the other classes follow in steps of ``stride``.
  public func start(ofPosition position: Int) -> Int { position / stride * stride * classes + position % stride }

  /// Where an entry lies, given one index an axis.
  ///
  /// - Precondition: the indices lie within the lengths.
  public func offset(of indices: [Int]) -> Int { zip(indices, lengths).reduce(0) { $0 * $1.1 + $1.0 } }
}

extension Graph {
  /// The axis of a value that counts its channels, told from the layer it comes from: the second behind a convolution, the last
  /// behind a linear layer, and where a Transpose brings it; nil where that cannot be told.
  func channelAxis(of value: String, rank: Int) -> Int? {
    var value = value
    // Where each axis comes from: the axes of the value under way, in the order of those of the value asked for.
    var axes = Array(0..<rank)
    while let node = producer(of: value) {
      switch node.op.role {
      case .convolution, .normalization: return axes.firstIndex(of: 1)
      case .matrixProduct: return axes.firstIndex(of: rank - 1)
      default: break
      }
      switch node.op {
      case let transpose as Op.Transpose:
        guard let order = try? transpose.order(rank: rank) else { return nil }
        axes = axes.map { order[$0] }
      case is any ElementwiseOperator, is Op.Clip, is Op.Identity, is Op.Dropout, is Op.Cast, is Op.Softmax, is Op.LogSoftmax,
        is Op.Resize, is Op.MaxPool, is Op.AveragePool, is Op.Add, is Op.Sub, is Op.Mul, is Op.Div:
        break
      default: return nil
      }
      guard case let input?? = node.inputs.first(where: { $0.map { constants[$0] == nil } ?? false }) else { return nil }
      value = input
    }
    return nil
  }
}
