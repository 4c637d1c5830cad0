import Datasets
import Files
internal import TOMLKit
import Tensors

/// A chain of steps as a TOML file.
///
///     [[step]]
///     name = "prune"
///     criterion = "lrp"
///     budget = "macs=0.5"
///
///     [[step]]
///     name = "tune"
///     epochs = 5
public enum StepFile {
  /// Reads a file.
  ///
  /// - Throws: `EspalierError` naming the file, the step and the key that is not known or does not fit.
  public static func steps(_ path: String, _ defaults: StepDefaults) throws -> [any MethodStep] {
    try naming(file: path) {
      let table = try TOMLTable.parsed(RegularFile.text(path, most: RegularFile.largestSettings))
      if let stranger = table.keys.sorted().first(where: { $0 != "step" }) {
        throw EspalierError(unknown: "key", stranger, among: ["step"])
      }
      guard let list = table["step"]?.array, !list.isEmpty else {
        throw EspalierError("it has no steps", accepted: "a table [[step]] for each")
      }
      return try list.enumerated().map { position, element in
        let title = "step \(position + 1) of \(list.count)"
        guard let entry = element.table else { throw EspalierError("is no table", location: title, accepted: "[[step]]") }
        guard let name = entry["name"]?.string else {
          throw EspalierError("it has no name", location: title, accepted: "name = \"prune\", say")
        }
        var values: [String: String] = [:]
        for key in entry.keys where key != "name" { values[key] = try text(entry[key], key, title) }
        return try StepCatalog.step(name, values, defaults, title: title)
      }
    }
  }

  /// A value as the command line takes it; the texts of a list stand side by side.
  private static func text(_ value: (any TOMLValueConvertible)?, _ key: String, _ title: String) throws -> String {
    if let text = value?.string { return text }
    if let flag = value?.bool { return flag ? "yes" : "no" }
    if let number = value?.int { return "\(number)" }
    if let number = value?.double { return "\(number)" }
    if let list = value?.array {
      return try list.map { try text($0, key, title) }.joined(separator: key == "criterion" ? "+" : " ")
    }
    throw EspalierError("'\(key)' is no text, number, truth or list of such", location: title)
  }
}
