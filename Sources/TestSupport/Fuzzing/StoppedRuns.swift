import Files
import Foundation
import Tensors

/// Runs of the tool that were stopped before their end, what they left, and the hostile kinds over it.
enum StoppedRuns {
  /// Lays what stopped runs leave into a folder that has `net.onnx`, and says which kinds come of it.
  ///
  /// - Throws: an error if a run leaves nothing.
  static func kinds(in folder: URL, tool: String, seed: UInt64) throws -> [HostileKind] {
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appendingPathComponent(name))) }
    try Scene.data(path("many.h5"), shape: [1000, 1, 16, 16], seed: seed)

    let tune = ["tune", "net.onnx", "--data", "hdf5:many.h5", "--epochs", "8", "--workers", "1", "--out", "stopped.onnx"]
    try stop(tune, tool, in: folder) { FileManager.default.fileExists(atPath: path("stopped.onnx.checkpoint")) }
    let stats = [
      "stats", "net.onnx", "--data", "hdf5:many.h5", "--statistic", "moments", "--statistic", "quantiles", "--statistic", "gram",
      "--workers", "1", "--batch", "4", "--out", "stopped.h5",
    ]
    try stop(stats, tool, in: folder) { FileManager.default.fileExists(atPath: path("stopped.h5.observe")) }
    let state = try bytes("stopped.h5.observe")
    let maps = [
      "relevance", "net.onnx", "--data", "hdf5:many.h5", "--workers", "1", "--batch", "4", "--out", "stopped-maps.h5",
    ]
    let parts = "stopped-maps.h5.parts"
    func part() throws -> String? {
      try? FileManager.default.contentsOfDirectory(atPath: path(parts)).first { $0.wholeMatch(of: /0-[0-9]+-.*\.h5/) != nil }
    }
    try stop(maps, tool, in: folder) { try part() != nil }
    let name = try part() ?? ""
    let content = try bytes("\(parts)/\(name)")
    let rows = name.split(separator: "-").prefix(2).joined(separator: "-")
    let mutators: [any FileMutator] = [
      try HDF5Mutator(path("\(parts)/\(name)"), seed: seed), Mutator(content, seed: seed),
    ]
    // A part under another checksum would stand beside it.
    try FileManager.default.removeItem(atPath: path("\(parts)/\(name)"))

    return [
      HostileKind(
        "checkpoint", file: "stopped.onnx.checkpoint", sound: try bytes("stopped.onnx.checkpoint"),
        mutators: [try SealedMutator(checkpoint: path("stopped.onnx.checkpoint"), seed: seed)], commands: [tune]),
      HostileKind(
        "state", file: "stopped.h5.observe", sound: state,
        mutators: [SealedMutator(state: state, seed: seed), Mutator(state, seed: seed)], commands: [stats]),
      HostileKind("part", sound: content, mutators: mutators, commands: [maps]) { bytes in
        "\(parts)/\(rows)-\(CRC64(of: bytes).hexadecimal).h5"
      },
    ]
  }

  /// Stops a command at other times until it leaves what is asked for.
  private static func stop(_ command: [String], _ tool: String, in folder: URL, until isFound: () throws -> Bool) throws {
    var delay = 0.1
    for _ in 0..<60 where try !isFound() {
      let run = try ToolProcess.run(tool, command, in: folder, seconds: delay, signal: SIGTERM)
      guard run.status == 0 || run.status == 143 else { throw EspalierError(run.talk) }
      delay *= run.status == 0 ? 0.7 : 1.4
    }
    guard try isFound() else { throw EspalierError("espalier \(command.joined(separator: " ")) leaves nothing") }
  }
}
