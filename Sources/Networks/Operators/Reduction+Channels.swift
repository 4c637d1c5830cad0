import Tensors

/// What stands for a term of a reduction that is not there.
public enum MissingTerm: Hashable, Sendable {
  /// A number that changes nothing.
  case number(Float)
  /// None: the mean is of those that are there.
  case mean
  /// Nothing does.
  case none
}

extension Op.ReduceSum { public var missingTerm: MissingTerm { .number(0) } }
extension Op.ReduceMean { public var missingTerm: MissingTerm { .mean } }
extension Op.ReduceMax { public var missingTerm: MissingTerm { .number(-.greatestFiniteMagnitude) } }
extension Op.ReduceMin { public var missingTerm: MissingTerm { .number(.greatestFiniteMagnitude) } }
extension Op.ReduceProd { public var missingTerm: MissingTerm { .none } }
extension Op.ReduceL1 { public var missingTerm: MissingTerm { .number(0) } }
extension Op.ReduceL2 { public var missingTerm: MissingTerm { .number(0) } }
extension Op.ReduceSumSquare { public var missingTerm: MissingTerm { .number(0) } }

extension Reduction {
  /// Channels that are reduced come out in one number; a mean over them is of those that are there.
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let known = flow.channels[input] else { return }
    let axes = try reducedAxes(of: flow.shape(input), declared: flow.input(node, 1).flatMap { flow.facts[$0]?.value?.integers })
    let own = flow.decided(known, mixing: axes, isProduct: false)
    flow.define(input, own)
    guard own.axes.contains(where: axes.contains) else {
      return flow.pass(node) { own in keepsAxes ? own : own - axes.count { $0 < own } }
    }
    if missingTerm == .none { return flow.stop(node, "\(node.op.name) '\(node.label)' is over all channels") }
    flow.define(node.outputs[0], .none)
  }

  public func maskChannels(of node: Node, _ masking: inout ChannelMasking) throws {
    guard let input = node.inputs[0], let shape = masking.map.facts[input]?.shape, let loss = masking.loss(of: input),
      case let axes = node.inputs.count > 1 ? node.inputs[1].flatMap({ masking.map.facts[$0]?.value?.integers }) : nil,
      try reducedAxes(of: shape, declared: axes).contains(loss.axis)
    else { return }
    switch missingTerm {
    case .number(let number): masking.redirect(node) { $1.masked($0, as: number) }
    case .mean:
      let zeroed = masking.zeroed(input)
      let mean = masking.editor.add(self, named: "\(node.label).all", inputs: [zeroed] + node.inputs.dropFirst())
      let share = masking.editor.add(
        .float(Tensor(scalar: Float(loss.all) / Float(loss.kept))), named: "\(node.label).share")
      masking.replace(node, by: Op.Mul(), [mean, share])
    case .none: break
    }
  }
}
