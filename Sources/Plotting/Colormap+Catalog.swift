import Tensors

extension Colormap {
  /// The sources of the named maps, in the order in which they are listed to people: a new map is one line here.
  private static let sources: KeyValuePairs<String, String> = [
    "coldnhot": "0ff,00f,80:000,f00,ff0,fff",
    "bwr": "00f,80:fff,f00",
    "seismic": "0000d0,80:d0d0d0,d00000",
    "france": "0055a4,80:fff,ef4135",
    "coolio": "00d0d0,80:d0d0d0,d000d0",
    "coleus": "00d000,80:d0d0d0,d000d0",
    "hot": "000,f00,ff0,fff",
    "cold": "000,00f,0ff",
    "wred": "fff,f00",
    "wblue": "fff,00f",
    "gray": "000,fff",
  ]

  /// The names in the catalog: first those with a middle, for signed relevance, then those that rise from zero.
  public static let names = sources.map(\.key)

  static let catalog: [String: Colormap] = Dictionary(
    uniqueKeysWithValues: sources.map { name, source in
      guard let nodes = try? compile(source) else { preconditionFailure("colour map \(name) does not compile") }
      return (name, Colormap(source: source, nodes: nodes))
    })

  /// Cyan, blue, black in the middle, red, yellow, white: what heat maps are drawn in unless told otherwise.
  public static let coldnhot = named("coldnhot")

  /// Blue, white in the middle, red for correlations; red to white for what is left of an accuracy.
  static let correlations = compiled("2166ac,80:fff,b2182b"), losses = compiled("b2182b,80:f4a582,fff")
  /// White to blue, for shares.
  public static let shares = compiled("f7fbff,6baed6,08306b")

  private static func compiled(_ source: String) -> Colormap {
    guard let map = try? Colormap(source) else { preconditionFailure("a colour map does not compile") }
    return map
  }

  /// The map of a name that is known to be in the catalog; what a user typed goes through ``init(_:)``.
  public static func named(_ name: String) -> Colormap {
    guard let map = catalog[name] else { preconditionFailure("no colour map is named \(name)") }
    return map
  }
}
