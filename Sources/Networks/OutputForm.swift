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
