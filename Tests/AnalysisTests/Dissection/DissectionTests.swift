import Analysis
import Datasets
import Scheduling
import TestSupport
import Tensors
import Testing

/// Thresholds, IoU and votes beside a slow twin that upsamples every map in double precision and counts pixel by pixel.
@Suite struct DissectionTests {
  static let vocabulary = ConceptVocabulary(
    categories: ["object", "colour"],
    concepts: [
      Concept(name: "cat", category: 0), Concept(name: "red", category: 1), Concept(name: "never", category: 0),
      Concept(name: "dog", category: 0), Concept(name: "blue", category: 1),
    ])

  /// Random masks of an odd size; some images lack a category, one has no concept at all, and none shows the third.
  static func masks(_ count: Int, height: Int, width: Int) -> [ConceptMasks] {
    var random = Philox(seed: 3)
    return (0..<count).map { image in
      let shown = image == 1 ? [] : image % 3 == 0 ? [0, 3] : [0, 1, 4]
      let entries = shown.compactMap { concept -> ConceptMasks.Entry? in
        var mask = BitMask(height: height, width: width)
        let (top, left) = (Int(random.uniform() * Double(height)), Int(random.uniform() * Double(width)))
        for row in top..<height { for column in left..<width { mask[row, column] = random.uniform() < 0.8 } }
        return mask.count == 0 ? nil : ConceptMasks.Entry(concept: concept, mask: mask)
      }
      return ConceptMasks(height: height, width: width, entries: entries, vocabulary: vocabulary)
    }
  }

  static func quantile(_ values: [Float], _ share: Double) -> Double {
    let sorted = values.sorted()
    let position = Double(sorted.count - 1) * (1 - share)
    let low = Int(position)
    let high = min(low + 1, sorted.count - 1)
    return Double(sorted[low]) + (Double(sorted[high]) - Double(sorted[low])) * (position - Double(low))
  }

  /// PyTorch's `interpolate(mode="bilinear", align_corners=False)` of one map.
  static func upsampled(_ map: [Double], _ h: Int, _ w: Int, _ height: Int, _ width: Int) -> [Double] {
    func taps(_ from: Int, _ to: Int) -> [(Int, Int, Double)] {
      (0..<to).map {
        let position = max(0, (Double($0) + 0.5) * Double(from) / Double(to) - 0.5)
        let low = min(Int(position), from - 1)
        return (low, min(low + 1, from - 1), position - Double(low))
      }
    }
    let (rows, columns) = (taps(h, height), taps(w, width))
    return rows.flatMap { row in
      columns.map { column in
        let top = map[row.0 * w + column.0] * (1 - column.2) + map[row.0 * w + column.1] * column.2
        let bottom = map[row.1 * w + column.0] * (1 - column.2) + map[row.1 * w + column.1] * column.2
        return top * (1 - row.2) + bottom * row.2
      }
    }
  }

  @Test(arguments: ["vgg", "residual", "inception", "mobile"], [0.05, 0.3])
  func equalsTheSlowTwin(name: String, share: Double) throws {
    try compare(name: name, share: share, height: 13, width: 70)
  }

  /// Masks smaller than the maps, of one pixel, a word wide, and so wide that a row has more than 64 groups of eight columns.
  @Test(arguments: [(1, 1), (3, 2), (40, 64), (5, 1100)])
  func equalsTheSlowTwinAtAnySize(height: Int, width: Int) throws {
    try compare(name: "residual", share: 0.1, height: height, width: width)
  }

  private func compare(name: String, share: Double, height: Int, width: Int) throws {
    let graph = try #require(TinyNetworks.all().first { $0.name == name }).graph
    var tiny = PassCase(graph, count: 8)
    tiny.masks = DissectionTests.masks(8, height: height, width: width)
    let count = tiny.targets.count
    let first = try tiny.pass { _, shape in
      [
        (phase: .forward, accumulator: ThresholdAccumulator(shape, share: share, images: count)),
        (phase: .forward, accumulator: Recorder(shape)),
      ]
    }.run(BlockScheduler(width: 2))
    var thresholds: [[Float]] = []
    for site in first.sites {
      let found = try #require(site.all[0] as? ThresholdAccumulator).thresholds
      let recorder = try #require(site.all[1] as? Recorder)
      let area = recorder.activations[0].count / found.count
      let expected = found.indices.map { channel in
        DissectionTests.quantile(recorder.activations.flatMap { $0[channel * area..<(channel + 1) * area] }, share)
      }
      expectClose(found.map(Double.init), expected, Tolerance(absolute: 1e-9, relative: 1e-6), "thresholds of \(name)")
      thresholds.append(found)
    }
    let shapes = try tiny.plan().sites.map(\.shape)
    // A pixel that single precision could count either way would be no error: thresholds keep away from all of them.
    for (position, site) in first.sites.enumerated() {
      let recorder = try #require(site.all[1] as? Recorder)
      let shape = shapes[position]
      for channel in thresholds[position].indices {
        let pixels = zip(recorder.activations, tiny.masks).flatMap { map, mask in
          DissectionTests.upsampled(
            map[channel * shape.area..<(channel + 1) * shape.area].map(Double.init), shape.height, shape.width, mask.height,
            mask.width)
        }
        let step = 4e-6 * Float(pixels.map(abs).max() ?? 0)
        while step > 0, pixels.contains(where: { abs($0 - Double(thresholds[position][channel])) < Double(step) / 2 }) {
          thresholds[position][channel] += step
        }
      }
    }
    // One unit that never fires.
    thresholds[0][0] = .infinity
    let known = thresholds
    let settings = DissectionSettings(vocabulary: DissectionTests.vocabulary, voteShare: 0.3)
    let pass = try tiny.pass { position, shape in
      [
        (phase: .forward, accumulator: DissectionAccumulator(shape, thresholds: known[position], settings)),
        (phase: .forward, accumulator: Recorder(shape)),
      ]
    }
    let state = try pass.run(BlockScheduler(width: 2))
    for (position, site) in state.sites.enumerated() {
      let result = try #require(site.all[0] as? DissectionAccumulator).result
      let recorder = try #require(site.all[1] as? Recorder)
      let shape = pass.plan.sites[position].shape
      let expected = slow(recorder.activations.map { $0.map(Double.init) }, shape, known[position], tiny.masks, settings)
      #expect(result.overlap.shape == [shape.channels, 5])
      // A pixel nearer to its threshold than single precision can tell may fall on either side.
      let sure = expected.overlap.indices.filter { !expected.unsure.contains($0 / 5) }
      #expect(expected.unsure.count <= max(1, shape.channels / 4), "\(expected.unsure)")
      expectClose(
        sure.map { result.overlap.elements[$0] }, sure.map { expected.overlap[$0] }, Tolerance(absolute: 1e-7),
        "IoU of \(name) \(position)")
      expectClose(result.overlap.elements, expected.overlap, Tolerance(absolute: 5e-3), "IoU of \(name) \(position)")
      #expect(result.votesByConcept.elements == expected.votes, "votes of \(name) \(position)")
      #expect(result.images == count)
    }
  }

  private func slow(
    _ images: [[Double]], _ shape: SiteShape, _ thresholds: [Float], _ masks: [ConceptMasks], _ settings: DissectionSettings
  ) -> (overlap: [Double], votes: [Double], unsure: Set<Int>) {
    var unsure: Set<Int> = []
    let (concepts, categories) = (settings.vocabulary.concepts.count, settings.vocabulary.categories.count)
    var inside = [Int](repeating: 0, count: shape.channels * concepts)
    var areas = [Int](repeating: 0, count: shape.channels * categories)
    var truth = [Int](repeating: 0, count: concepts)
    var votes = [Double](repeating: 0, count: shape.channels * concepts)
    for (image, mask) in zip(images, masks) {
      let fires = (0..<shape.channels).map { channel -> [Bool] in
        let threshold = Double(thresholds[channel])
        let up = DissectionTests.upsampled(
          Array(image[channel * shape.area..<(channel + 1) * shape.area]), shape.height, shape.width, mask.height, mask.width)
        // A plateau at the threshold is sure.
        if up.contains(where: { 1e-12..<2e-6 ~= abs($0 - threshold) }) { unsure.insert(channel) }
        return up.map { $0 > threshold }
      }
      for category in mask.categories {
        for channel in 0..<shape.channels { areas[channel * categories + category] += fires[channel].count { $0 } }
      }
      for entry in mask.entries {
        let pixels = (0..<mask.height * mask.width).map { entry.mask[$0 / mask.width, $0 % mask.width] }
        truth[entry.concept] += pixels.count { $0 }
        let overlaps = (0..<shape.channels).map { channel -> Double in
          let both = zip(fires[channel], pixels).count { $0 && $1 }
          inside[channel * concepts + entry.concept] += both
          let either = zip(fires[channel], pixels).count { $0 || $1 }
          return either == 0 ? 0 : Double(both) / Double(either)
        }
        let most = max(1, Int((settings.voteShare * Double(shape.channels)).rounded()))
        let ranked = overlaps.indices.filter { overlaps[$0] > 0 }.sorted { (overlaps[$0], $1) > (overlaps[$1], $0) }
        for channel in ranked.prefix(most) { votes[channel * concepts + entry.concept] += 1 }
      }
    }
    let overlap = inside.indices.map { position -> Double in
      let concept = position % concepts
      let area = areas[position / concepts * categories + settings.vocabulary.concepts[concept].category]
      let union = area + truth[concept] - inside[position]
      return union == 0 ? 0 : Double(inside[position]) / Double(union)
    }
    return (overlap, votes, unsure)
  }

  /// Floors that shards share change nothing, nor does the number of workers.
  @Test func sharedFloorsChangeNoThreshold() throws {
    var tiny = PassCase(TinyNetworks.vgg(), count: 40)
    tiny.batch = 2
    let shapes = try tiny.plan().sites.map(\.shape)
    func thresholds(width: Int, shared: Bool) throws -> [[Float]] {
      let floors = shapes.map { ThresholdAccumulator.Floors(channels: $0.channels) }
      return try tiny.pass { position, shape in
        [
          (
            phase: .forward,
            accumulator: ThresholdAccumulator(shape, share: 0.02, images: 40, floors: shared ? floors[position] : nil)
          )
        ]
      }.run(BlockScheduler(width: width)).sites.map { ($0.all[0] as! ThresholdAccumulator).thresholds }
    }
    let expected = try thresholds(width: 1, shared: false)
    for width in [1, 2, 3, 8] { #expect(try thresholds(width: width, shared: true) == expected) }
  }

  /// A floor goes along with the values that it is of, in whatever order ranges of shards are combined.
  @Test func valuesAtAFloorAreKept() throws {
    let site = SiteShape(channels: 1, height: 1, width: 1, rows: 1)
    let floors = ThresholdAccumulator.Floors(channels: 1)
    // Of 40 values two are kept.
    func accumulator() -> ThresholdAccumulator { ThresholdAccumulator(site, share: 0.005, images: 40, floors: floors) }
    var left = accumulator(), holder = accumulator()
    var encoder = StateEncoder()
    encoder.append([5, 4] as [Float])
    var decoder = StateDecoder(encoder.bytes)
    try holder.decode(from: &decoder)
    holder.endShard(ShardImages(indices: [0], labels: [[]]))
    left.merge(holder)
    // It begins with the floor that the holder has found.
    var other = accumulator()
    other.merge(left)
    #expect(abs(other.thresholds[0] - 4.805) < 1e-5)
  }
}
