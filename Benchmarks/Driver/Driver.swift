import Analysis
import Engine
import Foundation
import Networks
import ONNX
import Scheduling
import Tensors

/// One side of a comparison: `espalier-bench forward|relevance MODEL BATCH WORKERS` compiles once, then for every line on
/// standard input runs each worker's batch once and prints the seconds that it took.
///
/// `espalier-bench pass:WORK MODEL BATCH WORKERS PICTURES` makes a whole pass over images for every line (``AnalysisBench``), and
/// prints behind the seconds the bytes that the process has held at most and the seconds of processor time.
///
/// `espalier-bench profile MODEL BATCH WORKERS [COMPOSITE]` prints what every layer of a forward pass, or of a relevance pass, takes (``StepProfile``).
///
/// `Benchmarks/compare.py` asks its peers in turn with it.
@main
enum Driver {
  static func main() {
    useOneHeap()
    do { try run() } catch {
      FileHandle.standardError.write(Data("espalier-bench: error: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func run() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count >= 4, let batch = Int(arguments[2]), let workers = Int(arguments[3]) else {
      throw EspalierError(
        "wrong usage", accepted: "espalier-bench forward|relevance MODEL BATCH WORKERS [COMPOSITE], or pass:WORK … PICTURES")
    }
    useOneThreadHere()
    let graph = try Graph(onnx: arguments[1]).withSymbolicBatch().graph
    if arguments[0].hasPrefix("pass:"), let work = AnalysisBench.Work(rawValue: String(arguments[0].dropFirst(5))) {
      let bench = try AnalysisBench(
        work, graph, batch: batch, workers: workers, images: arguments.count > 4 ? Int(arguments[4]) ?? 64 : 64)
      return try serve(bench.count) { try bench.run() }
    }
    if arguments[0] == "profile" {
      return try StepProfile(graph, batch: batch, composite: arguments.count > 4 ? arguments[4] : nil).print()
    }
    let pool: WorkerPool<() throws -> Void>
    if arguments[0] == "relevance" {
      let composite = try CompositeCatalog.composite(arguments.count > 4 ? arguments[4] : "epsilon_plus")
      let plan = try RelevancePlan(graph, composite: composite, batch: batch)
      pool = try makePool(workers) {
        let program = try RelevanceProgram(plan)
        let images = try noise(graph, batch: batch)
        return { _ = try program.run(images, targets: Array(repeating: 0, count: batch)) }
      }
    } else {
      let builder = try PlanBuilder(graph.canonized(), batch: batch)
      try builder.forward()
      let plan = builder.finish()
      pool = try makePool(workers) {
        let program = try Program(plan)
        try program.setInput(graph.inputs[0].name, to: try noise(graph, batch: batch))
        return { try program.run() }
      }
    }
    try serve(batch * workers) { _ = try pool.run(0..<workers) { worker, _ in try worker() } }
  }

  private static func serve(_ images: Int, _ work: () throws -> Void) throws {
    print("ready", images)
    fflush(nil)
    while readLine() != nil {
      let (start, processorStart) = (ContinuousClock.now, processorSeconds())
      try work()
      print((ContinuousClock.now - start) / .seconds(1), peakMemory(), processorSeconds() - processorStart)
      fflush(nil)
    }
  }

  private static func makePool(
    _ workers: Int, _ make: @escaping @Sendable () throws -> () throws -> Void
  ) throws -> WorkerPool<() throws -> Void> {
    try BlockScheduler(width: workers, prologue: { useOneThreadHere() }).pool { _ in try make() }
  }

  static func noise(_ graph: Graph, batch: Int) throws -> Tensor<Float> {
    var random = Philox(seed: 1)
    guard let shape = try graph.facts(batch: batch)[graph.inputs[0].name]?.shape else { throw EspalierError("no input") }
    return Tensor((0..<shape.count).map { _ in Float(random.uniform() * 4 - 2) }, shape: shape)
  }
}
