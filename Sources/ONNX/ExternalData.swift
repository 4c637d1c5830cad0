internal import Files
internal import Foundation
internal import Tensors

/// The files that hold a model's weights outside the model, each opened once.
final class ExternalData {
  private let folder: String
  private var files: [String: Data] = [:]
  private let opened: (String) -> Void

  /// Looks for files in one folder.
  ///
  /// - Parameter opened: told the path of each that is opened.
  init(folder: String, opened: @escaping (String) -> Void) {
    self.opened = opened
    self.folder = URL(fileURLWithPath: folder.isEmpty ? "." : folder).resolvingSymlinksInPath().standardizedFileURL.path
  }

  /// The bytes that a tensor refers to, without a copy where the file can be mapped.
  ///
  /// - Parameters:
  ///   - entries: `location`, `offset` (default 0), `length` (default `size`).
  ///   - size: how many bytes the tensor's shape needs.
  /// - Throws: `EspalierError` if the file lies outside the folder, or the part outside the file.
  func bytes(of entries: [Onnx_StringStringEntryProto], size: Int) throws -> Data {
    let fields = Dictionary(entries.map { ($0.key, $0.value) }) { _, last in last }
    guard let location = fields["location"] else { throw EspalierError("external data without a location") }
    let file = try contents(of: location)
    let offset = try number(fields["offset"], default: 0, name: "offset", of: location)
    let length = try number(fields["length"], default: size, name: "length", of: location)
    guard offset <= file.count, length <= file.count - offset else {
      throw EspalierError(
        "external data at \(offset), \(length) bytes long, end behind '\(location)'", accepted: "at most \(file.count) bytes")
    }
    return file[(file.startIndex + offset)..<(file.startIndex + offset + length)]
  }

  private func number(_ text: String?, default standard: Int, name: String, of location: String) throws -> Int {
    guard let text else { return standard }
    guard let number = Int(text), number >= 0 else {
      throw EspalierError("external data in '\(location)' have the \(name) '\(text)'", accepted: "a whole number")
    }
    return number
  }

  private func contents(of location: String) throws -> Data {
    if let data = files[location] { return data }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    let path = URL(fileURLWithPath: folder).appendingPathComponent(location).resolvingSymlinksInPath().standardizedFileURL.path
    let inside = folder == "/" ? "/" : folder + "/"
    guard !location.isEmpty, !location.hasPrefix("/"), !location.contains("\0"), !parts.contains(".."), path.hasPrefix(inside)
    else {
      throw EspalierError(
        "external data in '\(location)' lie outside the model's folder", accepted: "a relative path inside that folder")
    }
    do {
      let data = try RegularFile.mapped(path)
      files[location] = data
      opened(path)
      return data
    } catch let error as EspalierError { throw EspalierError("external data in '\(location)': \(error.problem)") }
  }
}
