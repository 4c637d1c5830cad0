internal import CHDF5
import Tensors

/// A group or dataset of an open HDF5 file.
///
/// It keeps the file open.
///
/// Every call may be made from any thread; the library serves one at a time.
public class HDF5Object: @unchecked Sendable {
  /// The path inside the file, with a leading slash.
  public let path: String
  let file: OpenFile
  let handle: HDF5Handle

  init(path: String, file: OpenFile, handle: HDF5Handle) {
    self.path = path
    self.file = file
    self.handle = handle
  }

  deinit {
    if file.isBroken { HDF5Library.locked { _ = H5Iinc_ref(handle.id) } }
  }

  /// Runs `body` with the library to itself; what it throws is given the file's name and the object's.
  @discardableResult
  func access<Result>(_ part: String? = nil, _ body: () throws -> Result) throws -> Result {
    try HDF5Library.locked {
      try naming(file: file.path) {
        try naming(location: part ?? path) {
          guard !file.isClosed else { throw EspalierError("the file is closed") }
          return try body()
        }
      }
    }
  }

  /// The path of something below this object.
  func path(of name: String) -> String {
    name.hasPrefix("/") ? name : path == "/" ? "/" + name : path + "/" + name
  }
}
