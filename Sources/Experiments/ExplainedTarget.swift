import Results

/// What the relevance of a file explains, in words for captions.
struct ExplainedTarget {
  private let schema: RelevanceSchema
  private let target: String?

  /// Takes what the file says of its target.
  init(_ schema: RelevanceSchema) {
    self.schema = schema
    target = schema.provenance["target"]
  }

  /// What is explained of one image.
  func caption(label: Int, predicted: Int) -> String {
    switch target {
    case nil, "label": "explained: " + schema.name(ofClass: label) + origin
    case "predicted": "explained: " + schema.name(ofClass: predicted) + origin
    case let target?: "explained: " + named(target) + origin
    }
  }

  /// What is explained of all images of a class.
  func caption(ofClass label: Int) -> String {
    target == "predicted" ? "explained: the predicted class" + origin : caption(label: label, predicted: label)
  }

  /// The layer and filters that relevance starts from, where it does not start at the output.
  private var origin: String { schema.provenance["from"].map { ", from \($0)" } ?? "" }

  /// Classes by name, where they are numbers: `990`, or `990,-949` for one against another; where in the output behind an `@`.
  private func named(_ target: String) -> String {
    if target.hasPrefix("hdf5:") { return String(target.prefix { $0 != " " }) }
    if let sign = target.lastIndex(of: "@") {
      let place = target[target.index(after: sign)...]
      return sign == target.startIndex ? "entry \(place)" : "\(named(String(target[..<sign]))) at \(place)"
    }
    return target.split(separator: ",").map { part in
      let digits = part.drop { $0 == "-" || $0 == "+" }
      guard let number = Int(digits) else { return String(part) }
      return (part.hasPrefix("-") ? "against " : "") + schema.name(ofClass: number)
    }.joined(separator: ", ")
  }
}

extension RelevanceSchema {
  /// With the names that the data have for classes, such as those of `--classes`, where the file tells none.
  func naming(_ images: ImageSource?) -> RelevanceSchema {
    guard classNames.isEmpty, let names = images?.dataset.classNames, names.count >= classes else { return self }
    var schema = self
    schema.classNames = Array(names.prefix(classes))
    return schema
  }

  /// The name of a class, or its number.
  func name(ofClass label: Int) -> String { classNames.indices.contains(label) ? classNames[label] : "class \(label)" }
}
