internal import CCairo
import Tensors

extension LibraryVersion {
  /// cairo.
  public static var cairo: LibraryVersion {
    LibraryVersion("cairo", cairo_version_string().map { String(cString: $0) } ?? "unknown")
  }

  /// Pango.
  public static var pango: LibraryVersion {
    LibraryVersion("Pango", pango_version_string().map { String(cString: $0) } ?? "unknown")
  }
}
