import Tensors
import Testing

@Suite struct ShapeTests {
  @Test(arguments: [[-1], [1 << 40], [1 << 20, 1 << 20], [0, 1 << 36, 1 << 36], [Int.max, Int.max]])
  func impossibleLengthsAreRefused(dimensions: [Int]) {
    #expect(throws: EspalierError.self) { try Shape(validating: dimensions) }
  }

  @Test func stridesAreRowMajor() throws {
    #expect(try Shape(validating: [2, 3, 4]).strides == [12, 4, 1])
    #expect(Shape([2, 0, 4]).count == 0)
    #expect(Shape([]).count == 1)
  }

  @Test func broadcastingIsNumPys() {
    #expect(Shape.broadcast([3, 1, 5], [4, 1]) == [3, 4, 5])
    #expect(Shape.broadcast([3], [4]) == nil)
    #expect(Shape.broadcast([], [2]) == [2])
    #expect(Shape.broadcast([1 << 30, 1], [1 << 30]) == nil)
  }

  @Test func errorsAreOneLine() {
    let error = EspalierError("it\nbroke", accepted: "whole ones").at("layer 'a'").inFile("x.onnx").at("other")
    #expect(error.description == "x.onnx: layer 'a': it broke (accepted: whole ones)")
  }
}
