extension Int {
  /// The number with a comma between thousands.
  public var grouped: String {
    var digits = String(magnitude)
    var position = digits.count - 3
    while position > 0 {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: position))
      position -= 3
    }
    return (self < 0 ? "-" : "") + digits
  }

  /// The number with what it counts: `1 image`, `2,000 images`.
  ///
  /// - Parameter plural: the noun for all numbers but 1; nil to add an s.
  public func of(_ noun: String, _ plural: String? = nil) -> String {
    "\(grouped) \(self == 1 ? noun : plural ?? noun + "s")"
  }
}
