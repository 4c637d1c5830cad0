import Foundation
import Tensors

/// The area under the explained class's probability while the most relevant positions come into a blurred image first: high is
/// good.
///
/// The image is blurred by a Gaussian of deviation `sigma` cut to 11 × 11 numbers, zeros around it; with `sigma=0` it begins as
/// zeros. In `steps` steps all positions, in the order of falling relevance (equal ones row by row), are given the image's own
/// numbers. Petsiuk et al. take 224 pixels a step, and a kernel that is itself a blurred point with reflected borders.
///
/// Source: Petsiuk, Das, Saenko, "RISE: Randomized input sampling for explanation of black-box models", BMVC 2018, section 4.3.
public struct InsertionMeasure: OutputMeasure {
  public static let name = "insertion"
  public static let parameters = "steps=20,sigma=5,sign=signed"
  public static let columns = ["insertion", "insertion accuracy"]

  /// The number of steps.
  public let steps: Int
  /// The deviation of the blur in pixels; 0 for zeros.
  public let sigma: Double
  /// What negative relevance counts.
  public let sign: RelevanceSign

  private static let reach = 5

  /// Makes the measure.
  ///
  /// - Throws: `EspalierError` naming a parameter that is out of range.
  public init(_ parameters: inout ParameterList) throws {
    steps = try parameters.integer("steps", default: 20, in: 1...10_000)
    sigma = try parameters.number("sigma", default: 5, in: 0...1000)
    sign = try parameters.choice("sign", default: .signed)
  }

  public var better: MeasureDirection { .higher }

  public func curves(_ shard: AttributionShard, maps: [RelevanceMap], targets: [OutputTarget], _ program: OutputProgram) throws
    -> [Curves]
  {
    try OrderedChange(steps: steps, share: 1, output: .probability).curves(
      of: shard, from: blurred(shard.images, shard.geometry), to: shard.images, in: maps.map { $0.order(sign) }, targets,
      program)
  }

  private func blurred(_ images: Tensor<Float>, _ geometry: ImageGeometry) -> Tensor<Float> {
    guard sigma > 0 else { return Tensor(repeating: 0, shape: images.shape) }
    let reach = InsertionMeasure.reach
    let weights = (-reach...reach).map { exp(-Double($0 * $0) / (2 * sigma * sigma)) }
    let total = weights.reduce(0, +)
    let kernel = weights.map { $0 / total }
    var result = images
    var (plane, rows) = ([Double](repeating: 0, count: geometry.area), [Double](repeating: 0, count: geometry.area))
    for image in 0..<images.shape[0] {
      for channel in 0..<geometry.channels {
        let start = image * geometry.count + channel * geometry.channelStep
        for position in 0..<geometry.area { plane[position] = Double(images.elements[start + position * geometry.positionStep]) }
        for y in 0..<geometry.height {
          for x in 0..<geometry.width {
            var sum = 0.0
            for d in max(-reach, -x)...min(reach, geometry.width - 1 - x) {
              sum += kernel[d + reach] * plane[y * geometry.width + x + d]
            }
            rows[y * geometry.width + x] = sum
          }
        }
        for y in 0..<geometry.height {
          for x in 0..<geometry.width {
            var sum = 0.0
            for d in max(-reach, -y)...min(reach, geometry.height - 1 - y) {
              sum += kernel[d + reach] * rows[(y + d) * geometry.width + x]
            }
            result.elements[start + (y * geometry.width + x) * geometry.positionStep] = Float(sum)
          }
        }
      }
    }
    return result
  }
}
