import Analysis
import Datasets
import Storage
import Tensors

/// A layer whose filters have results.
public typealias ResultLayer = RelevanceLayer

/// Writes what a pass found out about every filter: statistics, dissection and scores, in one HDF5 file.
///
/// Nothing stands at the path before ``commit()``.
///
///     stats/<layer>/<name>                 float64 [channels] or [channels, k]
///     dissection/<layer>/iou               float32 [channels, concepts]
///     dissection/<layer>/threshold         float32 [channels]
///     dissection/<layer>/votes             float64 [channels]
///     dissection/<layer>/votes-by-concept  float64 [channels, concepts]
///     exemplars/<layer>/filter             int64 [filters], those with images
///     exemplars/<layer>/image            int64 [filters, k], positions in the data set, best first; −1 where there are fewer
///     exemplars/<layer>/activation         float32 [filters, k]
///     exemplars/<layer>/mask               uint8 [filters, k, height, ⌈width / 8⌉], eight pixels a byte, the first the highest
///     bit concepts, concept_categories         texts, one a concept
///     scores/<criterion>/<layer>           float64 [channels]
///
/// Every layer's group or dataset carries its node's name as `node` and its position in execution order as `order`.
public final class FilterResultsWriter {
  private let file: HDF5File

  /// Begins a file.
  ///
  /// - Parameter provenance: how the numbers came about; attributes of the file.
  /// - Throws: `EspalierError` if it cannot be written.
  public init(_ path: String, provenance: [String: String]) throws {
    file = try HDF5File.create(path)
    for (name, value) in provenance.sorted(by: { $0.key < $1.key }) { try file.setAttribute(name, value) }
  }

  /// Writes the statistics of a layer.
  ///
  /// - Throws: `EspalierError` if they cannot be written.
  public func write(_ statistics: [StatisticResult], of layer: ResultLayer) throws {
    let group = try file.createGroup("stats/\(layer.name)")
    try group.name(layer)
    for statistic in statistics {
      try group.write(statistic.values, to: statistic.name).setAttribute("description", statistic.description)
    }
  }

  /// Writes the concepts.
  ///
  /// - Throws: `EspalierError` if they cannot be written.
  public func write(_ vocabulary: ConceptVocabulary) throws {
    try file.write(vocabulary.concepts.map(\.name), to: "concepts")
    try file.write(vocabulary.concepts.map { vocabulary.categories[$0.category] }, to: "concept_categories")
  }

  /// Writes the dissection of a layer.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  public func write(_ dissection: DissectionResult, of layer: ResultLayer) throws {
    let group = try file.createGroup("dissection/\(layer.name)")
    try group.name(layer)
    try group.setAttribute("images", Int64(dissection.images))
    func add<Scalar: HDF5Scalar>(_ tensor: Tensor<Scalar>, _ name: String, _ description: String) throws {
      try group.write(tensor, to: name).setAttribute("description", description)
    }
    try add(dissection.overlap, "iou", "intersection over union with each concept, over all images")
    try add(dissection.thresholds, "threshold", "activation above which the filter fires")
    try add(dissection.votes, "votes", "images and concepts on which the filter is among the best of its layer")
    try add(dissection.votesByConcept, "votes-by-concept", "votes for each concept")
  }

  /// Writes the images that excite filters of a layer most, and where the filters fire on them.
  ///
  /// - Throws: `EspalierError` if they cannot be written.
  public func write(_ exemplars: Exemplars, of layer: ResultLayer) throws {
    let group = try file.createGroup("exemplars/\(layer.name)")
    try group.name(layer)
    try group.setAttribute("height", Int64(exemplars.height))
    try group.setAttribute("width", Int64(exemplars.width))
    let (filters, most) = (exemplars.channels.count, exemplars.images.map(\.count).max() ?? 0)
    let rowBytes = (exemplars.width + 7) / 8
    var (images, activations, masks): ([Int64], [Float], [UInt8]) = ([], [], [])
    for entries in exemplars.images {
      for position in 0..<most {
        let entry = position < entries.count ? entries[position] : nil
        images.append(Int64(entry?.image ?? -1))
        activations.append(entry?.activation ?? .nan)
        masks += entry?.mask.packed ?? [UInt8](repeating: 0, count: exemplars.height * rowBytes)
      }
    }
    func add<Scalar: HDF5Scalar>(_ tensor: Tensor<Scalar>, _ name: String, _ description: String, gzip: Int? = nil) throws {
      try group.write(tensor, to: name, gzip: gzip).setAttribute("description", description)
    }
    try add(Tensor(exemplars.channels.map(Int64.init), shape: [filters]), "filter", "the filters with images")
    try add(
      Tensor(images, shape: [filters, most]), "image", "positions in the data of the images that excite it most, best first")
    try add(Tensor(activations, shape: [filters, most]), "activation", "the filter's greatest activation on them")
    try add(
      Tensor(masks, shape: [filters, most, exemplars.height, rowBytes]), "mask",
      "where it fires: eight pixels a byte, the first the highest bit (numpy.unpackbits)", gzip: 4)
  }

  /// Writes the scores of a layer by a criterion; the filter with the least counts least.
  ///
  /// - Throws: `EspalierError` if they cannot be written.
  public func write(_ scores: Tensor<Double>, criterion: String, of layer: ResultLayer) throws {
    let dataset = try file.write(scores, to: "scores/\(criterion)/\(layer.name)")
    try dataset.name(layer)
  }

  /// Puts the file in its position.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  public func commit() throws { try file.commit() }
}

extension HDF5Object {
  fileprivate func name(_ layer: ResultLayer) throws {
    try setAttribute("node", layer.node)
    try setAttribute("order", Int64(layer.order))
  }
}

extension BitMask {
  /// The rows, each from a byte of its own, eight pixels a byte, the first the highest bit.
  var packed: [UInt8] {
    let rowBytes = (width + 7) / 8
    return (0..<height * rowBytes).map { position in
      let (row, byte) = (position / rowBytes, position % rowBytes)
      let word = words[row * wordsPerRow + byte / 8]
      var bits = UInt8(truncatingIfNeeded: word >> UInt64(byte % 8 * 8))
      bits = bits >> 4 | bits << 4
      bits = (bits & 0xCC) >> 2 | (bits & 0x33) << 2
      return (bits & 0xAA) >> 1 | (bits & 0x55) << 1
    }
  }

  /// Unpacks rows.
  ///
  /// - Precondition: there are as many bytes as the size asks for.
  init(packed bytes: some RandomAccessCollection<UInt8>, height: Int, width: Int) {
    self.init(height: height, width: width)
    let rowBytes = (width + 7) / 8
    precondition(bytes.count == height * rowBytes, "\(bytes.count) bytes for \(height)×\(width) pixels")
    for row in 0..<height {
      for column in 0..<width {
        let byte = bytes[bytes.index(bytes.startIndex, offsetBy: row * rowBytes + column / 8)]
        if byte >> UInt8(7 - column % 8) & 1 == 1 { self[row, column] = true }
      }
    }
  }
}
