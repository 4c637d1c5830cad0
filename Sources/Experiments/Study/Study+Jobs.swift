import Tensors

extension Study {
  /// All chains, those that begin alike one after the other: by network, arm, budget and seed.
  ///
  /// - Throws: `EspalierError` naming the step whose factors cannot be told.
  func jobs() throws -> [StudyJob] {
    let templates = try chains.map { try ChainTemplate($0, of: self) }
    let used = Set(templates.flatMap(\.named))
    if let idle = factors.first(where: { !used.contains($0.name) }) {
      throw EspalierError("no step refers to it", location: "factor \(idle.name)", accepted: "{\(idle.name)} in a step")
    }
    let all = try networks.flatMap { network in
      let own = try templates.flatMap { template in try template.jobs(network.name, seeds: seeds) }
      let controls = try controls.flatMap { try jobs(of: $0, network, templates[0]) }
      let arms = Set(own.map(\.arm))
      if let twin = controls.first(where: { arms.contains($0.arm) }) {
        throw EspalierError("an arm of the study is called so too", location: "control \(twin.arm)", accepted: "another name")
      }
      return own + controls
    }
    var seen: Set<[String]> = []
    for job in all where !seen.insert([job.network, job.arm, job.budget ?? "", "\(job.seed)"]).inserted {
      throw EspalierError(
        "two chains are called so", location: job.title,
        accepted: "one prune step whose budget is tried, and methods that do not set what a step lists")
    }
    return all
  }

  /// The most chains of a study.
  static let mostChains = 100_000

  /// The jobs of a control: the first chain with its first values, but for what makes the control.
  private func jobs(of control: Control, _ network: Network, _ template: ChainTemplate) throws -> [StudyJob] {
    guard template.chain.steps.contains(where: { $0.name == PruneStep.name }) else {
      throw EspalierError(
        "the first chain does not prune", location: "control \(control.rawValue)", accepted: "a step prune in it")
    }
    var first = template
    first.axes = template.axes.map { axis in
      axis.name == ChainTemplate.budget ? axis : ChainTemplate.Axis(axis.name, [axis.values[0]])
    }
    var found = try first.jobs(network.name, seeds: seeds)
    for position in found.indices {
      found[position].arm = control.rawValue
      found[position].control = control
      found[position].factors.removeAll { $0.name != ChainTemplate.budget }
      let seed = found[position].seed
      let steps = found[position].steps
      switch control {
      case .unpruned:
        found[position].budget = nil
        found[position].factors = []
        found[position].steps = steps.filter { $0.name != PruneStep.name }
      case .random: found[position].steps = steps.map { $0.scoring(by: "random:seed=\(seed)", scope: nil) }
      case .magnitude: found[position].steps = steps.map { $0.scoring(by: "l1", scope: "global") }
      case .magnitudeByLayer: found[position].steps = steps.map { $0.scoring(by: "l1", scope: "layer") }
      case .scratchE, .scratchB:
        guard var training = network.training ?? scratch, training["epochs"] != nil else {
          throw EspalierError(
            "it is not known how long network '\(network.name)' was trained", location: "control \(control.rawValue)",
            accepted: "[controls.scratch] with epochs")
        }
        if training["rate"] == nil { training["rate"] = "\(Study.scratchRate)" }
        training = training.mapValues { $0.replacing("{seed}", with: "\(seed)") }
        if training["seed"] == nil { training["seed"] = "\(seed)" }
        if control == .scratchB { training["scale-epochs"] = "macs" }
        let last = steps.lastIndex { $0.name == PruneStep.name } ?? 0
        found[position].steps =
          steps[...last] + [
            StudyJob.Step(name: "reinitialise", settings: ["seed": "\(seed)"]),
            StudyJob.Step(name: TuneStep.name, settings: training),
          ]
      }
    }
    if control != .unpruned { return found }
    var seen: Set<UInt64> = []
    return found.filter { seen.insert($0.seed).inserted }
  }

  /// The learning rate of networks that are trained from new weights, where none is said.
  static let scratchRate = 0.1
}

extension StudyJob.Step {
  /// The step with another criterion, and nothing of how the one before was computed.
  fileprivate func scoring(by criterion: String, scope: String?) -> StudyJob.Step {
    guard name == PruneStep.name else { return self }
    var step = self
    for key in ["scores", "combine", "normalise", "reduce", "per-saving", "composite", "target", "start", "concepts"] {
      step.settings[key] = nil
    }
    step.settings["criterion"] = criterion
    if let scope { step.settings["scope"] = scope }
    return step
  }
}

/// A chain with the factors that its steps leave open.
struct ChainTemplate {
  /// A factor and what is tried.
  struct Axis {
    var name: String, values: [String]

    init(_ name: String, _ values: [String]) { (self.name, self.values) = (name, values) }
  }

  static let budget = "budget"
  private static let method = "method"

  let chain: Study.Chain
  private let methods: [Study.Method]
  private let isNamed: Bool
  /// The factors, in the order in which they change: the last changes first.
  var axes: [Axis] = []
  /// The factors of the file that steps refer to.
  private(set) var named: Set<String> = []

  /// - Throws: `EspalierError` naming the step whose factors cannot be told.
  init(_ chain: Study.Chain, of study: Study) throws {
    (self.chain, methods, isNamed) = (chain, study.methods, study.chains.count > 1)
    var methodAxis: [Axis] = []
    var lists: [Axis] = []
    for (position, step) in chain.steps.enumerated() {
      let title = "step \(position + 1) of \(chain.steps.count), \(step.name)"
      if takesMethod(step) {
        guard !study.methods.isEmpty else {
          throw EspalierError(
            "it does not say what filters count by", location: title, accepted: "criterion = [\"lrp\", …] or [[method]]")
        }
        methodAxis = [Axis(Self.method, study.methods.map(\.name))]
        for method in study.methods {
          let listed = step.settings.filter { if case .several = $0.value { true } else { false } }.map(\.key)
          if let twice = listed.sorted().first(where: { method.settings[$0] != nil }) {
            throw EspalierError(
              "method '\(method.name)' says '\(twice)', which the step lists", location: title, accepted: "one of the two")
          }
        }
      }
      let inMethods = takesMethod(step) ? methods.flatMap { $0.settings.sorted { $0.key < $1.key }.map(\.value) } : []
      for (key, setting) in [("", Study.Setting.several(inMethods))] + step.settings.sorted(by: { $0.key < $1.key }) {
        for text in setting.texts {
          for name in Self.references(text) where name != "seed" {
            guard let factor = study.factors.first(where: { $0.name == name }) else {
              throw EspalierError(unknown: "factor", name, among: ["seed"] + study.factors.map(\.name), location: title)
            }
            guard !named.contains(name) else { continue }
            guard !lists.contains(where: { $0.name == name }) else { throw Self.twice(name, title) }
            named.insert(name)
            lists.append(Axis(name, factor.values))
          }
        }
        guard case .several(let values) = setting, !key.isEmpty else { continue }
        guard !lists.contains(where: { $0.name == key }) else { throw Self.twice(key, title) }
        lists.append(Axis(key, values))
      }
    }
    if !study.methods.isEmpty, methodAxis.isEmpty {
      throw EspalierError(
        "no step takes the methods", location: "chain", accepted: "a step prune without criterion, scores or kept")
    }
    // The budget changes last, so that all of it begin alike.
    axes = methodAxis + lists.filter { $0.name != Self.budget } + lists.filter { $0.name == Self.budget }
  }

  private static func twice(_ key: String, _ title: String) -> EspalierError {
    EspalierError(
      "'\(key)' is a list in two steps, or the name of a factor too", location: title,
      accepted: "[factor] with \(key) = […], and \"{\(key)}\" in both steps")
  }

  /// The jobs on a network.
  func jobs(_ network: String, seeds: [UInt64]) throws -> [StudyJob] {
    guard axes.reduce(Double(seeds.count), { $0 * Double($1.values.count) }) <= Double(Study.mostChains) else {
      throw EspalierError("its factors make over \(Study.mostChains) chains", location: "chain", accepted: "fewer values")
    }
    var choices: [[String]] = [[]]
    for axis in axes { choices = choices.flatMap { chosen in axis.values.map { chosen + [$0] } } }
    return choices.flatMap { chosen in
      seeds.map { seed in
        let factors = zip(axes, chosen).map { StudyJob.Factor(name: $0.name, value: $1) }
        let steps = chain.steps.map { filled($0, factors, seed) }
        let open = zip(axes, factors).filter { axis, _ in axis.values.count > 1 && axis.name != Self.budget }.map { $1 }
        let parts = (isNamed ? [chain.name].compactMap { $0 } : []) + open.map { $0.text }
        let kept = steps.last { $0.name == PruneStep.name }.flatMap { step in
          ["budget", "widths", "threshold", "kept"].lazy.compactMap { step.settings[$0] }.first
        }
        return StudyJob(
          network: network, arm: parts.isEmpty ? usual(factors) : parts.joined(separator: ", "), factors: factors, budget: kept,
          seed: seed, steps: steps)
      }
    }
  }

  /// The arm of a study that has one: its method or criterion, or its steps.
  private func usual(_ factors: [StudyJob.Factor]) -> String {
    if let method = factors.first(where: { $0.name == Self.method }) { return method.value }
    let criterion = chain.steps.lazy.compactMap { $0.settings["criterion"]?.texts.first }.first
    return chain.name ?? criterion ?? chain.steps.map(\.name).joined(separator: ", ")
  }

  private func filled(_ step: Study.Step, _ factors: [StudyJob.Factor], _ seed: UInt64) -> StudyJob.Step {
    var settings: [String: String] = [:]
    func text(_ text: String) -> String {
      factors.reduce(text.replacing("{seed}", with: "\(seed)")) { $0.replacing("{\($1.name)}", with: $1.value) }
    }
    for (key, setting) in step.settings {
      switch setting {
      case .one(let value): settings[key] = text(value)
      case .several: settings[key] = factors.first { $0.name == key }.map { text($0.value) }
      }
    }
    if takesMethod(step), let name = factors.first(where: { $0.name == Self.method })?.value,
      let method = methods.first(where: { $0.name == name })
    {
      // What the step says itself holds for all methods, unless one says otherwise.
      settings.merge(method.settings.mapValues(text)) { $1 }
    }
    if step.name == PruneStep.name, let criterion = settings["criterion"] {
      settings["criterion"] = criterion.split(separator: "+", omittingEmptySubsequences: false).map { part in
        part.trimmingCharacters(in: .whitespaces) == "random" ? "random:seed=\(seed)" : String(part)
      }.joined(separator: "+")
    }
    if step.name == TuneStep.name || step.name == "reinitialise", settings["seed"] == nil { settings["seed"] = "\(seed)" }
    return StudyJob.Step(name: step.name, settings: settings)
  }

  private func takesMethod(_ step: Study.Step) -> Bool {
    step.name == PruneStep.name && step.settings["criterion"] == nil && step.settings["scores"] == nil
      && step.settings["kept"] == nil
  }

  private static func references(_ text: String) -> [String] {
    text.matches(of: /\{([^{}]*)\}/).map { String($0.1) }
  }
}

extension StudyJob.Factor {
  /// As an arm is called by it.
  fileprivate var text: String { ["method", "criterion"].contains(name) ? value : "\(name) \(value)" }
}
