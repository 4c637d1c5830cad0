import Engine
import Foundation
import Networks
import Tensors

/// That removing channels is masking them: both networks were run on the same input.
public struct PruningProof: Hashable, Sendable, Codable {
  /// The greatest difference of any output element.
  public var greatestDifference: Double
  /// The greatest magnitude of any output element of the masked network.
  public var scale: Double
  /// The number of inputs compared.
  public var inputs: Int

  /// The greatest difference in parts of the scale.
  public var relativeDifference: Double { scale > 0 ? greatestDifference / scale : greatestDifference }

  /// What the relative difference must not exceed.
  public static let bound = 1e-4

  /// Takes what was found.
  public init(greatestDifference: Double, scale: Double, inputs: Int) {
    self.greatestDifference = greatestDifference
    self.scale = scale
    self.inputs = inputs
  }

  /// Runs the network with masks on its consumers' inputs and the pruned one, and compares all outputs.
  ///
  /// - Parameters:
  ///   - map: the channels of the network as it was.
  ///   - removed: the classes that are gone.
  ///   - fills: what the removed channels of a value are, where they are a constant that was folded.
  ///   - pruned: the smaller network.
  ///   - samples: inputs of the first graph input beside the random ones, `[N, …]`; nil for none.
  ///   - count: the number of random inputs, normally distributed.
  /// - Throws: `EspalierError` if the difference is above ``bound``, or a network cannot be run.
  public init(
    _ map: ChannelMap, without removed: Set<Int>, as fills: [String: [Float]] = [:], _ pruned: Graph,
    samples: Tensor<Float>? = nil,
    random count: Int = 4, seed: UInt64 = 0
  ) throws {
    useOneThreadHere()
    let masked = try map.graph(masking: removed, as: fills)
    let batch = map.graph.fixedBatch ?? count
    var (difference, scale, compared) = (0.0, 0.0, 0)
    let first = try PruningProof.program(masked, batch)
    let second = try PruningProof.program(pruned, batch)
    func compare(_ inputs: [String: Tensor<Float>]) throws {
      for (name, tensor) in inputs {
        try first.setInput(name, to: tensor)
        try second.setInput(name, to: tensor)
      }
      try first.run()
      try second.run()
      for output in masked.outputs {
        let (a, b) = (first.result(output), second.result(output))
        for (x, y) in zip(a.elements, b.elements) {
          let distance = abs(Double(x) - Double(y))
          // Not a number in one network only is no equality.
          difference = x.isNaN && y.isNaN || x == y ? difference : distance.isNaN ? .infinity : max(difference, distance)
          if x.isFinite { scale = max(scale, Double(abs(x))) }
        }
      }
      compared += inputs.values.first?.shape[0] ?? 0
    }
    let facts = try map.graph.facts(batch: batch)
    var random = Philox(seed: seed, stream: Philox.stream(named: "proof"))
    var inputs: [String: Tensor<Float>] = [:]
    for input in map.graph.inputs {
      let shape = facts[input.name]?.shape ?? []
      inputs[input.name] = Tensor((0..<shape.count).map { _ in Float(random.normal()) }, shape: shape)
    }
    try compare(inputs)
    if let samples, let name = map.graph.inputs.first?.name, samples.shape[0] > 0 {
      for start in stride(from: 0, to: samples.shape[0], by: batch) {
        let end = min(start + batch, samples.shape[0])
        guard map.graph.fixedBatch == nil || end - start == batch else { break }
        inputs[name] = samples.rows(start..<end)
        for other in map.graph.inputs.dropFirst() { inputs[other.name] = inputs[other.name]?.rows(0..<end - start) }
        try compare(inputs)
      }
    }
    greatestDifference = difference
    self.scale = scale
    self.inputs = compared
    guard relativeDifference <= PruningProof.bound else {
      throw EspalierError(
        "the pruned network differs from the masked one by \(difference), its outputs reach \(scale)", place: "proof",
        accepted: "a difference of \(PruningProof.bound) of that")
    }
  }

  private static func program(_ graph: Graph, _ batch: Int) throws -> Program {
    let builder = try PlanBuilder(graph.canonized(), batch: batch)
    try builder.forward()
    return try Program(builder.finish())
  }
}
