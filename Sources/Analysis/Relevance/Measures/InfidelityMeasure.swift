import Tensors

/// How far the attributions of a patch are from what taking the patch away changes in the explained output, squared: low is good.
///
/// The image is cut in squares of `patch` pixels, row by row (those at the end may be smaller), each of which is given `value` in
/// all channels. With the attributions R, the image x and the changed image x′ the number is the mean over the squares of
/// `(Σ R (x − x′) − (f(x) − f(x′)))²` for `form=gradient`, of attributions that say what a unit of the input does, and of
/// `(Σ R − (f(x) − f(x′)))²` for `form=relevance` (default), of attributions that share the output out, the first sum over all
/// and the second over the square's numbers. With `order=cumulative` squares stay away once they are taken, and the sums are over
/// all that are gone, as Quantus does it; with `order=single` (default) each is taken away from the whole image. Which form suits
/// is a property of the method: gradient and smoothgrad are of the first kind.
///
/// Source: Yeh, Hsieh, Suggala, Inouye, Ravikumar, "On the (in)fidelity and sensitivity of explanations", NeurIPS 2019,
/// definition 2.1, with squares removed (section 2.3).
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
    // Variant 0 is the image as it is.
    func isGone(_ position: Int, _ variant: Int) -> Bool {
      let square = position / geometry.width / patch * columns + position % geometry.width / patch + 1
      return order == .single ? square == variant : square <= variant
    }
    var expected = [[Double]](repeating: [Double](repeating: 0, count: squares + 1), count: shard.count)
    var answers = expected
    let variants = Variants(
      images: shard.images, count: squares + 1, batch: answering.plan.batch, progress: answering.progress)
    try variants.forEachBatch { row, values in
      guard row.variant > 0 else { return }
      for position in 0..<geometry.area where isGone(position, row.variant) {
        for channel in 0..<geometry.channels { values[position * geometry.positionStep + channel * geometry.channelStep] = value }
      }
    } run: { images, rows in
      let outputs = try answering.run(images, others: shard.others(of: rows))
      for (position, row) in rows.enumerated() {
        answers[row.image][row.variant] = targets[row.image].score(of: outputs.outputs(ofRow: position))
      }
    }
    for image in 0..<shard.count {
      for variant in 1...squares {
        var sum = 0.0
        for position in 0..<geometry.area where isGone(position, variant) {
          for channel in 0..<geometry.channels {
            let i = image * geometry.count + position * geometry.positionStep + channel * geometry.channelStep
            let factor = form == .gradient ? Double(shard.images.elements[i]) - Double(value) : 1
            sum += Double(attributions.elements[i]) * factor
          }
        }
        expected[image][variant] = sum
      }
    }
    return (0..<shard.count).map { image in
      let errors = (1...squares).map { expected[image][$0] - (answers[image][0] - answers[image][$0]) }
      return [errors.reduce(0) { $0 + $1 * $1 } / Double(squares)]
    }
  }
}
