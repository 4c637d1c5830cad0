import Engine
import Networks
import TestSupport
import Tensors
import Testing

/// A graph's plan with seeds that gradients start from.
struct Differentiated {
  let plan: Plan
  /// One slot a seeded value.
  let seeds: [String: Slot]
  /// The names of what a gradient reached, kept as `∂name`.
  let reached: [String]

  /// Plans forward and backward passes from `outputs` to `wanted`.
  init(
    _ graph: Graph, batch: Int, from outputs: [String], to wanted: [String], keeping kept: Set<String> = [],
    parameters: Parameters? = nil, isTraining: Bool = false
  ) throws {
    useOneThreadHere()
    let builder = try PlanBuilder(graph, batch: batch, parameters: parameters, isTraining: isTraining)
    try builder.forward(keeping: kept, isDifferentiable: true)
    var seeds: [String: Slot] = [:]
    for output in outputs {
      let slot = builder.allocate(.plain(try builder.shape(of: output)), name: output)
      builder.pin(slot)
      seeds[output] = slot
    }
    let gradients = try builder.gradients(from: seeds, to: Set(wanted))
    for (name, slot) in gradients {
      builder.keep(try builder.reorder(slot, to: .plain(builder.layout(slot).shape)), as: "∂" + name)
    }
    plan = builder.finish()
    self.seeds = seeds
    reached = gradients.keys.sorted()
  }

  /// Writes the seeds; samples that only fill up get none.
  func seed(_ program: Program, _ values: [String: Tensor<Float>]) {
    for (name, slot) in seeds {
      let target = program.pointer(slot)
      let map = program.featureMap(slot)
      for i in 0..<map.layout.floatCount { target[i] = i < values[name]!.count ? values[name]!.elements[i] : 0 }
    }
  }
}

/// Runs a graph once, forward only.
func run(
  _ graph: Graph, _ data: [String: Tensor<Float>], batch: Int, keeping kept: Set<String> = []
) throws -> [String: Tensor<Float>] {
  useOneThreadHere()
  let builder = try PlanBuilder(graph, batch: batch)
  try builder.forward(keeping: kept)
  for name in kept where !graph.isOutput(name) {
    let slot = try builder.slot(of: name)
    builder.keep(try builder.reorder(slot, to: .plain(builder.layout(slot).shape)), as: name)
  }
  let program = try Program(builder.finish())
  for (name, tensor) in data { try program.setInput(name, to: tensor) }
  try program.run()
  return Dictionary(uniqueKeysWithValues: kept.union(graph.outputs).map { ($0, program.result($0)) })
}
