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
    var pictures: Int
    var curve: [Double]?
  }

  struct Method: Decodable {
    var method: String
    var measures: [Entry]
  }

  var pictures: Int
  var methods: [Method]
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
    var pictures: Int
    var before, pruned: Double
    var tuned: Double?
    /// In the end.
    var after: Double { tuned ?? pruned }
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
  var pictures: Int
  var imagesPerSecond: Double
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
