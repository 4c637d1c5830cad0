import Scheduling
import Tensors

/// Which of several tasks this process is, as the launcher that started it says in its environment.
public struct LaunchedTask: Hashable, Sendable {
  /// The part that is this task's, where each takes one.
  public var part: DataPart
  /// The variables that say so, for people.
  public var source: String

  /// Reads the environment that Slurm, Open MPI's or another PMI launcher sets.
  ///
  /// A launcher of ranks stands before Slurm's steps, which may have started it. Where a task of an array has several ranks, each
  /// takes a part: rank r of R in task t of T the part (t − 1) · R + r.
  ///
  /// - Returns: nil where no launcher speaks.
  /// - Throws: `EspalierError` naming variables that do not go together.
  public init?(_ environment: [String: String]) throws {
    let array = try LaunchedTask.array(environment)
    let rank = try LaunchedTask.rank(environment)
    guard let outer = array ?? rank else { return nil }
    guard let array, let rank else {
      self = outer
      return
    }
    let (task, ranks) = (array.part, rank.part.count)
    part = try naming(location: "\(array.source), \(rank.source)") {
      let (count, isOver) = task.count.multipliedReportingOverflow(by: ranks)
      return try DataPart((task.number - 1) * ranks + rank.part.number, of: isOver ? .max : count)
    }
    source = ranks == 1 ? array.source : task.count == 1 ? rank.source : "\(array.source), \(rank.source)"
  }

  private init(_ part: DataPart, _ source: String) {
    self.part = part
    self.source = source
  }

  private static func array(_ environment: [String: String]) throws -> LaunchedTask? {
    guard environment["SLURM_ARRAY_TASK_ID"] != nil else { return nil }
    let id = try number("SLURM_ARRAY_TASK_ID", environment)
    let count = try number("SLURM_ARRAY_TASK_COUNT", environment)
    let least = try environment["SLURM_ARRAY_TASK_MIN"] == nil ? 1 : number("SLURM_ARRAY_TASK_MIN", environment)
    let step = try environment["SLURM_ARRAY_TASK_STEP"] == nil ? 1 : number("SLURM_ARRAY_TASK_STEP", environment)
    let place = step > 0 ? (id - least) / step : 0
    let greatest = try environment["SLURM_ARRAY_TASK_MAX"] == nil ? nil : number("SLURM_ARRAY_TASK_MAX", environment)
    // Ids with gaps, such as --array=1,5,7, do not tell which part is whose.
    guard step > 0, id >= least, (id - least) % step == 0, place < count,
      greatest.map({ $0 >= least && ($0 - least) / step + 1 == count }) ?? true
    else {
      throw EspalierError(
        "task \(id) of \(count) from \(least) on: ids with gaps do not say which part is whose", location: "SLURM_ARRAY_TASK_ID",
        accepted: "--array=1-N, or --part I/N")
    }
    return LaunchedTask(
      try naming(location: "SLURM_ARRAY_TASK_ID") { try DataPart(place + 1, of: count) },
      "SLURM_ARRAY_TASK_ID \(id) of SLURM_ARRAY_TASK_COUNT \(count)" + (least == 1 ? "" : " from \(least)"))
  }

  private static func rank(_ environment: [String: String]) throws -> LaunchedTask? {
    let launchers = [
      ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"), ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
      ("SLURM_PROCID", "SLURM_NTASKS"),
    ]
    guard let (rank, size) = launchers.first(where: { environment[$0.0] != nil && environment[$0.1] != nil }) else { return nil }
    let (own, count) = (try number(rank, environment), try number(size, environment))
    // The script of a batch job has the number of its tasks, and is none of them.
    if size == "SLURM_NTASKS", count > 1, environment["SLURM_JOB_ID"] != nil, environment["SLURM_STEP_ID"] == nil {
      throw EspalierError(
        "this is the script of a batch job, and none of its \(count) tasks", location: "SLURM_NTASKS",
        accepted: "srun espalier …, which starts them, or --part I/N")
    }
    return LaunchedTask(
      try naming(location: rank) { try DataPart(own < .max ? own + 1 : own, of: count) }, "\(rank) \(own) of \(size) \(count)")
  }

  private static func number(_ name: String, _ environment: [String: String]) throws -> Int {
    guard let text = environment[name], let number = Int(text), 0...1 << 32 ~= number else {
      throw EspalierError(
        environment[name].map { "is '\($0)'" } ?? "is not there", location: name, accepted: "a number, or --part I/N")
    }
    return number
  }
}
