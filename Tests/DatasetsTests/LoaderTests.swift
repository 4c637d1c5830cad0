import Datasets
import Foundation
import Images
import Scheduling
import Tensors
import TestSupport
import Testing

/// Images of 4×4 whose pixels are all different, labelled by their position.
private struct Ramps: Dataset {
  let count: Int
  var classNames: [String]? { nil }
  var description: String { "\(count) ramps" }
  func labels(_ index: Int) -> [Int] { [index] }
  func sample(_ index: Int) -> Sample {
    let pixels = Tensor((0..<16).map { UInt8((index * 16 + $0) % 255 + 1) }, shape: [4, 4, 1])
    return Sample(content: .image(Image(pixels: pixels)), labels: [index], name: "ramp \(index)")
  }
  func digest() -> String { "" }
}

/// The same images as tensors.
private struct RawRamps: Dataset {
  let ramps = Ramps(count: 30)
  var count: Int { 30 }
  var classNames: [String]? { nil }
  var description: String { "" }
  func labels(_ index: Int) -> [Int] { [index] }
  func sample(_ index: Int) throws -> Sample {
    var sample = ramps.sample(index)
    if case .image(let image) = sample.content { sample.content = .tensor(try Preprocessing(channels: 1, scale: 1)(image)) }
    return sample
  }
  func digest() -> String { "" }
}

@Suite struct LoaderTests {
  private let raw = Preprocessing(channels: 1, scale: 1)

  private func all(_ epoch: Loader.Epoch, producers: Int = 1) throws -> [Batch] {
    let batches = epoch.batches(depth: 4, producers: producers)
    var result: [Batch] = []
    while let batch = try batches.next() { result.append(batch) }
    return result
  }

  @Test func batchesHoldTheirSamples() throws {
    let loader = Loader(Ramps(count: 10), preprocessing: raw, batch: 4)
    let batches = try all(loader.epoch())
    #expect(batches.map(\.indices) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]])
    #expect(batches[2].input.shape == [2, 1, 4, 4])
    #expect(batches[1].input.elements == (64..<128).map { Float($0 % 255 + 1) })
    #expect(batches[2].labels == [[8], [9]])
  }

  @Test func ordersDependOnSeedAndEpoch() {
    func order(seed: UInt64, epoch: Int) -> [Int] {
      Loader(Ramps(count: 50), preprocessing: raw, batch: 8, isShuffled: true, seed: seed).epoch(epoch).order
    }
    #expect(order(seed: 1, epoch: 0) == order(seed: 1, epoch: 0))
    #expect(order(seed: 1, epoch: 0).sorted() == Array(0..<50))
    #expect(Set([order(seed: 1, epoch: 0), order(seed: 1, epoch: 1), order(seed: 2, epoch: 0), Array(0..<50)]).count == 4)
  }

  @Test func threadsDoNotMatter() throws {
    let loader = Loader(
      Ramps(count: 200), preprocessing: raw, batch: 8, augmentation: Augmentation(padding: 2), isShuffled: true, seed: 4)
    let alone = try all(loader.epoch(3))
    let together = try all(loader.epoch(3), producers: 3)
    let scheduled = try BlockScheduler(width: 3).map(shards: 0..<loader.count, makeWorker: { _ in loader.epoch(3) }) {
      try $0.batch($1)
    }
    #expect(alone.map(\.input) == together.map(\.input))
    #expect(alone.map(\.input) == scheduled.map(\.input))
  }

  /// Each augmented image must be one of the 25 shifts of the image or of its mirror image, and most must occur.
  @Test func augmentationShiftsAndMirrors() throws {
    let loader = Loader(Ramps(count: 1), preprocessing: raw, batch: 1, augmentation: Augmentation(padding: 2), seed: 9)
    let original = try Loader(Ramps(count: 1), preprocessing: raw, batch: 1).epoch().batch(0).input
    func shifted(_ dx: Int, _ dy: Int, _ isFlipped: Bool) -> [Float] {
      (0..<16).map { position in
        let (y, x) = (position / 4 - dy, (isFlipped ? 3 - position % 4 : position % 4) - dx)
        return 0..<4 ~= y && 0..<4 ~= x ? original[0, 0, y, x] : 0
      }
    }
    var possible: Set<[Float]> = []
    for dx in -2...2 { for dy in -2...2 { for isFlipped in [false, true] { possible.insert(shifted(dx, dy, isFlipped)) } } }
    let seen = Set(try (0..<1000).map { try loader.epoch($0).batch(0).input.elements })
    #expect(possible.count == 50)
    #expect(seen == possible)
    let again = try loader.epoch(5).batch(0).input
    #expect(try loader.epoch(5).batch(0).input == again)
  }

  private func augmented(_ data: any Dataset) throws -> Tensor<Float> {
    let loader = Loader(data, preprocessing: raw, batch: 30, augmentation: Augmentation(padding: 1), seed: 2)
    return try loader.epoch(1).batch(0).input
  }

  /// Tensors are augmented as images are.
  @Test func tensorsAreAugmentedAlike() throws {
    let images = try augmented(Ramps(count: 30))
    #expect(try augmented(RawRamps()) == images)
  }

  @Test func wrongSamplesAreNamed() throws {
    let loader = Loader(Ramps(count: 12), preprocessing: raw, batch: 4, classes: 10)
    #expect(message { _ = try loader.epoch().batch(2) } == "ramp 10: has label 10 (accepted: 0 to 9)")
    try withTemporaryFolder { folder in
      try folder.writeImage("a.png")
      try folder.writeImage("b.png", width: 9)
      let loader = Loader(try ImageFolder.open(folder.path), preprocessing: raw, batch: 2)
      #expect(
        message { _ = try loader.epoch().batch(0) }.hasPrefix("b.png: has shape 1×3×9 where the first of its batch has 1×3×4"))
    }
  }
}
