import Networks
import TestSupport
import Tensors
import Training

/// Random images with random labels for the tiny networks, in another order every epoch.
struct TinyData: LabelledData {
  let images: Tensor<Float>
  let labels: [[Int]]
  var shuffles = true

  init(_ count: Int, seed: UInt64 = 1) {
    images = TinyNetworks.images(count, seed: seed)
    var random = Philox(seed: seed, stream: Philox.stream(named: "labels"))
    labels = (0..<count).map { _ in [Int.random(in: 0..<4, using: &random)] }
  }

  init(images: Tensor<Float>, labels: [[Int]]) {
    self.images = images
    self.labels = labels
    shuffles = false
  }

  var count: Int { labels.count }

  func shard(_ positions: Range<Int>, epoch: Int) throws -> LabelledShard {
    var random = Philox(seed: 7, stream: UInt64(epoch))
    let order = shuffles ? random.permutation(count) : Array(0..<count)
    let indices = positions.map { order[$0] }
    return LabelledShard(
      samples: Tensor(
        indices.flatMap { images.rows($0..<$0 + 1).elements }, shape: images.shape.replacing(axis: 0, with: indices.count)),
      labels: indices.map { labels[$0] }, indices: indices)
  }
}

/// Records what a trainer holds at its hooks.
final class Recorder: TrainingHook {
  var gradients: [[String: Tensor<Float>]] = []
  var losses: [Double] = []
  var moments: [String] = []

  func beforeLoss(_ batch: inout [LabelledShard], _ trainer: Trainer) { moments.append("before loss") }

  func afterBackward(_ trainer: Trainer) {
    moments.append("after backward")
    losses.append(trainer.lastLoss)
    gradients.append(Dictionary(uniqueKeysWithValues: trainer.parameterNames.map { ($0, trainer.gradient(of: $0)!) }))
  }

  func afterStep(_ trainer: Trainer) { moments.append("after step") }
  func afterEpoch(_ trainer: Trainer) { moments.append("after epoch") }
}

/// Settings for networks that take a step or two.
func quickSettings(
  epochs: Int = 1, batch: Int = 10, shard: Int = 4, optimizer: any Optimizer = SGD(nesterov: true), rate: Double = 0.05,
  decay: Float = 0, smoothing: Double = 0
) -> TrainingSettings {
  TrainingSettings(
    epochs: epochs, batch: batch, shard: shard, optimizer: optimizer,
    schedule: LearningRateSchedule(base: rate, shape: .cosine()),
    weightDecay: decay, labelSmoothing: smoothing, seed: 1)
}
