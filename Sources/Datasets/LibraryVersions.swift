internal import CZlib
import Tensors

extension LibraryVersion {
  /// zlib.
  public static var zlib: LibraryVersion { LibraryVersion("zlib", zlibVersion().map { String(cString: $0) } ?? "unknown") }
}
