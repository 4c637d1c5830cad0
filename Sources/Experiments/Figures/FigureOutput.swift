import Files
import Foundation
import Plotting
import Tensors

/// Where a figure goes, how it is set, and what is said of its making.
public struct FigureOutput: Sendable {
  /// The file; further pages have `-2`, `-3`, … before its ending.
  public var path: String
  /// How it is set.
  public var style: FigureStyle
  /// The command that draws it, without where it goes; nil for none.
  public var command: String?

  /// Makes an output.
  public init(_ path: String, style: FigureStyle = FigureStyle(), command: String? = nil) {
    (self.path, self.style, self.command) = (path, style, command)
  }

  /// Checks that the file can be written before anything is computed.
  ///
  /// - Throws: `EspalierError` naming the file.
  func prepare(notReplacing inputs: @autoclosure () throws -> [String]) throws {
    _ = try naming(file: path) { try Canvas.Format(path: path) }
    try OutputPath.prepare(path, notReplacing: try inputs())
  }

  /// Draws and writes.
  ///
  /// - Parameter inputs: the files of results that it shows; their names and digests stand in the file's properties.
  /// - Throws: `EspalierError` naming the file.
  func write(_ figure: any Figure, of inputs: [String]) throws {
    try write(figure, to: path, FigureOutput.origin(command: command, inputs: inputs), of: inputs)
  }

  /// Draws and writes figures, each into a file of its own, with its name behind that of the file.
  ///
  /// - Throws: `EspalierError` naming the file.
  func write(each names: [String], of inputs: [String], figure: (Int) throws -> any Figure) throws {
    let origin = try FigureOutput.origin(command: command, inputs: inputs)
    for (position, name) in names.enumerated() {
      let file = FigurePath.named(name, path)
      try OutputPath.prepare(file, notReplacing: inputs)
      try write(try figure(position), to: file, origin, of: inputs)
    }
  }

  private func write(_ figure: any Figure, to path: String, _ origin: FigureOrigin, of inputs: [String]) throws {
    let count = figure.pages(style).count
    // Further pages must not replace what was read either.
    for page in 1..<max(count, 1) { try OutputPath.prepare(FigurePath.page(page, of: path), notReplacing: inputs) }
    try figure.write(to: path, style: style, origin: origin)
  }

  /// Writes an image that is no page, PNG.
  ///
  /// - Throws: `EspalierError` naming the file.
  func write(png bytes: [UInt8], of inputs: [String]) throws {
    let origin = try FigureOutput.origin(command: command, inputs: inputs)
    try naming(file: path) { try AtomicFile.write(origin.inserted(intoPNG: bytes, pixelsPerInch: style.pixelsPerInch), to: path) }
  }

  /// Files beyond this are told by their size: a digest of them takes longer than any figure.
  private static let largestDigested = 1 << 29

  /// What stands in the properties of a figure or table.
  ///
  /// - Throws: `EspalierError` naming an input that cannot be read.
  static func origin(command: String?, inputs: [String]) throws -> FigureOrigin {
    var seen: Set<String> = []
    let files = inputs.filter { seen.insert($0).inserted }
    return FigureOrigin(
      software: "espalier \(Release.version), \(LibraryVersion.cairo), \(LibraryVersion.pango)", command: command,
      inputs: try files.map { file in
        let size = ((try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int) ?? 0
        let digest = try size > largestDigested ? "\(size) bytes" : "sha256:" + SHA256.hexadecimal(ofFile: file)
        return FigureOrigin.Input(name: Path.name(of: file), digest: digest)
      })
  }
}
