import Analysis
import ArgumentParser
import Datasets
import Experiments
import Pruning
import Tensors

/// By what filters are scored.
struct ScoringOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Scores that espalier score wrote for this network.", valueName: "file"),
    completion: .file(extensions: ["h5"]))
  var scores: String?

  @Option(
    help: ArgumentHelp(
      "The criterion, to be computed or to be read from --scores; may be repeated.", valueName: "name[:key=value,…]"),
    completion: .criteria)
  var criterion: [String] = []

  @Option(
    help: ArgumentHelp("How several criteria become one: weights=A,B,… or mean-rank.", valueName: "way"),
    transform: { try ScoreCombination($0) })
  var combine: ScoreCombination?

  @Option(
    help: ArgumentHelp(
      "The composite of relevance criteria (default: \(CompositeCatalog.names[0])).", valueName: "name[:key=value,…]"),
    completion: .composites,
    transform: NameChecks.composite)
  var composite = CompositeCatalog.names[0]

  @Option(
    help: ArgumentHelp(
      "Whose loss and relevance: label, predicted, data, a class by its number or name, a class@region of an output with positions, or for relevance classes against others, such as 990,-949, or @entry (default: label; for relevance predicted without labels).",
      valueName: "class"),
    completion: .targets, transform: { try RelevanceTarget(text: $0) })
  var target: RelevanceTarget?

  @Option(help: "What relevance starts from: one-hot (1) or logit (the output).")
  var start = RelevanceStart.oneHot

  @Option(
    help: ArgumentHelp("Where masks come from, for iou and votes: \(ConceptSpec.forms).", valueName: "spec"),
    completion: .concepts, transform: { try ConceptSpec($0) })
  var concepts: ConceptSpec?

  @OptionGroup var parameters: ConceptOptions

  func validate() throws {
    func check(_ isValid: Bool, _ message: String) throws { if !isValid { throw ValidationError(message) } }
    if scores == nil { for name in criterion { try naming(location: "--criterion") { _ = try NameChecks.criterion(name) } } }
    try check(scores == nil || criterion.count < 2, "--scores takes one --criterion")
    try check(
      criterion.count < 2 || combine != nil, "several criteria become one with --combine weights=A,B,… or --combine mean-rank")
    try check(criterion.count != 1 && scores == nil || combine == nil, "--combine combines several criteria")
    if case .weights(let weights)? = combine {
      try check(weights.count == criterion.count, "--combine has \(weights.count.of("weight")) for \(criterion.count) criteria")
    }
  }

  /// Whether nothing says what filters count by.
  var isEmpty: Bool { scores == nil && criterion.isEmpty }

  /// Refuses options that do not say what filters count by.
  func requireSource() throws {
    if isEmpty { throw ValidationError("--scores FILE or --criterion NAME says what filters count") }
  }

  /// The scoring that these options ask for.
  ///
  /// - Parameter out: the file beside which a pass over images keeps how far it is.
  func scoring(data: DataRequest?, normalisation: ScoreNormalisation?, batch: Int, out: String) -> FilterScoring {
    let source: FilterScoring.Source =
      scores.map { .file($0, criterion: criterion.first) }
      ?? combine.map { .combined(criterion, $0) } ?? criterion.first.map { .criterion($0) } ?? .unneeded
    return FilterScoring(
      source, normalisation: normalisation, data: data,
      statistics: ScoreRun(
        .scores(criterion), concepts: concepts, quantile: parameters.quantile, voteShare: parameters.voteShare,
        composite: composite, target: target, start: start, batch: batch, out: out))
  }

  /// All criteria, for a help text.
  static var criteria: String {
    """
    Criteria of weights: \(CriterionCatalog.all.map { "\($0.name), \($0.summary)" }.joined(separator: "; ")). \
    Criteria of data: \(CriterionCatalog.data.map { "\($0.name), \($0.summary)" }.joined(separator: "; ")); \
    \(ScoreCatalog.names.joined(separator: ", ")) (espalier score --help explains these).
    """
  }
}
