internal import CHDF5
import Foundation
import Tensors

/// An HDF5 file, which is also its root group.
///
///     let file = try HDF5File.create("maps.h5")
///     try file.write(relevance, to: "attribution", gzip: 4)
///     try file.commit()
///
/// A new file is written as `FILE.partial` and gets its name in ``commit()``; one that is never committed is deleted when
/// nothing refers to it any more.
public final class HDF5File: HDF5Group, @unchecked Sendable {
  private init(_ file: OpenFile) throws {
    let root = try HDF5Handle(H5Gopen2(file.id, "/", hid_t(H5P_DEFAULT)), "cannot open the root group")
    super.init(path: "/", file: file, handle: root)
  }

  /// Opens a file for reading.
  ///
  /// - Throws: `EspalierError` if it is missing, not readable, not HDF5 or damaged.
  public static func open(_ path: String) throws -> HDF5File {
    try HDF5Library.locked { try naming(file: path) { try HDF5File(OpenFile(reading: path)) } }
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
  /// - Throws: `EspalierError` if something cannot be written (a full disk, say); nothing is left then.
  public func commit() throws {
    try access { try file.commit() }
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
  private var partial: String?
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
    let partial = path + ".partial"
    let properties = try OpenFile.accessProperties()
    let creation = try HDF5Handle(H5Pcreate(shim_H5P_FILE_CREATE()), "cannot be created")
    // Without times of creation (here, of groups and of datasets) the same results give the same file, byte for byte.
    try HDF5Library.check(H5Pset_obj_track_times(creation.id, false), "cannot be created")
    let folder = (path as NSString).deletingLastPathComponent
    guard Foundation.access(folder.isEmpty ? "." : folder, W_OK) == 0 else {
      throw EspalierError("cannot be created: \(String(cString: strerror(errno)))")
    }
    id = try HDF5Library.check(H5Fcreate(partial, shim_H5F_ACC_TRUNC(), creation.id, properties.id), "cannot be created")
    self.path = path
    self.partial = partial
    inspection = nil
    size = .max
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

  func commit() throws {
    guard let partial else { throw EspalierError("was opened for reading and cannot be committed") }
    defer { close() }
    try written(H5Fflush(id, H5F_SCOPE_GLOBAL))
    isClosed = true
    try written(H5Fclose(id))
    try OpenFile.synchronise(partial)
    guard rename(partial, path) == 0 else {
      throw EspalierError("cannot be written: \(String(cString: strerror(errno)))")
    }
    self.partial = nil
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
      if partial != nil && !isBroken { isBroken = H5Fflush(id, H5F_SCOPE_GLOBAL) < 0 }
      if !isBroken { H5Fclose(id) }
    }
    if let partial {
      // What is given up stays open until the process ends, but takes no room.
      truncate(partial, 0)
      unlink(partial)
      self.partial = nil
    }
  }

  /// Waits until a file's content is on the disk, so that a crash after the renaming cannot leave an empty one.
  private static func synchronise(_ path: String) throws {
    let descriptor = Foundation.open(path, O_RDONLY)
    defer { if descriptor >= 0 { Foundation.close(descriptor) } }
    guard descriptor >= 0, fsync(descriptor) == 0 else {
      throw EspalierError("cannot be written: \(String(cString: strerror(errno)))")
    }
  }
}
