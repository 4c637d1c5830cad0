import Foundation
import Images
import Storage
import TestSupport
import Tensors
import Testing

/// Wrong usage: one line, status 64, and the nearest name that there is.
@Suite struct UsageTests {
  @Test(arguments: [
    ("relevence a.onnx", "there is no verb 'relevence'; did you mean 'relevance'?"),
    ("heatmap a.h5 --out a.png", "did you mean 'figure heatmap'?"),
    ("figure heatmp a.h5 --out a.png", "there is no kind of figure 'heatmp'; did you mean 'heatmap'?"),
    ("help relevnce", "did you mean 'relevance'?"), ("help criterias", "did you mean 'criteria'?"),
    ("new resnet21", "did you mean 'resnet20'?"), ("train vgg1 --data hdf5:a --out b", "did you mean 'vgg11'"),
    ("relevance a.onnx --data hdf5:a --out b --composite epsilon_pls", "--composite: there is no composite 'epsilon_pls'"),
    ("relevance a.onnx --data hdf5:a --out b --composite epsilon-plus", "did you mean 'epsilon_plus'?"),
    ("relevance a.onnx --data hdf5:a --out b --attributor smothgrad", "did you mean 'smoothgrad'?"),
    ("relevance a.onnx --data hdf5:a --out b --start onehot", "--start: there is no 'onehot'; did you mean 'one-hot'?"),
    ("relevance a.onnx --data hdf5:a --out b --limit some", "--limit: 'some' is not accepted (accepted: a number"),
    ("relevance a.onnx --data hdf5:a --out b --limit 2.5", "(accepted: a whole number"),
    ("relevance a.onnx --data hdf5:a --out b --limt 3", "there is no option '--limt'; did you mean '--limit'?"),
    ("relevance a.onnx --data hdf5:a", "missing expected argument '--out <file>'"),
    ("relevance a.onnx --data hdf5:a --out b --quiet --verbose", "exclude each other"),
    ("measure a.onnx --data hdf5:a --method gradcam", "did you mean 'grad-cam'?"),
    ("measure a.onnx --data hdf5:a --measure pointing", "did you mean 'pointing-game'?"),
    ("stats a.onnx --data hdf5:a --out b --statistic moment", "did you mean 'moments'?"),
    ("prune a.onnx --criterion l1 --budget macs=0.5 --out b --scope globl", "did you mean 'global'?"),
    ("prune a.onnx --criterion l1 --budget mac=0.5 --out b", "--budget: 'mac=0.5' is no budget"),
    ("train lenet --data hdf5:a --out b --optimizer adm", "did you mean 'adam'?"),
    ("figure heatmap a.h5 --out a.png --norm symetric", "did you mean 'symmetric'?"),
    ("figure heatmap a.h5 --out a.png --index 1,x", "expected positions in the data"),
    ("figure heatmap a.h5 --out a.png --index 1 --per-class 2", "give one"),
    ("figure heatmap a.h5 --out a.gif", "--out ends in .png, .pdf or .svg"),
  ])
  func mistyped(command: String, message: String) throws {
    try withTemporaryFolder { folder in
      let outcome = try Tool.run(command.split(separator: " ").map(String.init), in: folder)
      #expect(outcome.failed(mentioning: message, status: 64), "\(outcome)")
      #expect(outcome.talk.contains("usage: espalier "), "\(outcome.talk)")
      // A list of names is short, and says where the rest is.
      #expect(outcome.talk.count < 420, "\(outcome.talk)")
    }
  }

  /// What depends on a file is a failure, and says what is near as well.
  @Test func namesOfALayer() throws {
    try Sample.withModelAndImages { folder in
      let data = ["--data", "hdf5:images.h5", "--limit", "4", "--out", "out.h5", "--quiet"]
      for (arguments, near) in [
        (["stats", "lenet.onnx", "--layers", "cnv1"] + data, "'conv1'"),
        (["relevance", "lenet.onnx", "--from", "cnv2:1"] + data, "'conv2'"),
        (["evaluate", "lenet.onnx", "--data", "hdf5:images.h5", "--output", "ouput"], "'output'"),
        (["prune", "lenet.onnx", "--criterion", "l1", "--budget", "macs=0.5", "--protect", "fc11", "--out", "b.onnx"], "'fc1'"),
      ] {
        let outcome = try Tool.run(arguments, in: folder)
        #expect(outcome.failed(mentioning: "did you mean \(near)?"), "\(outcome)")
      }
    }
  }

  /// An image that cannot be computed is named by its position, not by the shard that it was computed in.
  @Test func shardsAreNotSpokenOf() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(in: folder, name: "damaged.h5")
      let file = try HDF5File.create(folder.appendingPathComponent("nan.h5").path)
      var elements = [Float](repeating: 0.5, count: 40 * 784)
      elements[37 * 784 + 5] = .nan
      try file.write(Tensor(elements, shape: [40, 1, 28, 28]), to: "data")
      try file.write(Tensor((0..<40).map { UInt16($0 % 10) }, shape: [40]), to: "label")
      try file.commit()
      for verb in [["evaluate", "lenet.onnx"], ["relevance", "lenet.onnx", "--out", "a.h5"]] {
        let outcome = try Tool.run(verb + ["--data", "hdf5:nan.h5", "--batch", "4"], in: folder)
        #expect(outcome.failed(mentioning: "images 36 to 39", status: 1) || outcome.talk.contains("row 37"), "\(outcome.talk)")
        #expect(!outcome.talk.contains("shard"), "\(outcome.talk)")
      }
    }
  }

  /// Images in the other order of axes, or without colours: the setting that mends it is named.
  @Test func layoutsThatDoNotFitNameTheCure() throws {
    try withTemporaryFolder { folder in
      #expect(try Tool.run("new", "resnet20", "--classes", "2", "--quiet", "--out", "net.onnx", in: folder).status == 0)
      let images = folder.appendingPathComponent("images/a")
      try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
      try Image(width: 40, height: 30, filledWith: [10, 20, 30]).writePNG(to: images.appendingPathComponent("0.png").path)
      for (settings, cure) in [
        ("resize = [32, 32]\nlayout = \"nhwc\"", "3×32×32, by --preprocess FILE with layout = \"nchw\""),
        ("resize = [32, 32]\nchannels = 1\nmean = [0.5]\nstd = [0.5]", "with channels = 3"),
        ("resize = [16, 16]", "with resize and crop"),
      ] {
        try Data(settings.utf8).write(to: folder.appendingPathComponent("p.toml"))
        let outcome = try Tool.run(
          "relevance", "net.onnx", "--data", "folder:images", "--preprocess", "p.toml", "--out", "a.h5", in: folder)
        #expect(outcome.status == 1 && outcome.talk.contains(cure), "\(outcome.talk)")
      }
    }
  }

  @Test func oneIsNotMany() throws {
    try Sample.withModelAndImages { folder in
      let one = ["--data", "hdf5:images.h5", "--limit", "1", "--out", "out.h5"]
      let relevance = try Tool.run(["relevance", "lenet.onnx"] + one, in: folder)
      #expect(relevance.status == 0 && relevance.talk.contains("relevance of 1 image\n"), "\(relevance.talk)")
      let figure = try Tool.run("figure", "heatmap", "out.h5", "--out", "map.png", in: folder)
      #expect(figure.talk == "map.png: 1 relevance map\n", "\(figure.talk)")
      let stats = try Tool.run(["stats", "lenet.onnx", "--statistic", "moments", "--layers", "fc1"] + one, in: folder)
      #expect(stats.talk.contains("of 1 layer on 1 image\n"), "\(stats.talk)")
    }
  }

  /// `--quiet` says nothing, whatever the verb; `--verbose` tells libraries and times.
  @Test func talk() throws {
    try Sample.withModelAndImages { folder in
      let data = ["--data", "hdf5:images.h5", "--limit", "8", "--out"]
      for command in [
        ["new", "lenet", "--out", "new.onnx"], ["relevance", "lenet.onnx"] + data + ["maps.h5"],
        ["score", "lenet.onnx", "--criterion", "variance"] + data + ["scores.h5"],
        ["figure", "heatmap", "maps.h5", "--out", "a.png"], ["figure", "montage", "maps.h5", "--out", "a.png"],
        ["figure", "filters", "scores.h5", "--layer", "conv1", "--out", "a.png"],
        ["figure", "groups", "lenet.onnx", "--out", "a.png"], ["inspect", "lenet.onnx"],
        ["prune", "lenet.onnx", "--criterion", "l1", "--budget", "macs=0.5", "--latency-batch", "0", "--out", "small.onnx"],
        ["figure", "pruning", "small.onnx", "--out", "a.png"],
      ] {
        let outcome = try Tool.run(command + ["--quiet"], in: folder)
        #expect(outcome.status == 0 && outcome.talk.isEmpty, "\(command): \(outcome.talk)")
      }
      let verbose = try Tool.run(["relevance", "lenet.onnx", "--verbose"] + data + ["maps.h5"], in: folder)
      for text in ["oneDNN ", "HDF5 ", "relevance: 8 of 8 images in ", " s in all", "MB a worker"] {
        #expect(verbose.talk.contains(text), "\(text): \(verbose.talk)")
      }
    }
  }

  @Test func versionNamesLibraries() throws {
    try withTemporaryFolder { folder in
      for arguments in [["--version"], ["relevance", "--version"]] {
        let outcome = try Tool.run(arguments, in: folder)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(outcome.status == 0 && lines.first?.wholeMatch(of: /\d+\.\d+\.\d+/) != nil, "\(outcome)")
        for library in ["oneDNN", "HDF5", "libpng", "TurboJPEG", "cairo", "Pango", "OpenBLAS", "zlib"] {
          let line = lines.first { $0.hasPrefix(library + " ") }
          #expect(line?.contains(/\s\d+\.\d+/) == true, "\(library): \(outcome.output)")
        }
      }
    }
  }

  /// Every form of data and every setting of preprocessing is explained.
  @Test func formats() throws {
    try withTemporaryFolder { folder in
      let outcome = try Tool.run("help", "formats", in: folder)
      #expect(outcome.status == 0)
      for text in ["folder:", "csv:", "hdf5:", "idx:", "resize", "crop", "mean", "std", "layout", "color", "scale"] {
        #expect(outcome.output.contains(text), "\(text)")
      }
    }
  }

  @Test(arguments: [
    "architectures", "composites", "rules", "attributors", "methods", "measures", "statistics", "criteria", "colours",
  ])
  func topics(topic: String) throws {
    try withTemporaryFolder { folder in
      let outcome = try Tool.run("help", topic, in: folder)
      #expect(outcome.status == 0 && outcome.talk.isEmpty, "\(outcome)")
      #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(outcome.output)")
      let expected = [
        "architectures": "densenet121", "composites": "excitation_backprop", "rules": "zbox", "attributors": "smoothgrad",
        "methods": "integrated-gradients", "measures": "pixel-flipping", "statistics": "quantiles", "criteria": "group-fisher",
        "colours": "coldnhot",
      ]
      #expect(outcome.output.contains(try #require(expected[topic])))
      // What rules do that somebody might not expect.
      let words = outcome.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      let limits = [
        "composites": [
          "a difference of two maps is no residual sum", "gets −R", "a gate", "it is not conserved", "conv_gamma and lin_gamma",
        ],
        "rules": ["gets the sum over its copies", "counts as a constant", "zennit-crp divides by the sum"],
      ]
      for text in limits[topic] ?? [] { #expect(words.contains(text), "\(text)") }
    }
  }
}
