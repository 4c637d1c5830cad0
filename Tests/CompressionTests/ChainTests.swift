import Compression
import Files
import Foundation
import Networks
import ONNX
import Scheduling
import TestSupport
import Tensors
import Testing

@Suite struct ChainTests {
  private func withNetwork(_ body: (URL, String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("net.onnx").path
      try Architecture.named("lenet", classes: 10, input: [1, 28, 28], seed: 1).writeONNX(to: path)
      try body(folder, path)
    }
  }

  private func run(_ steps: [ToyStep], _ path: String, in folder: URL, note: (String) -> Void = { _ in }) throws -> [StepResult] {
    let store = try StepStore(folder.appendingPathComponent("steps").path, isShared: true)
    let digest = try SHA256.hexadecimal(ofFile: path)
    var network = JobIdentity("network")
    network.add("SHA-256", digest)
    return try Chain(steps).run(
      path, digest: digest, network, in: store, cancellation: Cancellation(), note: note)
  }

  /// Branches that begin alike share their beginning; the order of steps is part of what a network is.
  @Test func branchesShareTheirBeginning() throws {
    try withNetwork { folder, path in
      let (first, second, third) = (ToyStep(2), ToyStep(3), ToyStep(5))
      let one = try run([first, second], path, in: folder)
      let two = try run([first, third], path, in: folder)
      #expect(first.count == 1 && second.count == 1 && third.count == 1)
      #expect(one[0].digest == two[0].digest && one[1].digest != two[1].digest && two[0].wasDone && !two[1].wasDone)
      let swapped = try run([second, first], path, in: folder)
      #expect(second.count == 2 && first.count == 2 && swapped[0].network != one[0].network)
      let again = try run([first, second], path, in: folder)
      #expect(again.allSatisfy { $0.wasDone })
      #expect(one[1].outcome.details == Data("told".utf8))
    }
  }

  /// The file holds the whole chain, each step with the digest of the file that it began from.
  @Test func theFileHoldsTheWholeChain() throws {
    try withNetwork { folder, path in
      let results = try run([ToyStep(2), ToyStep(3)], path, in: folder)
      let chain = try ChainRecord(Graph(onnx: results[1].network).metadata)
      #expect(chain.steps == results.map(\.outcome.record))
      #expect(chain.steps.map(\.began) == [try SHA256.hexadecimal(ofFile: path), results[0].digest])
      #expect(chain.steps.map(\.settings) == [["factor": "2.0"], ["factor": "3.0"]])
      #expect(try ChainRecord([ChainRecord.metadataKey: chain.json]) == chain)
      #expect(throws: EspalierError.self) { try ChainRecord([ChainRecord.metadataKey: "[{}]"]) }
    }
  }

  /// A step whose network is another than it promises is refused, and is not taken for done.
  @Test(arguments: [Equivalence.exact, .maskedTwin, .within(0.5), .none]) func stepsAreHeldToTheirPromise(promise: Equivalence)
    throws
  {
    try withNetwork { folder, path in
      let honest = ToyStep(1, promise: promise)
      let kept = try run([honest], path, in: folder)
      #expect(kept.count == 1)
      for (factor, isProven) in [(Float(3), true), (1.001, false)] {
        let step = ToyStep(factor, promise: promise, isProven: isProven)
        // What a masked twin is compared with, and within what, the step's own proof says.
        let isKept = promise == .none || promise == .maskedTwin && isProven
        for round in 1...2 {
          if isKept {
            let results = try run([step], path, in: folder)
            #expect(results.count == 1)
          } else {
            let error = #expect(throws: EspalierError.self) { try run([step], path, in: folder) }
            #expect(error?.location == "step 1 of 1, toy" || error?.location == "toy", "\(String(describing: error))")
            #expect(step.count == round)
          }
        }
      }
    }
  }

  /// What is damaged is made anew.
  @Test(arguments: ["done", "onnx"]) func damage(ending: String) throws {
    try withNetwork { folder, path in
      let step = ToyStep(2)
      let whole = try run([step], path, in: folder)[0]
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("steps").path)
      let file = folder.appendingPathComponent("steps/" + (try #require(names.first { $0.hasSuffix("." + ending) })))
      var bytes = try Data(contentsOf: file)
      bytes[bytes.count / 2] ^= 4
      try bytes.write(to: file)
      let again = try run([step], path, in: folder)[0]
      #expect(step.count == 2 && !again.wasDone && again.digest == whole.digest)
    }
  }

  /// While another process has a step, it is waited for; what it leaves is taken.
  @Test func claims() throws {
    try withNetwork { folder, path in
      let step = ToyStep(2)
      _ = try run([step], path, in: folder)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("steps").path)
      func file(_ ending: String) throws -> String {
        folder.appendingPathComponent("steps/" + (try #require(names.first { $0.hasSuffix(ending) }))).path
      }
      let done = try file(".done")
      let bytes = try Data(contentsOf: URL(fileURLWithPath: done))
      try FileManager.default.removeItem(atPath: done)
      var claim = FileLock(try file(".claim"))
      // A process that another test starts holds all locks for the moment between fork and exec.
      while claim == nil {
        usleep(1000)
        claim = FileLock(try file(".claim"))
      }
      var notes: [String] = []
      let results = try run([step], path, in: folder) { note in
        notes.append(note)
        // The other process comes to its end, or dies.
        if claim != nil { try? bytes.write(to: URL(fileURLWithPath: done)) }
        claim = nil
      }
      #expect(results[0].wasDone && step.count == 1 && notes.count == 2 && notes[0].contains("another process is at it"))
      try FileManager.default.removeItem(atPath: done)
      let again = try run([step], path, in: folder)
      #expect(!again[0].wasDone && step.count == 2)
    }
  }

  /// A folder that is something else is refused, and left as it is.
  @Test func foldersOfOthers() throws {
    try withTemporaryFolder { folder in
      try Data("mine".utf8).write(to: folder.appendingPathComponent("thesis.txt"))
      #expect(throws: EspalierError.self) { try StepStore(folder.path) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["thesis.txt"])
    }
  }
}
