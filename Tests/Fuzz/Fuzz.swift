import Foundation
import TestSupport

/// Gives hostile files of every kind to the tool: `espalier-fuzz TOOL [COUNT [FIRST [SEED [FOLDER]]]]`.
@main enum Fuzz {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let tool = arguments.first else {
      print("espalier-fuzz TOOL [COUNT [FIRST [SEED [FOLDER]]]]")
      exit(64)
    }
    let numbers = arguments.dropFirst().prefix(3).compactMap { Int($0) }
    let count = numbers.first ?? 20_000
    let first = numbers.dropFirst().first ?? 0
    let seed = UInt64(numbers.dropFirst(2).first ?? 1)
    let keep = URL(fileURLWithPath: arguments.count > 4 ? arguments[arguments.startIndex + 4] : "Output/fuzz")

    try withTemporaryFolder { folder in
      let scene = folder.appendingPathComponent("scene")
      try FileManager.default.createDirectory(at: scene, withIntermediateDirectories: true)
      let path = URL(fileURLWithPath: tool).path
      var campaign = Campaign(tool: path, scene: scene, kinds: try Scene.make(in: scene, tool: path, seed: seed))
      campaign.keep = keep
      for failure in try campaign.unsound() { print("over a sound file: \(failure)") }
      let start = ContinuousClock.now
      let faults = try campaign.run(first..<first + count, workers: ProcessInfo.processInfo.activeProcessorCount) {
        number, fault in
        if let fault { print(fault) }
        if number % 1000 == 999 { print("\(number + 1 - first) of \(count) files, \(ContinuousClock.now - start)") }
        fflush(nil)
      }
      print("\(count) hostile files, \(faults.count) not answered well\(faults.isEmpty ? "" : "; they are in \(keep.path)")")
      exit(faults.isEmpty ? 0 : 1)
    }
  }
}
