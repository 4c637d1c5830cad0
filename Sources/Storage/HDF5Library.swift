internal import CHDF5
import Foundation
import Tensors

/// The door to the HDF5 library, which one thread passes at a time.
enum HDF5Library {
  private static let lock = NSRecursiveLock()
  /// Files are closed by their owners; at exit the library would stumble over what a damaged file left behind.
  ///
  /// A link into another file is not followed: nobody has inspected that one.
  private static let isPrepared: Bool = H5dont_atexit() >= 0 && H5Lunregister(H5L_TYPE_EXTERNAL) >= 0

  /// Runs `body` with the library to itself.
  static func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    try lock.withLock {
      _ = isPrepared
      // The library keeps one error printer per thread, so silencing it once would reach one thread only.
      H5Eset_auto2(hid_t(H5E_DEFAULT), nil, nil)
      return try body()
    }
  }

  /// The status of a call, if it is not a failure.
  ///
  /// - Throws: `EspalierError` with the library's own account of the innermost cause.
  @discardableResult
  static func check<Status: SignedInteger>(_ status: Status, _ attempt: String) throws -> Status {
    guard status < 0 else { return status }
    throw EspalierError([attempt, innermostMessage].compactMap { $0 }.joined(separator: ": "))
  }

  private static var innermostMessage: String? {
    var message: String?
    withUnsafeMutablePointer(to: &message) { message in
      let visit: H5E_walk2_t = { depth, entry, message in
        if depth == 0, let text = entry?.pointee.desc {
          message?.assumingMemoryBound(to: String?.self).pointee = String(cString: text)
        }
        return 0
      }
      H5Ewalk2(hid_t(H5E_DEFAULT), H5E_WALK_UPWARD, visit, message)
    }
    // Where the system refused, its own words say why; the library adds times and addresses.
    let quoted = message?.components(separatedBy: "error message = '")
    return quoted.flatMap { $0.count > 1 ? $0[1].components(separatedBy: "'").first : $0.first }
  }
}

/// The owner of one identifier of the library: a file, group, dataset, type, space, attribute or property list.
///
/// A call that is given ``id`` wants the handle in a variable of the caller: a temporary ends before the call.
final class HDF5Handle: Sendable {
  let id: hid_t

  /// Takes over a fresh identifier.
  ///
  /// - Throws: `EspalierError` if it is not valid, that is, if the call that made it failed.
  init(_ id: hid_t, _ attempt: String) throws { self.id = try HDF5Library.check(id, attempt) }

  deinit { HDF5Library.locked { _ = H5Idec_ref(id) } }
}
