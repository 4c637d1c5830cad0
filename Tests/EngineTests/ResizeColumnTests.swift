import Foundation
import Networks
import TestSupport
import Tensors
import Testing

/// The columns that Resize takes in mode nearest: exact rational arithmetic where the file gives sizes, onnxruntime's numbers in
/// both forms.
@Suite struct ResizeColumnTests {
  /// What `make_resize_columns.py` wrote.
  struct Golden: Decodable {
    var from: [Int]
    var to: [String: [Int]]
    var columns: [String: String]
  }

  static let coordinates: [ResizeCoordinates] = ResizeCoordinates.allCases
  static let roundings: [ResizeRounding] = ResizeRounding.allCases

  /// The column by the formulas of ONNX in integers: the position is numerator / denominator.
  static func exactColumn(_ op: Op.Resize, _ position: Int, from source: Int, to target: Int) -> Int {
    let (numerator, denominator) =
      switch op.coordinates {
      case .alignCorners: target > 1 ? (position * (source - 1), target - 1) : (0, 1)
      case .pytorchHalfPixel where target <= 1: (0, 1)
      case .halfPixel, .pytorchHalfPixel: ((2 * position + 1) * source - target, 2 * target)
      case .asymmetric: (position * source, target)
      }
    func floor(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : -((-a + b - 1) / b) }
    let column =
      switch op.rounding {
      case .floor: floor(numerator, denominator)
      case .ceil: -floor(-numerator, denominator)
      case .roundPreferFloor: -floor(denominator - 2 * numerator, 2 * denominator)
      case .roundPreferCeil: floor(2 * numerator + denominator, 2 * denominator)
      }
    return min(max(column, 0), source - 1)
  }

  private func columns(_ graph: Graph, _ source: Int, batch: Int = 2) throws -> [Int] {
    let row = Tensor<Float>((0..<batch * source).map { Float($0 % source) }, shape: [batch, 1, 1, source])
    let result = try run(graph.canonized(), ["input": row], batch: batch)["output"]!
    let length = result.count / batch
    #expect(Array(result.elements.prefix(length)) == Array(result.elements.suffix(length)))
    return result.elements.prefix(length).map { Int($0) }
  }

  private func graph(
    _ op: Op.Resize, _ source: Int, batch: Networks.Dimension = .symbolic("N"), sizes: (inout GraphEditor) -> [String?]
  )
    throws -> Graph
  {
    var editor = GraphEditor(name: "resize")
    editor.inputs = [GraphInput(name: editor.freshName("input"), dimensions: [batch, .fixed(1), .fixed(1), .fixed(source)])]
    let result = editor.add(op, named: "resize", inputs: ["input"] + sizes(&editor))
    editor.outputs = [editor.add(Op.Identity(), named: "same", inputs: [result])]
    editor.nodes[editor.nodes.count - 1].outputs = ["output"]
    editor.outputs = ["output"]
    return try editor.graph()
  }

  /// Sizes as PyTorch exports them: the batch and the channels out of `Shape`, the rest constant.
  private func computedSizes(_ target: Int, _ editor: inout GraphEditor) -> [String?] {
    let head = editor.add(Op.ShapeOf(end: 2), named: "shape", inputs: ["input"])
    let rest = editor.add(.integers([1, target]), named: "rest")
    return [nil, nil, editor.add(Op.Concat(axis: 0), named: "sizes", inputs: [head, rest])]
  }

  @Test(arguments: coordinates, roundings) func sizesStaySizes(coordinates: ResizeCoordinates, rounding: ResizeRounding) throws {
    let op = Op.Resize(mode: .nearest, coordinates: coordinates, rounding: rounding)
    for source in 3...20 {
      for target in stride(from: 2 + source % 2, through: 40, by: source % 3 + 1) {
        let graph = try graph(op, source) { computedSizes(target, &$0) }
        let expected = (0..<target).map { ResizeColumnTests.exactColumn(op, $0, from: source, to: target) }
        #expect(try columns(graph, source) == expected, "\(source) to \(target)")
      }
    }
  }

  /// A batch that is declared, in constant sizes, is freed without turning them into factors.
  @Test(arguments: [(6, 8), (6, 4), (9, 15), (14, 10), (7, 21)]) func sizesWithADeclaredBatchStaySizes(source: Int, target: Int)
    throws
  {
    let op = Op.Resize(mode: .nearest, coordinates: .asymmetric, rounding: .floor)
    let fixed = try graph(op, source, batch: .fixed(1)) { [nil, nil, $0.add(.integers([1, 1, 1, target]), named: "sizes")] }
    let freed = fixed.withSymbolicBatch()
    #expect(freed.reason == nil)
    let expected = (0..<target).map { ResizeColumnTests.exactColumn(op, $0, from: source, to: target) }
    #expect(try columns(freed.graph, source) == expected)
    #expect(try columns(fixed, source, batch: 1) == expected)
  }

  @Test func asInOnnxruntime() throws {
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: testResource("resize-columns.json")))
    var (differing, compared) = (0, 0)
    for coordinates in ResizeColumnTests.coordinates {
      for rounding in ResizeColumnTests.roundings {
        let op = Op.Resize(mode: .nearest, coordinates: coordinates, rounding: rounding)
        for form in ["sizes", "scales"] {
          let all = try #require(golden.columns["\(coordinates.rawValue) \(rounding.rawValue) \(form)"]).split(separator: " ")
          let pairs = golden.from.flatMap { source in golden.to[form]!.map { (source, $0) } }
          try #require(all.count == pairs.count)
          for ((source, target), theirs) in zip(pairs, all) {
            let columns = theirs.map { $0.hexDigitValue ?? Int($0.asciiValue! - Character("a").asciiValue!) + 10 }
            let factor = form == "sizes" ? nil : Float(target) / Float(source)
            let axis = ResizedAxis(op: op, source: source, target: columns.count, factor: factor)
            for (position, column) in columns.enumerated() {
              compared += 1
              guard axis.nearest(to: position) != column else { continue }
              differing += 1
              // Only where single precision cannot tell on which side of a tie the position lies.
              let position = axis.origin(of: position) * 2
              #expect(abs(position - position.rounded()) < 1e-5, "\(op) \(form) \(source) to \(target)")
            }
          }
        }
      }
    }
    #expect(compared > 200_000)
    #expect(differing < 80, "of \(compared)")
  }

  /// Sizes of some axes alone, as opset 18 has them, in any order.
  @Test func axesAreReadInTheirOrder() throws {
    let op = Op.Resize(mode: .nearest, coordinates: .asymmetric, rounding: .floor, axes: [3, -2])
    let graph = try graph(op, 6) { [nil, nil, $0.add(.integers([8, 1]), named: "sizes")] }
    #expect(try graph.facts(batch: 5)["output"]?.shape == [5, 1, 1, 8])
    #expect(try columns(graph, 6) == [0, 0, 1, 2, 3, 3, 4, 5])
  }
}
