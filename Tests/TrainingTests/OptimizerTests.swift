import Foundation
import TestSupport
import Tensors
import Testing
import Training

/// Against PyTorch's numbers, made by `Resources/make_optimizer_cases.py`.
@Suite struct OptimizerTests {
  private struct Cases: Decodable {
    let start: [Double]
    let gradients: [[Double]]
    let paths: [String: [[Double]]]
    let rates: [String: [Double]]
  }

  private static func cases() throws -> Cases {
    let url = testResource("optimizers.json")
    return try JSONDecoder().decode(Cases.self, from: Data(contentsOf: url))
  }

  private static let optimizers: [String: (optimizer: any Optimizer, rate: Float, decay: Float)] = [
    "sgd": (SGD(momentum: 0), 0.1, 0), "momentum": (SGD(momentum: 0.9), 0.1, 0.05),
    "nesterov": (SGD(momentum: 0.9, nesterov: true), 0.1, 0.05), "adam": (Adam(), 0.01, 0.05),
    "adamw": (Adam(beta1: 0.8, beta2: 0.95, epsilon: 1e-4, decoupled: true), 0.01, 0.05),
  ]

  @Test(arguments: ["sgd", "momentum", "nesterov", "adam", "adamw"]) func followsPyTorch(name: String) throws {
    let cases = try Self.cases()
    let (optimizer, rate, decay) = try #require(Self.optimizers[name])
    var weights = cases.start.map(Float.init)
    var state = [[Float]](repeating: [Float](repeating: 0, count: weights.count), count: optimizer.stateCount)
    for (step, expected) in try #require(cases.paths[name]).enumerated() {
      optimizer.move(
        &weights, gradient: cases.gradients[step].map(Float.init), state: &state, rate: rate, decay: decay, step: step + 1)
      expectClose(weights, expected, Tolerance(absolute: 1e-6, relative: 1e-6), "step \(step + 1)")
    }
  }

  @Test func schedulesFollowPyTorch() throws {
    let rates = try Self.cases().rates
    let shapes: [String: LearningRateSchedule.Shape] = [
      "multiStep": .multiStep(milestones: [2, 5], factor: 0.1), "step": .step(epochs: 3, factor: 0.5),
      "cosine": .cosine(floor: 0.02),
    ]
    for (name, shape) in shapes {
      let schedule = LearningRateSchedule(base: 0.4, shape: shape)
      let actual = (0..<8).map { schedule.rate(step: $0, stepsPerEpoch: 1, epochs: 8) }
      expectClose(actual, try #require(rates[name]), Tolerance(relative: 1e-9), name)
    }
  }

  @Test func warmUpRisesInALine() {
    for shape in [LearningRateSchedule.Shape.constant, .cosine(), .step(epochs: 3, factor: 0.1)] {
      let schedule = LearningRateSchedule(base: 2, shape: shape, warmUp: 1)
      let rates = (0..<5).map { schedule.rate(step: $0, stepsPerEpoch: 4, epochs: 5) }
      expectClose(rates, [0.5, 1, 1.5, 2, 2], Tolerance(relative: 1e-12), "\(shape)")
    }
  }
}
