import Compression
import Datasets
import Foundation
import Tensors

/// What a study is expected to take: from short measurements of its networks, before anything of it is computed.
public struct StudyEstimate: Sendable, Encodable {
  /// Chains on one network.
  public struct Part: Sendable, Encodable {
    /// The network, and the arm; nil for the training of the network.
    public var network: String, arm: String?
    /// The number of chains, and of steps that they do not share with those before.
    public var chains: Int, steps: Int
    /// Seconds.
    public var seconds: Double
    /// Bytes of the networks that are kept.
    public var bytes: Double
  }

  /// The parts, in the order in which they are computed.
  public var parts: [Part]
  /// The greatest memory of the process while it measured, in bytes.
  public var memory: Int
  /// All seconds and bytes.
  public var seconds: Double { parts.reduce(0) { $0 + $1.seconds } }
  public var bytes: Double { parts.reduce(0) { $0 + $1.bytes } }
  /// All chains.
  public var chains: Int { parts.reduce(0) { $0 + ($1.arm == nil ? 0 : $1.chains) } }
}

extension StudyRun {
  /// What the study is expected to take, whatever of it is done already.
  ///
  /// A forward pass of every network is timed, and training on a few batches. Networks are taken to get faster as their MACs get
  /// fewer, and criteria that look at images to need a pass forward and backward; the greatest errors come from there.
  ///
  /// - Throws: `EspalierError` if the study cannot begin.
  public func estimate(_ context: RunContext) throws -> StudyEstimate {
    try checkPatterns()
    let folder = FileManager.default.temporaryDirectory.path + "/espalier-study-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      throw EspalierError("cannot be made: \(error.reason)", file: folder)
    }
    let plan = try StudyPlan(study, folder: folder, isWanted: isWanted, note: context.note)
    let costs = StudyCosts(plan)
    var parts: [StudyEstimate.Part] = []
    for (position, base) in plan.bases.enumerated() {
      try context.cancellation.check()
      context.note("measuring \(base.title)")
      let macs = Double(max(1, try base.start.graph.summary().macs))
      let items = plan.items.indices.filter { plan.items[$0].base == position }
      let batch = base.start.batch(study.batch)
      let pass = try LatencyMeter.measure([base.start.graph], batch: batch, passes: 3)[0]
      let forward = pass.median / 1000 / Double(batch) / Double(context.workers) / macs
      let tuning = base.training ?? items.lazy.flatMap { plan.items[$0].steps }.compactMap { $0 as? TuneStep }.first
      let training =
        try tuning.map { try secondsOfTraining($0, base, in: folder, context) / (StudyCost.backward * macs) } ?? forward
      func seconds(_ cost: StudyCost) -> Double { cost.training * training + (cost.passes - cost.training) * forward }
      if base.training != nil {
        let cost = costs.bases[position]
        parts.append(
          .init(network: base.title, arm: nil, chains: 1, steps: cost.steps, seconds: seconds(cost), bytes: cost.bytes))
      }
      var arms: [String: Int] = [:]
      for item in items {
        let (arm, cost) = (plan.items[item].job.arm, costs.chains[item])
        let own = arms[arm] ?? parts.count
        if own == parts.count { parts.append(.init(network: base.title, arm: arm, chains: 0, steps: 0, seconds: 0, bytes: 0)) }
        arms[arm] = own
        parts[own].chains += 1
        parts[own].steps += cost.steps
        parts[own].seconds += seconds(cost)
        parts[own].bytes += cost.bytes
      }
    }
    return StudyEstimate(parts: parts, memory: StudyRun.greatestMemory)
  }

  /// The seconds that training takes an image: of the batches beyond the first two, which prepare.
  private func secondsOfTraining(_ step: TuneStep, _ base: StudyPlan.Base, in folder: String, _ context: RunContext) throws
    -> Double
  {
    var context = context
    (context.note, context.progress) = ({ _ in }, { _ in })
    func run(_ images: Int) throws -> Double {
      var step = step
      step.run.settings.epochs = 1
      step.run.settings.schedule.warmUp = 0
      (step.run.validation, step.run.kept) = (nil, .last)
      step.run.out = "\(folder)/measured.onnx"
      step.data.limit = images
      let began = ContinuousClock.now
      do { _ = try step.run.tune(base.start, on: step.data, context) } catch let error as EspalierError {
        throw EspalierError(error.description, location: "\(base.title): training")
      }
      return (ContinuousClock.now - began) / .seconds(1)
    }
    let batch = step.run.settings.batch
    // What the first one reads and compiles is not of training.
    _ = try run(2 * batch)
    let few = try run(2 * batch)
    return max(0, try run(6 * batch) - few) / Double(4 * batch)
  }

  /// The greatest memory that the process has had, in bytes; 0 where that is not told.
  private static var greatestMemory: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }
}
