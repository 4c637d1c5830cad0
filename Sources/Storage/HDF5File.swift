internal import CHDF5
internal import Files
import Foundation
import Tensors

/// An HDF5 file, which is also its root group.
///
///     let file = try HDF5File.create("maps.h5")
///     try file.write(relevance, to: "attribution", gzip: 4)
///     try file.commit()
///
/// A new file is written beside its destination and gets its name in ``commit()``; one that is never committed is deleted when
/// nothing refers to it any more.
public final class HDF5File: HDF5Group, @unchecked Sendable {
  private init(_ file: OpenFile) throws {
    let root = try HDF5Handle(H5Gopen2(file.id, "/", hid_t(H5P_DEFAULT)), "cannot open the root group")
    super.init(path: "/", file: file, handle: root)
  }

  /// Opens a file for reading.
  ///
  /// - Parameter sealed: whether its seal is checked first; see ``commit(sealed:)``.
  /// - Throws: `EspalierError` if it is missing, not readable, not HDF5 or damaged, or its seal is not whole.
  public static func open(_ path: String, sealed: Bool = false) throws -> HDF5File {
    if sealed { try FileSeal.check(path) }
    return try HDF5Library.locked { try naming(file: path) { try HDF5File(OpenFile(reading: path)) } }
  }

  /// Begins a new file; an old one of that name stays until ``commit()``.
  ///
  /// - Throws: `EspalierError` if the folder is missing or cannot be written.
  public static func create(_ path: String) throws -> HDF5File {
    try HDF5Library.locked { try naming(file: path) { try HDF5File(OpenFile(creating: path)) } }
  }

  /// Writes out everything, closes the file and gives it its name.
  ///
  /// Its groups and datasets cannot be used any more.
  ///
  /// - Parameter sealed: whether a checksum of all bytes is put behind them, where readers of HDF5 do not look: it tells of
  ///   damage among the numbers, which HDF5 does not notice.
  /// - Throws: `EspalierError` if something cannot be written (a full disk, say); nothing is left then.
  public func commit(sealed: Bool = false) throws {
    try access { try file.commit(sealed: sealed) }
  }

  /// Closes the file.
  ///
  /// A new one that was not committed is deleted.
  public func close() { HDF5Library.locked { file.close() } }
}

/// The owner of an open file.
///
/// All of it runs under the library's lock.
final class OpenFile: @unchecked Sendable {
  let path: String
  let id: hid_t
  /// The size of a file opened for reading, which bounds what its datasets can hold.
  let size: Int
  private(set) var isClosed = false
  /// Whether something could not be written.
  ///
  /// HDF5 1.10 crashes when it closes such a file or a dataset of it, so they are given up as they are.
  private(set) var isBroken = false
  private var replacement: Replacement?
  private var lock: FileLock?
  /// What a child process found in a file opened for reading.
  let inspection: HDF5Inspection?

  init(reading path: String) throws {
    var information = stat()
    guard stat(path, &information) == 0 else { throw EspalierError("cannot be opened: \(String(cString: strerror(errno)))") }
    guard information.st_mode & S_IFMT == S_IFREG else { throw EspalierError("is not a file", accepted: "an HDF5 file") }
    guard access(path, R_OK) == 0 else { throw EspalierError("cannot be opened: \(String(cString: strerror(errno)))") }
    guard H5Fis_hdf5(path) > 0 else { throw EspalierError("is not an HDF5 file") }
    let properties = try OpenFile.accessProperties()
    inspection = try HDF5Inspection(path, size: Int(information.st_size), properties: properties)
    id = try HDF5Library.check(H5Fopen(path, shim_H5F_ACC_RDONLY(), properties.id), "cannot be opened")
    self.path = path
    size = Int(information.st_size)
  }

  init(creating path: String) throws {
    let properties = try OpenFile.accessProperties()
    let creation = try HDF5Handle(H5Pcreate(shim_H5P_FILE_CREATE()), "cannot be created")
    // Without times of creation (here, of groups and of datasets) the same results give the same file, byte for byte.
    try HDF5Library.check(H5Pset_obj_track_times(creation.id, false), "cannot be created")
    let folder = Path.folder(of: path)
    guard Foundation.access(folder.isEmpty ? "." : folder, W_OK) == 0 else {
      throw EspalierError("cannot be created: \(String(cString: strerror(errno)))")
    }
    // The library's own lock would stay with any process that is started meanwhile, and keep readers away.
    try HDF5Library.check(H5Pset_file_locking(properties.id, false, true), "cannot set up file access")
    (id, lock, replacement) = try OpenFile.create(path, creation, properties)
    self.path = path
    inspection = nil
    size = .max
  }

  /// A new file, locked so that nobody takes it for one that a killed run left.
  ///
  /// Another process that clears up may take it in the moment before it is locked; then there is another.
  private static func create(_ path: String, _ creation: borrowing HDF5Handle, _ properties: borrowing HDF5Handle) throws -> (
    hid_t, FileLock, Replacement
  ) {
    var attempts = 20
    while true {
      attempts -= 1
      let replacement = Replacement(path)
      let id = H5Fcreate(replacement.temporary, shim_H5F_ACC_EXCL(), creation.id, properties.id)
      let lock = id < 0 ? nil : FileLock(replacement.temporary, isShared: true)
      if let lock, !lock.isOfRemovedFile { return (id, lock, replacement) }
      let isGone = Foundation.access(replacement.temporary, F_OK) != 0
      if id >= 0 { H5Fclose(id) }
      replacement.discard()
      // Who clears up holds the lock for the moment before the file is gone.
      guard id >= 0 || isGone, attempts > 0 else {
        try HDF5Library.check(id, "cannot be created")
        throw EspalierError("cannot be created: it was removed or cannot be locked", accepted: "the same command again")
      }
    }
  }

  deinit { HDF5Library.locked { close() } }

  private static func accessProperties() throws -> HDF5Handle {
    let properties = try HDF5Handle(H5Pcreate(shim_H5P_FILE_ACCESS()), "cannot set up file access")
    // Closing ends every identifier of the file, so that `commit` renames a file that is really whole.
    try HDF5Library.check(H5Pset_fclose_degree(properties.id, H5F_CLOSE_STRONG), "cannot set up file access")
    // The 1.8 format carries checksums of its metadata, and every reader of the last decade knows it.
    try HDF5Library.check(
      H5Pset_libver_bounds(properties.id, H5F_LIBVER_V18, H5F_LIBVER_V18), "cannot set up file access")
    return properties
  }

  func commit(sealed: Bool) throws {
    guard let replacement else { throw EspalierError("was opened for reading and cannot be committed") }
    defer { close() }
    try written(H5Fflush(id, H5F_SCOPE_GLOBAL))
    isClosed = true
    try written(H5Fclose(id))
    if sealed { try FileSeal.append(to: replacement.temporary, naming: path) }
    try replacement.publish()
    (self.replacement, lock) = (nil, nil)
  }

  /// Checks that a call wrote what it should have.
  func written(_ status: herr_t) throws {
    do { try HDF5Library.check(status, "cannot be written") } catch {
      isBroken = true
      throw error
    }
  }

  func close() {
    if !isClosed {
      isClosed = true
      if replacement != nil && !isBroken { isBroken = H5Fflush(id, H5F_SCOPE_GLOBAL) < 0 }
      if !isBroken { H5Fclose(id) }
    }
    // What is given up stays open until the process ends.
    replacement?.discard()
    (replacement, lock) = (nil, nil)
  }
}
