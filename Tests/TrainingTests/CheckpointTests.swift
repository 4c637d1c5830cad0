import Foundation
import Engine
import Networks
import Scheduling
import Storage
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
      #expect(seed.description.contains("of another run: its settings"))
      #expect(seed.file == file.path)
      let frozen = TrainingSeams(policies: ["fc.bias": .frozen])
      #expect(throws: EspalierError.self) { try trainer(seams: frozen).resume(from: file) }
      let graph = try #require(throws: EspalierError.self) {
        try Trainer(TinyNetworks.vgg(), settings: Self.settings, width: 1).resume(from: file)
      }
      #expect(graph.description.contains("of another run: its network"))
      try trainer().resume(from: file)
    }
  }

  private func stopped(after steps: Int, _ trainer: Trainer, on data: TinyData, at file: URL) throws {
    trainer.checkpoint = file
    trainer.progress = { [unowned trainer] _ in if trainer.totalSteps == steps { trainer.cancellation.cancel() } }
    #expect(throws: TrainingInterrupted.self) { try trainer.run(on: data, validation: data) }
  }

  /// Another start, other data or a mask with other contents make another run.
  @Test func refusesRunsFromAnotherStart() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("run.h5")
      func seams(_ held: Int) -> TrainingSeams {
        var mask = Tensor<Float>(repeating: 1, shape: TinyNetworks.residual().floatConstants["fc.bias"]!.shape)
        mask[held] = 0
        return TrainingSeams(policies: ["fc.bias": ParameterPolicy(mask: mask)])
      }
      func trainer(weights: UInt64 = 1, held: Int = 0, data: String = "a", hooks: [any TrainingHook] = []) throws -> Trainer {
        var seams = seams(held)
        seams.hooks = hooks
        let trainer = try Trainer(TinyNetworks.residual(seed: weights), settings: Self.settings, seams: seams, width: 1)
        trainer.job.add("data", data)
        return trainer
      }
      try stopped(after: 4, trainer(), on: TinyData(26), at: file)
      for (other, name) in [
        (try trainer(weights: 2), "network"), (try trainer(held: 1), "seams"), (try trainer(data: "b"), "data"),
        (try trainer(hooks: [Recorder()]), "hooks"),
      ] {
        let error = try #require(throws: EspalierError.self) { try other.resume(from: file) }
        #expect(error.description.contains("another run: its \(name) is") && error.file == file.path, "\(error)")
        #expect(other.totalSteps == 0)
      }
      try trainer().resume(from: file)
    }
  }

  /// A position in the run that cannot be is refused, not reached for.
  @Test(arguments: [
    [1, 4, 7, 0, 0, 0], [1, 1, 9, 0, 0, 0], [0, 1, 4, 0, 0, 0], [1, 1, 4, 11, 10, 10], [1, 1, 4, 5, 11, 10],
    [1, 1, 4, 5, 10, 11], [4, 0, 12, 0, 0, 0], [1, -1, 2, 0, 0, 0], [1, Int64.max, 4, 0, 0, 0],
  ])
  func refusesPositionsThatCannotBe(cursor: [Int64]) throws {
    try withTemporaryFolder { folder in
      let (file, copy) = (folder.appendingPathComponent("run.h5"), folder.appendingPathComponent("copy.h5"))
      try stopped(after: 4, trainer(), on: TinyData(26), at: file)
      try copyCheckpoint(file, to: copy, cursor: [1, 1, 4, 5, 10, 10])
      try trainer().resume(from: copy)
      try copyCheckpoint(file, to: copy, cursor: cursor)
      let error = try #require(throws: EspalierError.self) { try trainer().resume(from: copy) }
      #expect(error.description.contains("position in the run"), "\(error)")
    }
  }

  /// The same file with another position in the run.
  private func copyCheckpoint(_ file: URL, to copy: URL, cursor: [Int64]) throws {
    let (old, new) = (try HDF5File.open(file.path), try HDF5File.create(copy.path))
    func transfer(_ from: HDF5Group, _ name: String) throws {
      for child in try from.children() {
        let path = name.isEmpty ? child : name + "/" + child
        if from.kind(of: child) == .group {
          let group = try new.createGroup(path)
          for attribute in ["name"] {
            if let text = try from.group(child).text(attribute: attribute) { try group.setAttribute(attribute, text) }
          }
          if let epoch = try from.group(child).number(attribute: "epoch", as: Int64.self) {
            try group.setAttribute("epoch", epoch)
          }
          try transfer(from.group(child), path)
        } else {
          let dataset = try from.dataset(child)
          let written =
            switch dataset.elementType {
            case .uint8: try new.write(dataset.read(as: UInt8.self), to: path)
            case .float64: try new.write(dataset.read(as: Double.self), to: path)
            default: try new.write(dataset.read(as: Float.self), to: path)
            }
          if let text = try dataset.text(attribute: "name") { try written.setAttribute("name", text) }
        }
      }
    }
    try transfer(old, "")
    try new.setAttribute("format", try old.text(attribute: "format")!)
    try new.setAttribute("samples", try old.number(attribute: "samples", as: Int64.self)!)
    try new.setAttribute("cursor", cursor)
    try new.setAttribute("sums", try old.numbers(attribute: "sums", as: Double.self)!.elements)
    try new.commit(sealed: true)
  }

  /// A run whose network was replaced goes on with the network as replaced, to the same bits.
  @Test(arguments: [3, 4, 8]) func goesOnBehindAReplacedNetwork(stop: Int) throws {
    func trainer() throws -> Trainer {
      let seams = TrainingSeams(hooks: [SeamTests.Shrinking()])
      return try Trainer(TinyNetworks.vgg(), settings: Self.settings, seams: seams, width: 2)
    }
    let data = TinyData(26)
    let whole = try trainer()
    try whole.run(on: data, validation: data)
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("run.h5")
      try stopped(after: stop, trainer(), on: data, at: file)
      let second = try trainer()
      try second.resume(from: file)
      #expect(second.totalSteps == stop && second.latent("fc1.weight")!.shape == [stop < 4 ? 10 : 9, 32])
      try second.run(on: data, validation: data)
      #expect(try second.trainedGraph().floatConstants == whole.trainedGraph().floatConstants)
      #expect(timeless(second) == timeless(whole))
    }
  }

  /// The best epoch is kept through a resume.
  @Test func keepsTheBestEpoch() throws {
    let data = TinyData(26)
    let whole = try trainer()
    var graphs: [Graph] = []
    final class Keeper: TrainingHook {
      var graphs: [Graph] = []
      func afterEpoch(_ trainer: Trainer) throws { graphs.append(try trainer.trainedGraph()) }
    }
    let keeper = Keeper()
    whole.seams.hooks = [keeper]
    try whole.run(on: data, validation: data)
    graphs = keeper.graphs
    let accuracies = whole.history.epochs.map { ($0.validationAccuracy!, -$0.validationLoss!) }
    let expected = accuracies.indices.max { accuracies[$0] < accuracies[$1] }!
    #expect(whole.best?.epoch.epoch == expected + 1)
    #expect(try whole.bestGraph()?.floatConstants == graphs[expected].floatConstants)
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("run.h5")
      try stopped(after: 7, trainer(), on: data, at: file)
      let second = try trainer()
      try second.resume(from: file)
      try second.run(on: data, validation: data)
      #expect(second.best?.epoch.epoch == expected + 1)
      #expect(try second.bestGraph()?.floatConstants == graphs[expected].floatConstants)
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
