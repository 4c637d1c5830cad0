import Foundation
import Engine
import Networks
import Scheduling
import TestSupport
import Tensors
import Testing
import Training

@Suite struct TrainerTests {
  @Test(arguments: ["vgg", "residual"]) func sameBitsForEveryNumberOfWorkers(name: String) throws {
    let graph = TinyNetworks.all().first { $0.name == name }!.graph
    let trained = try [1, 2, 3].map { width in
      let trainer = try Trainer(graph, settings: quickSettings(epochs: 2, batch: 10, shard: 3, decay: 1e-3), width: width)
      try trainer.run(on: TinyData(27))
      return try trainer.trainedGraph().floatConstants
    }
    #expect(trained[0] == trained[1])
    #expect(trained[0] == trained[2])
    #expect(trained[0] != graph.floatConstants)
  }

  @Test func learnsASmallSetByHeart() throws {
    let data = TinyData(24)
    let trainer = try Trainer(
      TinyNetworks.residual(), settings: quickSettings(epochs: 60, batch: 8, shard: 4, optimizer: Adam(), rate: 0.01), width: 2)
    try trainer.run(on: data, validation: data)
    let last = try #require(trainer.history.epochs.last)
    #expect(last.accuracy == 1)
    #expect(last.validationAccuracy == 1)
    #expect(trainer.history.epochs.count == 60)
  }

  /// Eleven samples in batches of five: the last one alone is skipped.
  @Test func aSingleSampleThatIsLeftOverIsSkipped() throws {
    let recorder = Recorder()
    let trainer = try Trainer(
      TinyNetworks.vgg(), settings: quickSettings(batch: 5, shard: 5), seams: TrainingSeams(hooks: [recorder]), width: 1)
    try trainer.run(on: TinyData(11))
    #expect(recorder.losses.count == 2)
  }

  @Test func hooksAreCalledInOrder() throws {
    let recorder = Recorder()
    let trainer = try Trainer(TinyNetworks.vgg(), settings: quickSettings(), seams: TrainingSeams(hooks: [recorder]), width: 1)
    try trainer.run(on: TinyData(10))
    #expect(recorder.moments == ["before loss", "after backward", "after step", "after epoch"])
  }

  @Test func aLabelThatIsNoClassIsNamed() throws {
    let data = TinyData(images: TinyNetworks.images(6), labels: [[0], [1], [2], [4], [0], [1]])
    let trainer = try Trainer(TinyNetworks.vgg(), settings: quickSettings(), width: 1)
    let error = try #require(throws: EspalierError.self) { try trainer.run(on: data) }
    #expect(error.description.contains("sample 3"))
    #expect(error.description.contains("0 to 3"))
  }

  @Test func divergenceEndsTheRun() throws {
    let trainer = try Trainer(
      TinyNetworks.inception(), settings: quickSettings(epochs: 30, optimizer: SGD(momentum: 0), rate: 1e30), width: 1)
    let error = try #require(throws: EspalierError.self) { try trainer.run(on: TinyData(10)) }
    #expect(error.description.contains(/in epoch [0-9]+, step 1 \(accepted: a smaller learning rate/))
  }

  @Test func settingsThatMakeNoSenseAreNamed() {
    for settings in [quickSettings(batch: 1), quickSettings(rate: -1), quickSettings(smoothing: 1), quickSettings(epochs: -1)] {
      #expect(throws: EspalierError.self) { try Trainer(TinyNetworks.vgg(), settings: settings, width: 1) }
    }
  }

  @Test func decayConcernsWeightsUnlessAsked() throws {
    // Rate 1, no momentum: with the gradient set to zero a step takes exactly the decay away.
    struct NoGradient: TrainingHook {
      func afterBackward(_ trainer: Trainer) {
        for name in trainer.parameterNames {
          trainer.setGradient(Tensor(repeating: 0, shape: trainer.latent(name)!.shape), of: name)
        }
      }
    }
    for all in [false, true] {
      let graph = TinyNetworks.vgg()
      var settings = quickSettings(optimizer: SGD(momentum: 0), rate: 0.5, decay: 0.25)
      settings.decaysAll = all
      let trainer = try Trainer(graph, settings: settings, seams: TrainingSeams(hooks: [NoGradient()]), width: 1)
      try trainer.run(on: TinyData(10))
      for (name, role) in graph.trainableRoles {
        let factor: Float = all || role == .weight ? 0.875 : 1
        expectClose(
          trainer.latent(name)!.elements, graph.floatConstants[name]!.elements.map { $0 * factor }, Tolerance(relative: 1e-6),
          name)
      }
    }
  }
}
