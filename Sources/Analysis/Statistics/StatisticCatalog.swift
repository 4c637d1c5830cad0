/// Every statistic, by name.
public enum StatisticCatalog {
  /// The statistics, in the order in which they are listed.
  public static let all: [any Statistic.Type] = [
    MomentsStatistic.self, RangeStatistic.self, NormsStatistic.self, ZerosStatistic.self, NearZerosStatistic.self,
    EntropyStatistic.self, HistogramStatistic.self, BinaryEntropyStatistic.self, QuantilesStatistic.self, GramStatistic.self,
    TopPicturesStatistic.self,
    GradientStatistic.self, TaylorStatistic.self, FisherStatistic.self, RelevanceStatistic.self,
  ]
}
