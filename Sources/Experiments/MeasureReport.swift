/// What measures say of methods of explanation: the result of `measure`.
public struct MeasureReport: Hashable, Sendable, Encodable {
  /// The numbers of a measure over the pictures.
  public struct Entry: Hashable, Sendable, Encodable {
    /// The measure's column.
    public var name: String
    /// The mean over the pictures for which it is defined; nil if there are none.
    public var mean: Double?
    /// The standard deviation over these pictures (n − 1); nil for fewer than two.
    public var spread: Double?
    /// The number of these pictures.
    public var pictures: Int
    /// The mean curve, of measures that have one.
    public var curve: [Double]?
    /// What the points of the curve are: the layers that a network was changed down to.
    public var points: [String]?

    /// Sums up.
    init(_ name: String, _ values: [Double?], curve: [Double]? = nil, points: [String]? = nil) {
      let defined = values.compactMap { $0 }.filter(\.isFinite)
      self.name = name
      pictures = defined.count
      let mean = defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count)
      self.mean = mean
      spread =
        defined.count < 2
        ? nil
        : mean.map { mean in
          (defined.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(defined.count - 1)).squareRoot()
        }
      self.curve = curve.flatMap { $0.allSatisfy(\.isFinite) ? $0 : nil }
      self.points = points
    }
  }

  /// A method with its numbers.
  public struct Method: Hashable, Sendable, Encodable {
    /// The method, as it was asked for.
    public var method: String
    /// One entry a column.
    public var measures: [Entry]
  }

  /// The number of pictures.
  public var pictures: Int
  /// The number of them that have a mask; nil if no measure asks for it.
  public var masks: Int?
  /// The methods, in the order in which they were asked for.
  public var methods: [Method]
}
