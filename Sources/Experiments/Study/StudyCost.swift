import Analysis
import Networks
import Pruning
import Tensors

/// What chains of a study are expected to compute, counted before they run.
struct StudyCost {
  /// A forward pass and a backward one, in forward passes.
  static let backward = 3.0

  /// MACs in passes over images, forward and backward.
  var passes = 0.0
  /// MACs in passes of training among them.
  var training = 0.0
  /// Bytes of the networks of its steps.
  var bytes = 0.0
  /// The steps.
  var steps = 0

  /// Counts a chain.
  ///
  /// - Parameters:
  ///   - skipped: how many of its first steps another chain has made.
  ///   - images: the number of images that a request is of.
  init(
    _ item: StudyPlan.Item, of base: StudyPlan.Base, skipping skipped: Int = 0, isFirst: Bool = true,
    images: (DataRequest) -> Int
  ) {
    let summary = try? base.start.graph.summary()
    let macs = Double(summary?.macs ?? 0)
    let size = 4 * Double(summary?.parameters ?? 0)
    let validation = Double(images(base.data.validation))
    var share = 1.0
    if isFirst { passes += macs * validation }
    for (position, step) in item.steps.enumerated() {
      let isNew = position >= skipped
      switch step {
      case let step as PruneStep:
        let needsImages = step.scoring.criteria.contains { CriterionCatalog.needsImages(ParameterList.name(of: $0)) }
        if isNew, needsImages, let data = step.scoring.data { passes += share * macs * StudyCost.backward * Double(images(data)) }
        share *= step.selection.budget?.share ?? 1
      case let step as TuneStep where isNew:
        // Epochs that follow what was saved make up for it.
        let share = step.scaling.measure == .none ? share : 1
        let work = share * macs * StudyCost.backward * Double(step.run.settings.epochs * images(step.data))
        passes += work
        training += work
      default: break
      }
      if isNew {
        passes += share * macs * validation
        bytes += share * size
        steps += 1
      }
    }
  }

  /// Counts the training of a network that chains begin from.
  init(training base: StudyPlan.Base, images: (DataRequest) -> Int) {
    guard let training = base.training, let summary = try? base.start.graph.summary() else { return }
    passes = Double(summary.macs) * StudyCost.backward * Double(training.run.settings.epochs * images(training.data))
    self.training = passes
    bytes = 4 * Double(summary.parameters)
    steps = 1
  }
}

/// The costs of all chains of a study, each with what it does not share with those before it.
struct StudyCosts {
  /// By the chain's position.
  let chains: [StudyCost]
  /// By the position of the network that chains begin from.
  let bases: [StudyCost]

  init(_ plan: StudyPlan) {
    var counts: [String: Int] = [:]
    func images(_ request: DataRequest) -> Int {
      let key = "\(request.spec) \(request.skip) \(request.limit ?? 0) \(request.perClass ?? 0)"
      if let known = counts[key] { return known }
      let count = (try? request.open().count) ?? 0
      counts[key] = count
      return count
    }
    var begun: Set<String> = []
    chains = plan.items.map { item in
      func key(_ steps: Int) -> String {
        "\(item.base) \(item.job.steps.prefix(steps).map { "\($0.name) \($0.settings.sorted { $0.key < $1.key })" })"
      }
      let shared = (0...item.steps.count).last { begun.contains(key($0)) }
      for count in 0...item.steps.count { begun.insert(key(count)) }
      return StudyCost(item, of: plan.bases[item.base], skipping: shared ?? 0, isFirst: shared == nil, images: images)
    }
    bases = plan.bases.map { StudyCost(training: $0, images: images) }
  }
}
