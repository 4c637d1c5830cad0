import Foundation
import TestSupport
import Testing

/// `dissect` beside a brute-force twin in numpy, on random networks and masks whose activations are exact in both.
@Suite struct NumpyDissectionTests {
  @Test(
    .enabled(if: Python.isAvailable, "needs ESPALIER_PYTHON"),
    arguments: [
      (seed: 1, site: "linear", quantile: "0.005", share: "0.1"), (seed: 2, site: "linear", quantile: "0.05", share: "0.25"),
      (seed: 3, site: "activation", quantile: "0.02", share: "0.5"), (seed: 4, site: "linear", quantile: "0.3", share: "1"),
      (seed: 5, site: "activation", quantile: "0.2", share: "0.05"),
    ])
  func theToolEqualsTheTwin(seed: Int, site: String, quantile: String, share: String) throws {
    let script = try String(contentsOf: testResource("dissection_twin.py"), encoding: .utf8)
    try withTemporaryFolder { folder in
      try Python.run(script, "make", folder.path, "\(seed)")
      let run = try Tool.run(
        "dissect", "model.onnx", "--data", "hdf5:images.h5", "--concepts", "hdf5:concepts.h5", "--site", site, "--quantile",
        quantile, "--vote-share", share, "--batch", "\(seed + 2)", "--out", "out.h5", in: folder)
      #expect(run.status == 0, "\(run.talk)")
      let text = try Python.run(script, "check", folder.path, "\(seed)", site, quantile, share)
      #expect(text.contains("IoU compared"), "\(text)")
    }
  }
}
