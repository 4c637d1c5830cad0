import Foundation
import Results
import Storage
import Tensors
import TestSupport
import Testing

private let schema = RelevanceSchema(
  map: [2, 3, 4], classes: 3, classNames: ["ant", "bee", "cat"],
  layers: [
    RelevanceLayer(name: "features.conv1", node: "/features/conv1", order: 0, channels: 5),
    RelevanceLayer(name: "conv2", node: "conv2", order: 2, channels: 5),
    RelevanceLayer(name: "a.fc", node: "a/fc", order: 4, channels: 3),
  ],
  heads: [RelevanceLayer(name: "attention.MatMul", node: "/attention/MatMul", order: 3, channels: 4)],
  provenance: ["composite": "epsilon_plus"])

/// Rows whose numbers tell where they stand.
private func rows(_ range: Range<Int>, maps: Bool = true) -> RelevanceRows {
  func values(_ kind: Int, _ shape: [Int]) -> Tensor<Float> {
    let size = shape.reduce(1, *)
    let start = kind * 10_000 + range.lowerBound * size
    return Tensor((0..<range.count * size).map { Float(start + $0) / 8 }, shape: Shape([range.count] + shape))
  }
  return RelevanceRows(
    indices: range.map { UInt32(2 * $0 + 1) }, labels: range.map { UInt16($0 % 3) }, predictions: values(0, [3]),
    attribution: maps ? values(1, [2, 3, 4]) : nil,
    signed: [values(2, [5]), values(3, [5]), values(4, [3])], absolute: [values(5, [5]), values(6, [5]), values(7, [3])],
    heads: [values(8, [4])])
}

private func write(_ path: String, _ schema: RelevanceSchema) throws {
  let writer = try RelevanceWriter(path, schema: schema, count: 7)
  for part in [4..<7, 0..<4] { try writer.write(rows(part, maps: schema.precision != .none), at: part.lowerBound) }
  try writer.commit()
}

@Suite struct RelevanceFileTests {
  @Test(arguments: MapPrecision.allCases) func whatIsWrittenIsRead(precision: MapPrecision) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "relevance.h5").path
      var written = schema
      written.precision = precision
      try write(path, written)
      let reader = try RelevanceReader(path)
      var expected = rows(2..<6, maps: precision != .none)
      if precision == .float16 { expected.attribution = expected.attribution?.map { Float(Float16($0)) } }
      #expect(try reader.read(2..<6) == expected)
      #expect(reader.count == 7)
      #expect(reader.schema.layers == schema.layers && reader.schema.heads == schema.heads)
      #expect(reader.schema.classNames == schema.classNames)
      #expect(reader.schema.precision == precision)
    }
  }

  /// A gradient is no share of what relevance starts from.
  @Test(arguments: [
    ("lrp", "epsilon_plus", "one-hot", "share of the start relevance"), ("lrp", "epsilon_plus", "logit", "output"),
    ("lrp", "guided_backprop", "one-hot", "output per input"), ("gradient", "gradient", "one-hot", "output per input"),
    ("smoothgrad:n=5", "gradient", "one-hot", "output per input"), ("input-x-gradient", "gradient", "logit", "output"),
    ("random:seed=1", "", "one-hot", "arbitrary"),
  ])
  func unitsAreThoseOfTheMethod(attributor: String, composite: String, start: String, unit: String) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "relevance.h5").path
      var written = schema
      written.provenance = ["attributor": attributor, "composite": composite, "start": start]
      try write(path, written)
      let file = try HDF5File.open(path)
      let layer = try #require(try file.group("relevance").children().first)
      for name in ["attribution", "relevance/\(layer)", "relevance-absolute/\(layer)"] {
        #expect(try file.dataset(name).text(attribute: "units") == unit, "\(name)")
      }
    }
  }

  @Test func nothingStandsBeforeTheCommit() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "relevance.h5").path
      do {
        let writer = try RelevanceWriter(path, schema: schema, count: 7)
        try writer.write(rows(0..<3), at: 0)
        #expect(!FileManager.default.fileExists(atPath: path))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
  }

  @Test func anotherHDF5FileIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "other.h5").path
      #expect(throws: EspalierError.self) { try RelevanceReader(path) }
      try Data("no HDF5".utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: EspalierError.self) { try RelevanceReader(path) }
    }
  }

  /// Texts of variable length among the rest: nodes' names, classes and provenance.
  @Test func damagedFilesAreRefusedOrRead() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "relevance.h5").path
      try write(path, schema)
      let mutated = try Mutator([UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
      var refused = 0
      for number in 0..<300 {
        let damaged = folder.appending(path: "\(number).h5").path
        try Data(mutated(number)).write(to: URL(fileURLWithPath: damaged))
        do {
          let reader = try RelevanceReader(damaged)
          _ = try reader.read(0..<reader.count)
        } catch is EspalierError { refused += 1 }
        try FileManager.default.removeItem(atPath: damaged)
      }
      #expect(refused > 100)
    }
  }

  @Test(.enabled(if: Python.isAvailable, "needs ESPALIER_PYTHON")) func peersReadIt() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "relevance.h5").path
      try write(path, schema)
      let script = try String(contentsOfFile: testResource("read_relevance.py").path, encoding: .utf8)
      #expect(try Python.run(script, path, folder.path) == "h5py xarray virelay\n")
    }
  }
}
