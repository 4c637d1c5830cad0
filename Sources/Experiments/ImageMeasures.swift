import Analysis
import Files
import Foundation
import Storage
import Tensors

/// The numbers of every image by every method and measure, as a table.
struct ImageMeasures {
  private let report: MeasureReport
  /// The images' names, and their positions in the data set.
  private let names: [String], indices: [Int]

  init(_ report: MeasureReport, names: [String], indices: [Int]) {
    self.report = report
    self.names = names
    self.indices = indices
  }

  /// Writes the table: CSV with a row for each method and image, or HDF5 (ending h5, hdf5) with an array `[methods, images]` a
  /// measure.
  ///
  /// - Throws: `EspalierError` naming the file.
  func write(to path: String) throws {
    if ["h5", "hdf5"].contains((path as NSString).pathExtension.lowercased()) { return try writeHDF5(path) }
    try AtomicFile.write(Data(csv.utf8), to: path)
  }

  private var csv: String {
    func field(_ text: String) -> String {
      text.contains { ",\"\n\r".contains($0) } ? "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : text
    }
    let columns = report.methods.first?.measures.map(\.name) ?? []
    var text = (["method", "index", "image"] + columns).map(field).joined(separator: ",") + "\n"
    for method in report.methods {
      for image in indices.indices {
        let values = method.measures.map { $0.values[image].map { "\($0)" } ?? "" }
        text += ([method.method, "\(indices[image])", names[image]] + values).map(field).joined(separator: ",") + "\n"
      }
    }
    return text
  }

  private func writeHDF5(_ path: String) throws {
    let file = try HDF5File.create(path)
    try file.write(report.methods.map(\.method), to: "methods")
    try file.write(Tensor(indices.map(Int64.init), shape: [indices.count]), to: "index")
    for (position, measure) in (report.methods.first?.measures ?? []).enumerated() {
      let values = report.methods.flatMap { $0.measures[position].values.map { $0 ?? .nan } }
      try file.write(Tensor(values, shape: [report.methods.count, indices.count]), to: "measures/\(measure.name)")
        .setAttribute("better", measure.better.rawValue)
    }
    try file.commit()
  }
}
