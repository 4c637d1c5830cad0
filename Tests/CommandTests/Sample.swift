import Foundation
import Storage
import Tensors
import TestSupport

/// Small files that the tool can work on.
enum Sample {
  /// Writes `images.h5`: images [N, 1, 28, 28] whose class, of ten, is where a bright square stands.
  static func images(_ count: Int = 40, in folder: URL, labels: ((Int) -> Int)? = { $0 % 10 }, name: String = "images.h5")
    throws
  {
    var random = Philox(seed: 7)
    var elements = [Float](repeating: 0, count: count * 784)
    for image in 0..<count {
      let (row, column) = (image % 10 / 5 * 14 + 2, image % 5 * 5)
      for position in 0..<784 {
        let isInside = row..<row + 8 ~= position / 28 && column..<column + 5 ~= position % 28
        elements[image * 784 + position] = Float(random.uniform()) * 0.3 + (isInside ? 1 : 0)
      }
    }
    let file = try HDF5File.create(folder.appendingPathComponent(name).path)
    try file.write(Tensor(elements, shape: [count, 1, 28, 28]), to: "data")
    if let labels { try file.write(Tensor((0..<count).map { UInt16(labels($0)) }, shape: [count]), to: "label") }
    try file.commit()
  }

  /// A file of a step in `small.onnx.steps`, by the step's number and name, and the file's ending; nil if there is none.
  static func step(_ name: String, _ ending: String, in folder: URL) -> URL? {
    let steps = folder.appendingPathComponent("small.onnx.steps")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: steps.path)) ?? []
    return names.first { $0.hasPrefix(name + "-") && $0.hasSuffix(ending) }.map { steps.appendingPathComponent($0) }
  }

  /// Writes `lenet.onnx` and `images.h5`, and runs `body` in their folder.
  static func withModelAndImages(_ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try images(in: folder)
      let made = try Tool.run("new", "lenet", "--classes", "10", "--seed", "3", "--out", "lenet.onnx", in: folder)
      guard made.status == 0 else { throw EspalierError(made.talk, location: "espalier new") }
      try body(folder)
    }
  }
}
