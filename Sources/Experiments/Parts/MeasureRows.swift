import Analysis
import Foundation
import Tensors

/// What measures are, so that what they say of images can be summed up without the network.
struct MeasureContent: Codable {
  /// A measure, with the columns that it has in tables.
  struct Column: Codable, Hashable {
    enum Kind: String, Codable { case map, output, change, network }

    var kind: Kind
    var names: [String]
    var isHigherBetter: Bool
    /// The networks that maps are compared in, of a measure of networks.
    var points: [String]
  }

  /// The number of all images.
  var images: Int
  /// Whether a measure observes objects' masks.
  var observesMasks: Bool
  var methods: [String]
  var measures: [Column]
}

extension MeasureContent.Column {
  init(_ measure: any Measure, points: [String]) {
    isHigherBetter = measure.better == .higher
    self.points = points
    switch measure {
    case let measure as any OutputMeasure: (kind, names) = (.output, type(of: measure).columns)
    case let measure as any ChangeMeasure: (kind, names) = (.change, type(of: measure).columns)
    case let measure as any NetworkMeasure: (kind, names) = (.network, [type(of: measure).name])
    default: (kind, names) = (.map, [type(of: measure).name])
    }
  }

  fileprivate var better: MeasureDirection { isHigherBetter ? .higher : .lower }

  /// The entries of a report, from one row an image.
  fileprivate func entries(_ rows: [[Double?]]) -> [MeasureReport.Entry] {
    switch kind {
    case .map, .change: names.enumerated().map { column, name in .init(name, better, rows.map { $0[column] }) }
    case .output:
      // The curves of an image stand one behind the other.
      names.enumerated().map { column, name in
        let length = (rows.first?.count ?? 0) / names.count
        let curves = rows.map { row in row[column * length..<(column + 1) * length].map { $0 ?? .nan } }
        var mean = [Double](repeating: 0, count: length)
        for curve in curves { for (point, value) in curve.enumerated() { mean[point] += value } }
        return .init(
          name, better, curves.map { Curves([$0]).areas[0] }, curve: mean.map { $0 / Double(max(curves.count, 1)) })
      }
    case .network:
      [
        .init(
          names[0], better,
          rows.map { row in
            let defined = row.compactMap { $0 }
            return defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count)
          },
          curve: points.indices.map { point in
            let defined = rows.compactMap { $0[point] }
            return defined.isEmpty ? 0 : defined.reduce(0, +) / Double(defined.count)
          }, points: points)
      ]
    }
  }

  /// Whether rows are such as this measure gives.
  fileprivate func fits(_ rows: [[Double?]]) -> Bool {
    let length = rows.first?.count ?? 0
    let isOfKind =
      switch kind {
      case .map, .change: rows.isEmpty || length == names.count
      case .output: length % max(names.count, 1) == 0
      case .network: rows.isEmpty || length == points.count
      }
    return !names.isEmpty && isOfKind && rows.allSatisfy { $0.count == length }
  }
}

/// What measures say of images: for each method and measure, methods outermost, a row of numbers an image.
struct MeasureRows {
  /// The rows, `[methods · measures][images][numbers]`.
  var all: [[[Double?]]] = []
  /// The number of images with a mask.
  var masks = 0

  /// Appends the rows, bit by bit.
  func encode(into encoder: inout StateEncoder) {
    encoder.append(masks)
    encoder.append(all.count)
    for rows in all {
      encoder.append(rows.count)
      encoder.append(rows.first?.count ?? 0)
      encoder.append(rows.flatMap { $0.map { $0 ?? 0 } })
      encoder.append(rows.flatMap { $0.map { $0 == nil ? UInt8(0) : 1 } })
    }
  }

  init() {}

  /// Takes over rows.
  ///
  /// - Throws: `EspalierError` if they are damaged.
  init(from decoder: inout StateDecoder) throws {
    masks = try decoder.integer()
    for _ in 0..<(try decoder.integer(in: 0...1 << 20)) {
      let (count, length) = (try decoder.integer(in: 0...1 << 40), try decoder.integer(in: 0...1 << 20))
      let numbers = try decoder.array(of: Double.self, count: count * length)
      let isThere = try decoder.array(of: UInt8.self, count: count * length)
      all.append(
        (0..<count).map { row in (row * length..<(row + 1) * length).map { isThere[$0] == 0 ? nil : numbers[$0] } })
    }
  }

  /// Appends the rows of the images that follow.
  mutating func append(_ later: MeasureRows) {
    masks &+= later.masks
    for position in all.indices { all[position] += later.all[position] }
  }
}

extension StateDecoder {
  /// Reads an integer in a range.
  ///
  /// - Throws: `EspalierError` if there is none.
  fileprivate mutating func integer(in range: ClosedRange<Int>) throws -> Int {
    let number = try integer()
    guard range ~= number else { throw EspalierError("its numbers are damaged") }
    return number
  }
}

extension MeasureReport {
  /// What is said of all images.
  init(_ content: MeasureContent, _ rows: MeasureRows) {
    self.init(
      images: content.images, masks: content.observesMasks ? rows.masks : nil,
      methods: content.methods.enumerated().map { number, method in
        Method(
          method: method,
          measures: content.measures.enumerated().flatMap { position, column in
            column.entries(rows.all[number * content.measures.count + position])
          })
      })
  }

  /// Joins the parts of `measure`, and writes the numbers of every image if a file is named.
  ///
  /// - Throws: `EspalierError` naming the part that is damaged, or the file that cannot be written.
  static func join(_ set: PartSet, to out: String?, _ context: RunContext) throws -> MeasureReport {
    let content = try set.parts[0].content(as: MeasureContent.self)
    var (rows, indices, names) = (MeasureRows?.none, [Int](), [String]())
    for part in set.parts {
      try naming(file: part.path) {
        var decoder = StateDecoder(try part.state())
        let own = try MeasureRows(from: &decoder)
        let ownIndices = try decoder.array(of: Int64.self)
        let text = String(decoding: try decoder.array(of: UInt8.self), as: UTF8.self)
        let ownNames = ownIndices.isEmpty ? [] : text.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        let columns = content.methods.flatMap { _ in content.measures }
        guard decoder.isAtEnd, own.all.count == columns.count, ownNames.count == ownIndices.count,
          zip(columns, own.all).allSatisfy({ $0.fits($1) && $1.count == ownIndices.count })
        else { throw PartFile.damage(part.path) }
        if rows == nil { rows = own } else { rows?.append(own) }
        indices += ownIndices.map(Int.init)
        names += ownNames
      }
    }
    let whole = rows ?? MeasureRows()
    guard indices.count == content.images,
      zip(content.methods.flatMap { _ in content.measures }, whole.all).allSatisfy({ $0.fits($1) })
    else { throw PartFile.damage(set.parts[0].path) }
    let report = MeasureReport(content, whole)
    if let out { try ImageMeasures(report, names: names, indices: indices).write(to: out) }
    return report
  }
}
