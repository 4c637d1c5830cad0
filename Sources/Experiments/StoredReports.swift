import Files
import Foundation
import Tensors

/// What figures and tables read of the JSON that `measure`, `prune`, `evaluate` and `inspect` print.
///
/// Only what is shown is read, so files of earlier and later versions do as long as these fields are there.
enum StoredReports {
  /// Reads a file.
  ///
  /// - Parameters:
  ///   - verb: whose JSON it must be, for the message.
  /// - Throws: `EspalierError` naming the file, if it holds something else.
  static func read<Report: Decodable>(_ type: Report.Type, _ path: String, of verb: String) throws -> Report {
    let data = try RegularFile.mapped(path)
    do { return try JSONDecoder().decode(type, from: data) } catch {
      throw EspalierError(
        "it is not what espalier \(verb) prints", file: path, accepted: "a file with the output of espalier \(verb) … --json")
    }
  }
}

/// What `espalier measure --json` prints.
struct StoredMeasures: Decodable {
  struct Entry: Decodable {
    var name: String
    var better: String
    var mean, spread: Double?
    var interval: [Double]?
    var images: Int
    var curve: [Double]?

    private enum CodingKeys: String, CodingKey { case name, better, mean, spread, interval, images = "pictures", curve }
  }

  struct Method: Decodable {
    var method: String
    var measures: [Entry]
  }

  var images: Int
  var methods: [Method]

  private enum CodingKeys: String, CodingKey { case images = "pictures", methods }
}

/// What `espalier prune --json` prints.
struct StoredPruning: Decodable {
  struct Change: Decodable {
    var before, after: Double
    var share: Double { before == 0 ? 1 : after / before }
  }

  struct Networks: Decodable { var macs, parameters, activations: Change }

  struct Accuracy: Decodable {
    var data: String
    var images: Int
    var before, pruned: Double
    var tuned: Double?
    /// In the end.
    var after: Double { tuned ?? pruned }

    private enum CodingKeys: String, CodingKey { case data, images = "pictures", before, pruned, tuned }
  }

  struct Time: Decodable { var median, lowerQuartile, upperQuartile: Double }

  var criterion, budget: String
  var networks: Networks
  var accuracy: Accuracy?
  var latency: [Time]?
}

/// What `espalier evaluate --json` prints.
struct StoredEvaluation: Decodable {
  var top1, top5: Double
  var loss: Double?
  var images: Int
  var imagesPerSecond: Double

  private enum CodingKeys: String, CodingKey { case top1, top5, loss, images = "pictures", imagesPerSecond }
}

/// What `espalier inspect --json` prints.
struct StoredSummary: Decodable {
  struct Row: Decodable {
    var name, `operator`: String
    var output: [Int]
    var macs, parameters: Int
  }

  var macs, parameters: Int
  var layers: [Row]
}
