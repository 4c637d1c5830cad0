import Analysis

/// What measures say of methods of explanation: the result of `measure`.
public struct MeasureReport: Hashable, Sendable, Encodable {
  /// The numbers of a measure over the images.
  public struct Entry: Hashable, Sendable, Encodable {
    /// The measure's column.
    public var name: String
    /// Whether higher or lower means speak for a method.
    public var better: MeasureDirection
    /// The mean over the images for which it is defined; nil if there are none.
    public var mean: Double?
    /// The standard deviation over these images (n − 1); nil for fewer than two.
    public var spread: Double?
    /// The interval that holds the mean with a confidence of 95 %, by Student's t; nil for fewer than two.
    public var interval: [Double]?
    /// The number of these images.
    public var images: Int
    /// The mean curve, of measures that have one.
    public var curve: [Double]?
    /// What the points of the curve are: the layers that a network was changed down to.
    public var points: [String]?

    /// The number of every image; nil where it is not defined.
    public var values: [Double?]

    private enum CodingKeys: String, CodingKey { case name, better, mean, spread, interval, images = "pictures", curve, points }

    /// Sums up.
    init(_ name: String, _ better: MeasureDirection, _ values: [Double?], curve: [Double]? = nil, points: [String]? = nil) {
      let defined = values.compactMap { $0 }.filter(\.isFinite)
      self.name = name
      self.better = better
      self.values = values.map { $0.flatMap { $0.isFinite ? $0 : nil } }
      images = defined.count
      let moments = Moments(defined)
      mean = defined.isEmpty ? nil : moments.mean
      spread = moments.standardDeviation
      interval = Interval.ofMean(defined).map { [$0.lowerBound, $0.upperBound] }
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

  /// The number of images.
  public var images: Int
  /// The number of them that have a mask; nil if no measure asks for it.
  public var masks: Int?
  /// The methods, in the order in which they were asked for.
  public var methods: [Method]

  private enum CodingKeys: String, CodingKey { case images = "pictures", masks, methods }
}
