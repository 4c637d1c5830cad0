import Tensors

/// What is done with negative relevance.
public enum RelevanceSign: String, Sendable, CaseIterable {
  /// It counts as it is.
  case signed
  /// It counts as nothing: max(R, 0).
  case positive
  /// It counts by its magnitude: |R|.
  case absolute
}

/// The relevance of an image's positions: summed over channels, which measures observe.
public struct RelevanceMap: Hashable, Sendable {
  /// The number of rows and of columns.
  public let height: Int, width: Int
  /// The relevance of each position, row by row.
  public var values: [Double]

  /// Makes a map.
  ///
  /// - Precondition: there are as many values as positions.
  public init(height: Int, width: Int, values: [Double]) {
    precondition(values.count == height * width, "\(values.count) values for \(height)×\(width) positions")
    self.height = height
    self.width = width
    self.values = values
  }

  /// The maps of attributions `[n, …]`.
  public static func maps(of attributions: Tensor<Float>, layout: SampleLayout? = nil) -> [RelevanceMap] {
    let geometry = ImageGeometry(attributions.shape, layout: layout)
    return (0..<attributions.shape[0]).map { row in
      var sums = [Double](repeating: 0, count: geometry.area)
      for channel in 0..<geometry.channels {
        let start = row * geometry.count + channel * geometry.channelStep
        for position in 0..<geometry.area {
          sums[position] += Double(attributions.elements[start + position * geometry.positionStep])
        }
      }
      return RelevanceMap(height: geometry.height, width: geometry.width, values: sums)
    }
  }

  /// The values with negative ones treated as told; NaN is 0.
  func values(_ sign: RelevanceSign) -> [Double] {
    values.map { value in
      guard value.isFinite else { return 0 }
      return switch sign {
      case .signed: value
      case .positive: max(value, 0)
      case .absolute: abs(value)
      }
    }
  }
}
