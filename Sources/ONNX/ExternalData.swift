internal import Files
internal import Foundation
internal import Tensors

/// The files that hold a model's weights outside the model, each opened once.
///
/// They lie in the model's folder, and links in it lead nowhere else. A model that is itself a link has two folders, its own and
/// the one where it leads. In the cache of Hugging Face's hub every file is a link from `snapshots/REVISION` to `blobs` beside
/// `snapshots`: there links may lead into those blobs.
final class ExternalData {
  private let folders: [String]
  private var files: [String: Data] = [:]
  private let opened: (String) -> Void

  /// Looks for files beside a model.
  ///
  /// - Parameter opened: told the path of each that is opened.
  init(of model: String, opened: @escaping (String) -> Void) {
    self.opened = opened
    func folder(_ path: String) -> String {
      let name = Path.folder(of: path)
      return name.isEmpty ? "." : name
    }
    folders = [model, realPath(model) ?? model].reduce(into: []) { found, path in
      if let own = realPath(folder(path)), !found.contains(own) { found.append(own) }
    }
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
    guard !location.isEmpty, !location.hasPrefix("/"), !location.contains("\0"), !parts.contains("..") else {
      throw ExternalData.outside(location)
    }
    let found = folders.compactMap { folder in realPath(folder + "/" + location).map { (folder: folder, path: $0) } }.first
    guard let found else { throw EspalierError("external data in '\(location)': no such file") }
    let roots = [found.folder] + [ExternalData.blobs(of: found.folder)].compactMap { $0 }
    guard roots.contains(where: { found.path.hasPrefix($0 == "/" ? "/" : $0 + "/") }) else {
      throw ExternalData.outside(location)
    }
    let path = found.path
    do {
      let data = try RegularFile.mapped(path)
      files[location] = data
      opened(path)
      return data
    } catch let error as EspalierError { throw EspalierError("external data in '\(location)': \(error.problem)") }
  }

  private static func outside(_ location: String) -> EspalierError {
    EspalierError(
      "external data in '\(location)' lie outside the model's folder", accepted: "a relative path inside that folder")
  }

  /// The folder of blobs that belongs to a folder in `snapshots/REVISION` of the hub's cache; nil if it lies elsewhere.
  private static func blobs(of folder: String) -> String? {
    let parts = folder.split(separator: "/")
    guard let position = parts.lastIndex(of: "snapshots"), position > 0, position < parts.count - 1 else { return nil }
    return "/" + parts[..<position].joined(separator: "/") + "/blobs"
  }
}

/// The path of what a path leads to, through every link; nil if there is nothing.
private func realPath(_ path: String) -> String? {
  guard !path.contains("\0"), let found = realpath(path, nil) else { return nil }
  defer { free(found) }
  return String(cString: found)
}
