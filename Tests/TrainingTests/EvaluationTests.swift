import Foundation
import Networks
import Scheduling
import TestSupport
import Tensors
import Testing
import Training

@Suite struct EvaluationTests {
  @Test(arguments: [1, 3]) func isWhatCountingOneByOneGives(width: Int) throws {
    for (name, graph) in TinyNetworks.all() {
      var data = TinyData(23)
      data.shuffles = false
      // Some samples have two right answers.
      data = TinyData(images: data.images, labels: data.labels.enumerated().map { $0 % 3 == 0 ? $1 + [($1[0] + 1) % 4] : $1 })
      let logits = Twin(graph).forward(["input": data.images.map(Double.init)])["output"]!
      var (right, loss) = (0, 0.0)
      for (sample, labels) in data.labels.enumerated() {
        let row = Array(logits.elements[sample * 4..<sample * 4 + 4])
        if labels.contains(row.firstIndex(of: row.max()!)!) { right += 1 }
        loss += labels.map { log(row.reduce(0) { $0 + exp($1) }) - row[$0] }.min()! / 23
      }
      let result = try Evaluation.run(graph, on: data, shard: 5, scheduler: BlockScheduler(width: width))
      #expect(result.samples == 23)
      #expect(result.top1 == Double(right) / 23, "\(name)")
      #expect(result.top5 == 1)
      expectClose([result.loss], [loss], Tolerance(relative: 1e-4), name)
    }
  }

  @Test func doesNotDependOnTheWorkers() throws {
    let results = try [1, 2, 3].map {
      try Evaluation.run(TinyNetworks.mobile(), on: TinyData(50), shard: 4, scheduler: BlockScheduler(width: $0)).loss
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func leavesAFinalSoftmaxOut() throws {
    let graph = TinyNetworks.vgg()
    var editor = GraphEditor(graph)
    editor.outputs = [editor.add(Op.Softmax(), named: "softmax", inputs: ["output"])]
    let scheduler = BlockScheduler(width: 1)
    let (plain, soft) = (
      try Evaluation.run(graph, on: TinyData(9), scheduler: scheduler),
      try Evaluation.run(editor.graph(), on: TinyData(9), scheduler: scheduler)
    )
    #expect(plain.loss == soft.loss)
  }

  /// An output that is NaN is wrong, whatever is beside it.
  @Test func outputsThatAreNoNumbersAreWrong() throws {
    let data = TinyData(12)
    var images = data.images
    let size = images.count / 12
    for sample in [5, 7] { images.elements[sample * size] = .nan }
    let graph = TinyNetworks.vgg()
    func result(_ images: Tensor<Float>) throws -> Evaluation {
      try Evaluation.run(
        graph, on: TinyData(images: images, labels: [[Int]](repeating: [0, 1, 2, 3], count: 12)), shard: 4,
        scheduler: BlockScheduler(width: 2))
    }
    let (sound, broken) = (try result(data.images), try result(images))
    #expect(sound.top1 == 1 && sound.notNumbers == 0 && sound.firstNotNumber == nil && sound.classes == 4)
    // A rectifier may hide a NaN; where the last layer shows it, the sample is wrong.
    var editor = GraphEditor(graph)
    for name in editor.constants.keys.sorted() where name == "fc2.bias" {
      editor.constants[name] = .float(Tensor([.nan, 0, 0, 0], shape: [4]))
    }
    let all = try Evaluation.run(
      editor.graph(), on: TinyData(images: data.images, labels: [[Int]](repeating: [0, 1, 2, 3], count: 12)), shard: 5,
      scheduler: BlockScheduler(width: 2))
    #expect(all.top1 == 0 && all.top5 == 0 && all.notNumbers == 12 && all.firstNotNumber == 0 && all.loss.isNaN)
    #expect(broken.notNumbers == 0 || (broken.firstNotNumber == 5 && broken.top1 == Double(12 - broken.notNumbers) / 12))
  }

  @Test func samplesThatDoNotFitAreNamed() throws {
    let scheduler = BlockScheduler(width: 1)
    let labels = TinyData(images: TinyNetworks.images(2), labels: [[0], [7]])
    let error = try #require(throws: EspalierError.self) {
      try Evaluation.run(TinyNetworks.vgg(), on: labels, scheduler: scheduler)
    }
    #expect(error.description.contains("sample 1"))
    let shape = TinyData(images: Tensor(repeating: 0, shape: [1, 1, 8, 8]), labels: [[0]])
    #expect(throws: EspalierError.self) { try Evaluation.run(TinyNetworks.vgg(), on: shape, scheduler: scheduler) }
  }
}
