import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// One application of an operator as onnxruntime ran it (`Resources/make_inference_cases.py`).
struct InferenceCase: Decodable, CustomTestStringConvertible {
  struct Value: Decodable {
    var shape: [Int]
    var integers: [Int]?
    var floats: [Float]?

    var fact: Fact {
      if let integers { return Fact(.int64(Tensor(integers.map(Int64.init), shape: Shape(shape)))) }
      if let floats { return Fact(.float(Tensor(floats, shape: Shape(shape)))) }
      return Fact(Shape(shape))
    }
  }

  enum Attribute: Decodable {
    case integer(Int), integers([Int]), string(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(Int.self) {
        self = .integer(value)
      } else if let value = try? container.decode([Int].self) {
        self = .integers(value)
      } else {
        self = .string(try container.decode(String.self))
      }
    }
  }

  var `operator`: String
  var attributes: [String: Attribute]
  var inputs: [Value?]
  var outputCount: Int
  var outputs: [Value]?

  var testDescription: String { "\(`operator`) \(attributes) of \(inputs.map { $0?.shape ?? [] })" }

  func integer(_ name: String, default fallback: Int) -> Int {
    if case .integer(let value) = attributes[name] { value } else { fallback }
  }

  func integers(_ name: String) -> [Int] {
    if case .integers(let values) = attributes[name] { values } else { [] }
  }

  var window: Window {
    let pads = integers("pads")
    var padding = Padding.explicit(begin: Array(pads.prefix(pads.count / 2)), end: Array(pads.suffix(pads.count / 2)))
    if case .string(let name) = attributes["auto_pad"] {
      padding = ["SAME_UPPER": .sameUpper, "SAME_LOWER": .sameLower, "VALID": .valid][name] ?? padding
    }
    return Window(
      strides: integers("strides"), dilations: integers("dilations"), padding: padding,
      ceilMode: integer("ceil_mode", default: 0) == 1)
  }

  var op: (any Networks.Operator)? {
    switch `operator` {
    case "Conv": Op.Conv(group: integer("group", default: 1), window: window)
    case "ConvTranspose":
      Op.ConvTranspose(
        group: integer("group", default: 1), window: window, outputPadding: integers("output_padding"),
        outputShape: integers("output_shape"))
    case "Gemm": Op.Gemm(transposeB: integer("transB", default: 0) == 1)
    case "MatMul": Op.MatMul()
    case "MaxPool": Op.MaxPool(kernel: integers("kernel_shape"), window: window)
    case "AveragePool": Op.AveragePool(kernel: integers("kernel_shape"), window: window)
    case "GlobalAveragePool": Op.GlobalAveragePool()
    case "GlobalMaxPool": Op.GlobalMaxPool()
    case "ReduceMean": Op.ReduceMean(keepsAxes: integer("keepdims", default: 1) == 1)
    case "PRelu": Op.PRelu()
    case "Add": Op.Add()
    case "Sub": Op.Sub()
    case "Mul": Op.Mul()
    case "Div": Op.Div()
    case "Concat": Op.Concat(axis: integer("axis", default: 0))
    case "Split": Op.Split(axis: integer("axis", default: 0))
    case "Slice": Op.Slice()
    case "Pad": Op.Pad()
    case "Flatten": Op.Flatten(axis: integer("axis", default: 1))
    case "Reshape": Op.Reshape()
    case "Squeeze": Op.Squeeze()
    case "Unsqueeze": Op.Unsqueeze()
    case "Transpose": Op.Transpose(permutation: integers("perm"))
    case "Expand": Op.Expand()
    case "Resize": Op.Resize()
    case "Cast": Op.Cast(to: integer("to", default: 1) == 1 ? .float : .integer)
    case "Shape": Op.ShapeOf(start: integer("start", default: 0), end: integer("end", default: 0))
    case "Gather": Op.Gather(axis: integer("axis", default: 0))
    case "ConstantOfShape": Op.ConstantOfShape()
    default: nil
    }
  }

  static func all() throws -> [InferenceCase] {
    try JSONDecoder().decode([InferenceCase].self, from: Data(contentsOf: testResource("inference-cases.json")))
  }
}

@Suite struct InferenceTests {
  @Test func shapesAndFoldedValuesAreThoseOfOnnxruntime() throws {
    let cases = try InferenceCase.all()
    #expect(cases.count > 1000)
    for example in cases {
      let op = try #require(example.op, "\(example.operator)")
      let inputs = example.inputs.map { $0?.fact }
      guard let expected = example.outputs else {
        #expect(throws: EspalierError.self, "\(example.testDescription)") {
          try op.infer(inputs, outputs: example.outputCount)
        }
        continue
      }
      do {
        let facts = try op.infer(inputs, outputs: example.outputCount)
        #expect(facts.map(\.shape.dimensions) == expected.map(\.shape), "\(example.testDescription)")
        for (fact, value) in zip(facts, expected) {
          if value.integers != nil { #expect(fact.value?.integers == value.integers, "\(example.testDescription)") }
          if value.floats != nil { #expect(fact.value?.floats?.elements == value.floats, "\(example.testDescription)") }
        }
      } catch {
        Issue.record("\(example.testDescription): \(error)")
      }
    }
  }
}
