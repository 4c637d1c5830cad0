import Networks
import Tensors

/// What keeps a NaN from becoming a number.
///
/// oneDNN's rectifier behind a convolution and its maximum of a window make a number of NaN, as comparisons of the processor do.
/// NaN arises where a sum leaves float32's range. That none does is known from the weights, as far as the bounds of values are
/// followed from layer to layer; where they reach the range, or where nothing is known of a value, the program measures it: once
/// in some ten layers. Images of which an element is beyond ``trusted`` go on, to the end of the run, by steps that keep NaN; what
/// the others get does not depend on them.
enum OverflowGuard {
  /// What its steps are called, beside the labels of nodes.
  static let label = "measurement of magnitudes"
  /// The magnitude that a measured element may have.
  static let trusted = 0x1p27
  /// What a sum may reach: float32's range, less what the transforms of ``Winograd`` may add to it.
  static let reach = Double(Float.greatestFiniteMagnitude) / 0x1p14

  /// Whether an element is NaN or of a greater magnitude than ``trusted``.
  static func exceeds(_ elements: UnsafePointer<Float>, count: Int) -> Bool {
    // As integers without their sign, magnitudes are in order, and NaN is beyond infinity.
    elements.withMemoryRebound(to: UInt32.self, capacity: count) { bits in
      var greatest: UInt32 = 0
      for i in 0..<count { greatest = max(greatest, bits[i] & 0x7fff_ffff) }
      return greatest > Float(trusted).bitPattern
    }
  }
}

extension PlanBuilder {
  /// What no element of a value exceeds in magnitude, or nil.
  func bound(of value: String) -> Double? {
    if let bound = bounds[value] { return bound }
    var bound: Double?
    if let constant = parameters[value] ?? facts[value]?.value?.floats {
      bound = constant.elements.reduce(0) { max($0, Double(abs($1))) }
    } else if let node = makers[value] {
      bound = kernels[node.id]?.bound(node.inputs.map { $0.flatMap(self.bound) }, self)
    }
    bounds[value] = .some(bound)
    return bound
  }

  /// Notes which node's kernel has computed which values, those of fused nodes among them.
  func noteMaker(_ node: Node, _ kernel: any Kernel) {
    for output in node.outputs + [(kernel as? any FusingKernel)?.fusion.output].compactMap({ $0 }) { makers[output] = node }
  }

  /// Appends, ahead of a kernel that makes numbers of NaN, what measures its inputs, if a sum of its might leave float32's range.
  ///
  /// Weights change while a network is trained, so that nothing is known of them then; its loss tells.
  ///
  /// - Parameter bound: the kernel's bound from those of its inputs.
  func guardSums(of inputs: [String], bound: ([Double?]) -> Double?) throws {
    func isWithin() -> Bool { bound(inputs.map { self.bound(of: $0) }).map { $0 < OverflowGuard.reach } ?? false }
    guard !isWithin() else { return }
    for input in inputs where !(self.bound(of: input).map({ $0 <= OverflowGuard.trusted }) ?? false) {
      let slot = try slot(of: input)
      addStep(OverflowGuard.label, reads: [slot], writes: []) { $0.measure(slot) }
      bounds[input] = OverflowGuard.trusted
    }
    if !isWithin() { addStep(OverflowGuard.label, reads: [], writes: []) { $0.imagesBeyondBounds.formUnion(0..<$0.batch) } }
  }
}

extension Tensor<Float> {
  /// The greatest sum of magnitudes at one position of an axis.
  func greatestSum(along axis: Int) -> Double {
    let (run, length) = (shape.strides[axis], shape[axis])
    var sums = [Double](repeating: 0, count: length)
    elements.withUnsafeBufferPointer { elements in
      for start in stride(from: 0, to: elements.count, by: max(run, 1)) {
        var sum = 0.0
        for i in start..<start + run { sum += Double(abs(elements[i])) }
        sums[start / run % length] += sum
      }
    }
    return sums.max() ?? 0
  }
}
