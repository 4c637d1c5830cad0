import Foundation
import Images
import Networks
import ONNX
import Storage
import TestSupport
import Tensors
import Testing

/// Networks whose inputs or layers have other axes than `[N, C, H, W]`.
@Suite struct AxesTests {
  private func copy(_ name: String, to folder: URL) throws {
    try FileManager.default.copyItem(at: testResource("forms/" + name), to: folder.appendingPathComponent(name))
  }

  private func write(_ name: String, _ data: Tensor<Float>, labels: Int = 3, in folder: URL) throws {
    let file = try HDF5File.create(folder.appendingPathComponent(name).path)
    try file.write(data, to: "data")
    try file.write(Tensor((0..<data.shape[0]).map { Int64($0 % labels) }, shape: [data.shape[0]]), to: "label")
    try file.commit()
  }

  private func read(_ file: String, _ dataset: String, in folder: URL) throws -> Tensor<Float> {
    try HDF5File.open(folder.appendingPathComponent(file).path).dataset(dataset).read()
  }

  private func random(_ shape: Shape) -> Tensor<Float> {
    var random = Philox(seed: 5)
    return Tensor((0..<shape.count).map { _ in Float(random.normal()) }, shape: shape)
  }

  /// The same network with channels last, as TensorFlow's are: the same maps, heat maps and project.
  @Test func channelsLastAreStoredFirst() throws {
    try withTemporaryFolder { folder in
      let first = random([6, 3, 8, 8])
      var last = first.elements
      for image in 0..<6 {
        for position in 0..<64 {
          for channel in 0..<3 {
            last[(image * 64 + position) * 3 + channel] = first.elements[(image * 3 + channel) * 64 + position]
          }
        }
      }
      try write("nchw.h5", first, labels: 2, in: folder)
      try write("nhwc.h5", Tensor(last, shape: [6, 8, 8, 3]), labels: 2, in: folder)
      for name in ["nchw", "nhwc"] {
        try copy("\(name).onnx", to: folder)
        let run = try Tool.run(
          "relevance", "\(name).onnx", "--data", "hdf5:\(name).h5", "--virelay", name, "--data-out", "\(name)-data.h5", "--out",
          "\(name)-maps.h5", in: folder)
        #expect(run.status == 0, "\(run.talk)")
        let figure = try Tool.run(
          "figure", "heatmap", "\(name)-maps.h5", "--data", "hdf5:\(name).h5", "--out", "\(name).png", in: folder)
        #expect(figure.status == 0, "\(figure.talk)")
      }
      let (a, b) = (try read("nchw-maps.h5", "attribution", in: folder), try read("nhwc-maps.h5", "attribution", in: folder))
      expectClose(b.map(Double.init), a.map(Double.init), Tolerance(absolute: 1e-6, relative: 1e-5))
      #expect(try read("nhwc-data.h5", "data", in: folder) == first)
      let projects = try ["nchw", "nhwc"].map {
        try String(contentsOf: folder.appendingPathComponent("\($0)/project.yaml"), encoding: .utf8)
          .replacingOccurrences(of: $0, with: "")
      }
      #expect(projects[0] == projects[1] && projects[1].contains("input_width: 8"))
      let images = try ["nchw.png", "nhwc.png"].map { try Image.read(folder.appendingPathComponent($0).path) }
      #expect(images[0] == images[1])
    }
  }

  /// A convolution behind the Transpose of the input may lose filters as any other.
  @Test func theFirstConvolutionBehindATransposeIsPruned() throws {
    try withTemporaryFolder { folder in
      for name in ["nchw", "nhwc"] { try copy("\(name).onnx", to: folder) }
      let listed = try ["nchw", "nhwc"].map { try Tool.run("inspect", "\($0).onnx", "--groups", in: folder) }
      #expect(listed.allSatisfy { $0.status == 0 && $0.output.contains("12 of 15") }, "\(listed)")
      let kept = try ["nchw", "nhwc"].map { name in
        let run = try Tool.run(
          "prune", "\(name).onnx", "--criterion", "l1", "--budget", "filters=0.5", "--latency-batch", "0", "--out",
          "\(name)-small.onnx", in: folder)
        #expect(run.status == 0, "\(run.talk)")
        let graph = try Graph(onnx: folder.appendingPathComponent("\(name)-small.onnx").path)
        return graph.nodes.filter { $0.op is Op.Conv }.compactMap { node in
          node.inputs[1].flatMap { graph.constants[$0]?.floats }
        }
      }
      #expect(kept[0] == kept[1] && kept[0].count == 2)
    }
  }

  /// Signals `[N, C, L]` through convolutions along one axis.
  @Test func signals() throws {
    try withTemporaryFolder { folder in
      try copy("conv1d.onnx", to: folder)
      let data = random([4, 3, 8])
      try write("signals.h5", data, in: folder)
      let run = try Tool.run(
        "relevance", "conv1d.onnx", "--data", "hdf5:signals.h5", "--composite", "gradient", "--out", "r.h5", in: folder)
      #expect(run.status == 0, "\(run.talk)")
      let maps = try read("r.h5", "attribution", in: folder)
      #expect(maps.shape == [4, 3, 1, 8])
      let graph = try Graph(onnx: folder.appendingPathComponent("conv1d.onnx").path)
      let twin = Twin(graph)
      let values = twin.forward(["x": data.map(Double.init)])
      var seed = Tensor<Double>(repeating: 0, shape: [4, 3])
      for image in 0..<4 { seed[image, image % 3] = 1 }
      let gradients = twin.backward(values: values, outputGradients: ["y": seed])
      let expected = try #require(gradients["x"])
      expectClose(maps.map(Double.init), expected.reshaped([4, 3, 1, 8]), Tolerance(absolute: 1e-6, relative: 1e-5))
      for verb in [["stats"], ["score", "--criterion", "lrp", "--criterion", "taylor-2019"]] {
        let run = try Tool.run(
          [verb[0], "conv1d.onnx", "--data", "hdf5:signals.h5", "--out", "s.h5"] + verb.dropFirst(), in: folder)
        #expect(run.status == 0, "\(run.talk)")
      }
      let stats = try Tool.run("stats", "conv1d.onnx", "--data", "hdf5:signals.h5", "--out", "t.h5", in: folder)
      #expect(stats.status == 0, "\(stats.talk)")
      let mean: Tensor<Double> = try HDF5File.open(folder.appendingPathComponent("t.h5").path).dataset("stats/conv/mean").read()
      let layer = try #require(graph.nodes.first { $0.op is Op.Conv })
      let made = try #require(values[layer.outputs[0]])
      let (channels, length) = (made.shape[1], made.shape[2])
      let means = (0..<channels).map { channel in
        (0..<4 * length).reduce(0.0) { $0 + made[$1 / length, channel, $1 % length] } / Double(4 * length)
      }
      expectClose(mean, Tensor(means, shape: [channels]), Tolerance(absolute: 1e-6, relative: 1e-5))
    }
  }

  /// Linear layers on `[N, T, C]`: filters are the last axis, and tokens are summed over.
  @Test func tokens() throws {
    try withTemporaryFolder { folder in
      var editor = GraphEditor(name: "tokens")
      editor.inputs = [GraphInput(name: "x", dimensions: [.symbolic("N"), .fixed(5), .fixed(3)])]
      var generator = Philox(seed: 9)
      func weight(_ name: String, _ shape: Shape) -> String {
        editor.add(.float(Tensor((0..<shape.count).map { _ in Float(generator.normal()) }, shape: shape)), named: name)
      }
      var x = editor.add(Op.MatMul(), named: "first", inputs: ["x", weight("w1", [3, 4])])
      x = editor.add(Op.Relu(), named: "relu", inputs: [x])
      x = editor.add(Op.MatMul(), named: "second", inputs: [x, weight("w2", [4, 6])])
      x = editor.add(Op.ReduceMean(keepsAxes: false), named: "mean", inputs: [x, editor.add(.integers([1]), named: "axes")])
      editor.outputs = [editor.add(Op.Gemm(transposeB: true), named: "fc", inputs: [x, weight("w3", [2, 6])])]
      let graph = try editor.graph()
      try graph.writeONNX(to: folder.appendingPathComponent("tokens.onnx").path)
      let data = random([4, 5, 3])
      try write("data.h5", data, labels: 2, in: folder)
      let base = ["tokens.onnx", "--data", "hdf5:data.h5", "--out"]
      let run = try Tool.run(["relevance"] + base + ["r.h5", "--composite", "gradient", "--top", "2"], in: folder)
      #expect(run.status == 0, "\(run.talk)")
      let stats = try Tool.run(["stats"] + base + ["s.h5"], in: folder)
      #expect(stats.status == 0, "\(stats.talk)")
      let twin = Twin(graph)
      let values = twin.forward(["x": data.map(Double.init)])
      var seed = Tensor<Double>(repeating: 0, shape: [4, 2])
      for image in 0..<4 { seed[image, image % 2] = 1 }
      let gradients = twin.backward(values: values, outputGradients: [graph.outputs[0]: seed])
      for (layer, width) in [("first", 4), ("second", 6)] {
        let value = try #require(graph.nodes.first { $0.name == layer }).outputs[0]
        let (made, arrived) = (try #require(values[value]), try #require(gradients[value]))
        let (relevance, maxima) = (
          try read("r.h5", "relevance/\(layer)", in: folder), try read("r.h5", "activation-max/\(layer)", in: folder)
        )
        var (sums, greatest) = (
          Tensor<Double>(repeating: 0, shape: [4, width]), Tensor(repeating: -Double.infinity, shape: [4, width])
        )
        var means = Tensor<Double>(repeating: 0, shape: [width])
        for image in 0..<4 {
          for token in 0..<5 {
            for filter in 0..<width {
              sums[image, filter] += arrived[image, token, filter]
              greatest[image, filter] = max(greatest[image, filter], made[image, token, filter])
              means.elements[filter] += made[image, token, filter] / 20
            }
          }
        }
        let tolerance = Tolerance(absolute: 1e-5, relative: 1e-5)
        expectClose(relevance.map(Double.init), sums, tolerance, layer)
        expectClose(maxima.map(Double.init), greatest, tolerance, layer)
        let mean: Tensor<Double> = try HDF5File.open(folder.appendingPathComponent("s.h5").path).dataset("stats/\(layer)/mean")
          .read()
        expectClose(mean, means, tolerance, layer)
      }
    }
  }

  /// Data that do not fit a network's axes are one line, whatever the verb.
  @Test(arguments: ["conv1d.onnx", "conv3d.onnx", "n-784.onnx", "vector-first.onnx"]) func otherRanks(model: String) throws {
    try withTemporaryFolder { folder in
      try copy(model, to: folder)
      try write("data.h5", random([4, 3, 8, 8]), in: folder)
      for verb in [
        ["evaluate"], ["relevance", "--out", "r.h5"], ["stats", "--out", "r.h5"],
        ["score", "--criterion", "lrp", "--out", "r.h5"],
        ["measure", "--measure", "sparseness"], ["prune", "--criterion", "lrp", "--budget", "filters=0.5", "--out", "p.onnx"],
        ["tune", "--out", "t.onnx"], ["sensitivity", "--criterion", "l1", "--out", "s.json"],
      ] {
        let run = try Tool.run([verb[0], model, "--data", "hdf5:data.h5"] + verb.dropFirst(), in: folder)
        #expect(run.failed(mentioning: "input '"), "\(verb): \(run.status) \(run.talk)")
      }
    }
  }

  /// A network whose images have no channels says the size that it takes.
  @Test func imagesWithoutChannels() throws {
    try withTemporaryFolder { folder in
      var editor = GraphEditor(name: "flat")
      editor.inputs = [GraphInput(name: "x", dimensions: [.symbolic("N"), .fixed(28), .fixed(28)])]
      let weight = editor.add(.float(random([784, 3])), named: "w")
      let flat = editor.add(Op.Flatten(), named: "flatten", inputs: ["x"])
      editor.outputs = [editor.add(Op.MatMul(), named: "fc", inputs: [flat, weight])]
      try editor.graph().writeONNX(to: folder.appendingPathComponent("flat.onnx").path)
      for name in ["a/0.png", "b/1.png"] {
        let file = folder.appendingPathComponent("images/" + name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Image(width: 28, height: 28, filledWith: [90]).writePNG(to: file.path)
      }
      for verb in [["evaluate"], ["relevance", "--out", "r.h5"], ["stats", "--out", "r.h5"], ["tune", "--out", "t.onnx"]] {
        let run = try Tool.run([verb[0], "flat.onnx", "--data", "folder:images", "--quiet"] + verb.dropFirst(), in: folder)
        #expect(run.failed(mentioning: "do not fit the network's input 'x' (accepted: 28×28)"), "\(verb): \(run)")
      }
    }
  }

  /// A network that is made for data takes its input and classes from them.
  @Test func aNewNetworkFitsItsData() throws {
    try withTemporaryFolder { folder in
      try write("grey.h5", random([8, 1, 20, 20]), labels: 2, in: folder)
      let run = try Tool.run(
        "train", "resnet20", "--data", "hdf5:grey.h5", "--epochs", "1", "--batch", "8", "--out", "r.onnx",
        in: folder)
      #expect(run.status == 0, "\(run.talk)")
      let graph = try Graph(onnx: folder.appendingPathComponent("r.onnx").path)
      #expect(graph.inputs[0].dimensions.dropFirst() == [.fixed(1), .fixed(20), .fixed(20)])
      let last = try #require(graph.linearLayers.last?.node.inputs[1])
      #expect(graph.constants[last]?.shape[0] == 2)
    }
  }
}
