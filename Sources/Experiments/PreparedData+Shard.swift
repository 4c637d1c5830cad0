import Analysis
import Datasets
import Scheduling
import Tensors

extension PreparedData {
  /// Whether any picture has a mask, looked for before anything long is computed.
  ///
  /// - Throws: `EspalierError` naming a picture that is damaged; `CancellationError`.
  func holdsMasks(_ cancellation: Cancellation) throws -> Bool {
    try (0..<dataset.count).contains { index in
      try cancellation.check()
      return try dataset.sample(index).mask.map { try preprocessing.fittedMask($0) != nil } ?? false
    }
  }

  /// A batch as attributors take it.
  ///
  /// - Throws: `EspalierError` naming a picture without the label that is to be explained.
  func shard(_ batch: Batch, target: RelevanceTarget) throws -> AttributionShard {
    let targets: [Int?] = try batch.labels.enumerated().map { row, labels in
      switch target {
      case .predicted: return nil
      case .index(let index): return index
      case .label:
        guard let label = labels.first else {
          throw EspalierError(
            "has no label", place: "picture \(dataset.indices[batch.indices[row]])", accepted: "--target predicted")
        }
        return label
      }
    }
    return AttributionShard(
      pictures: batch.input, targets: targets, indices: batch.indices.map { dataset.indices[$0] },
      isChannelsLast: preprocessing.layout == .nhwc)
  }
}
