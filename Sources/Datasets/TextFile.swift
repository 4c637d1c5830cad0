import Images
import Tensors

/// The most bytes of a file of settings.
package let largestSettingsFile = 1 << 20

/// The text of a file in UTF-8, without the byte order mark that spreadsheets and Windows put before it.
///
/// - Parameter most: the most bytes.
/// - Throws: `EspalierError` if it is no regular file, longer, or cannot be read.
package func text(ofFile path: String, most: Int = 1 << 28) throws -> String {
  var bytes = try WholeFile.read(path, most: most)[...]
  if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
  if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
    throw EspalierError("is UTF-16 text", file: path, accepted: "UTF-8")
  }
  guard let text = String(validating: bytes, as: UTF8.self) else { throw EspalierError("is not UTF-8 text", file: path) }
  return text
}
