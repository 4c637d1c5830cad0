import Foundation
import Scheduling
import TestSupport
import Tensors
import Testing
import Training

/// Which samples are answered right, and how many of each class.
@Suite struct AnswerTests {
  /// Samples some of which have two right answers, and their logits by the slow plain twin.
  private func sample(_ count: Int) -> (data: TinyData, best: [Int]) {
    let graph = TinyNetworks.vgg()
    let drawn = TinyData(count)
    let data = TinyData(
      images: drawn.images, labels: drawn.labels.enumerated().map { $0 % 3 == 0 ? $1 + [($1[0] + 1) % 4, $1[0]] : $1 })
    let logits = Twin(graph).forward(["input": data.images.map(Double.init)])["output"]!
    return (data, (0..<count).map { logits.elements[$0 * 4..<$0 * 4 + 4].indexOfGreatest! % 4 })
  }

  @Test(arguments: [1, 3]) func areThoseOfCountingOneByOne(width: Int) throws {
    let (data, best) = sample(23)
    let right = zip(data.labels, best).map { $0.contains($1) }
    let found = try Evaluation.run(TinyNetworks.vgg(), on: data, shard: 5, scheduler: BlockScheduler(width: width))
    #expect(found.correct == right)
    let byClass = try #require(found.byClass)
    for label in 0..<4 {
      let own = data.labels.indices.filter { data.labels[$0].contains(label) }
      #expect(byClass.images[label] == own.count && byClass.right[label] == own.count { right[$0] }, "class \(label)")
    }
    #expect(Set(right) == [true, false], "both are tested")
  }

  /// Any number of parts that went through bytes are together what one run is.
  @Test(arguments: [1, 2, 3, 7]) func partsJoin(count: Int) throws {
    let (data, _) = sample(23)
    func run(_ range: Range<Int>) throws -> PartialEvaluation {
      try Evaluation.run(TinyNetworks.vgg(), on: data, shard: 4, over: range, scheduler: BlockScheduler(width: 2))
    }
    let whole = try run(0..<6)
    var joined: PartialEvaluation?
    for part in 0..<count {
      let range = part * 6 / count..<(part + 1) * 6 / count
      let own = try PartialEvaluation(run(range).bytes, of: range, seconds: 0)
      joined = try joined?.followed(by: own) ?? own
    }
    let (one, all) = (Evaluation(whole, samples: 23), Evaluation(try #require(joined), samples: 23))
    #expect(one.correct == all.correct && one.byClass == all.byClass && one.loss == all.loss && one.top5 == all.top5)
    #expect(joined?.bytes == whole.bytes && all.correct.count == 23)
  }

  /// Bytes in which a sample is neither right nor wrong, or more are right than there are, are refused.
  @Test func damagedPartsAreRefused() throws {
    let (data, _) = sample(8)
    let bytes = try Evaluation.run(
      TinyNetworks.vgg(), on: data, shard: 4, over: 0..<2, scheduler: BlockScheduler(width: 1)
    ).bytes
    let object = try PropertyListSerialization.propertyList(from: bytes, format: nil)
    func changed(_ change: (inout [String: Any]) -> Void) throws -> Data {
      var content = try #require(object as? [String: Any])
      var nodes = try #require(content["nodes"] as? [[String: Any]])
      var tally = try #require(nodes[0]["tally"] as? [String: Any])
      change(&tally)
      nodes[0]["tally"] = tally
      content["nodes"] = nodes
      return try PropertyListSerialization.data(fromPropertyList: content, format: .binary, options: 0)
    }
    #expect(throws: Never.self) { try PartialEvaluation(changed { _ in }, of: 0..<2, seconds: 0) }
    for change in [
      { $0["answers"] = Data([1, 0, 2, 1, 1, 1, 1, 1]) }, { $0["answers"] = nil }, { $0["byClass"] = nil },
      { $0["byClass"] = ["images": [2, 2, 2, 2], "right": [1, 1, 3, 1]] },
      { $0["byClass"] = ["images": [2, 2, 2, -2], "right": [1, 1, 1, -3]] },
      { $0["byClass"] = ["images": [2, 2, 2, 2], "right": [1, 1, 1]] },
    ] as [(inout [String: Any]) -> Void] {
      #expect(throws: EspalierError.self) { try PartialEvaluation(changed(change), of: 0..<2, seconds: 0) }
    }
  }

  /// The numbers are those of SciPy (`scipy.stats.hmean`).
  @Test func sharesHaveTheirHarmonicMean() throws {
    let some = ClassAccuracy(images: [4, 8, 0, 5], right: [3, 8, 0, 1])
    #expect(some.shares == [0.75, 1, nil, 0.2])
    #expect(abs(try #require(some.harmonicMean) - 0.4090909090909091) < 1e-15)
    #expect(some.worst?.label == 3 && some.worst?.share == 0.2)
    let lost = ClassAccuracy(images: [4, 8, 2], right: [0, 8, 0])
    #expect(lost.harmonicMean == 0 && lost.worst?.label == 0)
    let none = ClassAccuracy(images: [0, 0], right: [0, 0])
    #expect(none.harmonicMean == nil && none.worst == nil)
  }
}
