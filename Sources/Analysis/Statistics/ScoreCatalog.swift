import Tensors

/// A criterion that a pass over data yields: the more it says, the more the filter counts.
public struct ScoreCriterion: Sendable {
  /// Its name, as in files.
  public let name: String
  /// The statistic that it is read from.
  public let statistic: any Statistic.Type
  /// The statistic's result.
  public let result: String
  /// What it is, in a line, with its source.
  public let summary: String
  /// Where in a layer its source takes it; what it says elsewhere may be nothing, such as zeros before a ReLU.
  public let site: SiteKind
  private let transform: @Sendable (Double) -> Double

  init(
    _ name: String, _ statistic: any Statistic.Type, _ result: String, _ summary: String, at site: SiteKind = .linear,
    _ transform: @escaping @Sendable (Double) -> Double = { $0 }
  ) {
    self.name = name
    self.statistic = statistic
    self.result = result
    self.summary = summary
    self.site = site
    self.transform = transform
  }

  /// The scores, `[channels]`, among a statistic's results.
  public func scores(_ results: [StatisticResult]) -> Tensor<Double>? {
    results.first { $0.name == result }.map { $0.values.map(transform) }
  }
}

/// The criteria that need data, by name.
public enum ScoreCatalog {
  /// Those that are read from a statistic.
  public static let statistics: [ScoreCriterion] = [
    ScoreCriterion("mean-activation", MomentsStatistic.self, "mean", "mean activation", at: .activation),
    ScoreCriterion(
      "variance", MomentsStatistic.self, "variance", "variance of the activation (Polyak and Wolf 2015)", at: .activation),
    ScoreCriterion("apoz", ZerosStatistic.self, "apoz", "1 − share of zeros (Hu et al. 2016)", at: .activation) { 1 - $0 },
    ScoreCriterion("mean-gradient", GradientStatistic.self, "absolute-gradient", "mean |gradient| (after Liu and Wu 2019)"),
    ScoreCriterion("taylor-2017", TaylorStatistic.self, "taylor-2017", "mean |mean a·g| (Molchanov et al. 2017)"),
    ScoreCriterion("taylor-2019", TaylorStatistic.self, "taylor-2019", "mean (Σ a·g)² (Molchanov et al. 2019)"),
    ScoreCriterion("taylor-signed", TaylorStatistic.self, "taylor-signed", "|mean Σ a·g| (in Yeom et al.'s code)") { abs($0) },
    ScoreCriterion("fisher", FisherStatistic.self, "fisher", "Σ (Σ a·g)² (Liu et al. 2021)"),
    ScoreCriterion("lrp", RelevanceStatistic.self, "relevance", "Σ R (Yeom et al. 2021, VGG)"),
    ScoreCriterion(
      "lrp-pixel", RelevanceStatistic.self, "relevance-pixel", "Σ |R| position by position (Yeom et al. 2021, ResNet)"),
    ScoreCriterion("lrp-sample", RelevanceStatistic.self, "relevance-sample", "Σ |Σ R| image by image (Hatefi et al. 2024)"),
    ScoreCriterion("lrp-final", RelevanceStatistic.self, "relevance-final", "|Σ R|"),
    ScoreCriterion(
      "entropy", EntropyStatistic.self, "entropy", "entropy of the images' mean activation (Luo and Wu 2017)", at: .activation),
    ScoreCriterion(
      "binary-entropy", BinaryEntropyStatistic.self, "binary-entropy", "entropy of being on or off (He et al. 2014)",
      at: .activation),
    ScoreCriterion(
      "neuron-votes", NeuronVotesStatistic.self, "neuron-votes", "images in the layer's top half (after Alqahtani et al. 2020)",
      at: .activation),
  ]
  /// Those that are read from a dissection.
  public static let dissection = [
    (name: "iou", summary: "greatest IoU with a concept (after Alqahtani et al. 2021)"),
    (name: "votes", summary: "votes for all concepts (after Alqahtani et al. 2021)"),
  ]

  /// A criterion as it was asked for, `NAME[:key=value,…]`, with the parameters of the statistic that it is read from.
  public struct Request: Sendable {
    /// The criterion's name.
    public let name: String
    /// Name and parameters, these in the order of their keys: what its scores are stored by.
    public let text: String
    /// The text without parameters that have their defaults: the same for all that mean the same.
    public let canonical: String
    /// The statistic that it is read from; nil for one of a dissection.
    public let statistic: StatisticRequest?
  }

  /// The criterion of a text; nil where the name is none of these.
  ///
  /// - Throws: `EspalierError` naming a parameter that does not fit.
  public static func request(_ text: String) throws -> Request? {
    var parameters = try ParameterList(text)
    let (name, normal) = (parameters.name, parameters.normalised)
    return try naming(location: "criterion '\(name)'") {
      if dissection.contains(where: { $0.name == name }) {
        try parameters.finish()
        return Request(name: name, text: name, canonical: name, statistic: nil)
      }
      guard let criterion = statistics.first(where: { $0.name == name }) else { return nil }
      var settings = StatisticSettings()
      try criterion.statistic.read(&parameters, into: &settings)
      try parameters.finish()
      let statistic = StatisticRequest(criterion.statistic, settings, criterion.statistic.name + normal.dropFirst(name.count))
      return Request(name: name, text: normal, canonical: parameters.canonical, statistic: statistic)
    }
  }

  /// Whether a criterion's scores are comparable between layers as they are: relevance is conserved from layer to layer, and
  /// votes and overlaps are counted alike everywhere.
  public static func isComparable(_ name: String) -> Bool { name.hasPrefix("lrp") || dissection.contains { $0.name == name } }

  /// All names.
  public static var names: [String] { statistics.map(\.name) + dissection.map(\.name) }
}
