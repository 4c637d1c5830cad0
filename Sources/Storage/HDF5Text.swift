internal import CHDF5
import Foundation
import Tensors

/// A type of texts in the file or in memory.
///
/// Used under the library's lock.
struct TextType {
  let handle: HDF5Handle
  /// The bytes of a text of fixed length; nil for variable length.
  let length: Int?

  /// A type of UTF-8 texts: of a fixed length in bytes, or variable if it is nil.
  init(_ length: Int?) throws {
    try self.init(length, characterSet: H5T_CSET_UTF8)
  }

  /// The type in memory for texts of a type in the file: the library does not convert between character sets.
  init(reading type: HDF5Handle) throws {
    let isVariable = try HDF5Library.check(H5Tis_variable_str(type.id), "its type cannot be read") > 0
    try self.init(isVariable ? nil : H5Tget_size(type.id), characterSet: H5Tget_cset(type.id))
    try HDF5Library.check(
      H5Tset_strpad(handle.id, isVariable ? H5T_STR_NULLTERM : H5Tget_strpad(type.id)), "its type cannot be read")
  }

  private init(_ length: Int?, characterSet: H5T_cset_t) throws {
    handle = try HDF5Handle(H5Tcopy(shim_H5T_C_S1()), "cannot make a type of texts")
    self.length = length.map { max($0, 1) }
    try HDF5Library.check(H5Tset_size(handle.id, self.length ?? shim_H5T_VARIABLE()), "cannot make a type of texts")
    try HDF5Library.check(H5Tset_cset(handle.id, characterSet), "cannot make a type of texts")
    if length != nil { try HDF5Library.check(H5Tset_strpad(handle.id, H5T_STR_NULLPAD), "cannot make a type of texts") }
  }

  /// Calls `body` with the texts as the library wants to write them.
  func withPointers(to texts: [String], _ body: (UnsafeRawPointer?) throws -> Void) throws {
    guard let length else {
      // A text ends at its first NUL in the file, as in C.
      let copies = texts.map { strdup($0) }
      defer { copies.forEach { free($0) } }
      return try copies.withUnsafeBytes { try body($0.baseAddress) }
    }
    var bytes: [UInt8] = []
    for text in texts {
      let utf8 = Array(text.utf8)
      bytes += utf8 + [UInt8](repeating: 0, count: length - utf8.count)
    }
    try bytes.withUnsafeBytes { try body($0.baseAddress) }
  }

  /// The texts that `read` puts into a buffer, as many as `space` has.
  func texts(count: Int, space: HDF5Handle, _ read: (UnsafeMutableRawPointer?) throws -> Void) throws -> [String] {
    guard count > 0 else { return [] }
    guard let length else {
      var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
      return try pointers.withUnsafeMutableBytes { buffer in
        try read(buffer.baseAddress)
        defer { H5Dvlen_reclaim(handle.id, space.id, hid_t(H5P_DEFAULT), buffer.baseAddress) }
        return buffer.bindMemory(to: UnsafeMutablePointer<CChar>?.self).map { $0.map { String(cString: $0) } ?? "" }
      }
    }
    var bytes = [UInt8](repeating: 0, count: count * length)
    try bytes.withUnsafeMutableBytes { try read($0.baseAddress) }
    let padding: UInt8 = H5Tget_strpad(handle.id) == H5T_STR_SPACEPAD ? 0x20 : 0
    return (0..<count).map { index in
      let field = bytes[index * length..<(index + 1) * length]
      let end = padding == 0 ? field.firstIndex(of: 0) : field.lastIndex { $0 != padding }.map { $0 + 1 } ?? field.startIndex
      return String(decoding: field[..<(end ?? field.endIndex)], as: UTF8.self)
    }
  }
}

extension HDF5Dataset {
  /// Reads every element as text, row-major.
  ///
  /// - Throws: `EspalierError` if the elements are not texts, are too many for the file or are damaged.
  public func readTexts() throws -> [String] {
    let shape = try shape()
    return try access {
      guard elementType == .string else { throw EspalierError("holds \(elementType.rawValue) numbers", accepted: "texts") }
      let type = try TextType(reading: HDF5Handle(H5Dget_type(handle.id), "its type cannot be read"))
      // A text of variable length takes 16 bytes and more in the file.
      try admit(count: shape.count, size: type.length ?? 16, stored: type.length ?? 16)
      if type.length == nil, shape.count > 0, let inspection = file.inspection { return try inspection.texts(in: handle) }
      let space = try HDF5Handle(H5Dget_space(handle.id), "its shape cannot be read")
      return try type.texts(count: shape.count, space: space) { buffer in
        try HDF5Library.check(
          H5Dread(handle.id, type.handle.id, hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), buffer), "cannot be read")
      }
    }
  }
}
