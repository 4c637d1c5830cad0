import Engine
import Foundation
import Networks
import Tensors

/// How long forward passes take, on one thread.
public struct Latency: Hashable, Sendable, Codable {
  /// The middle of all times of one pass, in milliseconds.
  public var median: Double
  /// The quarter and three quarters of the times, in milliseconds.
  public var lowerQuartile: Double, upperQuartile: Double
  /// The images of a pass.
  public var batch: Int
  /// The threads that compute.
  public var threads: Int
  /// The number of passes timed.
  public var passes: Int
}

/// Times networks side by side: in turn, so that what else the machine does falls on all alike.
public enum LatencyMeter {
  /// Times forward passes of random images.
  ///
  /// - Parameters:
  ///   - graphs: the networks, with one input each.
  ///   - batch: the images of a pass, unless a network insists on its own number.
  ///   - passes: how often each is timed, after two passes that are not.
  /// - Returns: one result a network.
  /// - Throws: `EspalierError` naming a layer that cannot be run.
  public static func measure(_ graphs: [Graph], batch: Int = 1, passes: Int = 15) throws -> [Latency] {
    try time(programs(graphs, batch: batch), of: graphs, batch: batch, passes: passes)
  }

  /// Times forward passes of random images, and what they consist of.
  ///
  /// - Returns: one result a network, and where the time goes.
  /// - Throws: `EspalierError` naming a layer that cannot be run.
  public static func profile(_ graphs: [Graph], batch: Int = 1, passes: Int = 15) throws -> ([Latency], LatencyProfile) {
    let programs = try programs(graphs, batch: batch)
    let latencies = try time(programs, of: graphs, batch: batch, passes: passes)
    let canonized = try graphs.map { try $0.canonized() }
    return (latencies, try LatencyProfile(programs, of: canonized, batch: latencies[0].batch, passes: passes))
  }

  private static func programs(_ graphs: [Graph], batch: Int) throws -> [Program] {
    useOneThreadHere()
    return try graphs.map { graph in
      let builder = try PlanBuilder(graph.canonized(), batch: graph.fixedBatch ?? batch)
      try builder.forward()
      let program = try Program(builder.finish())
      let facts = try graph.facts(batch: graph.fixedBatch ?? batch)
      for input in graph.inputs {
        var random = Philox(seed: 0, stream: Philox.stream(named: input.name))
        let shape = facts[input.name]?.shape ?? []
        try program.setInput(input.name, to: Tensor((0..<shape.count).map { _ in Float(random.normal()) }, shape: shape))
      }
      return program
    }
  }

  private static func time(_ programs: [Program], of graphs: [Graph], batch: Int, passes: Int) throws -> [Latency] {
    var times = [[Double]](repeating: [], count: graphs.count)
    for pass in 0..<passes + 2 {
      for (position, program) in programs.enumerated() {
        let began = ContinuousClock.now
        try program.run()
        if pass >= 2 { times[position].append((ContinuousClock.now - began) / .milliseconds(1)) }
      }
    }
    return zip(graphs, times).map { graph, times in
      let sorted = times.sorted()
      func quantile(_ share: Double) -> Double { sorted[Int((share * Double(sorted.count - 1)).rounded())] }
      return Latency(
        median: quantile(0.5), lowerQuartile: quantile(0.25), upperQuartile: quantile(0.75), batch: graph.fixedBatch ?? batch,
        threads: 1, passes: times.count)
    }
  }
}
