import Foundation
import Networks
import ONNX
import Storage
import Tensors

/// A training run as it is stored between two steps: latent weights, what the optimiser remembers, running statistics, the
/// position in the epoch, the sums of the epoch so far, the history, the best epoch so far, and the network where it was
/// replaced.
///
/// An HDF5 file. The dataset `identity` says what the run is; a run goes on only from its own.
extension Trainer {
  /// Saves the run.
  ///
  /// The file is written beside its destination and renamed when whole.
  ///
  /// - Throws: `EspalierError` naming the file.
  public func save(to url: URL) throws {
    let file = try HDF5File.create(url.path)
    try file.setAttribute("format", Trainer.format)
    try file.write(Tensor(bytes: identity().text.utf8), to: "identity")
    if let trainingSamples { try file.setAttribute("samples", Int64(trainingSamples)) }
    try file.setAttribute("cursor", [epoch, step, totalSteps, tally.correct, tally.samples, tally.terms].map(Int64.init))
    try file.setAttribute("sums", [tally.loss, tally.seconds, firstLoss])
    if isReplaced {
      try file.write(Tensor(bytes: graph.onnxBytes()), to: "network/onnx")
      try file.write(Tensor(bytes: seamsInForce.utf8), to: "network/seams")
    }
    for (position, parameter) in parameters.enumerated() {
      let group = try file.createGroup("parameters/\(position)")
      try group.setAttribute("name", parameter.name)
      try group.write(parameter.latent, to: "latent")
      for (number, state) in parameter.state.enumerated() {
        try group.write(Tensor(state, shape: parameter.latent.shape), to: "state-\(number)")
      }
    }
    try file.write(statistics, toGroup: "statistics")
    if let best {
      try file.write(best.values, toGroup: "best")
      try file.group("best").setAttribute("epoch", Int64(best.epoch.epoch))
    }
    try file.write(history.table, to: "history")
    try file.commit(sealed: true)
  }

  /// Goes on with a saved run: what follows is the same, to the bit, as if it had never stopped.
  ///
  /// Where the network had been replaced, the hooks are told so that they can put the seams in order that came into force with
  /// it (``TrainingHook/willResume(with:epoch:_:)``).
  ///
  /// - Throws: `EspalierError` naming the file, if it is of another run (another network or weights, data, settings, seams or
  ///   version), or damaged.
  public func resume(from url: URL) throws {
    try naming(file: url.path) {
      let file = try HDF5File.open(url.path, sealed: true)
      guard try file.text(attribute: "format") == Trainer.format else {
        throw EspalierError("is no checkpoint of this version", accepted: Trainer.remedy)
      }
      try check(JobIdentity(text: file.bytes("identity").text))
      let cursor: [Int64] = try file.values("cursor", count: 6)
      let sums: [Double] = try file.values("sums", count: 3)
      let history = try TrainingHistory(table: file.dataset("history").read())
      let samples = try file.number(attribute: "samples", as: Int64.self).map(Int.init)
      try check(cursor, samples: samples, history)

      if file.exists("network/onnx") {
        let graph = try Graph(onnxBytes: file.bytes("network/onnx"))
        for hook in seams.hooks { try hook.willResume(with: graph, epoch: Int(cursor[0]), self) }
        // All that the optimiser remembers is in the file.
        try replaceGraph(graph) { _, _ in nil }
        let stored = try file.bytes("network/seams").text
        guard seamsInForce == stored else {
          throw EspalierError("its network was replaced under other seams: \(stored)", accepted: seamsInForce)
        }
      }
      var restored: [(latent: Tensor<Float>, state: [[Float]])] = []
      for (position, parameter) in parameters.enumerated() {
        let group = try file.group("parameters/\(position)")
        guard try group.text(attribute: "name") == parameter.name else {
          throw EspalierError("lacks parameter '\(parameter.name)'")
        }
        func read(_ name: String) throws -> Tensor<Float> { try group.dataset(name).tensor(of: parameter.latent.shape) }
        restored.append((try read("latent"), try parameter.state.indices.map { try read("state-\($0)").elements }))
      }
      let running = try file.tensors(inGroup: "statistics", like: statistics)
      var best: BestEpoch?
      if file.exists("best") {
        let group = try file.group("best")
        let number = try group.number(attribute: "epoch", as: Int64.self).map(Int.init) ?? 0
        guard history.epochs.indices.contains(number - 1) else { throw EspalierError("its best epoch is \(number)") }
        best = BestEpoch(epoch: history.epochs[number - 1], values: try file.tensors(inGroup: "best", like: values))
      }

      for (parameter, values) in zip(parameters, restored) { (parameter.latent, parameter.state) = values }
      statistics = running
      (epoch, step, totalSteps) = (Int(cursor[0]), Int(cursor[1]), Int(cursor[2]))
      tally = Tally(loss: sums[0], correct: Int(cursor[3]), samples: Int(cursor[4]), seconds: sums[1], terms: Int(cursor[5]))
      firstLoss = sums[2]
      self.history = history
      self.best = best
      trainingSamples = samples
    }
    try renewWeights()
  }

  private static let format = "espalier training checkpoint 3"
  private static let remedy = "the command that wrote it, or another --out; without the file it begins anew"

  /// What has to be the same for a run to go on: the job, the network with its weights, settings and seams.
  private func identity() throws -> JobIdentity {
    var identity = JobIdentity("training")
    identity.add("of", job)
    identity.add("network", initialDigest())
    identity.add("output", output)
    identity.add("settings", settings.description)
    identity.add("seams", initialSeams)
    identity.add("hooks", seams.hooks.map { String(reflecting: type(of: $0)) }.joined(separator: "; "))
    return identity
  }

  private func check(_ stored: JobIdentity?) throws {
    guard let stored else { throw EspalierError("does not say of which run it is", accepted: Trainer.remedy) }
    guard let other = try identity().difference(from: stored) else { return }
    let name = other.name.hasPrefix("of.") ? String(other.name.dropFirst(3)) : other.name
    throw EspalierError(
      "is of another run: its \(name) is \(other.there ?? "none"), here it is \(other.here ?? "none")",
      accepted: Trainer.remedy)
  }

  /// Refuses a position in the run that cannot be.
  private func check(_ cursor: [Int64], samples: Int?, _ history: TrainingHistory) throws {
    let position = "epochs, step, steps, right, seen and terms of the loss are \(cursor.map(String.init).joined(separator: ", "))"
    guard cursor.allSatisfy({ (0...Int64(1) << 40).contains($0) }), cursor[0] <= settings.epochs,
      history.epochs.count == cursor[0], samples.map({ (2...1 << 40).contains($0) }) ?? (cursor[2] == 0)
    else { throw EspalierError("its position in the run cannot be: \(position)") }
    let steps = Int64(samples.map { settings.steps(of: $0) } ?? 0)
    guard cursor[1] <= steps, cursor[2] == cursor[0] * steps + cursor[1], cursor[3] <= cursor[5],
      cursor[4] <= cursor[1] * Int64(settings.batch), cursor[5] / Int64(plan.loss.labelCount) <= cursor[4]
    else { throw EspalierError("its position in the run cannot be: \(position)", accepted: "\(steps) steps an epoch") }
  }
}

extension HDF5Group {
  fileprivate func bytes(_ name: String) throws -> [UInt8] { try dataset(name).read(as: UInt8.self).elements }

  fileprivate func write(_ tensors: [String: Tensor<Float>], toGroup group: String) throws {
    _ = try createGroup(group)
    for (position, (name, tensor)) in tensors.sorted(by: { $0.key < $1.key }).enumerated() {
      try write(tensor, to: "\(group)/\(position)").setAttribute("name", name)
    }
  }

  /// Tensors by name, each of the shape of the one of that name in `known`.
  fileprivate func tensors(inGroup group: String, like known: [String: Tensor<Float>]) throws -> [String: Tensor<Float>] {
    Dictionary(
      uniqueKeysWithValues: try known.keys.sorted().enumerated().map { position, name in
        let dataset = try dataset("\(group)/\(position)")
        guard try dataset.text(attribute: "name") == name else { throw EspalierError("lacks '\(name)'", location: group) }
        return (name, try dataset.tensor(of: known[name]!.shape))
      })
  }
}

extension Tensor<UInt8> {
  fileprivate init(bytes: some Collection<UInt8>) { self.init(Array(bytes), shape: [bytes.count]) }
}

extension [UInt8] {
  fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}

extension HDF5Object {
  fileprivate func values<Scalar: HDF5Scalar>(_ name: String, count: Int) throws -> [Scalar] {
    guard let values: Tensor<Scalar> = try numbers(attribute: name), values.count == count else {
      throw EspalierError("attribute '\(name)' is missing or has the wrong length", accepted: "\(count) numbers")
    }
    return values.elements
  }
}

extension HDF5Dataset {
  fileprivate func tensor(of shape: Shape) throws -> Tensor<Float> {
    let stored = try self.shape()
    guard stored == shape else { throw EspalierError("has shape \(stored)", location: path, accepted: "\(shape)") }
    return try read()
  }
}

extension TrainingHistory {
  /// One row an epoch, in the order of the CSV file; NaN where there is no validation.
  fileprivate var table: Tensor<Double> {
    let rows = epochs.flatMap { epoch in
      [
        Double(epoch.epoch), epoch.rate, epoch.loss, epoch.accuracy ?? .nan, epoch.validationLoss ?? .nan,
        epoch.validationAccuracy ?? .nan,
        epoch.imagesPerSecond, epoch.seconds,
      ]
    }
    return Tensor(rows, shape: [epochs.count, 8])
  }

  fileprivate init(table: Tensor<Double>) throws {
    guard table.shape.rank == 2, table.shape[1] == 8 else {
      throw EspalierError("its history has shape \(table.shape)", accepted: "8 columns")
    }
    epochs = (0..<table.shape[0]).map { row in
      let x = table.elements[row * 8..<(row + 1) * 8].map { $0 }
      return Epoch(
        epoch: Int(exactly: x[0]) ?? row + 1, rate: x[1], loss: x[2], accuracy: x[3].isNaN ? nil : x[3],
        validationLoss: x[4].isNaN ? nil : x[4],
        validationAccuracy: x[5].isNaN ? nil : x[5], imagesPerSecond: x[6], seconds: x[7])
    }
  }
}
