import Analysis
import Datasets
import Networks
import Pruning
import Tensors

extension PruneStep {
  /// What the step takes on the command line and in files.
  static let keys = [
    StepKey("criterion", "what filters count by (espalier help criteria); several with + between them"),
    StepKey("scores", "a file that espalier score wrote for the network that the chain begins from"),
    StepKey("combine", "how several criteria become one: weights=A,B,… (in parentheses) or mean-rank"),
    StepKey("budget", "what is kept: macs, parameters, filters, activations or latency, as a share: macs=0.5"),
    StepKey("widths", "in place of a budget, the filters that layers keep: conv1=16 conv*=0.5, or a JSON file of such"),
    StepKey("threshold", "in place of a budget, what scores go: below mean-1sd, say, of their group's, 0.3sd or a number"),
    StepKey("kept", "in place of a budget, the channels that stay: those of a pruned network, or of a JSON file"),
    StepKey("scope", "who competes: global, layer, block or structure (global)"),
    StepKey("normalise", "how layers are made comparable: none, sum, l2, max or rank (as the criterion asks for)"),
    StepKey("reduce", "how scores of coupled filters become one: sum, mean, max or first (mean)"),
    StepKey("per-saving", "scores are divided by what removing saves: macs, parameters or activations (nothing)"),
    StepKey("floor", "the least share of filters that a group of coupled layers keeps (0.05)"),
    StepKey("round", "filters are kept in multiples of this (1)"),
    StepKey("protect", "layers whose filters stay, with * and ?, blanks between them (none)"),
    StepKey("groups", "what goes of grouped convolutions: equal-shares or whole-groups (equal-shares)"),
    StepKey("heads", "what goes of attention: equal-shares or whole-heads (equal-shares)"),
    StepKey("composite", "the composite of relevance criteria (\(CompositeCatalog.names[0]))"),
    StepKey("target", "whose loss and relevance: label, predicted, data or a class (label)"),
    StepKey("start", "what relevance starts from: one-hot or logit (one-hot)"),
    StepKey("concepts", "where masks come from, for iou and votes"),
    StepKey("quantile", "the share of activations above the threshold of a unit (0.005)"),
    StepKey("vote-share", "the share of a layer's filters that get a vote (0.1)"),
    StepKey("reconstruct", "how layers behind pruned ones are fitted: none, scales or kernels (none)"),
    StepKey("reconstruct-positions", "the positions an image at which that looks (10)"),
    StepKey("reconstruct-ridge", "its ridge, in parts of the mean square of an input (1e-6)"),
    StepKey("data", "images for scores, fits and the proof (--data)"),
    StepKey("skip", "leaves out the first of them (--skip)"),
    StepKey("limit", "takes so many at most; 0 for all (--limit)"),
    StepKey("per-class", "takes so many of each class at most; 0 for all (--per-class)"),
    StepKey("draw", "a seed by which skip, limit and per-class draw images at random; -1 for the first (--draw)"),
    StepKey("batch", "images that a worker takes at a time (--batch)"),
    StepKey("latency-batch", "images of the pass whose time a budget of latency is of (1)"),
    StepKey("seed", "the seed of fits and of the proof's inputs (--seed)"),
  ]

  /// Takes its settings out of a list.
  ///
  /// - Throws: `EspalierError` naming what is missing or does not fit.
  init(_ list: inout ParameterList, _ defaults: StepDefaults) throws {
    let rules = [
      try list.value("budget") { .budget(try Budget($0)) }, try list.value("widths") { try SelectionRule.widths($0) },
      try list.value("threshold") { .threshold(try ScoreThreshold($0)) }, try list.value("kept") { try SelectionRule.kept($0) },
    ].compactMap { (rule: SelectionRule?) in rule }
    guard let rule = rules.first, rules.count == 1 else {
      throw EspalierError(
        rules.isEmpty ? "it has no budget" : "it has more than one of budget, widths, threshold and kept",
        accepted: "budget=macs=0.5, say, or one of widths, threshold, kept")
    }
    let criteria = try list.value("criterion") { text in
      try text.split(separator: "+").map { part in
        let name = part.trimmingCharacters(in: .whitespaces)
        _ = try CriterionCatalog.canonical(name)
        return name
      }
    }
    let combination = try list.value("combine") { try ScoreCombination($0) }
    let source: FilterScoring.Source
    switch (list.text("scores"), criteria ?? [], combination) {
    case (nil, let names, nil) where names.isEmpty && !rule.needsScores: source = .unneeded
    case (let file?, let names, nil) where names.count < 2 && rule.needsScores: source = .file(file, criterion: names.first)
    case (nil, let names, nil) where names.count == 1 && rule.needsScores: source = .criterion(names[0])
    case (nil, let names, let combination?) where names.count > 1 && rule.needsScores:
      if case .weights(let weights) = combination, weights.count != names.count {
        throw EspalierError("combine has \(weights.count.of("weight")) for \(names.count) criteria")
      }
      source = .combined(names, combination)
    case _ where !rule.needsScores: throw EspalierError("kept channels need no scores", accepted: "kept=FILE alone")
    default:
      throw EspalierError(
        "it does not say what filters count by",
        accepted: "criterion=NAME, scores=FILE, or several criteria, A+B, with combine=mean-rank or combine=(weights=1,2)")
    }
    let batch = try list.integer("batch", default: defaults.batch, in: 1...4096)
    let seed = UInt64(try list.integer("seed", default: Int(clamping: defaults.seed), in: 0 ... .max))
    let statistics = ScoreRun(
      .scores(criteria ?? []), concepts: try list.value("concepts") { try ConceptSpec($0) },
      quantile: try list.number("quantile", default: 0.005, in: 1e-9...0.999_999),
      voteShare: try list.number("vote-share", default: 0.1, in: 1e-9...1),
      composite: try list.value("composite") { text in
        if !CompositeCatalog.isFile(text) { _ = try CompositeCatalog.composite(text) }
        return text
      } ?? CompositeCatalog.names[0], target: try list.value("target") { try RelevanceTarget(text: $0) },
      start: try list.choice("start", default: .oneHot), batch: batch, out: "")
    let normalisation = try list.value("normalise") { text in
      guard let scale = ScoreNormalisation(rawValue: text) else {
        let known = ScoreNormalisation.allCases.map(\.rawValue)
        throw EspalierError(
          "there is none called '\(text)'" + EspalierError.suggestion(for: text, among: known),
          accepted: EspalierError.list(known))
      }
      return scale
    }
    let data = try list.images(defaults.data)
    if data == nil {
      let named = (criteria ?? []).map { ParameterList.name(of: $0) }
      if let name = named.first(where: CriterionCatalog.needsImages), source.isComputed {
        throw EspalierError("'\(name)' needs images", accepted: "data=SPEC, or --data SPEC for all steps")
      }
    }
    self.init(
      FilterScoring(source, normalisation: normalisation, data: data, statistics: statistics),
      Selection(
        rule, scope: try list.choice("scope", default: .global), reduction: try list.choice("reduce", default: .mean),
        perSaving: try list.value("per-saving") { text in
          guard let kind = Budget.Kind(rawValue: text), kind != .latency else {
            throw EspalierError("it cannot be '\(text)'", accepted: "macs, parameters, activations, filters")
          }
          return kind
        }, floor: try list.number("floor", default: 0.05, in: 0...0.999_999),
        multiple: try list.integer("round", default: 1, in: 1...4096)))
    protected = list.text("protect")?.split(separator: " ").map(String.init) ?? []
    groups = try list.choice("groups", default: .equalShares)
    heads = try list.choice("heads", default: .equalShares)
    reconstruction = Reconstruction(
      try list.choice("reconstruct", default: .none),
      positions: try list.integer("reconstruct-positions", default: 10, in: 1...100_000),
      ridge: try list.number("reconstruct-ridge", default: 1e-6, in: 0 ... .greatestFiniteMagnitude), seed: seed)
    if reconstruction.mode != .none, data == nil {
      throw EspalierError("reconstruct needs images", accepted: "data=SPEC, or --data SPEC for all steps")
    }
    latencyBatch = try list.integer("latency-batch", default: 1, in: 1...4096)
    self.seed = seed
  }
}

extension FilterScoring.Source {
  fileprivate var isComputed: Bool { if case .file = self { false } else { true } }
}
