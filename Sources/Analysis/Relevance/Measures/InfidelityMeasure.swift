import Tensors

/// How far the attributions of a patch are from what taking the patch away changes in the explained output, squared: low is good.
///
/// The picture is cut in squares of `patch` pixels, row by row (those at the end may be smaller), each of which is given `value` in all
/// channels. With the attributions R, the picture x and the changed picture x′ the number is the mean over the squares of
/// `(Σ R (x − x′) − (f(x) − f(x′)))²` for `form=gradient`, of attributions that say what a unit of the input does, and of
/// `(Σ R − (f(x) − f(x′)))²` for `form=relevance` (default), of attributions that share the output out, the first sum over all and the
/// second over the square's numbers. With `order=cumulative` squares stay away once they are taken, and the sums are over all that are
/// gone, as Quantus does it; with `order=single` (default) each is taken away from the whole picture. Which form suits is a property
/// of the method: gradient and smoothgrad are of the first kind.
///
/// Source: Yeh, Hsieh, Suggala, Inouye, Ravikumar, "On the (in)fidelity and sensitivity of explanations", NeurIPS 2019, definition
/// 2.1, with squares removed (section 2.3).
public struct InfidelityMeasure: ChangeMeasure {
  /// What attributions mean.
  public enum Form: String, Sendable, CaseIterable {
    case relevance, gradient
  }

  /// What a square is taken away from.
  public enum Order: String, Sendable, CaseIterable {
    case single, cumulative
  }

  public static let name = "infidelity"
  public static let parameters = "patch=4,value=0,form=relevance,order=single"
  public static let columns = ["infidelity"]

  /// The side of a square, in pixels.
  public let patch: Int
  /// What is written.
  public let value: Float
  /// What attributions mean.
  public let form: Form
  /// What a square is taken away from.
  public let order: Order

  /// Makes the measure.
  ///
  /// - Throws: `EspalierError` naming a parameter that is out of range.
  public init(_ parameters: inout ParameterList) throws {
    patch = try parameters.integer("patch", default: 4, in: 1...65536)
    value = Float(try parameters.number("value", default: 0, in: -1e30...1e30))
    form = try parameters.choice("form", default: .relevance)
    order = try parameters.choice("order", default: .single)
  }

  public var better: MeasureDirection { .lower }

  public func values(
    _ shard: AttributionShard, attributions: Tensor<Float>, targets: [OutputTarget], explaining: AttributionProgram,
    answering: OutputProgram
  ) throws -> [[Double?]] {
    let geometry = shard.geometry
    let columns = (geometry.width + patch - 1) / patch
    let squares = columns * ((geometry.height + patch - 1) / patch)
    // Variant 0 is the picture as it is.
    func isGone(_ place: Int, _ variant: Int) -> Bool {
      let square = place / geometry.width / patch * columns + place % geometry.width / patch + 1
      return order == .single ? square == variant : square <= variant
    }
    var expected = [[Double]](repeating: [Double](repeating: 0, count: squares + 1), count: shard.count)
    var answers = expected
    let variants = Variants(
      pictures: shard.pictures, count: squares + 1, batch: answering.plan.plan.batch, progress: answering.progress)
    try variants.forEachBatch { row, values in
      guard row.variant > 0 else { return }
      for place in 0..<geometry.area where isGone(place, row.variant) {
        for channel in 0..<geometry.channels { values[place * geometry.placeStep + channel * geometry.channelStep] = value }
      }
    } run: { pictures, rows in
      let outputs = try answering.run(pictures, others: shard.others(of: rows))
      for (place, row) in rows.enumerated() {
        answers[row.picture][row.variant] = targets[row.picture].score(of: outputs.outputs(ofRow: place))
      }
    }
    for picture in 0..<shard.count {
      for variant in 1...squares {
        var sum = 0.0
        for place in 0..<geometry.area where isGone(place, variant) {
          for channel in 0..<geometry.channels {
            let i = picture * geometry.count + place * geometry.placeStep + channel * geometry.channelStep
            let factor = form == .gradient ? Double(shard.pictures.elements[i]) - Double(value) : 1
            sum += Double(attributions.elements[i]) * factor
          }
        }
        expected[picture][variant] = sum
      }
    }
    return (0..<shard.count).map { picture in
      let errors = (1...squares).map { expected[picture][$0] - (answers[picture][0] - answers[picture][$0]) }
      return [errors.reduce(0) { $0 + $1 * $1 } / Double(squares)]
    }
  }
}
