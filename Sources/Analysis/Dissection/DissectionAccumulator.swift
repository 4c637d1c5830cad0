import Datasets
import Tensors

/// Network dissection of a site: how well each channel's most active pixels fit each concept, and who fits best on each picture.
///
/// A channel's mask on a picture is *bilinearly upsampled activation > threshold*, at the size of the concept masks. Over all
/// pictures are counted: I, the pixels in a channel's mask and a concept; A, the pixels in a channel's mask on pictures that show any
/// concept of the category; G, the pixels of a concept. IoU = I / (A + G − I).
///
/// Votes: on each picture, and for each concept that it shows, the channels are ranked by the picture's own IoU; the top share of the
/// layer (``DissectionSettings/voteShare``), as far as its IoU is above 0, gets a vote. Of equals the lower channel is first.
///
/// Sources: Bau, Zhou, Khosla, Oliva, Torralba, "Network Dissection", CVPR 2017, equation 1 and its code, for the IoU. Alqahtani, Xie,
/// Jones, Essa, "Pruning CNN filters via quantifying the importance of deep visual representations", CVIU 2021, for the idea of votes:
/// only its abstract could be read, so ranking, share and ties are ours. All counts are integers: sums do not depend on their order.
public struct DissectionAccumulator: Accumulator {
  private let settings: DissectionSettings
  private let shape: SiteShape
  private let thresholds: [Float]

  private var intersections: [Int64]
  private var areas: [Int64]
  private var truths: [Int64]
  private var votes: [Int64]
  private var pictures: Int64 = 0

  // The picture at hand.
  private var upsampler: ThresholdedUpsampler
  private var pictureAreas: [Int64]
  private var pictureIntersections: [Int64] = []

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
    pictureAreas = [Int64](repeating: 0, count: site.channels)
  }

  public mutating func observe(_ tile: Tile, of pictures: ShardPictures) {
    let masks = pictures.concepts[tile.row]
    let entries = masks.entries.count
    if tile.channel == 0 { begin(masks) }
    guard entries > 0 else { return }
    var isPrepared = false
    for lane in 0..<tile.lanes {
      let channel = tile.channel + lane
      let threshold = thresholds[channel]
      guard tile.summary.maximum[lane] > threshold else { continue }
      if !isPrepared { upsampler.prepare(tile) }
      isPrepared = true
      var area: Int64 = 0
      let base = channel * entries
      upsampler.forEachWord(tile, lane: lane, over: threshold) { word, place in
        area += Int64(word.nonzeroBitCount)
        for entry in 0..<entries {
          pictureIntersections[base + entry] += Int64((word & masks.entries[entry].mask.words[place]).nonzeroBitCount)
        }
      }
      pictureAreas[channel] = area
    }
    if tile.channel + tile.lanes == shape.channels { end(masks) }
  }

  private mutating func begin(_ masks: ConceptMasks) {
    upsampler.prepare(height: masks.height, width: masks.width)
    for channel in 0..<shape.channels { pictureAreas[channel] = 0 }
    pictureIntersections = [Int64](repeating: 0, count: shape.channels * masks.entries.count)
    pictures += 1
  }

  private mutating func end(_ masks: ConceptMasks) {
    let (concepts, categories) = (truths.count, settings.vocabulary.categories.count)
    let entries = masks.entries.count
    for channel in 0..<shape.channels where pictureAreas[channel] > 0 {
      for category in masks.categories { areas[channel * categories + category] += pictureAreas[channel] }
      for (place, entry) in masks.entries.enumerated() {
        intersections[channel * concepts + entry.concept] += pictureIntersections[channel * entries + place]
      }
    }
    let most = max(1, Int((settings.voteShare * Double(shape.channels)).rounded()))
    for (place, entry) in masks.entries.enumerated() {
      let truth = Int64(entry.mask.count)
      truths[entry.concept] += truth
      var candidates: [(overlap: Double, channel: Int)] = []
      for channel in 0..<shape.channels {
        let intersection = pictureIntersections[channel * entries + place]
        guard intersection > 0 else { continue }
        candidates.append((Double(intersection) / Double(pictureAreas[channel] + truth - intersection), channel))
      }
      if candidates.count > most { candidates.sort { ($0.overlap, $1.channel) > ($1.overlap, $0.channel) } }
      for candidate in candidates.prefix(most) { votes[candidate.channel * concepts + entry.concept] += 1 }
    }
  }

  public mutating func merge(_ later: DissectionAccumulator) {
    func add(_ later: [Int64], to sums: inout [Int64]) { for place in sums.indices { sums[place] += later[place] } }
    add(later.intersections, to: &intersections)
    add(later.areas, to: &areas)
    add(later.truths, to: &truths)
    add(later.votes, to: &votes)
    pictures += later.pictures
  }

  public func encode(into state: inout StateEncoder) {
    for values in [intersections, areas, truths, votes, [pictures]] { state.append(values) }
  }

  public mutating func decode(from state: inout StateDecoder) throws {
    intersections = try state.array(of: Int64.self, count: intersections.count)
    areas = try state.array(of: Int64.self, count: areas.count)
    truths = try state.array(of: Int64.self, count: truths.count)
    votes = try state.array(of: Int64.self, count: votes.count)
    pictures = try state.array(of: Int64.self, count: 1)[0]
  }

  /// What was found out.
  public var result: DissectionResult {
    let (channels, concepts, categories) = (shape.channels, truths.count, settings.vocabulary.categories.count)
    let overlap = (0..<channels * concepts).map { place -> Float in
      let (channel, concept) = (place / max(concepts, 1), place % max(concepts, 1))
      let area = areas[channel * categories + settings.vocabulary.concepts[concept].category]
      let union = area + truths[concept] - intersections[place]
      return union > 0 ? Float(Double(intersections[place]) / Double(union)) : 0
    }
    let byConcept = votes.map(Double.init)
    return DissectionResult(
      overlap: Tensor(overlap, shape: [channels, concepts]), thresholds: Tensor(thresholds, shape: [channels]),
      votes: Tensor(
        (0..<channels).map { byConcept[$0 * concepts..<($0 + 1) * concepts].reduce(0, +) }, shape: [channels]),
      votesByConcept: Tensor(byConcept, shape: [channels, concepts]), pictures: Int(pictures))
  }
}
