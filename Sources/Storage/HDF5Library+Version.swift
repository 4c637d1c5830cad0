internal import CHDF5
import Tensors

extension LibraryVersion {
  /// HDF5.
  public static var hdf5: LibraryVersion {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    _ = HDF5Library.locked { H5get_libversion(&major, &minor, &release) }
    return LibraryVersion("HDF5", "\(major).\(minor).\(release)")
  }
}
