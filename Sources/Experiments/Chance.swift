import Foundation

/// What guessing comes to.
enum Chance {
  /// A remark on an accuracy that is no better than guessing among equally frequent classes would give: within three standard
  /// deviations of one in K; nil otherwise, and for fewer than 100 images, of which little can be said.
  ///
  /// - Parameter accuracy: the share that is right.
  static func remark(_ accuracy: Double, images: Int, classes: Int) -> String? {
    guard classes >= 2, images >= 100 else { return nil }
    let chance = 1 / Double(classes)
    let spread = 3 * (chance * (1 - chance) / Double(images)).squareRoot()
    guard accuracy <= chance + spread else { return nil }
    return String(
      format: "accuracy %.2f %% is no better than guessing among \(classes) classes (%.2f %%)", 100 * accuracy, 100 * chance)
  }
}
