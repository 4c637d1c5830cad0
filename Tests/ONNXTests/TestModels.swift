import Foundation
import TestSupport

/// The model files that tests read.
enum TestModels {
  /// The small models that `make_models.py` makes.
  static let resources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Resources")

  /// The networks beside the reference values.
  static let golden = ["vgg", "resnet", "inception", "mobile"].map { GoldenFiles.url("networks/\($0).onnx") }

  /// Forms of older and newer operator sets.
  static var older: [URL] { models(in: resources.appendingPathComponent("older")) + newer }

  /// Operators of newer sets, and functions.
  static var newer: [URL] { models(in: resources.appendingPathComponent("newer")) }

  /// Whether a file has functions, branches or loops, in whose place their nodes are read.
  static func isWrittenOut(_ file: URL) -> Bool {
    ["attention", "functions", "group-norm", "rms-norm", "size", "if", "loop"].contains {
      newer.contains(file) && file.lastPathComponent.hasPrefix($0)
    }
  }

  /// Real networks in the folder that the environment variable `ESPALIER_MODELS` names.
  static var real: [URL] {
    ProcessInfo.processInfo.environment["ESPALIER_MODELS"].map { models(in: URL(fileURLWithPath: $0)) } ?? []
  }

  /// The real graphs with constant weights that Python's `onnx` carries, 25 to 575 MB once run.
  static func light() throws -> [URL] {
    let folder = try Python.run("import onnx, os; print(os.path.dirname(onnx.__file__), end='')")
    return models(in: URL(fileURLWithPath: folder).appendingPathComponent("backend/test/data/light"))
  }

  private static func models(in folder: URL) -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".onnx") }.sorted().map(folder.appendingPathComponent)
  }
}
