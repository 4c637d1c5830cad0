import Datasets
import Tensors

/// Network dissection of a site: how well each channel's most active pixels fit each concept, and who fits best on each image.
///
/// A channel's mask on an image is *bilinearly upsampled activation > threshold*, at the size of the concept masks. Over all
/// images are counted: I, the pixels in a channel's mask and a concept; A, the pixels in a channel's mask on images that show any
/// concept of the category; G, the pixels of a concept. IoU = I / (A + G − I).
///
/// Votes: on each image, and for each concept that it shows, the channels are ranked by the image's own IoU; the top share of the
/// layer (``DissectionSettings/voteShare``), as far as its IoU is above 0, gets a vote. Of equals the lower channel is first.
///
/// Sources: Bau, Zhou, Khosla, Oliva, Torralba, "Network Dissection", CVPR 2017, equation 1 and its code, for the IoU. Alqahtani,
/// Xie, Jones, Essa, "Pruning CNN filters via quantifying the importance of deep visual representations", CVIU 2021, for the idea
/// of votes: only its abstract could be read, so ranking, share and ties are ours. All counts are integers: sums do not depend on
/// their order.
public struct DissectionAccumulator: Accumulator {
  public static let mergesExactly = true

  private let settings: DissectionSettings
  private let shape: SiteShape
  private let thresholds: [Float]

  private var intersections: [Int64]
  private var areas: [Int64]
  private var truths: [Int64]
  private var votes: [Int64]
  private var images: Int64 = 0

  // The image at hand.
  private var upsampler: ThresholdedUpsampler
  private var imageAreas: [Int64]
  private var imageIntersections: [Int64] = []
  /// The number of concepts that it shows.
  private var shown = 0
  /// The words of their masks, all concepts of a word side by side.
  private var maskWords: [UInt64] = []
  // Of the concept at hand: the channels that overlap, by how much, and the same in order.
  private var candidates: [Int] = []
  private var overlaps: [Double] = []
  private var ordered: [Double] = []

  /// An empty dissection.
  ///
  /// - Parameter thresholds: one a channel; NaN or infinity for a channel that never fires.
  /// - Precondition: there is one threshold a channel.
  public init(_ site: SiteShape, thresholds: [Float], _ settings: DissectionSettings) {
    precondition(thresholds.count == site.channels, "\(thresholds.count) thresholds for \(site.channels) channels")
    self.settings = settings
    self.thresholds = thresholds
    shape = site
    let (concepts, categories) = (settings.vocabulary.concepts.count, settings.vocabulary.categories.count)
    intersections = [Int64](repeating: 0, count: site.channels * concepts)
    areas = [Int64](repeating: 0, count: site.channels * categories)
    truths = [Int64](repeating: 0, count: concepts)
    votes = intersections
    upsampler = ThresholdedUpsampler(height: site.height, width: site.width)
    imageAreas = [Int64](repeating: 0, count: site.channels)
  }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    if tile.channel == 0 { begin(images.concepts[tile.row]) }
    guard shown > 0 else { return }
    // Lanes of no interest get a threshold that nothing exceeds.
    var over = SIMD8<Float>(repeating: .infinity)
    var isFiring = false
    for lane in 0..<tile.lanes where tile.summary.maximum[lane] > thresholds[tile.channel + lane] {
      over[lane] = thresholds[tile.channel + lane]
      isFiring = true
    }
    if isFiring {
      upsampler.prepare(tile, over: over)
      for lane in 0..<tile.lanes where over[lane] < .infinity { count(tile, lane, over[lane]) }
    }
    if tile.channel + tile.lanes == shape.channels { end(images.concepts[tile.row]) }
  }

  private mutating func count(_ tile: Tile, _ lane: Int, _ threshold: Float) {
    let channel = tile.channel + lane
    let shown = shown
    var area: Int64 = 0
    maskWords.withUnsafeBufferPointer { masks in
      imageIntersections.withUnsafeMutableBufferPointer { intersections in
        let own = intersections.baseAddress! + channel * shown
        upsampler.forEachWord(tile, lane: lane, over: threshold) { word, position in
          area += Int64(word.nonzeroBitCount)
          let mask = masks.baseAddress! + position * shown
          for entry in 0..<shown { own[entry] += Int64((word & mask[entry]).nonzeroBitCount) }
        }
      }
    }
    imageAreas[channel] = area
  }

  private mutating func begin(_ masks: ConceptMasks) {
    upsampler.prepare(height: masks.height, width: masks.width)
    images += 1
    shown = masks.entries.count
    guard shown > 0 else { return }
    for channel in 0..<shape.channels { imageAreas[channel] = 0 }
    if imageIntersections.count == shape.channels * shown {
      for position in imageIntersections.indices { imageIntersections[position] = 0 }
    } else {
      imageIntersections = [Int64](repeating: 0, count: shape.channels * shown)
    }
    let words = masks.height * BitMask.wordsPerRow(width: masks.width)
    if maskWords.count != words * shown { maskWords = [UInt64](repeating: 0, count: words * shown) }
    for (entry, concept) in masks.entries.enumerated() {
      for position in 0..<words { maskWords[position * shown + entry] = concept.mask.words[position] }
    }
  }

  private mutating func end(_ masks: ConceptMasks) {
    let (concepts, categories) = (truths.count, settings.vocabulary.categories.count)
    let entries = masks.entries.count
    for channel in 0..<shape.channels where imageAreas[channel] > 0 {
      for category in masks.categories { areas[channel * categories + category] += imageAreas[channel] }
      for (position, entry) in masks.entries.enumerated() {
        intersections[channel * concepts + entry.concept] += imageIntersections[channel * entries + position]
      }
    }
    let most = max(1, Int((settings.voteShare * Double(shape.channels)).rounded()))
    for (position, entry) in masks.entries.enumerated() {
      let truth = Int64(entry.mask.count)
      truths[entry.concept] += truth
      overlaps.removeAll(keepingCapacity: true)
      candidates.removeAll(keepingCapacity: true)
      for channel in 0..<shape.channels {
        let intersection = imageIntersections[channel * entries + position]
        guard intersection > 0 else { continue }
        overlaps.append(Double(intersection) / Double(imageAreas[channel] + truth - intersection))
        candidates.append(channel)
      }
      // All above the least overlap that gets a vote do, and of those at it the first.
      var least = -Double.infinity
      var left = candidates.count
      if candidates.count > most {
        ordered.removeAll(keepingCapacity: true)
        ordered += overlaps
        let cut = ordered.count - most
        least = ordered.withUnsafeMutableBufferPointer {
          Selection.partition($0, at: cut)
          return $0[cut]
        }
        left = most - overlaps.count { $0 > least }
      }
      for (candidate, channel) in candidates.enumerated() {
        if overlaps[candidate] == least, left > 0 { left -= 1 } else if overlaps[candidate] <= least { continue }
        votes[channel * concepts + entry.concept] += 1
      }
    }
  }

  public mutating func merge(_ later: DissectionAccumulator) {
    func add(_ later: [Int64], to sums: inout [Int64]) { for position in sums.indices { sums[position] &+= later[position] } }
    add(later.intersections, to: &intersections)
    add(later.areas, to: &areas)
    add(later.truths, to: &truths)
    add(later.votes, to: &votes)
    images += later.images
  }

  public func encode(into state: inout StateEncoder) {
    for values in [intersections, areas, truths, votes, [images]] { state.append(values) }
  }

  public mutating func decode(from state: inout StateDecoder) throws {
    intersections = try state.array(of: Int64.self, count: intersections.count)
    areas = try state.array(of: Int64.self, count: areas.count)
    truths = try state.array(of: Int64.self, count: truths.count)
    votes = try state.array(of: Int64.self, count: votes.count)
    images = try state.array(of: Int64.self, count: 1)[0]
  }

  /// What was found out.
  public var result: DissectionResult {
    let (channels, concepts, categories) = (shape.channels, truths.count, settings.vocabulary.categories.count)
    let overlap = (0..<channels * concepts).map { position -> Float in
      let (channel, concept) = (position / max(concepts, 1), position % max(concepts, 1))
      let area = areas[channel * categories + settings.vocabulary.concepts[concept].category]
      let union = area &+ truths[concept] &- intersections[position]
      return union > 0 ? Float(Double(intersections[position]) / Double(union)) : 0
    }
    let byConcept = votes.map(Double.init)
    return DissectionResult(
      overlap: Tensor(overlap, shape: [channels, concepts]), thresholds: Tensor(thresholds, shape: [channels]),
      votes: Tensor(
        (0..<channels).map { byConcept[$0 * concepts..<($0 + 1) * concepts].reduce(0, +) }, shape: [channels]),
      votesByConcept: Tensor(byConcept, shape: [channels, concepts]), images: Int(images))
  }
}
