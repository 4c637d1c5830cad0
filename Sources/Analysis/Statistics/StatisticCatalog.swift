import Tensors

/// A statistic that is asked for, with its parameters.
public struct StatisticRequest: Sendable {
  /// The statistic.
  public let type: any Statistic.Type
  /// Its parameters; those of other statistics stand at their defaults.
  public let settings: StatisticSettings
  /// How it was asked for, `NAME[:key=value,…]`.
  public let text: String

  /// A statistic, by default with its defaults.
  public init(_ type: any Statistic.Type, _ settings: StatisticSettings = StatisticSettings()) {
    self.type = type
    self.settings = settings
    text = type.name
  }

  init(_ type: any Statistic.Type, _ settings: StatisticSettings, _ text: String) {
    self.type = type
    self.settings = settings
    self.text = text
  }

  /// An empty statistic for a site.
  public func make(_ site: SiteShape) -> any Statistic { type.init(site, settings) }
}

/// Every statistic, by name.
public enum StatisticCatalog {
  /// The statistics, in the order in which they are listed.
  public static let all: [any Statistic.Type] = [
    MomentsStatistic.self, RangeStatistic.self, NormsStatistic.self, ZerosStatistic.self, NearZerosStatistic.self,
    EntropyStatistic.self, HistogramStatistic.self, BinaryEntropyStatistic.self, QuantilesStatistic.self, GramStatistic.self,
    TopImagesStatistic.self,
    GradientStatistic.self, TaylorStatistic.self, FisherStatistic.self, RelevanceStatistic.self,
    NeuronVotesStatistic.self,
  ]

  /// Those that are computed unless others are asked for: of the activations alone, and cheap.
  ///
  /// Gram matrices are not among them: they take room for every pair of channels.
  public static var standard: [any Statistic.Type] { all.filter { $0.phase == .forward && $0.name != GramStatistic.name } }

  /// Every name with its parameters and their defaults.
  public static var forms: [String] { all.map { $0.parameters.isEmpty ? $0.name : "\($0.name):\($0.parameters)" } }

  /// The statistics that specifications `NAME[:key=value,…]` mean.
  ///
  /// - Throws: `EspalierError` naming what is not known, out of range or given twice, and what would be accepted.
  public static func requests(_ texts: [String]) throws -> [StatisticRequest] {
    var requests: [StatisticRequest] = []
    for text in texts {
      var parameters = try ParameterList(text)
      guard let type = all.first(where: { $0.name == parameters.name }) else {
        throw EspalierError(unknown: "statistic", parameters.name, among: all.map { $0.name }, topic: "statistics")
      }
      try naming(location: "statistic '\(text)'") {
        guard !requests.contains(where: { $0.type == type }) else {
          throw EspalierError("is asked for twice", accepted: "each statistic once: a file has room for one of a name")
        }
        var settings = StatisticSettings()
        try type.read(&parameters, into: &settings)
        try parameters.finish()
        requests.append(StatisticRequest(type, settings, text))
      }
    }
    return requests
  }
}
