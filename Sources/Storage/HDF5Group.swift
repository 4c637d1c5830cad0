internal import CHDF5
import Tensors

/// A group: named groups and datasets.
///
/// Paths in its calls are relative to it and may have several parts (`a/b`).
public class HDF5Group: HDF5Object, @unchecked Sendable {
  /// What a name in a group stands for.
  public enum Kind: Hashable, Sendable {
    case group, dataset
    /// A named type, or a link that leads nowhere.
    case other
  }

  /// The names in the group, in order.
  ///
  /// - Throws: `EspalierError` if the file is damaged.
  public func children() throws -> [String] {
    try access {
      // In one go: asked for one by one, the library sorts all of them each time.
      let list = NameList()
      let visit: H5L_iterate_t = { _, name, _, list in
        guard let name, let list else { return -1 }
        Unmanaged<NameList>.fromOpaque(list).takeUnretainedValue().names.append(String(cString: name))
        return 0
      }
      try HDF5Library.check(
        H5Literate(handle.id, H5_INDEX_NAME, H5_ITER_INC, nil, visit, Unmanaged.passUnretained(list).toOpaque()),
        "cannot be listed")
      return list.names
    }
  }

  /// Whether the path leads to something.
  public func exists(_ name: String) -> Bool { kind(of: name) != nil }

  /// What the path leads to; nil if to nothing.
  public func kind(of name: String) -> Kind? {
    try? access {
      guard try leads(to: name) else { return nil }
      let object = H5Oopen(handle.id, name, hid_t(H5P_DEFAULT))
      guard object >= 0 else { return .other }
      defer { H5Idec_ref(object) }
      return switch H5Iget_type(object) {
      case H5I_GROUP: .group
      case H5I_DATASET: .dataset
      default: .other
      }
    }
  }

  /// The group at a path.
  ///
  /// - Throws: `EspalierError` if there is none.
  public func group(_ name: String) throws -> HDF5Group {
    try access(path(of: name)) {
      try require(name, "group")
      let group = try HDF5Handle(H5Gopen2(handle.id, name, hid_t(H5P_DEFAULT)), "is not a group")
      return HDF5Group(path: path(of: name), file: file, handle: group)
    }
  }

  /// Makes a group, and those above it that are missing.
  ///
  /// - Throws: `EspalierError` if the name is taken or cannot be written.
  @discardableResult
  public func createGroup(_ name: String) throws -> HDF5Group {
    try access(path(of: name)) {
      try makeGroups(above: name)
      let group = try makeGroup(name)
      return HDF5Group(path: path(of: name), file: file, handle: group)
    }
  }

  /// The dataset at a path.
  ///
  /// - Throws: `EspalierError` if there is none, naming those that there are.
  public func dataset(_ name: String) throws -> HDF5Dataset {
    try access(path(of: name)) {
      try require(name, "dataset")
      let dataset = try HDF5Handle(H5Dopen2(handle.id, name, hid_t(H5P_DEFAULT)), "is not a dataset")
      return try HDF5Dataset(opened: dataset, path: path(of: name), file: file)
    }
  }

  private func require(_ name: String, _ kind: String) throws {
    if try leads(to: name) { return }
    let present = try children().prefix(20).joined(separator: ", ")
    throw EspalierError("there is no such \(kind)", accepted: present.isEmpty ? nil : "in \(path): \(present)")
  }

  /// Whether every part of the path is a link that exists.
  private func leads(to name: String) throws -> Bool {
    var prefix = name.hasPrefix("/") ? "/" : ""
    let parts = name.split(separator: "/")
    for part in parts {
      prefix += part
      guard H5Lexists(handle.id, prefix, hid_t(H5P_DEFAULT)) > 0 else { return false }
      prefix += "/"
    }
    return !parts.isEmpty
  }

  /// Makes the groups on the way to a name that are missing.
  func makeGroups(above name: String) throws {
    var prefix = name.hasPrefix("/") ? "/" : ""
    for part in name.split(separator: "/").dropLast() {
      prefix += part
      if try !leads(to: prefix) { _ = try makeGroup(prefix) }
      prefix += "/"
    }
  }

  private func makeGroup(_ name: String) throws -> HDF5Handle {
    let properties = try HDF5Handle(H5Pcreate(shim_H5P_GROUP_CREATE()), "cannot be created")
    try HDF5Library.check(H5Pset_obj_track_times(properties.id, false), "cannot be created")
    return try HDF5Handle(
      H5Gcreate2(handle.id, name, hid_t(H5P_DEFAULT), properties.id, hid_t(H5P_DEFAULT)), "cannot be created")
  }
}

/// Names that a call of the library hands over one by one.
private final class NameList {
  var names: [String] = []
}

/// The text that a call of the library writes into a buffer, asked twice: for its length, then for itself.
func readText(_ attempt: String, _ call: (UnsafeMutablePointer<CChar>?, Int) -> Int) throws -> String {
  let length = try HDF5Library.check(call(nil, 0), attempt)
  guard length < 1 << 20 else { throw EspalierError("\(attempt): a name of \(length) bytes") }
  var buffer = [CChar](repeating: 0, count: length + 1)
  try HDF5Library.check(buffer.withUnsafeMutableBufferPointer { call($0.baseAddress, length + 1) }, attempt)
  return String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
}
