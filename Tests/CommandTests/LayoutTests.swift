import Foundation
import Storage
import TestSupport
import Tensors
import Testing

/// Networks whose batch axis holds more, or less, than one row an image; sizes that are not declared; what does not fit.
///
/// The files in `Resources/layouts` were exported by PyTorch or made with onnx, the gradients there computed by PyTorch.
@Suite struct LayoutTests {
  private func withLayouts(_ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let source = testResource("layouts")
      for file in try FileManager.default.contentsOfDirectory(atPath: source.path) {
        try FileManager.default.copyItem(at: source.appendingPathComponent(file), to: folder.appendingPathComponent(file))
      }
      try body(folder)
    }
  }

  /// The numbers of a NumPy file of 32-bit floats, format 1.0.
  private func numbers(_ file: URL) throws -> [Float] {
    let data = [UInt8](try Data(contentsOf: file))
    let start = 10 + Int(data[8]) + Int(data[9]) << 8
    #expect(String(decoding: data[10..<start], as: UTF8.self).contains("'<f4'"))
    return stride(from: start, to: data.count, by: 4).map { position in
      Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[position + $1]) << UInt32(8 * $1) })
    }
  }

  @Test(arguments: ["batch-norm", "linear"], ["1", "2", "3"]) func gradientsOfTokensAreThoseOfPyTorch(name: String, batch: String)
    throws
  {
    try withLayouts { folder in
      let run = try Tool.run(
        "relevance", "\(name).onnx", "--data", "hdf5:rows.h5", "--target", "0", "--attributor", "gradient", "--batch", batch,
        "--quiet", "--out", "r.h5", in: folder)
      #expect(run.status == 0, "\(run.talk)")
      let values: Tensor<Float> = try HDF5File.open(folder.appendingPathComponent("r.h5").path).dataset("attribution").read()
      let expected = Tensor(try numbers(folder.appendingPathComponent("\(name)-gradient.npy")), shape: values.shape)
      expectClose(values, expected, Tolerance(absolute: 1e-6, relative: 1e-4), name)
    }
  }

  /// Composites, statistics, scores and repair of weights take several rows an image, or say which layer they do not take.
  @Test func everyVerbTakesTokensOrNamesTheLayer() throws {
    try withLayouts { folder in
      for name in ["batch-norm", "linear"] {
        for verb in [
          [
            "relevance", "\(name).onnx", "--data", "hdf5:rows.h5", "--target", "0", "--composite", "epsilon_plus", "--out",
            "a.h5",
          ],
          ["stats", "\(name).onnx", "--data", "hdf5:rows.h5", "--out", "b.h5"],
          ["score", "\(name).onnx", "--data", "hdf5:rows.h5", "--criterion", "lrp", "--out", "c.h5", "--target", "0"],
          ["score", "\(name).onnx", "--data", "hdf5:rows.h5", "--criterion", "taylor-2019", "--target", "0", "--out", "d.h5"],
        ] {
          let run = try Tool.run(verb + ["--quiet"], in: folder)
          #expect(run.status == 0 || run.failed(mentioning: "layer"), "\(verb): \(run)")
        }
      }
      // Relevance at the tokens' layer, summed over the image's rows: with ε → 0 and no bias to speak of it is one number an
      // image.
      let file = try HDF5File.open(folder.appendingPathComponent("a.h5").path)
      let relevance: Tensor<Float> = try file.dataset("relevance/q.Gemm").read()
      #expect(relevance.shape == [2, 6])
    }
  }

  @Test(arguments: ["squeeze-all", "reshape-to-1", "constant-output"]) func formsOfTheBatch(name: String) throws {
    try withLayouts { folder in
      for batch in ["1", "3", "32"] {
        let run = try Tool.run("evaluate", "\(name).onnx", "--data", "hdf5:images.h5", "--batch", batch, "--json", in: folder)
        #expect(run.status == 0 && run.output.contains("top1"), "\(run.talk)")
        #expect(run.talk.contains("one by one") == (name == "reshape-to-1"), "\(run.talk)")
      }
      let inspected = try Tool.run("inspect", "\(name).onnx", in: folder)
      #expect(inspected.status == 0, "\(inspected.talk)")
      let pruned = try Tool.run(
        "prune", "\(name).onnx", "--criterion", "l1", "--budget", "filters=0.6", "--latency-batch", "0", "--quiet", "--out",
        "s.onnx",
        in: folder)
      #expect(pruned.status == 0, "\(pruned.talk)")
      let again = try Tool.run("evaluate", "s.onnx", "--data", "hdf5:images.h5", in: folder)
      #expect(again.status == 0, "\(again.talk)")
    }
  }

  @Test(arguments: [("6-to-4", [0, 1, 3, 4]), ("6-to-8", [0, 0, 1, 2, 3, 3, 4, 5])])
  func sizesTakeTheColumnsOfPyTorch(name: String, columns: [Float]) throws {
    try withLayouts { folder in
      let run = try Tool.run(
        "relevance", "\(name).onnx", "--data", "hdf5:resize.h5", "--maps", "none", "--target", "0", "--quiet", "--out", "r.h5",
        in: folder)
      #expect(run.status == 0, "\(run.talk)")
      let values: Tensor<Float> = try HDF5File.open(folder.appendingPathComponent("r.h5").path).dataset("prediction").read()
      #expect(Array(values.elements.prefix(columns.count)) == columns)
    }
  }

  /// Height and width that a file leaves open are given by name, and are open again in what is written.
  @Test func openAxesGetLengths() throws {
    try withLayouts { folder in
      let base = ["dynamic-size.onnx", "--data", "hdf5:dynamic.h5", "--target", "0", "--quiet", "--out", "r.h5"]
      let open = try Tool.run(["relevance"] + base, in: folder)
      #expect(open.failed(mentioning: "--axis H=LENGTH"), "\(open)")
      let run = try Tool.run(["relevance"] + base + ["--axis", "H=8", "--axis", "W=8"], in: folder)
      #expect(run.status == 0, "\(run.talk)")
      let values: Tensor<Float> = try HDF5File.open(folder.appendingPathComponent("r.h5").path).dataset("attribution").read()
      #expect(values.shape == [2, 3, 8, 8])
      let inspected = try Tool.run("inspect", "dynamic-size.onnx", "--axis", "H=16", "--axis", "W=4", "--json", in: folder)
      #expect(inspected.status == 0 && inspected.output.contains("macs"), "\(inspected.talk)")
      for wrong in ["D=8", "H=0", "H", "H=x"] {
        let refused = try Tool.run("inspect", "dynamic-size.onnx", "--axis", wrong, in: folder)
        #expect(refused.failed(mentioning: "--axis"), "\(refused)")
      }
      let pruned = try Tool.run(
        "prune", "dynamic-size.onnx", "--axis", "H=8", "--axis", "W=8", "--criterion", "l1", "--budget", "filters=0.6",
        "--latency-batch", "0", "--quiet", "--out", "s.onnx", in: folder)
      #expect(pruned.status == 0, "\(pruned.talk)")
      let again = try Tool.run("inspect", "s.onnx", "--axis", "H=32", "--axis", "W=32", in: folder)
      #expect(again.status == 0, "\(again.talk)")
    }
  }

  /// What is larger than the memory there is, or than a file's own weights would explain, is refused or left unfolded.
  @Test func memoryIsAskedForBeforeItIsTaken() throws {
    try withLayouts { folder in
      let inspected = try ToolProcess.run(
        Tool.url.path, ["inspect", "folding-eight-times-2-27.onnx"], in: folder, seconds: 20)
      #expect(inspected.status == 0 && !inspected.timedOut && inspected.peak < 1 << 29, "\(inspected)")
      let talk = Pipe()
      let process = try Tool.start(
        ["tune", "activation-too-large.onnx", "--data", "hdf5:attack.h5", "--epochs", "1", "--out", "t.onnx", "--quiet"],
        in: folder, talk: talk, environment: ["ESPALIER_MEMORY": "200M"])
      let text = String(decoding: talk.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 1)
      #expect(text.contains(/need [0-9.]+ GiB of memory/) && text.contains("ESPALIER_MEMORY=SIZE"), "\(text)")
    }
  }

  /// The file of a fuzzer, whose rank is seen only by those who look at what a layer reads.
  @Test func moreAxesThanTheEngineTakes() throws {
    try withLayouts { folder in
      let file = try HDF5File.create(folder.appendingPathComponent("concepts.h5").path)
      try file.write(Tensor(repeating: UInt8(1), shape: [12, 2, 4, 4]), to: "concepts")
      try file.commit()
      for verb in [["stats"], ["dissect", "--concepts", "hdf5:concepts.h5"]] {
        let run = try Tool.run(
          [verb[0], "struct-05430.onnx", "--data", "hdf5:attack.h5", "--site", "input", "--quiet", "--out", "out.h5"]
            + verb.dropFirst(), in: folder)
        #expect(run.failed(mentioning: "value 'w13' has 15 axes"), "\(verb): \(run.status) \(run.talk.prefix(300))")
      }
    }
  }

  /// Of layers on tokens the rows of an image are fitted together.
  @Test func layersOnTokensAreReconstructed() throws {
    try withLayouts { folder in
      for mode in ["scales", "kernels"] {
        let run = try Tool.run(
          "prune", "linear.onnx", "--criterion", "l1", "--budget", "filters=0.6", "--reconstruct", mode, "--data", "hdf5:rows.h5",
          "--latency-batch", "0", "--out", "\(mode).onnx", in: folder)
        #expect(run.status == 0, "\(run.status) \(run.talk.prefix(300))")
        let again = try Tool.run("inspect", "\(mode).onnx", in: folder)
        #expect(again.status == 0, "\(again)")
      }
    }
  }

  /// What no verb can take is refused by all of them in one line that names layer or input.
  @Test func whatDoesNotFitIsOneLine() throws {
    try withLayouts { folder in
      for verb in [
        ["evaluate", "rank13.onnx", "--data", "hdf5:attack.h5"],
        ["relevance", "rank13.onnx", "--data", "hdf5:attack.h5", "--out", "out.h5"],
        ["stats", "rank13.onnx", "--data", "hdf5:attack.h5", "--out", "out.h5"],
        ["score", "rank13.onnx", "--data", "hdf5:attack.h5", "--criterion", "lrp", "--out", "out.h5"],
        ["tune", "rank13.onnx", "--data", "hdf5:attack.h5", "--epochs", "1", "--out", "out.h5"],
      ] {
        let run = try Tool.run(verb + ["--quiet"], in: folder)
        #expect(run.failed(mentioning: "axes"), "\(verb): \(run)")
      }
      for model in ["conv1d.onnx", "vector-first.onnx"] {
        let run = try Tool.run(
          "relevance", model, "--data", "hdf5:images.h5", "--quiet", "--out", "r.h5", in: folder)
        #expect(run.status == 0 || run.status == 1 && run.talk.filter(\.isNewline).count == 1, "\(model): \(run)")
      }
    }
  }
}
