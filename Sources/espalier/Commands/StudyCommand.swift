import ArgumentParser
import Experiments
import Foundation
import Scheduling
import Tensors

/// `espalier study`.
struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study", abstract: "Run a whole comparison from one file.",
    discussion: """
      The file names networks, data, chains of steps with what is tried in them, seeds and controls (espalier help studies). Chains \
      that begin alike share their beginning; a run that was stopped goes on with the same command, and a changed file computes what is \
      new. Several processes may run the same study in the same folder. The folder holds tables, figures and the networks.

        espalier study Data/studies/quick.toml --dry-run
        espalier study Data/studies/quick.toml --out Output/quick

      On many machines with one file system, each task takes a part of the chains, and the command without --part makes the tables \
      of all in the end:

        espalier study big.toml --part 1/8 --out big
      """)

  @Argument(help: "The study, TOML.", completion: .file(extensions: ["toml"]))
  var file: String

  @Option(help: ArgumentHelp("The folder for all of it.", valueName: "dir"), completion: .directory)
  var out: String?

  @Flag(help: "Print what would be computed, with time and room from short measurements, and compute nothing.")
  var dryRun = false

  @Option(help: ArgumentHelp("Compute only arms or networks of this name, with * and ?; may be repeated.", valueName: "pattern"))
  var only: [String] = []

  @Option(
    help: ArgumentHelp(
      "Compute the i-th of n parts of the chains; auto: the part of this task of a Slurm array or step, or of mpirun.",
      valueName: "i/n|auto"), transform: { $0 == "auto" ? .launched : .part(try DataPart($0)) })
  var part: PartOptions.Request?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var workers: WorkerOptions

  func validate() throws {
    if dryRun, part != nil { throw ValidationError("--dry-run tells of the whole study, without --part") }
    if !dryRun, out == nil { throw ValidationError("--out DIR says where the study goes, or --dry-run that none is wanted") }
  }

  func run() throws {
    let study = try Study(file: file)
    if dryRun {
      let estimate = try workers.run { try StudyRun(study, in: "", only: only).estimate($0) }
      return try json ? StandardOutput.json(estimate) : StandardOutput.line(EstimateTable.text(estimate))
    }
    let run = StudyRun(study, in: out ?? "", only: only, part: try dataPart)
    let report = try workers.run { try run.run($0) }
    if json {
      try StandardOutput.json(report)
    } else if let tables = report.files.first(where: { $0.hasSuffix("/tables.md") }) {
      let text = try String(contentsOfFile: tables, encoding: .utf8)
      try StandardOutput.line(
        text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("<!--") && !$0.hasSuffix("-->") }
          .joined(separator: "\n"))
    }
    let rest = report.files.isEmpty ? "; espalier study without --part and --only makes the tables of all" : ""
    workers.say("\(out ?? ""): \(report.done) of \(report.chains.of("chain")) done\(rest)")
    guard report.failures.isEmpty else {
      throw EspalierError(
        "\(report.failures.count.of("chain")) failed; the first: \(report.failures[0].title): \(report.failures[0].error)",
        file: file)
    }
  }

  private var dataPart: DataPart? {
    get throws {
      switch part {
      case nil: return nil
      case .part(let part): return part
      case .launched:
        let environment = ProcessInfo.processInfo.environment
        guard let task = try naming(location: "--part auto", { try LaunchedTask(environment) }) else {
          throw EspalierError(
            "no launcher says which part this is", location: "--part auto",
            accepted: "a task of a Slurm array, of srun or of mpirun, or --part I/N")
        }
        workers.say("part \(task.part) of the chains: \(task.source)")
        return task.part
      }
    }
  }
}
