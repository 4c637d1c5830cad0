import Foundation
import Images
import Plotting
import Tensors
import TestSupport
import Testing

@Suite struct HeatmapTests {
  /// What a plain NumPy twin makes of random relevance; see Resources/make.py.
  struct Case: Decodable {
    var shape: [Int]
    var relevance: [Float]
    var norm: String
    var indices: [UInt8]
    var image: [UInt8]
    var overlay: [Double]
  }

  @Test func indicesAndOverlaysEqualThePlainTwin() throws {
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: testResource("heatmaps.json")))
    #expect(cases.count == 9)
    for expected in cases {
      let norm = try #require(RelevanceNorm(rawValue: expected.norm))
      let relevance = Tensor(expected.relevance, shape: Shape(expected.shape))
      let heatmap = try Heatmap(relevance, norm: norm, colormap: .named("gray"))
      #expect(heatmap.indices.elements == expected.indices, "\(norm) of \(relevance.shape)")
      let size = heatmap.relevance.shape
      let overlay = heatmap.overlay(on: Image(pixels: Tensor(expected.image, shape: [size[0], size[1], 3])))
      expectClose(
        overlay.pixels.elements.map(Double.init), expected.overlay.flatMap { [$0, $0, $0] }, Tolerance(absolute: 0.5 + 1e-6),
        "overlay, \(norm)")
    }
  }

  @Test func zeroRelevanceIsTheMiddleInSymmetricMode() throws {
    let zero = Tensor<Float>(repeating: 0, shape: [3, 4, 5])
    #expect(try Heatmap(zero).indices == Tensor(repeating: 127, shape: [4, 5]))
    #expect(try Heatmap(zero, norm: .absolute).indices == Tensor(repeating: 0, shape: [4, 5]))
    #expect(try Heatmap(zero, norm: .unaligned).indices == Tensor(repeating: 0, shape: [4, 5]))
    let image = Image(width: 5, height: 4, filledWith: [90])
    #expect(try Heatmap(zero).overlay(on: image) == image.rgb)
  }

  /// NaN is drawn as zero, an infinity as the end of the scale, and the scale is that of the others.
  @Test func valuesThatAreNotFiniteAreDrawn() throws {
    let values = Tensor<Float>([.nan, .infinity, -.infinity, 1, -2, 0], shape: [2, 3])
    let symmetric = try Heatmap(values)
    #expect(symmetric.indices.elements == [127, 255, 0, 191, 0, 127])
    #expect(symmetric.nonFiniteCount == 3)
    #expect(try Heatmap(values, norm: .absolute).indices.elements == [0, 255, 255, 127, 255, 0])
    #expect(try Heatmap(values, norm: .unaligned).indices.elements == [170, 255, 0, 255, 0, 170])
    let largest = Float.greatestFiniteMagnitude
    let extremes: [[Float]] = [[.nan, .nan], [.infinity, -.infinity], [largest, -largest], [.leastNonzeroMagnitude, 0]]
    for extreme in extremes {
      for norm in RelevanceNorm.allCases {
        let heatmap = try Heatmap(Tensor(extreme, shape: [1, 2]), norm: norm, level: .infinity)
        #expect(heatmap.overlay(on: Image(width: 3, height: 2, filledWith: [1, 2, 3, 4])).width == 3)
      }
    }
  }

  @Test func resizingKeepsTheScale() throws {
    let heatmap = try Heatmap(Tensor([-1, 3, 1, 0], shape: [2, 2]), colormap: .named("bwr"))
    let large = heatmap.resized(width: 8, height: 6)
    #expect(large.range == -1...3)
    #expect(large.image.width == 8 && large.image.height == 6)
    #expect(large.indices[0, 7] == 255)
    #expect(heatmap.image.enlarged(by: 3).indices.shape == [6, 6])
  }

  @Test(arguments: [[4], [0, 3, 3], [2, 3, 4, 5], []])
  func otherShapesAreRefused(_ lengths: [Int]) {
    #expect(throws: EspalierError.self) { try Heatmap(Tensor(repeating: 0, shape: Shape(lengths))) }
  }

  @Test func sheetsAreFilledRowByRow() throws {
    #expect([1, 2, 3, 4, 7, 16, 17].map { ContactSheet.grid($0).columns } == [1, 1, 1, 2, 2, 4, 4])
    #expect([1, 2, 3, 4, 7, 16, 17].map { ContactSheet.grid($0).rows } == [1, 2, 3, 2, 4, 4, 5])
    let sheet = ContactSheet.tiled(Tensor(Array(1...20), shape: [5, 1, 2, 2]))
    #expect(sheet.shape == [3, 4, 2])
    #expect(sheet.elements == Array(1...20) + [1, 2, 1, 2])

    let maps = try (1...5).map { try Heatmap(Tensor([0, Float($0)], shape: [1, 2])) }
    #expect(try ContactSheet.of(maps).indices.elements == (1...5).flatMap { _ in [127, 255] as [UInt8] } + [127, 127])
    #expect(throws: EspalierError.self) { try ContactSheet.of([Heatmap]()) }
    #expect(throws: EspalierError.self) {
      try ContactSheet.of([maps[0], Heatmap(Tensor([1], shape: [1, 1]))])
    }
    let images = [Image(width: 2, height: 1, filledWith: [9]), Image(width: 2, height: 1, filledWith: [3])]
    #expect(try ContactSheet.of(images).pixels == Tensor([9, 9, 3, 3], shape: [2, 2, 1]))
  }
}
