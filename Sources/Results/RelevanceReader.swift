import Analysis
import Storage
import Tensors

/// What the images of a filter are greatest by; the names of their groups in a file.
public enum TopKind: String, CaseIterable, Sendable {
  /// Relevance, summed over space.
  case relevance = "relmax"
  /// Activation, the greatest over space.
  case activation = "actmax"
}

/// Reads a relevance file, some rows at a time.
public final class RelevanceReader: Sendable {
  /// What the file holds.
  public let schema: RelevanceSchema
  /// The number of images, N.
  public let count: Int
  /// Where the file lies.
  public let path: String
  private let file: HDF5File
  private let attribution: HDF5Dataset?
  private let label, prediction, index: HDF5Dataset
  private let signed, absolute, heads, maxima: [HDF5Dataset]
  private let conservation, target: HDF5Dataset?

  /// Opens a file.
  ///
  /// - Throws: `EspalierError` if it cannot be read, or is not a relevance file.
  public init(_ path: String) throws {
    let file = try HDF5File.open(path)
    self.file = file
    let prediction = try file.dataset("prediction")
    let shape = try prediction.shape()
    guard shape.rank == 2 else {
      throw EspalierError("has shape \(shape)", file: path, location: "/prediction", accepted: "images × classes")
    }
    let count = shape[0]
    func dataset(_ name: String, _ accepted: String, _ fits: (Shape) -> Bool) throws -> HDF5Dataset {
      let dataset = try file.dataset(name)
      let shape = try dataset.shape()
      guard shape.rank > 0, shape[0] == count, fits(shape) else {
        throw EspalierError("has shape \(shape)", file: path, location: "/\(name)", accepted: accepted)
      }
      return dataset
    }
    label = try dataset("label", "\(count)") { $0.rank == 1 }
    index = try dataset("index", "\(count)") { $0.rank == 1 }
    target = file.kind(of: "target") == .dataset ? try dataset("target", "\(count)") { $0.rank == 1 } : nil
    attribution =
      file.kind(of: "attribution") == nil
      ? nil : try dataset("attribution", "\(count) × channels × height × width") { $0.rank == 4 }
    func layers(_ group: String, _ accepted: String) throws -> [RelevanceLayer] {
      guard file.kind(of: group) == .group else { return [] }
      return try file.group(group).children().map { name in
        let values = try dataset("\(group)/\(name)", "\(count) × \(accepted)") { $0.rank == 2 }
        return RelevanceLayer(
          name: name, node: try values.text(attribute: "node") ?? name,
          order: Int(clamping: try values.number(attribute: "order", as: Int64.self) ?? 0), channels: try values.shape()[1])
      }
      .sorted { $0.order < $1.order }
    }
    let (layers, attentions) = (try layers("relevance", "channels"), try layers("relevance-head", "heads"))
    signed = try layers.map { try file.dataset("relevance/\($0.name)") }
    absolute = try layers.map { layer in
      try dataset("relevance-absolute/\(layer.name)", "\(count) × \(layer.channels)") { $0 == [count, layer.channels] }
    }
    heads = try attentions.map { try file.dataset("relevance-head/\($0.name)") }
    let top = Int(clamping: try file.number(attribute: "top", as: Int64.self) ?? 0)
    guard 0...1 << 20 ~= top else { throw EspalierError("is \(top)", file: path, location: "attribute top") }
    maxima =
      top > 0
      ? try layers.map { layer in
        try dataset("activation-max/\(layer.name)", "\(count) × \(layer.channels)") { $0 == [count, layer.channels] }
      } : []
    var told: [ConservationSite] = []
    if file.kind(of: "conservation") == .dataset {
      let values = try dataset("conservation", "\(count) × layers × 5") { $0.rank == 3 && $0[2] == 5 }
      func texts(_ name: String) throws -> [String] {
        let found = try values.texts(attribute: name) ?? []
        guard found.count == (try values.shape()[1]) else {
          throw EspalierError("has \(found.count) texts in its attribute \(name)", file: path, location: "/conservation")
        }
        return found
      }
      let (names, ops, rules) = (try texts("layers"), try texts("operators"), try texts("rules"))
      told = names.indices.map { ConservationSite(layer: names[$0], op: ops[$0], rule: rules[$0]) }
      conservation = values
    } else {
      conservation = nil
    }
    let isLabelled = try label.text(attribute: "description") != RelevanceWriter.predictedLabels
    let names = file.kind(of: "scales/class") == .dataset ? try file.dataset("scales/class").texts(attribute: "names") ?? [] : []
    let precision: MapPrecision = attribution.map { $0.elementType == .float16 ? .float16 : .float32 } ?? .none
    let map = try attribution.map { try Shape(validating: Array($0.shape().dimensions.dropFirst())) }
    schema = RelevanceSchema(
      map: map ?? [0, 0, 0], classes: shape[1], classNames: names.count == shape[1] ? names : [], layers: layers,
      heads: attentions, precision: precision, isLabelled: isLabelled,
      predictsShares: try prediction.text(attribute: "units") == RelevanceWriter.shares, hasTargets: target != nil, top: top,
      conservation: told,
      provenance: try Dictionary(
        uniqueKeysWithValues: RelevanceSchema.provenanceNames.compactMap { key in try file.text(attribute: key).map { (key, $0) }
        }))
    self.count = count
    self.path = path
    self.prediction = prediction
  }

  /// The results of the images in a range of rows.
  ///
  /// - Throws: `EspalierError` if there are no such rows, or the file is damaged.
  public func read(_ rows: Range<Int>) throws -> RelevanceRows {
    RelevanceRows(
      indices: try indices(rows), labels: try labels(rows), predictions: try prediction.read(rows: rows),
      attribution: try attribution?.read(rows: rows), signed: try signed.map { try $0.read(rows: rows) },
      absolute: try absolute.map { try $0.read(rows: rows) }, heads: try heads.map { try $0.read(rows: rows) },
      maxima: try maxima.map { try $0.read(rows: rows) },
      conservation: try conservation?.read(rows: rows),
      targets: try target.map { try $0.read(rows: rows).elements } ?? [])
  }

  /// The positions in the data set of the images in a range of rows.
  ///
  /// - Throws: `EspalierError` if there are no such rows, or the file is damaged.
  public func indices(_ rows: Range<Int>) throws -> [UInt32] { try index.read(rows: rows).elements }

  /// The labels of the images in a range of rows.
  ///
  /// - Throws: `EspalierError` if there are no such rows, or the file is damaged.
  public func labels(_ rows: Range<Int>) throws -> [UInt16] { try label.read(rows: rows).elements }

  /// The predictions for the images in a range of rows, [n, K].
  ///
  /// - Throws: `EspalierError` if there are no such rows, or the file is damaged.
  public func predictions(_ rows: Range<Int>) throws -> Tensor<Float> { try prediction.read(rows: rows) }

  /// What each layer conserves of the images in a range of rows, [n, layers, 5] by `ConservationTerm`.
  ///
  /// - Throws: `EspalierError` if the file does not tell it or holds no such rows, or is damaged.
  public func conservation(_ rows: Range<Int>) throws -> Tensor<Double> {
    guard let conservation else {
      throw EspalierError("it is not told what layers conserve", file: path, accepted: "a file written with --conservation")
    }
    return try conservation.read(rows: rows)
  }

  /// The most relevant or most activating images of each filter of a layer, the greatest first, as `--top` keeps them.
  ///
  /// - Parameter kind: what they are greatest by.
  /// - Throws: `EspalierError` naming what there is, if the file keeps none of such a layer; or if it is damaged.
  public func top(_ kind: TopKind, of layer: String) throws -> [[(image: Int, value: Float)]] {
    let known = file.kind(of: kind.rawValue) == .group ? schema.layers.map(\.name) : []
    guard known.contains(layer) else {
      let problem = known.isEmpty ? "the file keeps no images of filters" : "there is no layer '\(layer)'"
      throw EspalierError(
        problem + EspalierError.suggestion(for: layer, among: known), file: path,
        accepted: known.isEmpty ? "one that espalier relevance --top N wrote" : EspalierError.list(known))
    }
    let name = "\(kind.rawValue)/\(layer)"
    let indices: Tensor<UInt32> = try file.dataset(name + "/index").read()
    let values: Tensor<Float> = try file.dataset(name + "/value").read()
    guard indices.shape.rank == 2, values.shape == indices.shape else {
      throw EspalierError(
        "has images of shape \(indices.shape) and values of shape \(values.shape)", file: path, location: "/\(name)",
        accepted: "filters × images for both")
    }
    let most = indices.shape[1]
    return (0..<indices.shape[0]).map { filter in
      (filter * most..<(filter + 1) * most).compactMap { position in
        let image = indices.elements[position]
        return image == .max ? nil : (Int(image), values.elements[position])
      }
    }
  }

  /// The relevance maps of the images in a range of rows, [n, C, H, W].
  ///
  /// - Throws: `EspalierError` if the file holds no maps or no such rows, or is damaged.
  public func maps(_ rows: Range<Int>) throws -> Tensor<Float> {
    guard let attribution else {
      throw EspalierError("the file holds no relevance maps", file: path, accepted: "one written with --maps float32")
    }
    return try attribution.read(rows: rows)
  }
}
