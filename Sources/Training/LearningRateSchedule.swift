import Foundation
import Tensors

/// The learning rate as a function of how far training has come.
public struct LearningRateSchedule: Sendable, Hashable, CustomStringConvertible {
  /// How the rate falls after the warm-up.
  public enum Shape: Sendable, Hashable {
    /// The same rate throughout.
    case constant
    /// Times `factor` every `epochs` epochs.
    case step(epochs: Int, factor: Double)
    /// Times `factor` at the start of each of these epochs, counted from 0.
    case multiStep(milestones: [Int], factor: Double)
    /// Down to `floor` along half a cosine, step by step: `floor + (base − floor) · (1 + cos(π t)) / 2`, where t is the share of
    /// the steps behind the warm-up that are done (I. Loshchilov, F. Hutter, "SGDR", ICLR 2017, equation 5, without restarts).
    case cosine(floor: Double = 0)
  }

  /// The rate before any factor.
  public var base: Double
  /// How it falls.
  public var shape: Shape
  /// The number of epochs, not necessarily whole, over which the rate rises in a line, one step after the other, from
  /// `base / steps` to the full one.
  public var warmUp: Double

  /// Makes a schedule.
  public init(base: Double, shape: Shape = .constant, warmUp: Double = 0) {
    self.base = base
    self.shape = shape
    self.warmUp = warmUp
  }

  /// The rate of a step.
  ///
  /// - Parameters:
  ///   - step: the steps that were taken before, over all epochs.
  ///   - stepsPerEpoch: the steps of an epoch.
  ///   - epochs: the epochs of the whole run.
  public func rate(step: Int, stepsPerEpoch: Int, epochs: Int) -> Double {
    let epoch = step / max(stepsPerEpoch, 1)
    let warmSteps = Int((warmUp * Double(stepsPerEpoch)).rounded())
    let rise = step < warmSteps ? Double(step + 1) / Double(warmSteps) : 1
    switch shape {
    case .constant: return base * rise
    case .step(let length, let factor): return base * rise * pow(factor, Double(epoch / max(length, 1)))
    case .multiStep(let milestones, let factor): return base * rise * pow(factor, Double(milestones.count { $0 <= epoch }))
    case .cosine(let floor):
      if step < warmSteps { return base * rise }
      let share = Double(step - warmSteps) / Double(max(stepsPerEpoch * epochs - warmSteps, 1))
      return floor + (base - floor) * (1 + cos(.pi * min(share, 1))) / 2
    }
  }

  public var description: String {
    let fall =
      switch shape {
      case .constant: "constant"
      case .step(let epochs, let factor): "step \(epochs) \(factor)"
      case .multiStep(let milestones, let factor): "multi-step \(milestones.map(String.init).joined(separator: ",")) \(factor)"
      case .cosine(let floor): "cosine \(floor)"
      }
    return "\(base) \(fall) warm-up \(warmUp)"
  }
}

extension LearningRateSchedule.Shape {
  /// Parses `cosine`, `constant`, `step:EPOCHS,FACTOR` or `multi-step:EPOCH,…,FACTOR`.
  ///
  /// - Throws: `EspalierError` that tells the forms.
  public init(text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    let numbers = parts.count == 2 ? parts[1].split(separator: ",").compactMap { Double($0) } : []
    let epochs = numbers.dropLast().compactMap { Int(exactly: $0) }.filter { $0 > 0 }
    switch (parts.first, numbers.count, epochs.count) {
    case ("cosine", 0, _) where parts.count == 1: self = .cosine()
    case ("constant", 0, _) where parts.count == 1: self = .constant
    case ("step", 2, 1): self = .step(epochs: epochs[0], factor: numbers[1])
    case ("multi-step", 2..., numbers.count - 1): self = .multiStep(milestones: epochs, factor: numbers[numbers.count - 1])
    default:
      throw EspalierError(
        "'\(text)' is no schedule", accepted: "cosine, constant, step:EPOCHS,FACTOR or multi-step:EPOCH,…,FACTOR")
    }
  }
}
