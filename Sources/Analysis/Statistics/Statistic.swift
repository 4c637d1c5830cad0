import Tensors

/// Numbers that a statistic found out about every channel of a site.
public struct StatisticResult: Sendable, Equatable {
  /// The name, with dashes: `mean`, `binary-entropy`.
  public var name: String
  /// One line for tables and files: what it is, with its unit.
  public var description: String
  /// `[channels]`, or `[channels, k]` for k numbers each.
  public var values: Tensor<Double>

  /// Makes a result.
  public init(_ name: String, _ description: String, _ values: Tensor<Double>) {
    self.name = name
    self.description = description
    self.values = values
  }
}

/// The parameters of all statistics.
public struct StatisticSettings: Hashable, Sendable {
  /// Below which magnitude a value counts as almost zero.
  public var epsilon = 1e-3
  /// Above which activation a channel counts as on, for binary entropy: 0 behind ReLU, 0.5 behind a sigmoid.
  public var binaryThreshold = 0.0
  /// The number of bins of histograms.
  public var bins = 100
  /// The quantiles that are read from sketches, 0 … 1.
  public var quantiles = [0.005, 0.25, 0.5, 0.75, 0.995]
  /// The resolution of quantile sketches: the capacity of their top level.
  public var resolution = 1024
  /// The number of images that top-k statistics keep per channel.
  public var top = 10
  /// The positions an image at which Gram matrices are sampled.
  public var positions = 10
  /// One in how many positions sketches and histograms of positions take; 1 for all.
  public var thinning = 16
  /// The share of a layer's channels that get a vote of each image.
  public var topShare = 0.5
  /// The seed of whatever is drawn.
  public var seed: UInt64 = 0

  /// The default settings.
  public init() {}
}

/// A streaming statistic of every channel of a site; a new one is a new file and a line in ``StatisticCatalog``.
public protocol Statistic: Accumulator {
  /// The name by which it is asked for, with dashes.
  static var name: String { get }
  /// One line for people.
  static var summary: String { get }
  /// What it must be shown.
  static var phase: Phase { get }
  /// Its parameters with their defaults, `key=value,…`; empty if it has none.
  static var parameters: String { get }

  /// Takes its parameters out of a list.
  ///
  /// - Throws: `EspalierError` naming a parameter that is out of range.
  static func read(_ parameters: inout ParameterList, into settings: inout StatisticSettings) throws

  /// An empty statistic for a site.
  init(_ site: SiteShape, _ settings: StatisticSettings)

  /// What was learned; means and the like are NaN where nothing was seen.
  var results: [StatisticResult] { get }
}

extension Statistic {
  public static var parameters: String { "" }

  public static func read(_ parameters: inout ParameterList, into settings: inout StatisticSettings) throws {}
}

extension StatisticSettings {
  /// The most bins that a histogram may have: counts take four finer bins for each, 4 bytes, for every channel.
  static let mostBins = 4096

  mutating func readBins(_ list: inout ParameterList) throws {
    bins = try list.integer("bins", default: bins, in: 1...StatisticSettings.mostBins)
  }

  mutating func readThinning(_ list: inout ParameterList) throws {
    thinning = try list.integer("thinning", default: thinning, in: 1 ... .max)
  }

  mutating func readSeed(_ list: inout ParameterList) throws { seed = try list.seed() }
}
