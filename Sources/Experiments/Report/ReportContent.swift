import Analysis
import Datasets
import Foundation
import Tensors

/// What the page's script gets to see, as JSON.
///
/// Names of what occurs often are short: they are in the page thousands of times.
struct ReportContent: Encodable {
  struct Category: Encodable {
    var name: String
    /// The colour of bars, and its light tint.
    var color: String
    var tint: String
  }

  struct Concept: Encodable {
    var name: String
    var category: Int
  }

  struct Image: Encodable {
    /// A data URL.
    var src: String
    /// Its position in the data set.
    var n: Int
    /// Its class, if it has one.
    var l: String
  }

  struct Layer: Encodable {
    var name: String
    var node: String
    /// The number of filters, and the lengths of a feature map.
    var filters: Int
    /// The number of filters whose best IoU is above the limit, by the concept that they detect.
    var detectors: Int
    /// How many filters detect each concept, by the concept's position.
    var counts: [Int]
    var units: [Unit]
  }

  struct Unit: Encodable {
    /// The filter.
    var u: Int
    /// The concepts that it fits best, best first: position and IoU.
    var c: [[Double]]
    /// Votes.
    var v: Double
    /// The threshold; nil for a filter that never fires.
    var t: Double?
    /// Mean, standard deviation, least, greatest and the share of zeros; nil where unknown.
    var s: [Double?]
    /// The images, by their positions.
    var p: [Int]
    /// The greatest activation on each.
    var a: [Double?]
    /// The masks as run lengths; see ``ReportContent/runs(_:)``.
    var m: [String]
  }

  var title: String
  var facts: [[String]]
  /// The IoU above which a filter counts as a detector.
  var limit: Double
  var categories: [Category]
  var concepts: [Concept]
  var height: Int
  var width: Int
  var images: [Image]
  var layers: [Layer]

  /// The number of concepts that are named for a filter.
  private static let mostConcepts = 3

  init(_ report: FilterReport, _ images: ReportImages, title: String, facts: [[String]]) {
    self.title = title
    self.facts = facts
    limit = Double(DissectionResult.detection.description) ?? 0
    categories = report.vocabulary.map(ReportColors.categories) ?? []
    concepts = report.vocabulary?.concepts.map { Concept(name: $0.name, category: $0.category) } ?? []
    (height, width) = (images.height, images.width)
    self.images = images.all
    layers = report.layers.compactMap { layer in
      guard let result = layer.dissection, let exemplars = layer.exemplars else { return nil }
      var counts = [Int](repeating: 0, count: result.overlap.shape[1])
      for channel in result.detectors { if let best = result.best(channel) { counts[best.concept] += 1 } }
      return Layer(
        name: layer.title, node: layer.layer.node, filters: layer.layer.channels, detectors: result.detectors.count,
        counts: counts,
        units: zip(exemplars.channels, exemplars.images).map { channel, entries in
          let entries = entries.filter { images.position(of: $0.image) != nil }
          return Unit(
            u: channel, c: ReportContent.concepts(of: channel, result), v: result.votes.elements[channel],
            t: ReportContent.number(Double(result.thresholds.elements[channel])),
            s: ReportContent.statistics(of: channel, layer.statistics), p: entries.compactMap { images.position(of: $0.image) },
            a: entries.map { ReportContent.number(Double($0.activation)) }, m: entries.map { ReportContent.runs($0.mask) })
        })
    }
  }

  private static func concepts(of channel: Int, _ result: DissectionResult) -> [[Double]] {
    let count = result.overlap.shape[1]
    let row = Array(result.overlap.elements[channel * count..<(channel + 1) * count])
    return row.indices.filter { row[$0] > 0 }.sorted { (row[$0], $1) > (row[$1], $0) }.prefix(mostConcepts)
      .map { [Double($0), Double(row[$0].description) ?? 0] }
  }

  private static func statistics(of channel: Int, _ results: [StatisticResult]) -> [Double?] {
    func value(_ name: String) -> Double? { results.first { $0.name == name }?.values.elements[channel] }
    return [
      value("mean"), value("variance").map { $0.squareRoot() }, value("minimum"), value("maximum"), value("apoz"),
    ].map { $0.flatMap(number) }
  }

  /// A number with four digits; nil for one that JSON cannot say.
  private static func number(_ value: Double) -> Double? {
    guard value.isFinite else { return nil }
    return Double(String(format: "%.3e", value))
  }

  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// A mask as the lengths of its runs, row by row: outside, inside, outside …, the last run outside left out.
  ///
  /// A length is written in base 32, the lowest digit first, one character a digit out of base64's; those of the upper half say
  /// that more follow.
  static func runs(_ mask: BitMask) -> String {
    var text: [UInt8] = []
    var (isInside, length) = (false, 0)
    func end() {
      var rest = length
      repeat {
        text.append(digits[rest % 32 + (rest >= 32 ? 32 : 0)])
        rest /= 32
      } while rest > 0
    }
    for row in 0..<mask.height {
      for column in 0..<mask.width {
        if mask[row, column] != isInside {
          end()
          (isInside, length) = (!isInside, 0)
        }
        length += 1
      }
    }
    if isInside { end() }
    return String(decoding: text, as: UTF8.self)
  }
}
