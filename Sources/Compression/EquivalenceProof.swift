import Engine
import Foundation
import Networks
import Tensors

/// That two networks compute the same: both were run on the same inputs, and every output compared with itself.
public struct EquivalenceProof: Hashable, Sendable, Codable {
  /// What was found of one output.
  public struct Output: Hashable, Sendable, Codable {
    /// The output.
    public var name: String
    /// The greatest difference of any element.
    public var greatestDifference: Double
    /// The greatest magnitude of any element of the first network's output.
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
  public init(_ outputs: [Output], inputs: Int, bound: Double = EquivalenceProof.bound) {
    self.outputs = outputs
    self.inputs = inputs
    self.bound = bound
    let worst = outputs.max { $0.relativeDifference < $1.relativeDifference }
    greatestDifference = worst?.greatestDifference ?? 0
    scale = worst?.scale ?? 0
  }

  /// Nothing compared yet.
  public static let none = EquivalenceProof([], inputs: 0)

  /// Both proofs as one: each output's worse finding, and all inputs.
  public func and(_ other: EquivalenceProof) -> EquivalenceProof {
    guard inputs > 0 else { return other }
    guard other.inputs > 0 else { return self }
    let outputs = other.outputs.map { theirs -> Output in
      guard let own = self.outputs.first(where: { $0.name == theirs.name }) else { return theirs }
      return own.relativeDifference > theirs.relativeDifference ? own : theirs
    }
    return EquivalenceProof(outputs, inputs: inputs + other.inputs, bound: max(bound, other.bound))
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
    bound = try values.decodeIfPresent(Double.self, forKey: .bound) ?? EquivalenceProof.bound
  }

  /// The two networks as errors call them.
  public struct Names: Sendable {
    /// The first and the second: `masked network`, `pruned network`.
    public var first: String, second: String

    /// Takes names.
    public init(_ first: String, _ second: String) { (self.first, self.second) = (first, second) }
  }

  /// Runs two networks of the same inputs and outputs, and compares all outputs.
  ///
  /// - Parameters:
  ///   - first: the network that the second is compared with.
  ///   - second: the other.
  ///   - bound: what the difference of an output must not exceed, in parts of its scale.
  ///   - samples: inputs of the first graph input beside the random ones, `[N, …]`; nil for none.
  ///   - count: the least number of random inputs, normally distributed.
  ///   - refusesSilence: whether an output that is 0 for every input is refused.
  ///   - names: what errors call the networks.
  /// - Throws: `EspalierError` if an output differs by more, shows nothing (it is 0 or NaN), or a network cannot be run.
  public init(
    _ first: Graph, _ second: Graph, bound: Double = EquivalenceProof.bound, samples: Tensor<Float>? = nil,
    random count: Int = 4, seed: UInt64 = 0, refusesSilence: Bool = true, names: Names = Names("network before", "network after")
  ) throws {
    useOneThreadHere()
    var (first, second) = (first, second)
    guard first.outputs == second.outputs, first.inputs.map(\.name) == second.inputs.map(\.name) else {
      throw EspalierError(
        "the \(names.second) has other inputs or outputs", location: "proof", accepted: "those of the \(names.first)")
    }
    // An output that is a constant is compared as it stands; there is nothing to run.
    for name in first.outputs {
      guard let constant = first.constants[name] else { continue }
      guard second.constants[name] == constant else {
        throw EspalierError(
          "the constant output '\(name)' of the \(names.second) is another", location: "proof", accepted: "the same")
      }
      (first, second) = (try first.without(output: name), try second.without(output: name))
    }
    let fixed = first.fixedBatch ?? second.fixedBatch
    let batch = fixed ?? count
    let programs = try [first, second].map { try EquivalenceProof.program($0, batch) }
    var found = first.outputs.map { Finding(name: $0, names: names) }
    var compared = 0
    func compare(_ inputs: [String: Tensor<Float>]) throws {
      for program in programs {
        for (name, tensor) in inputs { try program.setInput(name, to: tensor) }
        try program.run()
      }
      for position in found.indices {
        let name = found[position].name
        try found[position].compare(programs[0].result(name), programs[1].result(name))
      }
      compared += inputs.values.first?.shape[0] ?? 0
    }
    let facts = try first.facts(batch: batch)
    var random = Philox(seed: seed, stream: Philox.stream(named: "proof"))
    var inputs: [String: Tensor<Float>] = [:]
    for _ in 0..<max(1, (count + batch - 1) / batch) {
      for input in first.inputs {
        let shape = facts[input.name]?.shape ?? []
        inputs[input.name] = Tensor((0..<shape.count).map { _ in Float(random.normal()) }, shape: shape)
      }
      try compare(inputs)
    }
    if let samples, let name = first.inputs.first?.name, samples.shape[0] > 0 {
      for start in stride(from: 0, to: samples.shape[0], by: batch) {
        let end = min(start + batch, samples.shape[0])
        guard fixed == nil || end - start == batch else { break }
        inputs[name] = samples.rows(start..<end)
        for other in first.inputs.dropFirst() { inputs[other.name] = inputs[other.name]?.rows(0..<end - start) }
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
  private let names: EquivalenceProof.Names
  private var difference = 0.0
  private var scale = 0.0
  private var broken: Float?

  init(name: String, names: EquivalenceProof.Names) { (self.name, self.names) = (name, names) }

  var output: EquivalenceProof.Output { .init(name: name, greatestDifference: difference, scale: scale) }

  mutating func compare(_ first: Tensor<Float>, _ second: Tensor<Float>) throws {
    guard first.shape == second.shape else {
      throw EspalierError(
        "output '\(name)' of the \(names.second) has shape \(second.shape)", location: "proof", accepted: "\(first.shape)")
    }
    for (x, y) in zip(first.elements, second.elements) {
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
        "output '\(name)' of the \(names.first) is NaN for some inputs: nothing can be proven of it", location: "proof",
        accepted: "a network that stays finite, or another budget")
    }
    if scale == 0, refusesSilence {
      throw EspalierError(
        "output '\(name)' of the \(names.first) is 0 for every input: nothing can be proven of it", location: "proof",
        accepted: "a network whose outputs say something, or another budget")
    }
    guard difference <= bound * scale else {
      throw EspalierError(
        "output '\(name)' of the \(names.second) differs from the \(names.first)'s by \(difference), which reaches \(scale)",
        location: "proof", accepted: "a difference of \(bound) of that")
    }
  }
}
