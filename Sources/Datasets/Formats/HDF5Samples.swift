import Files
import Images
import Storage
import Tensors

/// An HDF5 file with `data` [N, C, H, W], or [N, C, L], [N, H, W] or [N, C], and optionally `label`: integers [N] or [N, 1], or
/// [N, K] of 0 and 1 with a 1 for each label that is right, for segmentation [N, H, W] or another shape with one class a position
/// (255 and below 0: none), for regression numbers [N] or [N, K]; and `target`, [N] integers: the class whose relevance is to be
/// computed.
///
/// Samples are tensors and taken as they are; or, where a preprocessing is asked for, images: bytes (uint8) of 1 or 3 channels.
/// Other datasets in the file are ignored.
public struct HDF5Samples: Dataset {
  public let count: Int
  public let classNames: [String]?
  private let file: String
  private let data: HDF5Dataset
  private let shape: Shape
  private let labels: [[Int]]?
  private let areImages: Bool
  private let targets: HDF5Dataset?
  /// One class a position, or numbers.
  private let answers: HDF5Dataset?
  private let task: LearningTask

  /// Opens a file and reads its labels.
  ///
  /// - Parameters:
  ///   - preprocessing: what samples are to be prepared by; nil to take them as they are. One that says no more than the
  ///     layout leaves tensors as they are.
  ///   - task: what labels are; nil for classes, or those of pixels where they have more than two axes.
  /// - Throws: `EspalierError` if the file or `data` is missing, the shapes do not fit, labels are no labels, or the data cannot
  ///   be prepared as asked.
  public init(_ path: String, classNames: [String]? = nil, preprocessing: Preprocessing? = nil, task: LearningTask? = nil) throws
  {
    let file = try HDF5File.open(path)
    data = try file.dataset("data")
    shape = try data.shape()
    guard 2...4 ~= shape.rank, data.elementType.isNumeric else {
      throw EspalierError(
        "holds \(data.elementType.rawValue) of shape \(shape)", file: path, location: "/data",
        accepted: "numbers N×C×H×W, or with fewer axes behind the first")
    }
    areImages =
      preprocessing != nil && data.elementType == .uint8 && shape.rank == 4 && [1, 3].contains(shape[1]) && shape[2] > 0
      && shape[3] > 0
    if let preprocessing, !areImages, preprocessing != Preprocessing(layout: preprocessing.layout) {
      throw EspalierError(
        "holds \(data.elementType.rawValue) of shape \(shape), which --preprocess cannot prepare: it is taken as it is",
        file: path, location: "/data", accepted: "uint8 N×C×H×W with 1 or 3 channels, or no --preprocess")
    }
    let label = file.exists("label") ? try naming(file: path) { try file.dataset("label") } : nil
    let lengths = try label?.shape().dimensions ?? []
    let rank = lengths.count
    let kind = task ?? (rank > 2 ? .segmentation : .classification)
    let isAnswer = kind == .regression || kind == .segmentation && (rank > 2 || rank == 2 && lengths[1] != 1)
    self.task = kind
    answers = isAnswer ? label : nil
    labels =
      try isAnswer
      ? nil : label.map { label in try naming(file: path) { try naming(location: "/label") { try HDF5Samples.labels(label) } } }
    if let label, isAnswer { try naming(file: path) { try naming(location: "/label") { try HDF5Samples.check(label, kind) } } }
    let known = labels?.count ?? (isAnswer ? lengths.first : nil)
    if let known, known != shape[0] {
      throw EspalierError("holds \(known) labels, but data \(shape[0]) samples", file: path, location: "/label")
    }
    targets = file.kind(of: "target") == .dataset ? try file.dataset("target") : nil
    count = shape[0]
    self.file = path
    self.classNames = classNames
  }

  private static let forms = "integers N or N×1, or N×K of 0 and 1"

  /// Refuses what cannot be one class a position, or numbers.
  private static func check(_ dataset: HDF5Dataset, _ task: LearningTask) throws {
    let type = dataset.elementType
    let isFloat = [.float16, .float32, .float64].contains(type)
    guard type.isNumeric, task == .regression || !isFloat, try dataset.shape().rank > 0 else {
      throw EspalierError(
        "holds \(type.rawValue) of shape \(try dataset.shape())",
        accepted: task == .regression ? "numbers N or N×K" : "integers N×H×W, one class a position")
    }
  }

  private static func labels(_ dataset: HDF5Dataset) throws -> [[Int]] {
    let shape = try dataset.shape()
    let type = dataset.elementType
    guard 1...2 ~= shape.rank, type.isNumeric else {
      throw EspalierError("holds \(type.rawValue) of shape \(shape)", accepted: forms)
    }
    let isVector = shape.rank == 1 || shape[1] == 1
    if isVector && [.float16, .float32, .float64].contains(type) {
      throw EspalierError("holds \(type.rawValue)", accepted: forms)
    }
    let table: Tensor<Int>
    if [.float16, .float32, .float64].contains(type) {
      let raw: Tensor<Double> = try dataset.read()
      guard let stranger = raw.elements.first(where: { $0 != 0 && $0 != 1 }) else {
        return try oneHot(Tensor(raw.elements.map { Int($0) }, shape: shape))
      }
      throw EspalierError("has shape \(shape) and holds \(stranger)", accepted: forms)
    }
    table = try dataset.read()
    if isVector {
      if let negative = table.elements.first(where: { $0 < 0 }) { throw EspalierError("holds \(negative)", accepted: forms) }
      return table.elements.map { [$0] }
    }
    return try oneHot(table)
  }

  /// The labels of rows of 0 and 1 [N, K].
  private static func oneHot(_ table: Tensor<Int>) throws -> [[Int]] {
    let classes = table.shape[1]
    return try (0..<table.shape[0]).map { row in
      let flags = table.elements[row * classes..<(row + 1) * classes]
      guard flags.allSatisfy({ 0...1 ~= $0 }), flags.contains(1) else {
        let seen = flags.contains(1) || !flags.allSatisfy { $0 == 0 } ? "numbers other than 0 and 1" : "no 1"
        throw EspalierError("has shape \(table.shape), and row \(row) holds \(seen)", accepted: forms)
      }
      return flags.indices.filter { flags[$0] == 1 }.map { $0 - flags.startIndex }
    }
  }

  public var description: String {
    "\(count) \(areImages ? "images" : "samples") of \(shape.dimensions.dropFirst().map(String.init).joined(separator: "×")) from \(file)"
  }

  public var notes: [String] {
    guard !areImages, data.elementType == .uint8 else { return [] }
    return ["\(file): its bytes are taken as they are, 0 to 255; --preprocess FILE prepares them as images"]
  }

  public func labels(_ index: Int) -> [Int] { labels?[index] ?? [] }

  public func pixelLabels(_ index: Int) throws -> PixelLabels? {
    guard task == .segmentation, let answers else { return nil }
    let row: Tensor<Int> = try answers.read(rows: index..<index + 1)
    return .positions(
      Tensor(
        row.elements.map { $0 < 0 || $0 == 255 ? -1 : Int32(clamping: $0) }, shape: Shape(Array(row.shape.dimensions.dropFirst()))
      ))
  }

  public func values(_ index: Int) throws -> [Float]? {
    guard task == .regression, let answers else { return nil }
    let row: Tensor<Float> = try answers.read(rows: index..<index + 1)
    guard row.elements.allSatisfy(\.isFinite) else {
      throw EspalierError("row \(index) holds NaN or infinity", file: file, location: "/label", accepted: "finite numbers")
    }
    return row.elements
  }

  public var isOfOneSize: Bool { true }

  public func target(_ index: Int) throws -> Int? {
    guard let targets else { return nil }
    guard try targets.shape() == [count], targets.elementType.isNumeric,
      ![.float16, .float32, .float64].contains(targets.elementType)
    else {
      throw EspalierError(
        "holds \(targets.elementType.rawValue) of shape \(try targets.shape())", file: file, location: "/target",
        accepted: "\(count) integers")
    }
    let row: Tensor<Int> = try targets.read(rows: index..<index + 1)
    return row.elements.first
  }

  public func name(_ index: Int) -> String { "row \(index)" }

  public func sample(_ index: Int) throws -> Sample {
    if areImages {
      let row: Tensor<UInt8> = try data.read(rows: index..<index + 1)
      return Sample(content: .image(Image(planes: row, of: shape)), labels: labels(index), name: name(index))
    }
    let row: Tensor<Float> = try data.read(rows: index..<index + 1)
    guard row.elements.allSatisfy(\.isFinite) else {
      throw EspalierError("row \(index) holds NaN or infinity", file: file, location: "/data", accepted: "finite numbers")
    }
    return Sample(
      content: .tensor(row.reshaped(Shape(Array(shape.dimensions.dropFirst())))), labels: labels(index), name: name(index))
  }

  public func digest() throws -> String { try SHA256.hexadecimal(ofFile: file) }
}

extension Image {
  /// An image from a row [1, C, H, W] of bytes.
  fileprivate init(planes: Tensor<UInt8>, of shape: Shape) {
    let (channels, area) = (shape[1], shape[2] * shape[3])
    var pixels = [UInt8](repeating: 0, count: planes.count)
    for channel in 0..<channels {
      for pixel in 0..<area { pixels[pixel * channels + channel] = planes.elements[channel * area + pixel] }
    }
    self.init(pixels: Tensor(pixels, shape: [shape[2], shape[3], channels]))
  }
}
