import Compression
import Foundation
import Networks
import ONNX
import Synchronization
import Tensors

/// A step that multiplies the weights of the first layer by a factor, and counts how often it was made.
final class ToyStep: CompressionStep {
  let name = "toy"
  let factor: Float
  let promise: Equivalence
  let isProven: Bool
  private let made = Mutex(0)

  init(_ factor: Float, promise: Equivalence = .none, isProven: Bool = true) {
    self.factor = factor
    self.promise = promise
    self.isProven = isProven
  }

  var count: Int { made.withLock { $0 } }

  func job() throws -> JobIdentity {
    var job = JobIdentity(name)
    job.add("factor", factor, default: 1)
    return job
  }

  func apply(_ input: StepInput, in place: StepPlace) throws -> StepOutcome {
    made.withLock { $0 += 1 }
    let before = try Graph(onnx: input.path)
    var editor = GraphEditor(before)
    let weight = before.linearLayers[0].node.inputs[1]!
    editor.constants[weight] = .float(before.constants[weight]!.floats!.map { $0 * factor })
    let after = try editor.graph()
    let proof = isProven ? try EquivalenceProof(before, after, bound: 1e6) : nil
    let record = try StepRecord(
      name, job(), from: before, digest: input.digest, to: after, promise: promise, proof: proof, espalier: "test")
    try ChainRecord.adding(record, to: &editor.metadata)
    try editor.graph().writeONNX(to: place.network)
    return StepOutcome(record, details: Data("told".utf8))
  }
}
