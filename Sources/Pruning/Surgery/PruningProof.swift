import Engine
import Foundation
import Networks
import Tensors

/// That removing channels is masking them: both networks were run on the same inputs, and every output compared with itself.
public struct PruningProof: Hashable, Sendable, Codable {
  /// What was found of one output.
  public struct Output: Hashable, Sendable, Codable {
    /// The output.
    public var name: String
    /// The greatest difference of any element.
    public var greatestDifference: Double
    /// The greatest magnitude of any element of the masked network's output.
    public var scale: Double

    /// The greatest difference in parts of the scale.
    public var relativeDifference: Double { scale > 0 ? greatestDifference / scale : greatestDifference }

    /// Takes what was found.
    public init(name: String, greatestDifference: Double, scale: Double) {
      self.name = name
      self.greatestDifference = greatestDifference
      self.scale = scale
    }
  }

  /// The outputs, in the network's order.
  public var outputs: [Output]
  /// The greatest difference of the output that differs most in parts of its scale.
  public var greatestDifference: Double
  /// The scale of that output.
  public var scale: Double
  /// The number of inputs compared.
  public var inputs: Int
  /// What the relative difference of every output must not exceed.
  public var bound: Double

  /// The greatest difference of an output in parts of its scale.
  public var relativeDifference: Double { scale > 0 ? greatestDifference / scale : greatestDifference }

  /// What the relative difference must not exceed where numbers are stored as they were computed.
  public static let bound = 1e-4

  /// Takes what was found.
  public init(_ outputs: [Output], inputs: Int, bound: Double = PruningProof.bound) {
    self.outputs = outputs
    self.inputs = inputs
    self.bound = bound
    let worst = outputs.max { $0.relativeDifference < $1.relativeDifference }
    greatestDifference = worst?.greatestDifference ?? 0
    scale = worst?.scale ?? 0
  }

  /// Nothing compared yet.
  public static let none = PruningProof([], inputs: 0)

  /// Both proofs as one: each output's worse finding, and all inputs.
  public func and(_ other: PruningProof) -> PruningProof {
    guard inputs > 0 else { return other }
    guard other.inputs > 0 else { return self }
    let outputs = other.outputs.map { theirs -> Output in
      guard let own = self.outputs.first(where: { $0.name == theirs.name }) else { return theirs }
      return own.relativeDifference > theirs.relativeDifference ? own : theirs
    }
    return PruningProof(outputs, inputs: inputs + other.inputs, bound: max(bound, other.bound))
  }

  private enum CodingKeys: String, CodingKey {
    case outputs, greatestDifference, scale, inputs, bound
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    // Files of earlier versions hold the worst difference alone.
    outputs = try values.decodeIfPresent([Output].self, forKey: .outputs) ?? []
    greatestDifference = try values.decode(Double.self, forKey: .greatestDifference)
    scale = try values.decode(Double.self, forKey: .scale)
    inputs = try values.decode(Int.self, forKey: .inputs)
    bound = try values.decodeIfPresent(Double.self, forKey: .bound) ?? PruningProof.bound
  }

  /// Runs the network with masks on its consumers' inputs and the pruned one, and compares all outputs.
  ///
  /// - Parameters:
  ///   - map: the channels of the network as it was.
  ///   - removed: the classes that are gone.
  ///   - fills: what the removed channels of a value are, where they are a constant that was folded.
  ///   - pruned: the smaller network.
  ///   - bound: what the difference of an output must not exceed, in parts of its scale.
  ///   - samples: inputs of the first graph input beside the random ones, `[N, …]`; nil for none.
  ///   - count: the least number of random inputs, normally distributed.
  ///   - refusesSilence: whether an output that is 0 for every input is refused.
  /// - Throws: `EspalierError` if an output differs by more, shows nothing (it is 0 or NaN), or a network cannot be run.
  public init(
    _ map: ChannelMap, without removed: Set<Int>, as fills: [String: [Float]] = [:], _ pruned: Graph,
    bound: Double = PruningProof.bound, samples: Tensor<Float>? = nil, random count: Int = 4, seed: UInt64 = 0,
    refusesSilence: Bool = true
  ) throws {
    useOneThreadHere()
    var masked = try map.graph(masking: removed, as: fills)
    var pruned = pruned
    guard masked.outputs == pruned.outputs, masked.inputs.map(\.name) == pruned.inputs.map(\.name) else {
      throw EspalierError("the pruned network has other inputs or outputs", location: "proof", accepted: "those of the network")
    }
    // An output that is a constant is compared as it stands; there is nothing to run.
    for name in masked.outputs {
      guard let constant = masked.constants[name] else { continue }
      guard pruned.constants[name] == constant else {
        throw EspalierError(
          "the constant output '\(name)' of the pruned network is another", location: "proof", accepted: "the same")
      }
      (masked, pruned) = (try masked.without(output: name), try pruned.without(output: name))
    }
    let fixed = masked.fixedBatch ?? pruned.fixedBatch
    let batch = fixed ?? count
    let first = try PruningProof.program(masked, batch)
    let second = try PruningProof.program(pruned, batch)
    var found = masked.outputs.map { Finding(name: $0) }
    var compared = 0
    func compare(_ inputs: [String: Tensor<Float>]) throws {
      for (name, tensor) in inputs {
        try first.setInput(name, to: tensor)
        try second.setInput(name, to: tensor)
      }
      try first.run()
      try second.run()
      for position in found.indices {
        try found[position].compare(first.result(found[position].name), second.result(found[position].name))
      }
      compared += inputs.values.first?.shape[0] ?? 0
    }
    let facts = try masked.facts(batch: batch)
    var random = Philox(seed: seed, stream: Philox.stream(named: "proof"))
    var inputs: [String: Tensor<Float>] = [:]
    for _ in 0..<max(1, (count + batch - 1) / batch) {
      for input in masked.inputs {
        let shape = facts[input.name]?.shape ?? []
        inputs[input.name] = Tensor((0..<shape.count).map { _ in Float(random.normal()) }, shape: shape)
      }
      try compare(inputs)
    }
    if let samples, let name = masked.inputs.first?.name, samples.shape[0] > 0 {
      for start in stride(from: 0, to: samples.shape[0], by: batch) {
        let end = min(start + batch, samples.shape[0])
        guard fixed == nil || end - start == batch else { break }
        inputs[name] = samples.rows(start..<end)
        for other in masked.inputs.dropFirst() { inputs[other.name] = inputs[other.name]?.rows(0..<end - start) }
        try compare(inputs)
      }
    }
    self.init(found.map(\.output), inputs: compared, bound: bound)
    for finding in found { try finding.check(bound, refusesSilence) }
  }

  private static func program(_ graph: Graph, _ batch: Int) throws -> Program {
    let builder = try PlanBuilder(graph.canonized(), batch: batch)
    try builder.forward()
    return try Program(builder.finish())
  }
}

extension Graph {
  /// The graph with one result fewer.
  fileprivate func without(output: String) throws -> Graph {
    var editor = GraphEditor(self)
    editor.outputs.removeAll { $0 == output }
    return try editor.graph()
  }
}

/// What is found of one output while inputs are run.
private struct Finding {
  var name: String
  private var difference = 0.0
  private var scale = 0.0
  private var broken: Float?

  init(name: String) { self.name = name }

  var output: PruningProof.Output { .init(name: name, greatestDifference: difference, scale: scale) }

  mutating func compare(_ masked: Tensor<Float>, _ pruned: Tensor<Float>) throws {
    guard masked.shape == pruned.shape else {
      throw EspalierError(
        "output '\(name)' of the pruned network has shape \(pruned.shape)", location: "proof", accepted: "\(masked.shape)")
    }
    for (x, y) in zip(masked.elements, pruned.elements) {
      if x.isNaN { broken = x }
      if x != y {
        let distance = abs(Double(x) - Double(y))
        difference = distance.isNaN ? .infinity : max(difference, distance)
      }
      if x.isFinite { scale = max(scale, Double(abs(x))) }
    }
  }

  func check(_ bound: Double, _ refusesSilence: Bool) throws {
    if broken != nil {
      throw EspalierError(
        "output '\(name)' of the masked network is NaN for some inputs: nothing can be proven of it", location: "proof",
        accepted: "a network that stays finite, or another budget")
    }
    if scale == 0, refusesSilence {
      throw EspalierError(
        "output '\(name)' of the masked network is 0 for every input: nothing can be proven of it", location: "proof",
        accepted: "a network whose outputs say something, or another budget")
    }
    guard difference <= bound * scale else {
      throw EspalierError(
        "output '\(name)' of the pruned network differs from the masked one's by \(difference), which reaches \(scale)",
        location: "proof", accepted: "a difference of \(bound) of that")
    }
  }
}
