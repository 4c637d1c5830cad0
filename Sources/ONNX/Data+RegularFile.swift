internal import Foundation
internal import Tensors

extension Data {
  /// The bytes of a regular file, mapped where that is possible.
  ///
  /// - Throws: `EspalierError` without the file's name, if there is no such file, it is not a regular one or cannot be read.
  init(regularFile path: String) throws {
    // Attributes are of the link's target: FileManager would tell of the link itself.
    let resolved = (path as NSString).resolvingSymlinksInPath
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: resolved) else {
      throw EspalierError("no such file")
    }
    switch attributes[.type] as? FileAttributeType {
    case .typeRegular: break
    case .typeDirectory: throw EspalierError("is a folder", accepted: "a file")
    default: throw EspalierError("is not a regular file", accepted: "a file")
    }
    do { self = try Data(contentsOf: URL(fileURLWithPath: resolved), options: .mappedIfSafe) } catch {
      throw EspalierError("the file cannot be read")
    }
  }
}
