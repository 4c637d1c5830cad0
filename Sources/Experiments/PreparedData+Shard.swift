import Analysis
import Datasets
import Scheduling
import Tensors

extension PreparedData {
  /// Whether any image has a mask, looked for before anything long is computed.
  ///
  /// - Throws: `EspalierError` naming an image that is damaged; `CancellationError`.
  func holdsMasks(_ cancellation: Cancellation) throws -> Bool {
    try (0..<dataset.count).contains { index in
      try cancellation.check()
      return try dataset.sample(index).mask.map { try preprocessing.fittedMask($0) != nil } ?? false
    }
  }

  /// A batch as attributors take it.
  ///
  /// - Throws: `EspalierError` naming an image without the label that is to be explained.
  func shard(_ batch: Batch, target: RelevanceTarget) throws -> AttributionShard {
    let targets: [OutputTarget] = try batch.labels.enumerated().map { row, labels in
      let position = batch.indices[row]
      switch target {
      case .predicted: return .predicted
      case .index(let index): return .index(index)
      case .contrast(let terms): return .contrast(terms)
      case .named(let text): throw EspalierError("'\(text)' is no class", location: "--target")
      case .data:
        guard let index = try dataset.target(position) else {
          throw EspalierError(
            "the data name no target of it", location: "image \(dataset.indices[position])",
            accepted: "a dataset 'target' in hdf5:FILE, or a column 'target' in csv:FILE")
        }
        return .index(index)
      case .label:
        guard let label = labels.first else {
          throw EspalierError("has no label", location: "image \(dataset.indices[position])", accepted: "--target predicted")
        }
        return .index(label)
      }
    }
    return AttributionShard(
      images: batch.input, others: batch.others, targets: targets, indices: batch.indices.map { dataset.indices[$0] },
      layout: layout)
  }

  /// The target that a run of relevance takes: what was asked for, with classes by their numbers; or the label, or the predicted
  /// class without labels, or the only output.
  ///
  /// - Parameter classes: the number of the network's outputs.
  /// - Throws: `EspalierError` naming a class that is not one of the network's.
  func target(_ asked: RelevanceTarget?, classes: Int) throws -> RelevanceTarget {
    guard let asked else { return classes == 1 ? .index(0) : try isLabelled() ? .label : .predicted }
    let target = try asked.resolved(dataset.classNames)
    let indices: [Int] =
      switch target {
      case .index(let index): [index]
      case .contrast(let terms): terms.map(\.index)
      default: []
      }
    if let index = indices.first(where: { $0 >= classes }) {
      throw EspalierError("class \(index) is not one of the network's", location: "--target", accepted: "0 to \(classes - 1)")
    }
    if classes == 1, target == .label {
      throw EspalierError(
        "the network has one output, whatever the label", location: "--target", accepted: "0, which explains that output")
    }
    return target
  }
}
