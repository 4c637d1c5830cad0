internal import CPNG
import Foundation
import Tensors

extension LibraryVersion {
  /// libpng.
  public static var libpng: LibraryVersion {
    LibraryVersion("libpng", png_get_libpng_ver(nil).map { String(cString: $0) } ?? "unknown")
  }

  /// TurboJPEG, which has no call that tells its version; the text stands in the file that is loaded.
  public static var turboJPEG: LibraryVersion {
    let mark = Data("libjpeg-turbo version ".utf8)
    // The system's files have no length: they are read to their end.
    guard let data = try? FileHandle(forReadingAtPath: "/proc/self/maps")?.readToEnd(),
      let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first(where: { $0.contains("libturbojpeg.so") }),
      let path = line.firstIndex(of: "/").map({ String(line[$0...]) }),
      let library = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped),
      let found = library.range(of: mark)
    else { return LibraryVersion("TurboJPEG", "unknown") }
    let version = library[found.upperBound...].prefix(24).prefix { $0 > 0x20 && $0 < 0x7F }
    return LibraryVersion("TurboJPEG", String(decoding: version, as: UTF8.self))
  }
}
