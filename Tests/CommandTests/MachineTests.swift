import Foundation
import TestSupport
import Testing

/// Parts as launchers start them: Slurm with a controller and two nodes on this machine, and Open MPI's `mpirun`.
@Suite struct MachineTests {
  private static let stats = [
    "stats", "lenet.onnx", "--data", "hdf5:images.h5", "--batch", "4", "--workers", "1", "--statistic", "moments", "--statistic",
    "gram",
  ]

  private static let study = """
    batch = 8
    [data]
    train = "hdf5:images.h5"
    validation = "hdf5:images.h5"
    [[network]]
    name = "LeNet"
    file = "lenet.onnx"
    [[chain]]
    [[chain.step]]
    name = "prune"
    criterion = ["taylor-2017", "l2", "fpgm"]
    budget = ["macs=0.8", "macs=0.5"]
    """

  /// What is spread.
  enum Work: CaseIterable {
    case images, study
  }

  /// The bytes of one process, from parts that a launcher started.
  ///
  /// - Parameter launch: starts three parts in a folder, of a command.
  private func sameBytes(_ work: Work, _ launch: (URL, [String]) throws -> (status: Int32, text: String)) throws {
    try Sample.withModelAndImages { folder in
      func bytes(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }
      switch work {
      case .images:
        try Sample.images(57, in: folder)
        #expect(try Tool.run(Self.stats + ["--out", "whole.h5"], in: folder).status == 0)
        let (status, text) = try launch(folder, [Tool.url.path] + Self.stats + ["--part", "auto", "--out", "part-{part}.h5"])
        #expect(status == 0, "\(text)")
        let join = try Tool.run(["join", "part-3.h5", "part-1.h5", "part-2.h5", "--out", "joined.h5"], in: folder)
        #expect(join.status == 0, "\(text)\(join.talk)")
        #expect(try bytes("joined.h5") == bytes("whole.h5"))
      case .study:
        try Data(Self.study.utf8).write(to: folder.appendingPathComponent("study.toml"))
        #expect(try Tool.run("study", "study.toml", "--out", "whole", in: folder).status == 0)
        let (status, text) = try launch(
          folder, [Tool.url.path, "study", "study.toml", "--workers", "1", "--part", "auto", "--out", "parts"])
        #expect(status == 0 && ["1/3", "2/3", "3/3"].allSatisfy { text.contains("part \($0) of the chains") }, "\(text)")
        let last = try Tool.run("study", "study.toml", "--out", "parts", in: folder)
        #expect(last.status == 0, "\(text)\(last.talk)")
        for name in ["results.csv", "results.h5", "tables.md", "accuracy.pdf"] {
          #expect(try bytes("parts/\(name)") == bytes("whole/\(name)"), "\(name)")
        }
      }
    }
  }

  @Test(
    .enabled(if: Machines.slurmStarts, "needs Debian packages slurm-wlm and munge, and root"), arguments: ["array", "step"],
    Work.allCases)
  func slurm(kind: String, work: Work) throws {
    try sameBytes(work) { folder, command in
      let words = command.map { "'\($0)'" }.joined(separator: " ")
      // In an array each task is a job of its own; in a step one job has all.
      let script =
        kind == "array"
        ? "#!/bin/bash\n#SBATCH --array=1-3 --output=task-%a.log\ncd '\(folder.path)'\n\(words)\n"
        : "#!/bin/bash\n#SBATCH --ntasks=3 --nodes=2 --output=task.log\ncd '\(folder.path)'\nsrun \(words)\n"
      try Data(script.utf8).write(to: folder.appendingPathComponent("job.sh"))
      return try Machines.run(
        [
          Machines.slurm, folder.appendingPathComponent("slurm").path, "bash", "-c",
          "sbatch --wait job.sh; s=$?; cat task*.log; exit $s",
        ],
        in: folder)
    }
  }

  @Test(.enabled(if: Machines.mpirun != nil, "needs Debian package openmpi-bin"), arguments: Work.allCases)
  func mpirun(work: Work) throws {
    try sameBytes(work) { folder, command in
      try Machines.run(
        [Machines.mpirun!, "--allow-run-as-root", "--oversubscribe", "--mca", "btl", "self,tcp", "-n", "3"] + command, in: folder)
    }
  }
}

/// Launchers on this machine.
enum Machines {
  /// The script that starts a Slurm.
  static let slurm = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../Machines/slurm").path

  /// Whether its daemons start here.
  static let slurmStarts: Bool = {
    (try? withTemporaryFolder { try run([slurm, $0.appendingPathComponent("slurm").path, "true"], in: $0).status }) == 0
  }()

  /// Open MPI's launcher.
  static let mpirun = ["/usr/bin/mpirun", "/usr/local/bin/mpirun"].first { FileManager.default.isExecutableFile(atPath: $0) }

  /// Runs a command to its end, with what it prints and says.
  static func run(_ command: [String], in folder: URL) throws -> (status: Int32, text: String) {
    let file = folder.appendingPathComponent("said")
    try Data().write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command.dropFirst())
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, try String(contentsOf: file, encoding: .utf8))
  }
}
