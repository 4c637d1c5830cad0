import Analysis
import Datasets
import Networks
import Scheduling
import Storage
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
  /// - Throws: `EspalierError` naming an image without the label or mask that is to be explained.
  func shard(_ batch: Batch, target: RelevanceTarget) throws -> AttributionShard {
    let targets = try batch.indices.indices.map { try outputTarget(target, of: $0, in: batch) }
    return AttributionShard(
      images: batch.input, others: batch.others, targets: targets, indices: batch.indices.map { dataset.indices[$0] },
      layout: layout)
  }

  /// What is explained of a row of a batch.
  private func outputTarget(_ target: RelevanceTarget, of row: Int, in batch: Batch) throws -> OutputTarget {
    let position = batch.indices[row]
    let image = "image \(dataset.indices[position])"
    switch target {
    case .predicted: return .predicted
    case .index(let index): return .index(index)
    case .contrast(let terms): return .classes(terms, at: .predicted)
    case .named(let text): throw EspalierError("'\(text)' is no class", location: "--target")
    case .entry(let indices): return .entry(indices)
    case .tensor(let file, let name):
      let numbers: Tensor<Float> = try HDF5File.open(file).dataset(name).read(
        rows: dataset.indices[position]..<dataset.indices[position] + 1)
      guard numbers.elements.allSatisfy(\.isFinite) else {
        throw EspalierError(
          "row \(dataset.indices[position]) holds NaN or infinity", file: file, location: "/\(name)", accepted: "finite numbers")
      }
      return .tensor(numbers.elements)
    case .data:
      guard let index = try dataset.target(position) else {
        throw EspalierError(
          "the data name no target of it", location: image,
          accepted: "a dataset 'target' in hdf5:FILE, or a column 'target' in csv:FILE")
      }
      return .index(index)
    case .label where !batch.positions.isEmpty: return .positions(batch.positions[row])
    case .label where !batch.values.isEmpty: return .values(batch.values[row])
    case .label:
      guard let label = batch.labels[row].first else {
        throw EspalierError("has no label", location: image, accepted: "--target predicted")
      }
      return .index(label)
    case .at(let base, let region):
      let found = try self.region(region, of: row, in: batch, image)
      switch try outputTarget(base, of: row, in: batch) {
      case .predictedClass: return .predictedClass(at: found)
      case .classes(let terms, _): return .classes(terms, at: found)
      case .positions(let indices, _): return .positions(indices, at: found)
      case let other: return other
      }
    }
  }

  private func region(_ region: RelevanceTarget.Region, of row: Int, in batch: Batch, _ image: String) throws
    -> OutputTarget.Region
  {
    switch region {
    case .all: return .all
    case .box(let ranges): return .box(ranges)
    case .mask:
      guard batch.masks.indices.contains(row), let mask = batch.masks[row] else {
        throw EspalierError("has no mask of its object", location: image, accepted: "--target with another region than @mask")
      }
      return .set((0..<mask.height).flatMap { y in (0..<mask.width).map { mask[y, $0] } })
    }
  }

  /// The target that a run of relevance takes: what was asked for, with classes by their numbers; or the label, or the predicted
  /// class without labels, or the only number of an output.
  ///
  /// - Parameter form: what the network's output holds of an image.
  /// - Throws: `EspalierError` naming a class, entry or region that the output has not.
  func target(_ asked: RelevanceTarget?, _ form: OutputForm) throws -> RelevanceTarget {
    guard let asked else {
      if form.count == 1 { return .index(0) }
      if task == .regression {
        throw EspalierError(
          "the output has \(form.count) numbers, none of them a class", location: "--target",
          accepted: "0 to \(form.classes - 1), or @I,J for an entry")
      }
      return try isLabelled() ? .label : .predicted
    }
    let target = try asked.resolved(dataset.classNames)
    try check(target, form)
    return target
  }

  private func check(_ target: RelevanceTarget, _ form: OutputForm) throws {
    switch target {
    case .index(let index): try check([index], form)
    case .contrast(let terms): try check(terms.map(\.index), form)
    case .at(let base, let region):
      try check(base, form)
      if case .box(let ranges) = region {
        try naming(location: "--target") { try OutputTarget.predictedClass(at: .box(ranges)).check(form) }
      }
      if region == .mask, form.positionLengths.count != 2 {
        throw EspalierError(
          "the output has no rows and columns for masks", location: "--target", accepted: "an output [N, K, H, W]")
      }
    case .entry(let indices): try naming(location: "--target") { try OutputTarget.entry(indices).check(form) }
    case .tensor(let file, let name):
      let dataset = try HDF5File.open(file).dataset(name)
      let wanted = try Shape([request.openWhole().count] + form.lengths)
      guard try dataset.shape() == wanted, dataset.elementType.isNumeric else {
        throw EspalierError(
          "holds \(dataset.elementType.rawValue) of shape \(try dataset.shape())", file: file, location: "/\(name)",
          accepted: "numbers \(wanted), one an entry of the network's output")
      }
    case .label where task == .regression:
      throw EspalierError("labels are numbers, and no output", location: "--target", accepted: "0 to \(form.classes - 1)")
    case .label where form.count == 1:
      throw EspalierError(
        "the network has one output, whatever the label", location: "--target", accepted: "0, which explains that output")
    case .label, .predicted, .data, .named: break
    }
  }

  private func check(_ indices: [Int], _ form: OutputForm) throws {
    if let index = indices.first(where: { $0 >= form.classes }) {
      throw EspalierError(
        "class \(index) is not one of the network's", location: "--target", accepted: "0 to \(form.classes - 1)")
    }
  }
}
