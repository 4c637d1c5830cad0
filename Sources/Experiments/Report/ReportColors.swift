import Datasets

/// The colours of categories: those of NetDissect-Lite's bar graphs, and others for categories that it does not have.
enum ReportColors {
  private static let known = [
    "object": ("#4B4CBF", "#B6B6F2"), "scene": ("#55B05B", "#B6F2BA"), "part": ("#50BDAC", "#A5E5DB"),
    "material": ("#D4CF24", "#F2F1B6"), "texture": ("#F0883B", "#F2CFB6"), "color": ("#D92E2B", "#F2B6B6"),
  ]
  /// A class is an object or a thing like one.
  private static let aliases = ["colour": "color", "class": "object"]
  private static let others = [
    ("#8A5BB5", "#DCCBEE"), ("#2F86B7", "#BFDFF0"), ("#A36A3D", "#E6D2C0"), ("#6D7B8A", "#D3DAE1"), ("#B8478C", "#EFC6DE"),
  ]

  /// The categories of a vocabulary with their colours.
  static func categories(_ vocabulary: ConceptVocabulary) -> [ReportContent.Category] {
    var taken = 0
    return vocabulary.categories.map { name in
      let key = name.lowercased()
      if let (color, tint) = known[aliases[key] ?? key] { return ReportContent.Category(name: name, color: color, tint: tint) }
      let (color, tint) = others[taken % others.count]
      taken += 1
      return ReportContent.Category(name: name, color: color, tint: tint)
    }
  }
}
