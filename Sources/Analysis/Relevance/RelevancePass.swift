import Engine
import Networks
import Tensors

/// The crossing of every node by its rule, appended to a plan.
package final class RelevancePass {
  /// The taps on relevance at the outputs of linear layers, by the node's number.
  package private(set) var taps: [Int: (number: Int, channels: Int)] = [:]

  /// The taps on relevance at the outputs of attention, row-major, by the node's number.
  package private(set) var heads: [Int: (number: Int, count: Int)] = [:]

  /// What is observed to tell what each node conserves, in the order in which relevance reaches them.
  package private(set) var conservation: [ConservationTap] = []
  private let recordsConservation: Bool

  let graph: Graph
  let builder: PlanBuilder
  private let rules: [Int: any Rule]
  private let nonnegative: Set<String>
  /// The values from which relevance may go on to the network's input: those that depend on it, and not through layers alone that
  /// stop relevance.
  private let live: Set<String>
  private var variants: [Slot: [RulePart.Input: Slot]] = [:]

  package init(_ graph: Graph, composite: Composite, _ builder: PlanBuilder, recordsConservation: Bool = false) throws {
    self.recordsConservation = recordsConservation
    self.graph = graph
    self.builder = builder
    let rules = try composite.assignment(for: graph)
    self.rules = rules
    live = graph.nodes.reduce(into: Set(graph.inputs.map(\.name))) { live, node in
      guard rules[node.id]?.behaviour != .stop, node.inputs.contains(where: { $0.map(live.contains) ?? false }) else { return }
      live.formUnion(node.outputs)
    }
    nonnegative = graph.nonnegativeValues()
    // Where a rule subtracts large numbers, the direct convolution's last digits are needed.
    builder.allowsWinograd = graph.nodes.allSatisfy { node in
      guard LayerKind(node, in: graph) == .convolution, case .decomposition(let parts)? = rules[node.id]?.behaviour else {
        return true
      }
      return parts.allSatisfy(\.addsOnly)
    }
  }

  /// The values that rules observe, and that must therefore not be fused away.
  package func keptValues() -> Set<String> {
    var kept: Set<String> = []
    for node in graph.nodes {
      switch rules[node.id]?.behaviour {
      case .decomposition(let parts):
        let kind = LayerKind(node, in: graph)
        // An activation's share of its input is told from both ends.
        if kind == .activation || kind == .relu {
          kept.formUnion(node.inputs.compactMap { $0 }.filter { graph.constants[$0] == nil })
        }
        let addsUp = kind.isSum && hasOneShape(node)
        if !addsUp && parts.contains(where: { $0.isPlainOutput || $0.gate != .all }) { kept.formUnion(node.outputs) }
      case .sharedDecomposition, .constantDeviation, .taylor:
        kept.formUnion(node.outputs)
        kept.formUnion(node.inputs.compactMap { $0 }.filter { graph.constants[$0] == nil })
      case .activation(.smooth): kept.formUnion(node.inputs.compactMap { $0 })
      default: break
      }
    }
    return kept
  }

  /// Takes relevance through a node, with a tap on what is conserved if that is asked for.
  package func cross(_ node: Node, _ arriving: [Slot?], _ wanted: [Bool]) throws -> [Slot?] {
    let wanted = zip(node.inputs, wanted).map { input, isWanted in isWanted && input.map(live.contains) ?? false }
    let slots = arriving.compactMap { $0 }
    guard recordsConservation, !slots.isEmpty else { return try crossing(node, arriving, wanted) }
    let tap = builder.observe(try builder.imagesFirst(arriving, like: node.outputs), label: node.label)
    conservation.append(
      ConservationTap(
        node: node, kind: LayerKind(node, in: graph), rule: rules[node.id].map { type(of: $0).name } ?? GradientRule.name,
        arriving: tap))
    let delivered = try crossing(node, arriving, wanted)
    for case let (input?, slot?) in zip(node.inputs, delivered) { builder.position(slot, like: input) }
    let left = try builder.imagesFirst(delivered, like: node.inputs)
    if !left.isEmpty { conservation[conservation.count - 1].delivered = builder.observe(left, label: node.label) }
    return delivered
  }

  /// Notes what a part of a rule divides by.
  private func record(
    _ part: RulePart, of node: Node, quotient: Slot, incoming: Slot, terms: [(slot: Slot, sign: Float)], gate: Slot?
  ) {
    guard recordsConservation, !conservation.isEmpty else { return }
    var bias: [Double] = []
    // Only a layer's third input is a bias: a clip's is its upper bound.
    if builder.isLinear(node), let name = node.inputs.count > 2 ? node.inputs[2] : nil, let values = builder.parameters[name] {
      let scale = (node.op as? Op.Gemm).map { Double($0.beta) } ?? 1
      let channels = builder.layout(channelsSecond(quotient, of: node)).channels
      bias = [Double](repeating: 0, count: channels)
      for term in part.terms {
        guard let form = term.bias else { continue }
        let changed = form.applied(to: values.elements.map { Float(Double($0) * scale) })
        for channel in 0..<channels {
          bias[channel] += Double(changed[changed.count == 1 ? 0 : channel % changed.count]) * (term.isSubtracted ? -1 : 1)
        }
      }
    }
    for slot in [quotient, incoming] + terms.map(\.slot) { builder.position(slot, like: node.outputs[0]) }
    let shown = ([quotient, incoming] + terms.map(\.slot) + [gate].compactMap { $0 }).map { channelsSecond($0, of: node) }
    let tap = builder.observe(shown, label: node.label)
    conservation[conservation.count - 1].parts.append(
      ConservationTap.Part(
        tap: tap, signs: terms.map { Double($0.sign) }, coefficient: Double(part.coefficient), gate: part.gate, bias: bias))
  }

  /// What lies at a node's output with channels along axis 1, where those who look count them: of a linear layer on tokens they
  /// are along the last axis.
  func channelsSecond(_ slot: Slot, of node: Node) -> Slot {
    guard LayerKind(node, in: graph) == .dense, builder.layout(slot).shape.rank > 2 else {
      return (try? builder.imagesFirst([slot], like: [node.outputs[0]]).first) ?? slot
    }
    return (try? builder.channelsSecond(slot, like: node.outputs[0])) ?? slot
  }

  private func crossing(_ node: Node, _ arriving: [Slot?], _ wanted: [Bool]) throws -> [Slot?] {
    let kind = LayerKind(node, in: graph)
    if kind == .convolution || kind == .dense, let arrived = arriving[0] {
      let slot = channelsSecond(arrived, of: node)
      taps[node.id] = (builder.observe(slot, label: node.label), builder.layout(slot).channels)
    }
    if let arrived = arriving[0], let count = builder.headCount(of: node) {
      let slot = try builder.reorder(arrived, to: .plain(builder.layout(arrived).shape))
      builder.position(slot, like: node.outputs[0])
      heads[node.id] = (builder.observe(slot, label: node.label), count)
    }
    guard wanted.contains(true) else { return wanted.map { _ in nil } }
    guard let relevance = arriving[0], let rule = rules[node.id] else {
      return try builder.vectorJacobianProduct(node, arriving, wanted: wanted)
    }
    switch rule.behaviour {
    case .gradient: return try builder.vectorJacobianProduct(node, arriving, wanted: wanted)
    case .pass: return try pass(node, relevance, wanted)
    case .equalShares: return try shareEqually(node, relevance, wanted)
    case .stop: return wanted.map { _ in nil }
    case .activation(let change): return try cross(node, relevance, by: change, wanted)
    case .decomposition(let parts):
      if builder.isLinear(node) {
        return [try decompose(node, relevance, parts)] + wanted.dropFirst().map { _ in nil }
      }
      guard let part = parts.first, parts.count == 1, part.isPlainOutput, part.terms[0].weighing == nil else {
        throw EspalierError(
          "rule '\(type(of: rule).name)' needs a layer with weights", location: "layer '\(node.label)'",
          accepted: "\(NormRule.name), \(PassRule.name), \(GradientRule.name)")
      }
      return try share(node, kind, relevance, part, wanted)
    case .sharedDecomposition(let stabilizer):
      guard kind == .matrixProduct || kind == .product else { throw unfit(rule, node, needs: "a product of two maps") }
      let count = Float(max(wanted.count { $0 }, 1))
      // R / (n z + ε) is R / n divided by z + ε / n.
      var share = stabilizer
      if !stabilizer.isRelative { share.epsilon /= count }
      let part = RulePart([.init(.asIs, .asIs, bias: .asIs)], stabilizer: share)
      return try self.share(node, kind, relevance, part, wanted, factor: 1 / count)
    case .constantDeviation(let stabilizer):
      guard kind == .layerNorm else { throw unfit(rule, node, needs: "a layer norm") }
      return try shareOfLayerNorm(node, relevance, stabilizer, wanted)
    case .taylor:
      guard kind == .softmax else { throw unfit(rule, node, needs: "a softmax") }
      return [try builder.taylorDecomposition(ofSoftmax: node, relevance)] + wanted.dropFirst().map { _ in nil }
    }
  }

  private func unfit(_ rule: any Rule, _ node: Node, needs what: String) -> EspalierError {
    EspalierError(
      "rule '\(type(of: rule).name)' needs \(what)", location: "layer '\(node.label)'",
      accepted: "\(NormRule.name), \(PassRule.name), \(StopRule.name), \(GradientRule.name)")
  }

  private func cross(_ node: Node, _ relevance: Slot, by change: ActivationRule, _ wanted: [Bool]) throws -> [Slot?] {
    let layout = builder.layout(relevance)
    let result: Slot
    switch change {
    case .positiveRelevance:
      result = builder.allocate(layout, name: node.label)
      builder.addStep(node.label, reads: [relevance], writes: [result]) { program in
        Elementwise.positivePart(program.pointer(relevance), into: program.pointer(result), count: layout.floatCount)
      }
    case .positiveGradient:
      guard let gradient = try builder.vectorJacobianProduct(node, [relevance], wanted: wanted)[0] else {
        return wanted.map { _ in nil }
      }
      let own = builder.layout(gradient)
      let incoming = try builder.reorder(relevance, to: own)
      result = builder.allocate(own, name: node.label)
      builder.addStep(node.label, reads: [incoming, gradient], writes: [result]) { program in
        Elementwise.gate(
          program.pointer(gradient), by: program.pointer(incoming), into: program.pointer(result), count: own.floatCount)
      }
    case .smooth(let beta):
      guard let input = node.inputs[0] else { return wanted.map { _ in nil } }
      let value = try builder.reorder(builder.slot(of: input), to: layout)
      result = builder.allocate(layout, name: node.label)
      builder.addStep(node.label, reads: [relevance, value], writes: [result]) { program in
        Elementwise.smooth(
          program.pointer(relevance), program.pointer(value), beta: beta, into: program.pointer(result), count: layout.floatCount)
      }
    }
    return [result] + wanted.dropFirst().map { _ in nil }
  }

  /// A layer with weights: quotients, transposed products, and their sum weighted by the inputs.
  private func decompose(_ node: Node, _ relevance: Slot, _ parts: [RulePart]) throws -> Slot {
    guard let name = node.inputs[0] else { throw EspalierError("it has no input", location: "layer '\(node.label)'") }
    let input = try builder.slot(of: name)
    let isNonnegative = nonnegative.contains(name)
    var contributions: [(input: Slot, form: RulePart.Input, gradient: Slot, factor: Float)] = []
    for part in parts {
      let terms = part.terms.compactMap { term -> RulePart.Term? in
        if !isNonnegative { return term }
        if term.input == .negative { return nil }
        var term = term
        if term.input == .positive { term.input = .asIs }
        return term
      }
      // The part of negative inputs where there are none.
      if terms.isEmpty { continue }
      var products: [(slot: Slot, sign: Float)] = []
      if part.isPlainOutput {
        products.append((try builder.slot(of: node.outputs[0]), 1))
      } else {
        for term in terms {
          let slot = try builder.product(node, variant(term.input, of: input, node), weights: term.weights, bias: term.bias)
          products.append((slot, term.isSubtracted ? -1 : 1))
        }
      }
      let gate = part.gate == .all ? nil : try builder.slot(of: node.outputs[0])
      let quotient = try divide(
        node, relevance, by: products, gate: gate, part, input: input, layout: builder.layout(products[0].slot))
      for term in terms {
        let gradient = try builder.transposedProduct(node, quotient, weights: term.weights)
        let factor = term.isSubtracted ? -part.coefficient : part.coefficient
        let weighing = term.weighing ?? term.input
        if case .channels = weighing {
          contributions.append((try variant(weighing, of: input, node), .asIs, gradient, factor))
        } else {
          contributions.append((input, weighing, gradient, factor))
        }
      }
    }
    return try weigh(node, contributions, layout: builder.layout(input))
  }

  /// A changed copy of a layer's input.
  private func variant(_ form: RulePart.Input, of input: Slot, _ node: Node) throws -> Slot {
    if form == .asIs { return input }
    if let known = variants[input]?[form] { return known }
    let layout = builder.layout(input)
    if case .channels(let values) = form, values.count != layout.channels {
      throw EspalierError(
        "its input has \(layout.channels) channels and its rule \(values.count) numbers", location: "layer '\(node.label)'",
        accepted: "one number, or one a channel")
    }
    let result = builder.allocate(layout, name: node.label)
    builder.addStep(node.label, reads: [input], writes: [result]) { program in
      Elementwise.change(program.pointer(input), form, into: program.pointer(result), layout: layout)
      switch form {
      case .constant, .channels: program.featureMap(result).clearPadding()
      default: break
      }
    }
    variants[input, default: [:]][form] = result
    return result
  }

  /// Appends `R / st(Σ ± z)`, where the gate is open.
  func divide(
    _ node: Node, _ relevance: Slot, by products: [(slot: Slot, sign: Float)], gate: Slot?, _ part: RulePart, input: Slot? = nil,
    layout: Layout
  ) throws -> Slot {
    let incoming = try builder.reorder(relevance, to: layout)
    let terms = try products.map { (slot: try builder.reorder($0.slot, to: layout), sign: $0.sign) }
    let gateSlot = try gate.map { try builder.reorder($0, to: layout) }
    let result = builder.allocate(layout, name: node.label)
    let (stabilizer, side) = (part.stabilizer, part.gate)
    let followed = stabilizer.followsInput ? try input ?? node.inputs[0].map(builder.slot) : nil
    let followedLayout = followed.map(builder.layout)
    let others = [gateSlot, followed].compactMap { $0 }
    builder.addStep(node.label, reads: [incoming] + terms.map(\.slot) + others, writes: [result]) { program in
      let source = followed.flatMap { slot in followedLayout.map { (x: program.pointer(slot), layout: $0) } }
      Elementwise.divide(
        program.pointer(incoming), by: terms.map { (program.pointer($0.slot), $0.sign) }, stabilizer: stabilizer,
        input: source, into: program.pointer(result), layout: layout)
      if let gateSlot {
        Elementwise.close(program.pointer(result), where: program.pointer(gateSlot), side, count: layout.floatCount)
      }
    }
    record(part, of: node, quotient: result, incoming: incoming, terms: terms, gate: gateSlot)
    return result
  }

  /// Appends `Σ factor · input · gradient`.
  func weigh(
    _ node: Node, _ contributions: [(input: Slot, form: RulePart.Input, gradient: Slot, factor: Float)], layout: Layout
  ) throws -> Slot {
    let aligned = try contributions.map {
      (
        input: try builder.reorder($0.input, to: layout), form: $0.form, gradient: try builder.reorder($0.gradient, to: layout),
        factor: $0.factor
      )
    }
    let result = builder.allocate(layout, name: node.label)
    builder.addStep(node.label, reads: aligned.flatMap { [$0.input, $0.gradient] }, writes: [result]) { program in
      if aligned.isEmpty { program.pointer(result).update(repeating: 0, count: layout.floatCount) }
      for (position, part) in aligned.enumerated() {
        Elementwise.weigh(
          program.pointer(part.input), part.form, program.pointer(part.gradient), factor: part.factor,
          into: program.pointer(result),
          adding: position > 0, count: layout.floatCount)
      }
    }
    return result
  }
}
