import Plotting
import TestSupport
import Tensors
import Testing

@Suite struct RelevanceScaleTests {
  private let maps = [
    Tensor<Float>([-4, 1, 2, 3, .nan, 0], shape: [2, 3]), Tensor<Float>([10, -1, 5, 0, .infinity, 2], shape: [2, 3]),
  ]

  @Test func sharedScalesAreThoseOfAllMaps() throws {
    let own = try RelevanceScale().heatmaps(maps)
    #expect(own.map(\.range) == [-4...3, -1...10])
    let shared = try RelevanceScale(isShared: true).heatmaps(maps)
    #expect(shared.map(\.range) == [-4...10, -4...10])
    // −4 of −10 … 10 is at 0.3, zero at the middle, the infinity at the end.
    #expect(shared[0].indices.elements == [76, 140, 153, 165, 127, 127])
    #expect(shared[1].indices.elements == [255, 114, 191, 127, 255, 153])
  }

  /// `numpy.percentile(abs(x), 75)` is 3.0 of 4, 1, 2, 3, 0 and 5.0 of 10, 1, 5, 0, 2; of all ten 3.75.
  @Test func percentilesAreNumPys() throws {
    let own = try RelevanceScale(percentile: 75).heatmaps(maps)
    #expect(own.map(\.range) == [-3...3, -5...5])
    #expect(own[0].indices.elements == [0, 170, 212, 255, 127, 127])
    #expect(try RelevanceScale(isShared: true, percentile: 75).heatmaps(maps).map(\.range) == [-3.75...3.75, -3.75...3.75])
    // `numpy.percentile(x, [25, 75])` of −4, 1, 2, 3, 0 is 0.0, 2.0.
    #expect(try RelevanceScale(percentile: 75).heatmaps([maps[0]], norm: .unaligned)[0].range == 0...2)
    #expect(try RelevanceScale(percentile: 99).heatmaps([]).isEmpty)
  }

  @Test func barsSayWhereScalesEnd() throws {
    func texts(_ scale: RelevanceScale, _ norm: RelevanceNorm) throws -> [String] {
      ColorBar(try scale.heatmaps(maps, norm: norm), scale, norm: norm, colormap: .coldnhot).labels.map(\.text)
    }
    #expect(try texts(RelevanceScale(), .symmetric) == ["max |R|", "0", "−max |R|"])
    #expect(try texts(RelevanceScale(percentile: 99), .symmetric) == ["p99 |R|", "0", "−p99 |R|"])
    #expect(try texts(RelevanceScale(isShared: true), .symmetric) == ["−10", "−5", "0", "5", "10"])
    #expect(try texts(RelevanceScale(isShared: true), .absolute) == ["0", "2", "4", "6", "8", "10"])
    #expect(try texts(RelevanceScale(isShared: true), .unaligned).contains("10"))
  }
}
