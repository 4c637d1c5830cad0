import Foundation
import Engine
import Networks
import Scheduling
import TestSupport
import Tensors
import Testing
import Training

@Suite struct CheckpointTests {
  static let settings = quickSettings(epochs: 3, batch: 10, shard: 4, optimizer: Adam(), rate: 0.01, decay: 1e-3)

  private func trainer(_ settings: TrainingSettings = settings, seams: TrainingSeams = TrainingSeams()) throws -> Trainer {
    try Trainer(TinyNetworks.residual(), settings: settings, seams: seams, width: 2)
  }

  /// The history without the times.
  private func timeless(_ trainer: Trainer) -> [[Double?]] {
    trainer.history.epochs.map { [$0.rate, $0.loss, $0.accuracy, $0.validationLoss, $0.validationAccuracy] }
  }

  /// Stopped after 1, 2, …, 8 of 9 steps: in the middle of epochs and at their ends.
  @Test(arguments: 1...8) func goesOnToTheSameBits(stop: Int) throws {
    let data = TinyData(26)
    let whole = try trainer()
    try whole.run(on: data, validation: data)

    try withTemporaryFolder { folder in
      let first = try trainer()
      first.checkpoint = folder.appendingPathComponent("run.h5")
      first.progress = { [unowned first] _ in if first.totalSteps == stop { first.cancellation.cancel() } }
      let stopped = try #require(throws: TrainingInterrupted.self) { try first.run(on: data, validation: data) }
      #expect(stopped.epoch == (stop - 1) / 3 + 1)
      #expect(stopped.description.contains("run.h5"))

      let second = try trainer()
      try second.resume(from: folder.appendingPathComponent("run.h5"))
      #expect(second.totalSteps == stop)
      try second.run(on: data, validation: data)
      let (resumed, uninterrupted) = (try second.trainedGraph(), try whole.trainedGraph())
      #expect(resumed.floatConstants == uninterrupted.floatConstants)
      #expect(timeless(second) == timeless(whole))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["run.h5"])
    }
  }

  @Test func refusesWhatIsNotItsOwn() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("run.h5")
      let original = try trainer()
      try original.save(to: file)
      var other = Self.settings
      other.seed = 2
      let seed = try #require(throws: EspalierError.self) { try trainer(other).resume(from: file) }
      #expect(seed.description.contains("other settings"))
      #expect(seed.file == file.path)
      let frozen = TrainingSeams(policies: ["fc.bias": .frozen])
      #expect(throws: EspalierError.self) { try trainer(seams: frozen).resume(from: file) }
      let graph = try #require(throws: EspalierError.self) {
        try Trainer(TinyNetworks.vgg(), settings: Self.settings, width: 1).resume(from: file)
      }
      #expect(graph.description.contains("other network"))
      try trainer().resume(from: file)
    }
  }

  @Test func damagedFilesAreRefusedWithAnError() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("run.h5")
      try trainer().save(to: file)
      let bytes = try Data(contentsOf: file)
      for count in [0, 7, bytes.count / 2, bytes.count - 1] {
        let damaged = folder.appendingPathComponent("cut-\(count).h5")
        try bytes.prefix(count).write(to: damaged)
        let error = try #require(throws: EspalierError.self) { try trainer().resume(from: damaged) }
        #expect(error.file == damaged.path)
      }
      #expect(throws: EspalierError.self) { try trainer().resume(from: folder.appendingPathComponent("missing.h5")) }
    }
  }

  @Test func mutatedFilesAreRefused() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("run.h5")
      try trainer().save(to: file)
      let whole = try Data(contentsOf: file)
      let mutated = Mutator([UInt8](whole))
      var (refused, changed) = (0, 0)
      for number in 0..<300 {
        let damaged = folder.appendingPathComponent("\(number).h5")
        let bytes = Data(mutated(number))
        try bytes.write(to: damaged)
        changed += bytes == whole ? 0 : 1
        do { try trainer().resume(from: damaged) } catch let error as EspalierError {
          refused += 1
          #expect(error.file == damaged.path)
        }
        try FileManager.default.removeItem(at: damaged)
      }
      #expect(refused == changed && changed > 250)
    }
  }
}
