import Analysis
import Datasets
import Scheduling
import TestSupport
import Tensors
import Testing

/// The masks of chosen channels on chosen images, beside the slow twin's upsampling.
@Suite struct ExemplarTests {
  private static let (height, width) = (21, 67)

  private static func choice(_ position: Int, _ shape: SiteShape) -> ExemplarAccumulator.Choice {
    let channels = [1: Set([0, shape.channels - 1]), 4: Set(0..<shape.channels), 6: [shape.channels / 2]]
    let thresholds = (0..<shape.channels).map { $0 == 1 ? Float.infinity : 0.1 + 0.05 * Float($0) }
    return .init(thresholds: thresholds, channels: channels, height: height, width: width)
  }

  @Test(arguments: ["vgg", "residual", "mobile"])
  func masksEqualTheSlowTwin(name: String) throws {
    let tiny = PassCase(try #require(TinyNetworks.all().first { $0.name == name }).graph)
    let pass = try tiny.pass { position, shape in
      [
        (phase: .forward, accumulator: ExemplarAccumulator(shape, ExemplarTests.choice(position, shape))),
        (phase: .forward, accumulator: Recorder(shape)),
      ]
    }
    let state = try pass.run(BlockScheduler(width: 2))
    var inside = 0
    for (position, site) in state.sites.enumerated() {
      let shape = pass.plan.sites[position].shape
      let choice = ExemplarTests.choice(position, shape)
      let found = try #require(site.all[0] as? ExemplarAccumulator)
      let recorder = try #require(site.all[1] as? Recorder)
      for image in 0..<7 {
        for channel in 0..<shape.channels {
          guard choice.channels[image]?.contains(channel) ?? false else {
            #expect(found.mask(of: channel, on: image) == nil)
            continue
          }
          let mask = try #require(found.mask(of: channel, on: image))
          let map = recorder.activations[image][channel * shape.area..<(channel + 1) * shape.area].map(Double.init)
          let up = DissectionTests.upsampled(map, shape.height, shape.width, ExemplarTests.height, ExemplarTests.width)
          let threshold = Double(choice.thresholds[channel])
          for (pixel, value) in up.enumerated() where abs(value - threshold) > 1e-5 {
            let fires = mask[pixel / ExemplarTests.width, pixel % ExemplarTests.width]
            if fires != (value > threshold) {
              Issue.record("\(name) site \(position) image \(image) channel \(channel) pixel \(pixel): \(value), \(threshold)")
              return
            }
            inside += fires ? 1 : 0
          }
        }
      }
    }
    #expect(inside > 1000)
  }

  @Test func theNumberOfWorkersAndStoringDoNotMatter() throws {
    let tiny = PassCase(TinyNetworks.residual())
    let pass = try tiny.pass { position, shape in
      [(phase: .forward, accumulator: ExemplarAccumulator(shape, ExemplarTests.choice(position, shape)))]
    }
    func bytes(_ state: AnalysisState) -> StateEncoder {
      var encoder = StateEncoder()
      state.encode(into: &encoder)
      return encoder
    }
    let expected = bytes(try pass.run(BlockScheduler(width: 1)))
    for width in [2, 3, 8] { #expect(bytes(try pass.run(BlockScheduler(width: width))).bytes == expected.bytes) }
    var copy = pass.fresh()
    var decoder = StateDecoder(expected.bytes)
    try copy.decode(from: &decoder)
    #expect(decoder.isAtEnd && bytes(copy).bytes == expected.bytes)
    var short = StateDecoder(expected.bytes.dropLast(8))
    var other = pass.fresh()
    #expect(throws: (any Error).self) { try other.decode(from: &short) }
  }
}
