import Tensors

/// Normal noise instead of an explanation: what a measure gives to a method that knows nothing.
///
/// It depends on the seed and the image's position in the data set alone. Nothing is found at inner layers.
public struct RandomAttributor: Attributor {
  public static let name = "random"
  public static let parameters = "seed=0"

  /// The seed.
  public let seed: UInt64

  /// Makes the attributor.
  ///
  /// - Throws: `EspalierError` if the seed is no whole number.
  public init(_ parameters: inout ParameterList) throws { seed = try parameters.seed() }

  public var passes: AttributionPasses { .outputs }

  public func attribute(_ shard: AttributionShard, _ program: AttributionProgram) throws -> RelevanceResult {
    let prediction = try program.outputs(shard.images, others: shard.others)
    var input: [Float] = []
    input.reserveCapacity(shard.images.count)
    for index in shard.indices {
      var random = Philox(seed: seed, stream: UInt64(index))
      for _ in 0..<shard.geometry.count { input.append(Float(random.normal())) }
    }
    return RelevanceResult(
      input: Tensor(input, shape: shard.images.shape), prediction: prediction, signed: [], absolute: [])
  }
}
