import Plotting
import Tensors

/// Curves of pixel flipping, insertion and deletion, from the JSON of `measure`: a panel a measure, a curve a method.
public struct FlippingRun: Sendable {
  /// The measures by their columns; all that have curves if empty.
  public var measures: [String]
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(measures: [String] = [], title: String? = nil) { (self.measures, self.title) = (measures, title) }

  /// Draws.
  ///
  /// - Throws: `EspalierError` if the file holds no curves, or not those asked for.
  public func write(_ file: String, to output: FigureOutput) throws {
    try output.prepare(notReplacing: [file])
    let report = try StoredReports.read(StoredMeasures.self, file, of: "measure")
    var known: [String] = []
    for method in report.methods {
      for entry in method.measures where (entry.curve?.count ?? 0) > 1 && !known.contains(entry.name) { known.append(entry.name) }
    }
    guard !known.isEmpty else {
      throw EspalierError("holds no curves", file: file, accepted: "measures such as pixel-flipping, insertion, deletion")
    }
    for name in measures where !known.contains(name) {
      throw EspalierError(
        "holds no curve of '\(name)'" + EspalierError.suggestion(for: name, among: known), file: file,
        accepted: EspalierError.list(known))
    }
    var methods = ShortMethods()
    let names = report.methods.map { methods.short($0.method) }
    let panels = (measures.isEmpty ? known : measures).map { name -> Panel in
      let marks = zip(report.methods, names).enumerated().compactMap { index, pair -> (any Mark)? in
        guard let curve = pair.0.measures.first(where: { $0.name == name })?.curve, curve.count > 1 else { return nil }
        let points = curve.enumerated().map { Point(100 * Double($0) / Double(curve.count - 1), $1) }
        return LineMark(pair.1, series: index, points: points, isMarked: false)
      }
      let isShare = name.hasSuffix("accuracy")
      return Panel(
        title: name, x: PanelAxis("steps done", unit: "%", range: 0...100),
        y: PanelAxis(isShare ? "share still predicted" : "output"), marks: marks)
    }
    let note = ["Means over \(report.images.of("image")).", methods.note].filter { !$0.isEmpty }.joined(separator: "  ")
    try output.write(PanelsFigure(title: title, PanelGrid(panels, note: note)), of: [file])
  }
}
