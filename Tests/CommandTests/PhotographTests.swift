import Foundation
import TestSupport
import Testing

/// Real networks on real photographs: the 20 ImageNet images that foolbox carries, whose classes stand in their names.
///
/// The networks are not part of the repository: `ESPALIER_MODELS` names their folder.
@Suite struct PhotographTests {
  static let models = ProcessInfo.processInfo.environment["ESPALIER_MODELS"]

  @Test(
    .enabled(if: models != nil, "ESPALIER_MODELS names no folder"),
    .enabled(if: Python.isAvailable, "ESPALIER_PYTHON is not set"),
    arguments: [
      (
        "mobilenet_v2",
        "resize = 256\ncrop = 224\nmean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\n"
      ),
      (
        "efficientnet_lite0",
        "crop-share = 0.875\nresize = [224, 224]\ninterpolation = \"bicubic\"\nscale = 1\nmean = [127, 127, 127]\nstd = [128, 128, 128]\n"
      ),
    ])
  func eighteenOfTwentyAreRecognised(model: String, preprocessing: String) throws {
    try withTemporaryFolder { folder in
      let script = """
        import glob, importlib.util, os
        folder = importlib.util.find_spec('foolbox').submodule_search_locations[0]
        print('path,label')
        for path in sorted(glob.glob(os.path.join(folder, 'data', 'imagenet_*.jpg'))):
            print(path + ',' + os.path.basename(path)[:-4].split('_')[2])
        """
      try Python.run(script).write(to: folder.appendingPathComponent("images.csv"), atomically: true, encoding: .utf8)
      try preprocessing.write(to: folder.appendingPathComponent("preprocessing.toml"), atomically: true, encoding: .utf8)
      let network = URL(fileURLWithPath: try #require(PhotographTests.models)).appendingPathComponent("\(model).onnx").path
      let outcome = try Tool.run(
        "evaluate", network, "--data", "csv:images.csv", "--preprocess", "preprocessing.toml", "--json", "--quiet", in: folder)
      #expect(outcome.status == 0, "\(outcome.talk)")
      struct Result: Decodable {
        var top1: Double
        var pictures: Int
      }
      let result = try JSONDecoder().decode(Result.self, from: Data(outcome.output.utf8))
      #expect(result.pictures == 20)
      #expect(result.top1 >= 0.9)
    }
  }
}
