import ArgumentParser
import Experiments
import Foundation
import Tensors

/// `espalier join`.
struct JoinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "join", abstract: "Join the parts of a data set into the result of one run.",
    discussion: """
      A command with --part I/N computes the I-th of N parts of the images, on any machine; all N parts together, in any order, \
      give the very bytes that the command gives without --part. Parts of another job are refused, and missing ones named. A part that \
      died is run again alone; one that is there twice is taken once. What the command prints is printed here.

        espalier stats vgg.onnx --data folder:dir --part 1/2 --out a.h5
        espalier stats vgg.onnx --data folder:dir --part 2/2 --out b.h5
        espalier join a.h5 b.h5 --out stats.h5

      dissect, and score with iou or votes, make two passes: without --thresholds, parts are of the first, and what they are joined \
      into goes to the second:

        espalier dissect vgg.onnx --data folder:dir --concepts hdf5:c.h5 --part 1/2 --out first-1.h5    # and 2/2
        espalier join first-1.h5 first-2.h5 --out thresholds.h5
        espalier dissect vgg.onnx --data folder:dir --concepts hdf5:c.h5 --thresholds thresholds.h5 --part 1/2 --out second-1.h5
        espalier join second-1.h5 second-2.h5 --out dissect.h5

      Whole relevance files of different images of one data set, of the same network, rules and settings, can be joined too; rows \
      are put in the data set's order, and the most relevant images of each filter found anew:

        espalier relevance vgg.onnx --data folder:dir --limit 5000 --out a.h5
        espalier relevance vgg.onnx --data folder:dir --skip 5000 --out b.h5
        espalier join a.h5 b.h5 --out all.h5

      Folders of a study whose parts ran on machines without a file system in common become one, from which study goes on:

        espalier join part-1 part-2 --out all && espalier study big.toml --out all
      """)

  @Argument(help: ArgumentHelp("The parts, or relevance files.", valueName: "file"), completion: .file(extensions: ["h5"]))
  var files: [String]

  @Option(
    help: ArgumentHelp(
      "The file to write: what the command's --out is without --part; of evaluate, what it prints with --json.",
      valueName: "file"), completion: .file(extensions: ["h5"]))
  var out: String?

  @Flag(help: "Print JSON, as the command itself does.")
  var json = false

  @OptionGroup var workers: WorkerOptions

  func run() throws {
    if StudyJoin.isStudy(files[0]) {
      guard let out else { throw EspalierError("no folder is named for the study", location: "--out", accepted: "a path") }
      if json {
        throw EspalierError("studies have nothing to print before espalier study", location: "--json", accepted: "parts")
      }
      let count = try workers.run { try StudyJoin(files, out: out).run($0) }
      return workers.say("\(out): \(count.of("chain")); espalier study FILE --out \(out) makes the tables")
    }
    guard try PartJoin.isPart(files[0]) else {
      guard let out else { throw EspalierError("no file is named for the result", location: "--out", accepted: "a path") }
      if json { throw EspalierError("relevance files have nothing to print", location: "--json", accepted: "parts") }
      let count = try workers.run { try RelevanceJoin(files, out: out).run($0) }
      return workers.say("\(out): relevance of \(count.of("image"))")
    }
    switch try workers.run({ try PartJoin(files, out: out).run($0) }) {
    case .relevance(let images, let conservation):
      workers.say("\(out ?? ""): relevance of \(images.of("image"))")
      if let conservation { try RelevanceCommand.print(conservation, json: json) }
    case .filters(let report, let verb):
      if verb == "dissect" { try DissectCommand.print(report, json: json) }
      workers.say("\(out ?? ""): \(verb) of \(report.layers.count.of("layer")) on \(report.images.of("image"))")
    case .thresholds(let verb, let images):
      workers.say("\(out ?? ""): thresholds of \(images.of("image")); they go with --thresholds to the parts of \(verb)")
    case .measures(let report): try MeasureCommand.print(report, json: json)
    case .evaluation(let report): try EvaluateCommand.print(report, json: json)
    }
  }
}
