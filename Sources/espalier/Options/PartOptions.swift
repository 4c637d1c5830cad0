import ArgumentParser
import Experiments
import Foundation
import Scheduling
import Tensors

/// Which part of the images a command computes.
struct PartOptions: ParsableArguments {
  /// What is asked for.
  enum Request: Hashable {
    case part(DataPart)
    /// What the launcher that started the process says.
    case launched
  }

  @Option(
    help: ArgumentHelp(
      "Compute the i-th of n parts of the images only and write it to --out, for espalier join; auto: the part of this task of a Slurm array or step, or of mpirun ({part} in --out is its number).",
      valueName: "i/n|auto"),
    transform: { $0 == "auto" ? .launched : .part(try DataPart($0)) })
  var part: Request?

  /// The part to compute, if one is asked for, and the file that it goes to.
  ///
  /// - Throws: `EspalierError` if no launcher says which part, or tasks would write one file.
  func resolved(_ out: String?, _ talk: RunOptions) throws -> (part: DataPart, out: String)? {
    let environment = ProcessInfo.processInfo.environment
    guard let part else {
      // An array may as well run over something else, seeds say: nothing is computed in part unless that is asked for.
      if let task = try? LaunchedTask(environment), task.part.count > 1 {
        talk.say("\(task.source): all images are computed here, as in every task; --part auto computes part \(task.part) of them")
      }
      return nil
    }
    guard let out else {
      throw EspalierError("a part needs a file", location: "--part", accepted: "--out FILE")
    }
    switch part {
    case .part(let part): return (part, out.replacingOccurrences(of: "{part}", with: "\(part.number)"))
    case .launched:
      guard let task = try naming(location: "--part auto", { try LaunchedTask(environment) }) else {
        throw EspalierError(
          "no launcher says which part this is", location: "--part auto",
          accepted: "a task of a Slurm array, of srun or of mpirun, or --part I/N")
      }
      guard task.part.count == 1 || out.contains("{part}") else {
        throw EspalierError(
          "all \(task.part.count) tasks would write it", file: out, accepted: "{part} in it, such as part-{part}.h5")
      }
      let file = out.replacingOccurrences(of: "{part}", with: "\(task.part.number)")
      talk.say("part \(task.part) of the images, to \(file): \(task.source)")
      return (task.part, file)
    }
  }

  /// Says what was written.
  func say(_ report: PartReport, _ out: String, _ verb: String, _ talk: RunOptions) {
    switch report.kind {
    case .result: talk.say("\(out): part \(report.part) of \(verb), \(report.images.of("image"))")
    case .thresholds:
      talk.say(
        "\(out): part \(report.part) of the first of two passes of \(verb), \(report.images.of("image")); espalier join makes "
          + "thresholds of all parts, which go with --thresholds to the parts of the second")
    }
  }
}
