import Plotting
import Results
import Tensors
import Training

/// Classes that are mistaken for each other, and how often each is found, from the predictions in files of `relevance`.
public struct ConfusionRun: Sendable {
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(title: String? = nil) { self.title = title }

  /// The most classes of a matrix: beyond, nobody reads a cell.
  private static let mostClasses = 200

  /// Draws the shares of each true class (rows) that are taken for each class (columns).
  ///
  /// - Throws: `EspalierError` for a file without labels.
  public func writeMatrix(_ file: String, to output: FigureOutput) throws {
    try output.prepare(notReplacing: [file])
    let counts = try ClassCounts(file)
    let names = counts.names
    guard names.count <= Self.mostClasses else {
      throw EspalierError(
        "\(names.count) classes make no matrix that can be read", file: file,
        accepted: "up to \(Self.mostClasses); espalier figure classes shows the accuracy of each")
    }
    let values = counts.matrix.flatMap { row -> [Double] in
      let sum = row.reduce(0, +)
      return row.map { sum == 0 ? .nan : 100 * Double($0) / Double(sum) }
    }
    var matrix = HeatMatrix(
      rows: names, columns: names, values: Tensor(values, shape: [names.count, names.count]), colormap: .shares, range: 0...100
    ) { $0 == 0 ? "" : NumberText.decimals($0, $0 < 9.95 ? 1 : 0) }
    matrix.isSquare = true
    matrix.columnTitle = "predicted"
    matrix.barTitle = "images of a true class (%)"
    matrix.note =
      "Rows: true classes, \(counts.total.of("image")), \(NumberText.decimals(100 * counts.accuracy, 2)) % right. Columns: what they are taken for, in % of a row."
    try output.write(CellsFigure(title: title, matrix), of: [file])
  }

  /// Draws the accuracy of every class, in one network or in several side by side, such as before and after pruning.
  ///
  /// - Throws: `EspalierError` for files without labels, or of other classes than the first's.
  public func writeClasses(_ files: [String], captions: [String], to output: FigureOutput) throws {
    try output.prepare(notReplacing: files)
    let all = try files.map { try ClassCounts($0) }
    for (file, counts) in zip(files, all).dropFirst() where counts.names != all[0].names || counts.totals != all[0].totals {
      throw EspalierError("it is of other images or classes than \(files[0])", file: file, accepted: "files of one data set")
    }
    guard captions.isEmpty || captions.count == files.count else {
      throw EspalierError(
        "\(captions.count.of("caption")) for \(files.count.of("file"))", location: "--caption", accepted: "one a file")
    }
    let names = captions.isEmpty ? (files.count == 2 ? ["before", "after"] : files) : captions
    let marks = zip(all, names).enumerated().map { index, pair -> any Mark in
      let shares = pair.0.byClass.shares.map { $0 ?? .nan }
      return BarMark(
        files.count == 1 && captions.isEmpty ? "" : "\(pair.1) (\(NumberText.decimals(100 * pair.0.accuracy, 2)) %)",
        series: index,
        values: shares.map { 100 * $0 },
        errors: shares.enumerated().map { row, share in
          Interval.ofShare(share, of: pair.0.totals[row]).map { 100 * $0.lowerBound...100 * $0.upperBound }
        }, place: (index, all.count))
    }
    let classes = all[0].names
    let panel = Panel(
      x: PanelAxis("", categories: classes), y: PanelAxis("images of a class found", unit: "%", range: 0...100), marks: marks)
    var grid = PanelGrid([panel], aspect: classes.count > 12 ? 0.35 : 0.68, note: "Bars: Wilson's 95 % intervals.")
    if classes.count > 12 { grid.panelWidth = 490 }
    try output.write(PanelsFigure(title: title, grid), of: files)
  }
}

/// How often images of a class are taken for another.
public struct ClassCounts: Sendable {
  /// The names of the classes.
  public let names: [String]
  /// The number of images by true and predicted class.
  public let matrix: [[Int]]
  /// The images of every true class.
  var totals: [Int] { matrix.map { $0.reduce(0, +) } }
  var total: Int { totals.reduce(0, +) }
  /// The share that is right.
  var accuracy: Double { total == 0 ? .nan : Double(matrix.indices.reduce(0) { $0 + matrix[$1][$1] }) / Double(total) }

  /// How often each class is right.
  var byClass: ClassAccuracy { ClassAccuracy(images: totals, right: matrix.indices.map { matrix[$0][$0] }) }

  /// Counts the predictions of a file of relevance: the greatest output of an image, or of one output whether it is above zero.
  ///
  /// - Throws: `EspalierError` for a file without labels.
  public init(_ file: String) throws {
    let reader = try RelevanceReader(file)
    guard reader.schema.isLabelled, reader.count > 0 else {
      throw EspalierError("its images have no labels", file: file, accepted: "relevance of labelled images")
    }
    let labels = try reader.labels(0..<reader.count).map(Int.init)
    let outputs = try reader.predictions(0..<1).shape[1]
    let count = max(outputs == 1 ? 2 : outputs, (labels.max() ?? 0) + 1)
    guard count <= 5000 else { throw EspalierError("\(count) classes", file: file, accepted: "up to 5000") }
    var matrix = [[Int]](repeating: [Int](repeating: 0, count: count), count: count)
    let step = 1 << 14
    for start in stride(from: 0, to: reader.count, by: step) {
      let range = start..<min(start + step, reader.count)
      let predictions = try reader.predictions(range).elements
      for row in range {
        let values = predictions[(row - start) * outputs..<(row - start + 1) * outputs]
        let predicted = outputs == 1 ? (values.first! > 0 ? 1 : 0) : Array(values).indexOfGreatest ?? 0
        matrix[labels[row]][predicted] += 1
      }
    }
    self.matrix = matrix
    names = (0..<count).map { reader.schema.name(ofClass: $0) }
  }
}
