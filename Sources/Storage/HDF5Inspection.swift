internal import CHDF5
import Foundation
import Tensors

/// What a child process found in a file before this process opened it.
///
/// HDF5 1.10 may crash over a damaged file, never come back, or take memory without bound. The child goes through every object,
/// attribute and chunk index first, and reads what is small; if it comes to harm, the file is refused. Texts of variable length
/// lie in a heap that the library trusts most of all, so this process takes those from the child and never reads them itself.
struct HDF5Inspection {
  private struct Position: Hashable {
    var kind: Int
    var object: UInt64
    var name = ""
  }

  /// The memory that the child may take, in bytes.
  private static let memory = 1 << 29
  /// The most bytes of texts that are handed over.
  private static let mostText = 1 << 28

  /// The texts that were found; nil for those that the child could not read.
  private var texts: [Position: [String]?] = [:]

  /// Lets a child read a file.
  ///
  /// - Parameters:
  ///   - size: the file's size in bytes.
  ///   - properties: how it is opened.
  /// - Throws: `EspalierError` if the child does not come through.
  init(_ path: String, size: Int, properties: HDF5Handle) throws {
    let seconds = UInt32(clamping: 2 + size >> 22)
    var output: Int32 = -1
    let child = shim_inspect(path, properties.id, seconds, HDF5Inspection.memory, HDF5Inspection.mostText, &output)
    guard child >= 0 else { throw EspalierError("cannot be inspected: \(String(cString: strerror(errno)))") }
    let report = HDF5Inspection.read(output)
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    switch take(report) {
    case shim_whole: break
    case shim_broken: throw EspalierError("is damaged: not every object in it can be opened")
    case shim_memory:
      throw EspalierError("is damaged: reading it takes more than \(HDF5Inspection.memory >> 20) MiB of memory")
    case _ where [SIGXCPU, SIGALRM, SIGKILL].contains(status & 0x7F):
      throw EspalierError("is damaged: reading it does not come to an end")
    default: throw EspalierError("is damaged: the HDF5 library crashes over it")
    }
  }

  /// The texts of an attribute.
  ///
  /// - Throws: `EspalierError` if the child could not read them.
  func texts(of object: HDF5Handle, attribute name: String) throws -> [String] {
    try found(Position(kind: shim_attribute, object: HDF5Inspection.reference(to: object), name: name))
  }

  /// The texts that a dataset holds.
  ///
  /// - Throws: `EspalierError` if the child could not read them.
  func texts(in dataset: HDF5Handle) throws -> [String] {
    try found(Position(kind: shim_dataset, object: HDF5Inspection.reference(to: dataset)))
  }

  /// The names of a dataset's axes; nil if nothing names them.
  ///
  /// - Throws: `EspalierError` if the child could not read them.
  func axisNames(of dataset: HDF5Handle) throws -> [String]? {
    let position = Position(kind: shim_axes, object: HDF5Inspection.reference(to: dataset))
    return texts.keys.contains(position) ? try found(position) : nil
  }

  private func found(_ position: Position) throws -> [String] {
    guard let texts = texts[position] ?? nil else { throw EspalierError("its texts are damaged, or too long") }
    return texts
  }

  /// What the library calls an object, whatever the path to it.
  private static func reference(to object: HDF5Handle) -> UInt64 {
    var reference: UInt64 = 0
    H5Rcreate(&reference, object.id, ".", H5R_OBJECT, -1)
    return reference
  }

  /// Reads a pipe to its end and closes it.
  private static func read(_ descriptor: Int32) -> [UInt8] {
    defer { close(descriptor) }
    var report: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Foundation.read(descriptor, &buffer, buffer.count)
      if count > 0 { report += buffer[..<count] } else if count == 0 || errno != EINTR { return report }
    }
  }

  /// Takes over the child's report.
  ///
  /// - Returns: its last word; 0 if it broke off before.
  private mutating func take(_ report: [UInt8]) -> Int {
    var rest = report[...]
    func number<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
      let size = MemoryLayout<Number>.size
      guard rest.count >= size else { return nil }
      defer { rest = rest.dropFirst(size) }
      return rest.prefix(size).reversed().reduce(0) { $0 << 8 | Number($1) }
    }
    func text() -> String? {
      guard let length = number(UInt32.self), rest.count >= length else { return nil }
      defer { rest = rest.dropFirst(Int(length)) }
      return String(decoding: rest.prefix(Int(length)), as: UTF8.self)
    }
    while let kind = number(UInt8.self).map(Int.init) {
      if ![shim_attribute, shim_dataset, shim_axes].contains(kind) { return rest.isEmpty ? kind : 0 }
      guard let object = number(UInt64.self), let name = text(), let count = number(UInt64.self) else { return 0 }
      let position = Position(kind: kind, object: object, name: name)
      if count == shim_unreadable() {
        texts[position] = .some(nil)
        continue
      }
      guard count <= rest.count else { return 0 }
      let list = (0..<count).compactMap { _ in text() }
      guard list.count == count else { return 0 }
      texts[position] = list
    }
    return 0
  }
}
