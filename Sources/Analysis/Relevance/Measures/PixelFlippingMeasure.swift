import Foundation
import Tensors

/// How the explained output and the share of right answers fall when the most relevant positions are overwritten first.
///
/// In `steps` steps of equal size the first `share` of the positions, in the order of falling relevance (equal ones row by row),
/// are given `value` in all channels: the image's own mean of each channel (`mean`), or a number in the network's input; `zero`
/// is 0. The curves are the explained output after 0, 1 … `steps` steps (`output=logit`, or `probability` behind a softmax) and
/// whether the explained class is still the predicted one; the measure is the area under each, its length taken as 1. Low is
/// good; with `order=ascending` the least relevant go first, and high is good. `sign` says what negative relevance counts.
///
/// Bach et al. flip binary pixels, Samek et al. regions to random values and the area over the curve; the replacement by a mean
/// or a constant is common since.
///
/// Source: Bach, Binder, Montavon, Klauschen, Müller, Samek, PLoS ONE 2015; Samek et al., "Evaluating the visualization of what a
/// deep neural network has learned", IEEE TNNLS 2017.
public struct PixelFlippingMeasure: OutputMeasure {
  /// Which positions go first.
  public enum Order: String, Sendable, CaseIterable {
    case descending, ascending
  }

  public static let name = "pixel-flipping"
  public static let parameters = "steps=20,share=1,value=mean,output=logit,order=descending,sign=signed"
  public static let columns = ["pixel-flipping", "pixel-flipping accuracy"]

  /// The number of steps.
  public let steps: Int
  /// The share of positions that are overwritten in the end.
  public let share: Double
  /// What is written; nil for the mean.
  public let value: Float?
  /// Which number is observed.
  public let output: ExplainedOutput
  /// Which positions go first.
  public let order: Order
  /// What negative relevance counts.
  public let sign: RelevanceSign

  /// Makes the measure.
  ///
  /// - Throws: `EspalierError` naming a parameter that is out of range.
  public init(_ parameters: inout ParameterList) throws {
    steps = try parameters.integer("steps", default: 20, in: 1...10_000)
    share = try parameters.number("share", default: 1, in: 0...1)
    switch parameters.text("value") {
    case nil, "mean": value = nil
    case "zero": value = 0
    case let text?:
      guard let number = Float(text), number.isFinite else {
        throw EspalierError("value is \(text)", accepted: "mean, zero or a number")
      }
      value = number
    }
    output = try parameters.choice("output", default: .logit)
    order = try parameters.choice("order", default: .descending)
    sign = try parameters.choice("sign", default: .signed)
  }

  public var better: MeasureDirection { order == .descending ? .lower : .higher }

  public func curves(_ shard: AttributionShard, maps: [RelevanceMap], targets: [OutputTarget], _ program: OutputProgram) throws
    -> [Curves]
  {
    let geometry = shard.geometry
    var filled = shard.images
    for image in 0..<shard.count {
      let fill = fill(shard.images.rows(image..<image + 1).elements, geometry)
      for position in 0..<geometry.area {
        for channel in 0..<geometry.channels {
          filled.elements[image * geometry.count + position * geometry.positionStep + channel * geometry.channelStep] =
            fill[channel]
        }
      }
    }
    return try OrderedChange(steps: steps, share: share, output: output).curves(
      of: shard, from: shard.images, to: filled,
      in: maps.map { $0.order(sign, isDescending: order == .descending) }, targets,
      program)
  }

  private func fill(_ image: [Float], _ geometry: ImageGeometry) -> [Float] {
    (0..<geometry.channels).map { channel in
      if let value { return value }
      let sum = (0..<geometry.area).reduce(0.0) {
        $0 + Double(image[$1 * geometry.positionStep + channel * geometry.channelStep])
      }
      return Float(sum / Double(max(geometry.area, 1)))
    }
  }
}
