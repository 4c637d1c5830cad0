import Tensors

extension JobIdentity {
  /// The SHA-256 of the canonical text, by which results of the job are found: 64 hexadecimal digits.
  public var digest: String {
    var hash = SHA256()
    hash.update(Array(text.utf8))
    return hash.hexadecimal
  }
}
