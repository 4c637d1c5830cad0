import TestSupport
import Tensors
import Testing
import Training

/// Gradients clipped by their common norm, shards of unequal size, and settings that cannot be.
@Suite struct ClippingTests {
  private final class Gradients: TrainingHook {
    var all: [[Float]] = []
    func afterBackward(_ trainer: Trainer) {
      all = trainer.parameterNames.map { trainer.gradient(of: $0)!.elements }
    }
  }

  private func gradients(clip: Double?) throws -> [[Float]] {
    var settings = quickSettings(batch: 10, optimizer: SGD(momentum: 0))
    settings.clip = clip
    let hook = Gradients()
    let trainer = try Trainer(TinyNetworks.vgg(), settings: settings, seams: TrainingSeams(hooks: [hook]), width: 2)
    try trainer.run(on: TinyData(10))
    return hook.all
  }

  @Test func scalesAllGradientsByOneFactor() throws {
    let free = try gradients(clip: nil)
    let norm = free.joined().reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(try gradients(clip: norm * 1.01) == free)
    let clipped = try gradients(clip: norm / 4)
    for (a, b) in zip(clipped, free) { expectClose(a, b.map { Double($0) / 4 }, Tolerance(absolute: 1e-9, relative: 1e-4)) }
  }

  /// A batch is the same batch in equal shards and in unequal ones.
  @Test func shardsNeedNotDivideTheBatch() throws {
    func weights(shard: Int?) throws -> [String: Tensor<Float>] {
      var settings = quickSettings(epochs: 2, batch: 7, shard: 7)
      if let shard { settings.shard = shard }
      let trainer = try Trainer(TinyNetworks.residual(), settings: settings, width: 2)
      try trainer.run(on: TinyData(23), validation: TinyData(5))
      return try trainer.trainedGraph().floatConstants
    }
    let whole = try weights(shard: nil)
    for shard in [2, 3, 4] {
      let cut = try weights(shard: shard)
      for (name, tensor) in whole { expectClose(cut[name]!, tensor, Tolerance(absolute: 1e-4, relative: 1e-3), name) }
    }
  }

  @Test(arguments: [(2, 2), (10, 10), (32, 32), (33, 17), (48, 24), (100, 25), (127, 32), (128, 32), (65521, 32)])
  func shardsAreAsEqualAsTheyCanBe(batch: Int, shard: Int) {
    #expect(TrainingSettings(epochs: 1, batch: batch).shard == shard)
  }

  @Test func settingsThatCannotBeAreRefused() throws {
    for change: (inout TrainingSettings) -> Void in [
      { $0.epochs = .max }, { $0.epochs = -1 }, { $0.batch = 1 }, { $0.batch = .max }, { $0.shard = 0 }, { $0.clip = 0 },
      { $0.clip = .nan },
    ] {
      var settings = quickSettings()
      change(&settings)
      #expect(throws: EspalierError.self) { try Trainer(TinyNetworks.vgg(), settings: settings, width: 1) }
    }
  }
}
