import Networks
import TestSupport
import Tensors
import Testing

/// One operator with its inputs, wrapped in a graph of its own.
struct OperatorCase: CustomTestStringConvertible, Sendable {
  enum Input: Sendable {
    /// Fed; the first axis is the batch.
    case data(Shape)
    /// Fed numbers of 1 and more.
    case far(Shape)
    /// The same as data behind a convolution, so that it lies in blocks of channels.
    case blocked(Shape)
    /// A weight of random numbers.
    case weight(Shape)
    /// A weight of random numbers between 0.5 and 1.5.
    case positive(Shape)
    /// Numbers that are given.
    case constant(Constant)
    case leftOut
  }

  let op: any Networks.Operator
  let inputs: [Input]
  let outputCount: Int
  /// Whether the samples do not see each other, so that a shard may be filled up.
  let isPerSample: Bool

  init(_ op: any Networks.Operator, _ inputs: Input..., outputs: Int = 1, isPerSample: Bool = true) {
    self.op = op
    self.inputs = inputs
    outputCount = outputs
    self.isPerSample = isPerSample
  }

  /// The case with `leading` inputs in front.
  init(_ op: any Networks.Operator, _ inputs: [Input], outputs: Int = 1) {
    (self.op, self.inputs, outputCount, isPerSample) = (op, inputs, outputs, true)
  }

  var testDescription: String { "\(op) of \(inputs)" }

  /// The names of what may be differentiated: fed inputs and random weights.
  var variables: [String] {
    inputs.enumerated().flatMap { position, input in
      switch input {
      case .data, .far: ["x\(position)"]
      case .blocked: ["x\(position)", "mix\(position)"]
      case .weight, .positive: ["w\(position)"]
      case .constant, .leftOut: [String]()
      }
    }
  }

  /// The operator's outputs.
  var outputs: [String] { (0..<outputCount).map { "y\($0)" } }

  func graph() throws -> Graph {
    var editor = GraphEditor(name: op.name)
    var names: [String?] = []
    for (position, input) in inputs.enumerated() {
      switch input {
      case .data(let shape), .blocked(let shape), .far(let shape):
        editor.inputs.append(
          GraphInput(
            name: editor.freshName("x\(position)"), dimensions: [.symbolic("N")] + shape.dimensions.dropFirst().map { .fixed($0) }
          ))
        names.append("x\(position)")
        if case .blocked = input {
          let kernel = [shape[1], shape[1]] + [Int](repeating: 1, count: shape.rank - 2)
          let weight = editor.add(.float(noise(Shape(kernel), "mix\(position)")), named: "mix\(position)")
          names[position] = editor.add(Op.Conv(), named: "blocks\(position)", inputs: ["x\(position)", weight])
        }
      case .weight(let shape): names.append(editor.add(.float(noise(shape, "w\(position)")), named: "w\(position)"))
      case .positive(let shape):
        names.append(editor.add(.float(noise(shape, "w\(position)").map { 1 + max(min($0, 2), -2) / 4 }), named: "w\(position)"))
      case .constant(let constant): names.append(editor.add(constant, named: "c\(position)"))
      case .leftOut: names.append(nil)
      }
    }
    editor.add(op, named: op.name, inputs: names, outputs: outputs)
    editor.outputs = outputs
    return try editor.graph()
  }

  /// Random numbers for the fed inputs.
  func data(samples: Int? = nil) -> [String: Tensor<Float>] {
    var result: [String: Tensor<Float>] = [:]
    for (position, input) in inputs.enumerated() {
      switch input {
      case .data(let shape), .blocked(let shape):
        result["x\(position)"] = noise(shape, "x\(position)").rows(0..<(samples ?? shape[0]))
      case .far(let shape):
        result["x\(position)"] = noise(shape, "x\(position)").rows(0..<(samples ?? shape[0])).map { 1 + abs($0) }
      default: break
      }
    }
    return result
  }

  var batch: Int {
    for input in inputs {
      switch input {
      case .data(let shape), .blocked(let shape), .far(let shape): return shape[0]
      default: continue
      }
    }
    return 1
  }
}

/// Normal random numbers that depend on the name alone.
func noise(_ shape: Shape, _ name: String) -> Tensor<Float> {
  var random = Philox(seed: 7, stream: Philox.stream(named: name))
  return Tensor((0..<shape.count).map { _ in Float(random.normal()) }, shape: shape)
}

extension Tensor where Scalar == Float {
  var doubles: Tensor<Double> { map(Double.init) }
}

/// Single precision against double: of the largest element.
let single = Tolerance(absolute: 1e-6, relative: 2e-5)
