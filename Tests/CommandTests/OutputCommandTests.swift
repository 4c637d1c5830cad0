import Foundation
import Images
import Networks
import ONNX
import Storage
import TestSupport
import Tensors
import Testing

/// Networks that answer for pixels, with numbers, with several outputs, or to signals, through the tool.
@Suite struct OutputCommandTests {
  private static func random(_ shape: Shape, _ stream: UInt64, _ scale: Double = 0.4) -> Tensor<Float> {
    var random = Philox(seed: 12, stream: stream)
    return Tensor((0..<shape.count).map { _ in Float(random.normal() * scale) }, shape: shape)
  }

  /// A convolutional network from [N, C, …] to K channels as large as its input, with a second head of 3 numbers an image.
  private static func network(channels: Int, spatial: [Int], classes: Int, to path: String) throws {
    var editor = GraphEditor(name: "maps")
    editor.inputs = [
      GraphInput(name: "input", dimensions: [.symbolic("N"), .fixed(channels)] + spatial.map { .fixed($0) })
    ]
    let rank = spatial.count
    func conv(_ name: String, _ input: String, _ inputs: Int, _ outputs: Int, kernel: Int) -> String {
      let weight = editor.add(
        .float(
          random(Shape([outputs, inputs] + Array(repeating: kernel, count: rank)), UInt64(name.utf8.reduce(0) { $0 + Int($1) }))),
        named: "\(name).weight")
      let bias = editor.add(.float(random([outputs], 99)), named: "\(name).bias")
      let padding = Array(repeating: kernel / 2, count: rank)
      let window = Window(padding: .explicit(begin: padding, end: padding))
      return editor.add(Op.Conv(window: window), named: name, inputs: [input, weight, bias])
    }
    let first = editor.add(Op.Relu(), named: "relu1", inputs: [conv("conv1", "input", channels, 8, kernel: 3)])
    let second = editor.add(Op.Relu(), named: "relu2", inputs: [conv("conv2", first, 8, 10, kernel: 3)])
    let maps = conv("classifier", second, 10, classes, kernel: 1)
    let pooled = editor.add(
      Op.Flatten(), named: "flat", inputs: [editor.add(Op.GlobalAveragePool(), named: "pool", inputs: [second])])
    let weight = editor.add(.float(random([3, 10], 5)), named: "numbers.weight")
    let numbers = editor.add(Op.Gemm(transposeB: true), named: "numbers", inputs: [pooled, weight])
    editor.outputs = [maps, numbers]
    try editor.graph().writeONNX(to: path)
  }

  private static func numbers(_ json: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
  }

  /// Images with an index mask each, in which class 3 stands nowhere and some pixels have no class.
  private static func images(_ count: Int, in folder: URL) throws {
    for name in ["images", "masks"] {
      try FileManager.default.createDirectory(at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
    }
    var random = Philox(seed: 3)
    for image in 0..<count {
      let pixels = (0..<12 * 10 * 3).map { _ in UInt8(random.next() >> 56) }
      try Image(pixels: Tensor(pixels, shape: [12, 10, 3])).writePNG(
        to: folder.appendingPathComponent("images/\(image).png").path)
      let labels = (0..<120).map { pixel in pixel % 7 == 0 ? 255 : UInt8((pixel / 10 + image) % 3) }
      try Image(pixels: Tensor(labels, shape: [12, 10, 1])).writePNG(to: folder.appendingPathComponent("masks/\(image).png").path)
    }
  }

  /// What onnxruntime and NumPy count.
  private static let confusion = """
    import json, sys
    import numpy as np, onnxruntime
    from PIL import Image
    session = onnxruntime.InferenceSession(sys.argv[1])
    matrix, loss = np.zeros((4, 4), int), []
    for i in range(int(sys.argv[2])):
        x = np.asarray(Image.open(f'images/{i}.png'), np.float32).transpose(2, 0, 1)[None] / 255
        y = session.run(None, {'input': x})[0][0].astype(float)
        labels = np.asarray(Image.open(f'masks/{i}.png')).astype(int)
        known = labels != 255
        np.add.at(matrix, (labels[known], y.argmax(0)[known]), 1)
        logs = y - np.log(np.exp(y).sum(0))
        loss += list(-np.take_along_axis(logs, np.where(known, labels, 0)[None], 0)[0][known])
    union = matrix.sum(0) + matrix.sum(1) - np.diag(matrix)
    iou = [d / u if u else None for d, u in zip(np.diag(matrix), union)]
    found = [x for x in iou if x is not None]
    print(json.dumps({'pixelAccuracy': np.trace(matrix) / matrix.sum(), 'meanIoU': sum(found) / len(found), 'iou': iou,
                      'loss': float(np.mean(loss))}))
    """

  @Test(.enabled(if: Python.isAvailable)) func pixelsAreCountedAsNumPyDoes() throws {
    try withTemporaryFolder { folder in
      try OutputCommandTests.images(9, in: folder)
      try OutputCommandTests.network(
        channels: 3, spatial: [12, 10], classes: 4, to: folder.appendingPathComponent("fcn.onnx").path)
      let outcome = try Tool.run(
        "evaluate", "fcn.onnx", "--data", "folder:images", "--masks", "masks", "--batch", "4", "--json", in: folder)
      #expect(outcome.status == 0, "\(outcome.talk)")
      let found = try OutputCommandTests.numbers(outcome.output)
      let script = "import os; os.chdir('\(folder.path)')\n" + OutputCommandTests.confusion
      let wanted = try OutputCommandTests.numbers(Python.run(script, "fcn.onnx", "9"))
      for key in ["pixelAccuracy", "meanIoU", "loss"] {
        expectClose([try #require(found[key] as? Double)], [try #require(wanted[key] as? Double)], Tolerance(relative: 1e-5), key)
      }
      let iou = try [found, wanted].map { try #require($0["iou"] as? [Any]).map { $0 as? Double ?? -1 } }
      expectClose(iou[0], iou[1], Tolerance(absolute: 1e-9), "IoU")
      #expect(iou[0].count == 4)

      // Tuning goes down, and what it writes is counted alike.
      let tuned = try Tool.run(
        "tune", "fcn.onnx", "--data", "folder:images", "--masks", "masks", "--epochs", "6", "--batch", "4", "--rate", "0.1",
        "--no-flip", "--pad-crop", "0", "--validation", "folder:images", "--out", "t.onnx", in: folder)
      #expect(tuned.status == 0, "\(tuned.talk)")
      let after = try OutputCommandTests.numbers(
        Tool.run("evaluate", "t.onnx", "--data", "folder:images", "--masks", "masks", "--json", in: folder).output)
      let loss = try (#require(found["loss"] as? Double), #require(after["loss"] as? Double))
      #expect(loss.1 < 0.8 * loss.0)
      #expect(abs(try #require(OutputCommandTests.numbers(Python.run(script, "t.onnx", "9"))["loss"] as? Double) - loss.1) < 1e-4)
      let last = try #require(
        String(contentsOf: folder.appendingPathComponent("t.csv"), encoding: .utf8).split(separator: "\n").last)
      #expect(abs(try #require(Double(last.split(separator: ",")[4])) - loss.1) < 1e-6)

      for (arguments, text) in [
        (["--data", "folder:images"], "the classes of the images' pixels are not known"),
        (["--data", "folder:images", "--masks", "nowhere"], "nowhere/0.png"),
        (["--data", "folder:images", "--masks", "images"], "has colours, which are no numbers of classes"),
        (
          ["--data", "folder:images", "--masks", "masks", "--output", "numbers", "--task", "segmentation"],
          "no pixels or positions"
        ),
        (["--data", "folder:images", "--masks", "masks", "--task", "regression"], "no numbers for labels"),
        (["--data", "image:images/0.png", "--masks", "masks"], "a folder of masks goes with a folder of images"),
        (["--data", "folder:images", "--masks", "masks", "--output", "conv9"], "did you mean"),
      ] {
        let outcome = try Tool.run(["evaluate", "fcn.onnx"] + arguments, in: folder)
        #expect(outcome.status == 1 && outcome.talk.contains(text), "\(text): \(outcome.talk)")
      }
    }
  }

  /// Relevance from pixels, in the file as people read it; what does not fit is refused in a line.
  @Test func relevanceStartsWhereItIsTold() throws {
    try withTemporaryFolder { folder in
      try OutputCommandTests.images(4, in: folder)
      try OutputCommandTests.network(
        channels: 3, spatial: [12, 10], classes: 4, to: folder.appendingPathComponent("fcn.onnx").path)
      func sums(_ target: String?, _ more: String...) throws -> (Tensor<Float>, Tensor<Float>) {
        let outcome = try Tool.run(
          ["relevance", "fcn.onnx", "--data", "folder:images", "--composite", "gradient", "--masks", "masks", "--out", "r.h5"]
            + (target.map { ["--target", $0] } ?? []) + more, in: folder)
        #expect(outcome.status == 0, "\(outcome.talk)")
        let file = try HDF5File.open(folder.appendingPathComponent("r.h5").path)
        defer { try? FileManager.default.removeItem(at: folder.appendingPathComponent("r.h5")) }
        return (try file.dataset("attribution").read(), try file.dataset("prediction").read())
      }
      let (one, shares) = try sums("2@5,6")
      for row in 0..<4 { #expect(abs(shares.rows(row..<row + 1).elements.reduce(0, +) - 1) < 1e-5) }
      // One pixel sees five by five.
      for (position, value) in one.elements.enumerated() where abs(position / 10 % 12 - 5) > 2 || abs(position % 10 - 6) > 2 {
        #expect(value == 0)
      }
      #expect(try sums("@2,5,6").0 == one && sums("2@5:6,6:7").0 == one)
      let numbers = try HDF5File.create(folder.appendingPathComponent("start.h5").path)
      var start = Tensor<Float>(repeating: 0, shape: [4, 4, 12, 10])
      for image in 0..<4 { start.elements[((image * 4 + 2) * 12 + 5) * 10 + 6] = 1 }
      try numbers.write(start, to: "start")
      try numbers.commit()
      #expect(try sums("hdf5:start.h5/start").0 == one)
      // By default every pixel starts at its own label.
      let whole = try sums(nil).0
      #expect(try sums("label").0 == whole && sums("predicted").0 != whole && sums("label@mask").0 != whole)
      for (target, text) in [
        ("4", "class 4 is not one of the network's"), ("@4,0,0", "the output has no entry 4,0,0"), ("@1,1", "no entry 1,1"),
        ("1@12,0", "the output has no such positions"), ("1@3", "the output has no such positions"), ("@all", "is no target"),
        ("hdf5:start.h5/none", "none"),
      ] {
        let outcome = try Tool.run(
          "relevance", "fcn.onnx", "--data", "folder:images", "--target", target, "--out", "r.h5", "--quiet", in: folder)
        #expect(outcome.status != 0 && outcome.talk.contains(text), "\(target): \(outcome.talk)")
      }
    }
  }

  /// What is pruned by scores of pixels answers at every output as the masked network does, here and in onnxruntime.
  @Test(arguments: ["lrp", "taylor-2019", "group-fisher", "obd", "l1"]) func allOutputsOfAPrunedNetworkAreProven(
    criterion: String
  ) throws {
    try withTemporaryFolder { folder in
      try OutputCommandTests.images(6, in: folder)
      let path = folder.appendingPathComponent("fcn.onnx").path
      try OutputCommandTests.network(channels: 3, spatial: [12, 10], classes: 4, to: path)
      let outcome = try Tool.run(
        "prune", "fcn.onnx", "--data", "folder:images", "--masks", "masks", "--criterion", criterion, "--budget", "macs=0.5",
        "--latency-batch", "0", "--out", "p.onnx", "--json", in: folder)
      #expect(outcome.status == 0, "\(criterion): \(outcome.talk)")
      guard outcome.status == 0 else { return }
      let report = try OutputCommandTests.numbers(outcome.output)
      let accuracy = try #require(report["accuracy"] as? [String: Any])
      #expect(accuracy["measure"] as? String == "mean IoU")
      let pruned = try Graph(onnx: folder.appendingPathComponent("p.onnx").path)
      #expect(pruned.outputs == ["classifier", "numbers"])
      guard Python.isAvailable else { return }
      let text = try #require(pruned.metadata["espalier.pruning"])
      let kept = try #require(OutputCommandTests.numbers(text)["kept"] as? [String: [Int]])
      #expect(!kept.isEmpty)
      // The columns of consumers that read what is gone, set to zero.
      var editor = GraphEditor(try Graph(onnx: path))
      for (layer, readers) in [("conv1", ["conv2"]), ("conv2", ["classifier", "numbers"])] {
        guard let kept = kept[layer] else { continue }
        for reader in readers {
          var weight = try #require(editor.constants["\(reader).weight"]?.floats)
          let (inputs, inner) = (weight.shape[1], weight.shape.dimensions.dropFirst(2).reduce(1, *))
          for i in weight.elements.indices where !kept.contains(i / inner % inputs) { weight.elements[i] = 0 }
          editor.constants["\(reader).weight"] = .float(weight)
        }
      }
      try editor.graph().writeONNX(to: folder.appendingPathComponent("m.onnx").path)
      let difference = try Python.run(
        """
        import sys, numpy as np, onnxruntime
        x = np.random.default_rng(1).standard_normal((3, 3, 12, 10)).astype(np.float32)
        a, b = (onnxruntime.InferenceSession(f'{sys.argv[1]}/{n}.onnx').run(None, {'input': x}) for n in 'mp')
        print(max(float(np.abs(p - q).max()) for p, q in zip(a, b)) if [p.shape for p in a] == [q.shape for q in b] else 9)
        """, folder.path)
      #expect(try #require(Double(difference.trimmingCharacters(in: .whitespacesAndNewlines))) < 1e-5)
    }
  }

  /// Signals [N, C, L] go through every verb, and a class for each of their steps.
  @Test func signalsGoThroughEveryVerb() throws {
    try withTemporaryFolder { folder in
      try OutputCommandTests.network(
        channels: 2, spatial: [20], classes: 4, to: folder.appendingPathComponent("steps.onnx").path)
      let file = try HDF5File.create(folder.appendingPathComponent("s.h5").path)
      try file.write(OutputCommandTests.random([10, 2, 20], 1, 1), to: "data")
      try file.write(Tensor((0..<200).map { UInt8($0 % 4) }, shape: [10, 20]), to: "label")
      try file.commit()
      let other = try HDF5File.create(folder.appendingPathComponent("n.h5").path)
      try other.write(OutputCommandTests.random([10, 2, 20], 1, 1), to: "data")
      try other.write(Tensor((0..<10).map { UInt8($0 % 3) }, shape: [10]), to: "label")
      try other.commit()
      for (arguments, result) in [
        (["evaluate", "steps.onnx", "--data", "hdf5:s.h5"], ""),
        (["evaluate", "steps.onnx", "--output", "numbers", "--data", "hdf5:n.h5"], ""),
        (["relevance", "steps.onnx", "--data", "hdf5:s.h5", "--target", "1@3:9", "--out", "r.h5"], "r.h5"),
        (["relevance", "steps.onnx", "--output", "numbers", "--data", "hdf5:n.h5", "--out", "q.h5"], "q.h5"),
        (["stats", "steps.onnx", "--data", "hdf5:s.h5", "--out", "st.h5"], "st.h5"),
        (["score", "steps.onnx", "--data", "hdf5:s.h5", "--criterion", "all", "--out", "sc.h5"], "sc.h5"),
        (
          [
            "tune", "steps.onnx", "--data", "hdf5:s.h5", "--no-flip", "--pad-crop", "0", "--epochs", "2", "--batch", "5", "--out",
            "t.onnx",
          ], "t.onnx"
        ),
        (
          [
            "prune", "steps.onnx", "--data", "hdf5:s.h5", "--task", "segmentation", "--criterion", "taylor-2019", "--budget",
            "filters=0.5", "--out", "p.onnx",
          ],
          "p.onnx"
        ),
      ] {
        let outcome = try Tool.run(arguments, in: folder)
        #expect(outcome.status == 0, "\(arguments): \(outcome.talk)")
        #expect(result.isEmpty || FileManager.default.fileExists(atPath: folder.appendingPathComponent(result).path))
      }
      let map: Tensor<Float> = try HDF5File.open(folder.appendingPathComponent("r.h5").path).dataset("attribution").read()
      #expect(map.shape == [10, 2, 1, 20])
      for (position, value) in map.elements.enumerated() where !(1...10 ~= position % 20) { #expect(value == 0) }
    }
  }

  /// Numbers for labels: errors are NumPy's, and tuning makes them smaller.
  @Test(.enabled(if: Python.isAvailable)) func numbersAreToldByTheTask() throws {
    try withTemporaryFolder { folder in
      try OutputCommandTests.network(
        channels: 2, spatial: [20], classes: 4, to: folder.appendingPathComponent("net.onnx").path)
      let file = try HDF5File.create(folder.appendingPathComponent("d.h5").path)
      try file.write(OutputCommandTests.random([12, 2, 20], 1, 1), to: "data")
      try file.write(OutputCommandTests.random([12, 3], 2, 1), to: "label")
      try file.commit()
      func evaluate(_ model: String) throws -> [String: Any] {
        let outcome = try Tool.run(
          "evaluate", model, "--output", "numbers", "--data", "hdf5:d.h5", "--task", "regression", "--json", in: folder)
        #expect(outcome.status == 0, "\(outcome.talk)")
        return try OutputCommandTests.numbers(outcome.output)
      }
      let found = try evaluate("net.onnx")
      let wanted = try OutputCommandTests.numbers(
        Python.run(
          """
          import json, sys, h5py, numpy as np, onnxruntime
          f = h5py.File(sys.argv[1] + '/d.h5')
          y = onnxruntime.InferenceSession(sys.argv[1] + '/net.onnx').run(['numbers'], {'input': f['data'][:]})[0].astype(float)
          t = f['label'][:].astype(float)
          e = y - t
          r2 = (1 - (e ** 2).sum(0) / ((t - t.mean(0)) ** 2).sum(0)).mean()
          print(json.dumps({'meanSquaredError': (e ** 2).mean(), 'meanAbsoluteError': abs(e).mean(), 'r2': r2}))
          """, folder.path))
      for (key, value) in wanted {
        expectClose([try #require(found[key] as? Double)], [try #require(value as? Double)], Tolerance(relative: 1e-5), key)
      }
      let tuned = try Tool.run(
        "tune", "net.onnx", "--output", "numbers", "--data", "hdf5:d.h5", "--task", "regression", "--no-flip", "--pad-crop", "0",
        "--epochs", "20", "--batch", "6", "--rate", "0.02", "--out", "t.onnx", in: folder)
      #expect(tuned.status == 0, "\(tuned.talk)")
      let error = try (#require(found["loss"] as? Double), #require(evaluate("t.onnx")["loss"] as? Double))
      #expect(error.1 < 0.9 * error.0)
      for (arguments, status) in [
        (
          [
            "relevance", "net.onnx", "--output", "numbers", "--data", "hdf5:d.h5", "--task", "regression", "--target", "1",
            "--out", "r.h5",
          ], 0
        ),
        (["relevance", "net.onnx", "--output", "numbers", "--data", "hdf5:d.h5", "--task", "regression", "--out", "r2.h5"], 1),
        (
          [
            "score", "net.onnx", "--output", "numbers", "--data", "hdf5:d.h5", "--task", "regression", "--criterion",
            "taylor-2019",
            "--out", "s.h5",
          ], 0
        ),
        (["evaluate", "net.onnx", "--output", "numbers", "--data", "hdf5:d.h5"], 1),
      ] {
        let outcome = try Tool.run(arguments, in: folder)
        #expect(Int(outcome.status) == status, "\(arguments): \(outcome.talk)")
      }
    }
  }
}
