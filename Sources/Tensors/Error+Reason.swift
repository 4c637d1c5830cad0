import Foundation

extension Error {
  /// Why a file could not be read or written, as the system says it, such as `no space left on device`.
  package var reason: String {
    let error = self as NSError
    let cause = (error.userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError } ?? error
    return cause.domain == NSPOSIXErrorDomain
      ? String(cString: strerror(Int32(cause.code))).lowercased() : error.localizedDescription
  }
}
