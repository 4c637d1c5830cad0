import Foundation
import Networks
import Storage
import Tensors

/// A training run as it is stored between two steps: latent weights, what the optimiser remembers, running statistics, the
/// place in the epoch, the sums of the epoch so far and the history.
///
/// An HDF5 file. The attributes `settings`, `seams`, `network` and `samples` say what the run is; all of them have to be the
/// same for it to go on.
extension Trainer {
  /// Saves the run.
  ///
  /// The file is written beside its place and renamed when whole.
  ///
  /// - Throws: `EspalierError` naming the file.
  public func save(to url: URL) throws {
    let file = try HDF5File.create(url.path)
    try file.setAttribute("format", Trainer.format)
    for (name, text) in try identity { try file.setAttribute(name, text) }
    if let trainingSamples { try file.setAttribute("samples", Int64(trainingSamples)) }
    try file.setAttribute("cursor", [epoch, step, totalSteps, tally.correct, tally.samples].map(Int64.init))
    try file.setAttribute("sums", [tally.loss, tally.seconds])
    for (place, parameter) in parameters.enumerated() {
      let group = try file.createGroup("parameters/\(place)")
      try group.setAttribute("name", parameter.name)
      try group.write(parameter.latent, to: "latent")
      for (number, state) in parameter.state.enumerated() {
        try group.write(Tensor(state, shape: parameter.latent.shape), to: "state-\(number)")
      }
    }
    for (place, (name, tensor)) in statistics.sorted(by: { $0.key < $1.key }).enumerated() {
      try file.write(tensor, to: "statistics/\(place)").setAttribute("name", name)
    }
    try file.write(history.table, to: "history")
    try file.commit(sealed: true)
  }

  /// Goes on with a saved run: what follows is the same, to the bit, as if it had never stopped.
  ///
  /// - Throws: `EspalierError` naming the file, if it is of a run with other settings, network or seams, or damaged.
  public func resume(from url: URL) throws {
    try naming(file: url.path) {
      let file = try HDF5File.open(url.path, sealed: true)
      guard try file.text(attribute: "format") == Trainer.format else { throw EspalierError("is no checkpoint of this version") }
      for (name, text) in try identity {
        let stored = try file.text(attribute: name) ?? ""
        guard stored == text else { throw EspalierError("is of a run with other \(name): \(stored)", accepted: text) }
      }
      let cursor: [Int64] = try file.values("cursor", count: 5)
      let sums: [Double] = try file.values("sums", count: 2)
      guard cursor.allSatisfy({ (0...Int64(1) << 40).contains($0) }), cursor[0] <= settings.epochs else {
        throw EspalierError("its place in the run is \(cursor)", accepted: "at most \(settings.epochs) epochs")
      }
      var restored: [(latent: Tensor<Float>, state: [[Float]])] = []
      for (place, parameter) in parameters.enumerated() {
        let group = try file.group("parameters/\(place)")
        guard try group.text(attribute: "name") == parameter.name else {
          throw EspalierError("lacks parameter '\(parameter.name)'")
        }
        func read(_ name: String) throws -> Tensor<Float> { try group.dataset(name).tensor(of: parameter.latent.shape) }
        restored.append((try read("latent"), try parameter.state.indices.map { try read("state-\($0)").elements }))
      }
      let names = statistics.keys.sorted()
      let running = try names.enumerated().map { place, name in
        let dataset = try file.dataset("statistics/\(place)")
        guard try dataset.text(attribute: "name") == name else { throw EspalierError("lacks statistic '\(name)'") }
        return (name, try dataset.tensor(of: statistics[name]!.shape))
      }
      let history = try TrainingHistory(table: file.dataset("history").read())

      for (parameter, values) in zip(parameters, restored) { (parameter.latent, parameter.state) = values }
      statistics = Dictionary(uniqueKeysWithValues: running)
      (epoch, step, totalSteps) = (Int(cursor[0]), Int(cursor[1]), Int(cursor[2]))
      tally = Tally(loss: sums[0], correct: Int(cursor[3]), samples: Int(cursor[4]), seconds: sums[1])
      self.history = history
      trainingSamples = try file.number(attribute: "samples", as: Int64.self).map(Int.init)
    }
    try renewWeights()
  }

  private static let format = "espalier training checkpoint 1"

  /// What has to be the same for a run to go on.
  private var identity: [(name: String, text: String)] {
    get throws {
      [("settings", settings.description), ("seams", seams.description), ("network", try graph.trainingDigest)]
    }
  }
}

extension Graph {
  /// A digest of all that training leaves as it is: operators, wiring, shapes, and the values of constants that are not trained.
  fileprivate var trainingDigest: String {
    get throws {
      let graph = try preparedForTraining()
      var changing = Set(graph.trainableRoles.keys)
      for node in graph.nodes where node.op is Op.BatchNormalization { changing.formUnion(node.inputs.compactMap { $0 }) }
      let nodes = graph.nodes.map { "\($0.op.name) \($0.op) \($0.inputs.map { $0 ?? "" }) \($0.outputs)" }
      let constants = graph.constants.sorted { $0.key < $1.key }.map { name, constant in
        let values =
          switch constant {
          case _ where changing.contains(name): UInt64(0)
          case .float(let tensor): tensor.elements.digest(\.bitPattern)
          case .int64(let tensor): tensor.elements.digest { UInt64(bitPattern: $0) }
          }
        return "\(name) \(constant.shape) \(values)"
      }
      return String(Philox.stream(named: (nodes + constants).joined(separator: "\n")), radix: 16)
    }
  }
}

extension Array {
  /// FNV-1a over words.
  fileprivate func digest(_ bits: (Element) -> some FixedWidthInteger & UnsignedInteger) -> UInt64 {
    reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64(bits($1))) &* 0x100_0000_01B3 }
  }
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
    guard stored == shape else { throw EspalierError("has shape \(stored)", place: path, accepted: "\(shape)") }
    return try read()
  }
}

extension TrainingHistory {
  /// One row an epoch, in the order of the CSV file; NaN where there is no validation.
  fileprivate var table: Tensor<Double> {
    let rows = epochs.flatMap { epoch in
      [
        Double(epoch.epoch), epoch.rate, epoch.loss, epoch.accuracy, epoch.validationLoss ?? .nan,
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
        epoch: Int(exactly: x[0]) ?? row + 1, rate: x[1], loss: x[2], accuracy: x[3], validationLoss: x[4].isNaN ? nil : x[4],
        validationAccuracy: x[5].isNaN ? nil : x[5], imagesPerSecond: x[6], seconds: x[7])
    }
  }
}
