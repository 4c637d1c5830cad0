import Foundation

/// Numbers as figures write them.
enum NumberText {
  /// So many decimals, with a minus sign.
  static func decimals(_ value: Double, _ count: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "–" }
    return String(format: "%.\(count)f", value).replacing("-", with: "−")
  }

  /// So many digits from the first that is not zero, with a minus sign.
  static func significant(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "–" }
    return String(format: "%.\(digits)g", value).replacing("-", with: "−")
  }
}
