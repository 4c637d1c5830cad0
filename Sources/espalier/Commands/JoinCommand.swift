import ArgumentParser
import Experiments
import Foundation
import Tensors

/// `espalier join`.
struct JoinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "join", abstract: "Join the relevance files of parts of a data set.",
    discussion: """
      The files must be of the same network, rules and settings, and of different images of one data set. Rows are put in the data \
      set's order; the most relevant images of each filter are found anew.

        espalier relevance vgg.onnx --data folder:dir --limit 5000 --out a.h5
        espalier relevance vgg.onnx --data folder:dir --skip 5000 --out b.h5
        espalier join a.h5 b.h5 --out all.h5
      """)

  @Argument(help: ArgumentHelp("The relevance files, two and more.", valueName: "file"), completion: .file(extensions: ["h5"]))
  var files: [String]

  @Option(help: ArgumentHelp("The file to write, HDF5.", valueName: "file"), completion: .file(extensions: ["h5"]))
  var out: String

  @OptionGroup var workers: WorkerOptions

  func validate() throws {
    guard files.count > 1 else { throw ValidationError("there is nothing to join: give two relevance files and more") }
  }

  func run() throws {
    let count = try workers.run { try RelevanceJoin(files, out: out).run($0) }
    workers.say("\(out): relevance of \(count.of("image"))")
  }
}
