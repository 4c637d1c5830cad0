/// Every statistic, by name.
public enum StatisticCatalog {
  /// The statistics, in the order in which they are listed.
  public static let all: [any Statistic.Type] = [
    MomentsStatistic.self, RangeStatistic.self, NormsStatistic.self, ZerosStatistic.self, NearZerosStatistic.self,
    EntropyStatistic.self, HistogramStatistic.self, BinaryEntropyStatistic.self, QuantilesStatistic.self, GramStatistic.self,
    TopPicturesStatistic.self,
    GradientStatistic.self, TaylorStatistic.self, FisherStatistic.self, RelevanceStatistic.self,
    NeuronVotesStatistic.self,
  ]

  /// Those that are computed unless others are asked for: of the activations alone, and cheap.
  ///
  /// Gram matrices are not among them: they take room for every pair of channels.
  public static var standard: [any Statistic.Type] { all.filter { $0.phase == .forward && $0.name != GramStatistic.name } }
}
