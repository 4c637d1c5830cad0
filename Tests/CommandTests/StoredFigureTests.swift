import Foundation
import Images
import Results
import Storage
import Tensors
import TestSupport
import Testing

/// Figures from what other verbs print and leave, their styles and what they refuse.
@Suite struct StoredFigureTests {
  static func pruning(_ criterion: String, _ kept: Double, _ accuracy: Double, pictures: Int = 1000) -> String {
    """
    {"criterion": "\(criterion)", "budget": "macs=\(kept)", "notes": [], "networks": {"layers": [],
     "macs": {"before": 1000, "after": \(Int(1000 * kept))}, "parameters": {"before": 500, "after": \(Int(400 * kept))},
     "activations": {"before": 10, "after": 5}}, "filters": {"before": 4, "after": 2},
     "accuracy": {"data": "fashion-mnist:test", "pictures": \(pictures), "before": 0.94, "pruned": \(accuracy)}}
    """
  }

  static let measures = """
    {"pictures": 30, "methods": [
      {"method": "epsilon_gamma_box:low=-3,high=3", "measures": [
        {"name": "sparseness", "better": "higher", "mean": 0.80, "spread": 0.10, "interval": [0.76, 0.84], "pictures": 30},
        {"name": "pixel-flipping", "better": "lower", "mean": 2.5, "spread": 1.25, "pictures": 30, "curve": [5, 3, 1, 0.5]}]},
      {"method": "random", "measures": [
        {"name": "sparseness", "better": "higher", "mean": 0.85, "spread": 0.12, "interval": [0.8, 0.9], "pictures": 25},
        {"name": "pixel-flipping", "better": "lower", "mean": 4.5, "spread": 1.0, "pictures": 30, "curve": [5, 4.5, 4, 3]}]}]}
    """

  static let epochs = """
    epoch,learning_rate,train_loss,train_accuracy,validation_loss,validation_accuracy,images_per_second,seconds
    1,0.1,2.1,0.3,1.9,0.4,100.0,3.0
    2,0.1,1.2,0.6,,,100.0,3.0
    3,0.05,0.8,0.7,0.9,0.68,100.0,3.0

    """

  static func write(_ files: [String: String], in folder: URL) throws {
    for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
  }

  private func draws(_ arguments: [String], _ name: String, in folder: URL) throws -> Image {
    let run = try Tool.run(["figure"] + arguments + ["--out", name], in: folder)
    #expect(run.status == 0 && run.output.isEmpty && run.talk.hasPrefix("\(name): "), "\(arguments): \(run.talk)")
    return try Image.read(folder.appendingPathComponent(name).path)
  }

  @Test func reportsAndTablesAreDrawn() throws {
    try withTemporaryFolder { folder in
      try Self.write(
        [
          "a.json": Self.pruning("l1", 0.5, 0.91), "b.json": Self.pruning("l1", 0.25, 0.8),
          "c.json": Self.pruning("lrp", 0.5, 0.92),
          "d.json": Self.pruning("lrp", 0.25, 0.85), "other.json": Self.pruning("lrp", 0.25, 0.85, pictures: 7),
          "measures.json": Self.measures, "vgg.csv": Self.epochs,
        ], in: folder)
      let reports = ["a.json", "b.json", "c.json", "d.json"]
      for arguments in [
        ["tradeoff"] + reports, ["tradeoff", "--over", "parameters"] + reports, ["budgets"] + reports,
        ["flipping", "measures.json"],
        ["training", "vgg.csv"],
      ] {
        // 85 mm at 300 pixels to the inch, light and dark.
        let light = try draws(arguments + ["--width", "85mm"], "light.png", in: folder)
        let dark = try draws(arguments + ["--width", "85mm", "--dark"], "dark.png", in: folder)
        #expect(light.width == 1004 && dark.width == 1004 && light.height == dark.height, "\(arguments)")
        #expect(light[0, 0].elementsEqual([255, 255, 255]) && dark[0, 0].elementsEqual([0x16, 0x18, 0x1B]))
      }
      for (arguments, text) in [
        (["tradeoff", "a.json", "other.json"], "other.json: its accuracy is on fashion-mnist:test, 7 images"),
        (["tradeoff", "measures.json"], "measures.json: it is not what espalier prune prints"),
        (["flipping", "a.json"], "a.json: it is not what espalier measure prints"),
        (["flipping", "measures.json", "--measure", "sparseness"], "no curve of 'sparseness'"),
        (["training", "a.json"], "a.json: is no table of epochs"),
        (["training", "vgg.csv", "--style", "natur"], "--style: there is no style 'natur'; did you mean 'nature'?"),
      ] {
        let run = try Tool.run(["figure"] + arguments + ["--out", "none.png"], in: folder)
        #expect(run.failed(mentioning: text), "\(arguments): \(run.talk)")
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("none.png").path))
      }
      let usage = try Tool.run("figure", "training", "vgg.csv", "--width", "9", "--out", "none.png", in: folder)
      #expect(usage.status == 64 && usage.talk.contains("'9' is no length"), "\(usage.talk)")
    }
  }

  @Test func scoresAndPredictionsAreDrawn() throws {
    try Sample.withModelAndImages { folder in
      let scored = try Tool.run(
        "score", "lenet.onnx", "--data", "hdf5:images.h5", "--criterion", "variance", "--criterion", "taylor-2019", "--quiet",
        "--out", "scores.h5", in: folder)
      let explained = try Tool.run(
        "relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--quiet", "--out", "maps.h5", in: folder)
      #expect(scored.status == 0 && explained.status == 0, "\(scored.talk) \(explained.talk)")
      for arguments in [
        ["scatter", "scores.h5"], ["distributions", "scores.h5"], ["distributions", "scores.h5", "--shape", "box"],
        ["confusion", "maps.h5"], ["classes", "maps.h5"], ["classes", "maps.h5", "maps.h5", "--caption", "a", "--caption", "b"],
      ] {
        let image = try draws(arguments + ["--style", "nature", "--width", "page"], "figure.png", in: folder)
        #expect(image.width == 2162, "\(arguments): \(image.width)")
      }
      for (arguments, text) in [
        (["scatter", "scores.h5", "--criterion", "variance"], "1 criterion for two axes"),
        (["distributions", "scores.h5", "--layer", "conv9"], "there is no layer 'conv9'; did you mean 'conv1'?"),
        (["confusion", "scores.h5"], "prediction"),
        (["classes", "maps.h5", "--caption", "a", "--caption", "b"], "2 captions for 1 file"),
      ] {
        let run = try Tool.run(["figure"] + arguments + ["--out", "none.png"], in: folder)
        #expect(run.failed(mentioning: text), "\(arguments): \(run.talk)")
      }
    }
  }

  /// Every key of a style file is taken, and what is half understood is refused with the key.
  @Test func styleFiles() throws {
    try withTemporaryFolder { folder in
      try Self.write(
        [
          "vgg.csv": Self.epochs,
          "style.toml": """
          base = "ieee"
          width = "page"
          height = "120mm"
          font = "DejaVu Sans"
          font-size = 9
          line-width = 2
          palette = "muted"
          theme = "dark"
          dpi = 100
          """,
        ], in: folder)
      let image = try draws(["training", "vgg.csv", "--style", "style.toml"], "figure.png", in: folder)
      #expect(image.width == 717)  // 181.9 mm
      for (line, text) in [
        ("base = \"natur\"", "style.toml: base: there is no style 'natur'"),
        ("wide = 3", "style.toml: wide: is no setting of a style"),
        ("width = 85", "style.toml: width: is no text in quotes"), ("width = \"85\"", "style.toml: width: '85' is no length"),
        ("width = \"9mm\"", "width: is 9mm (accepted: 30mm to 500mm"), ("font-size = 4", "font-size: is out of range"),
        ("font = \"Nonesuch\"", "'Nonesuch' is not installed"), ("palette = \"jet\"", "there is no palette 'jet'"),
        ("theme = \"grey\"", "theme: is 'grey' (accepted: light, dark)"), ("dpi = \"x\"", "dpi: is out of range"),
        ("=", "style.toml: line 1"),
      ] {
        try Self.write(["style.toml": line], in: folder)
        let run = try Tool.run("figure", "training", "vgg.csv", "--style", "style.toml", "--out", "none.png", in: folder)
        #expect(run.failed(mentioning: text), "\(line): \(run.talk)")
      }
    }
  }

  /// What made a figure stands in it, without where it went; two places have the same bytes.
  @Test func figuresCarryTheirCommand() throws {
    try withTemporaryFolder { folder in
      try Self.write(["vgg.csv": Self.epochs], in: folder)
      let digest = "sha256:"
      for ending in ["png", "svg", "pdf"] {
        let bytes = try ["a", "b"].map { name -> Data in
          let run = try Tool.run("figure", "training", "vgg.csv", "--title", "A run", "--out", "\(name).\(ending)", in: folder)
          #expect(run.status == 0, "\(run.talk)")
          return try Data(contentsOf: folder.appendingPathComponent("\(name).\(ending)"))
        }
        #expect(bytes[0] == bytes[1])
        if ending == "pdf" { continue }
        let text = String(decoding: bytes[0], as: UTF8.self)
        #expect(text.contains("espalier figure training vgg.csv --title 'A run'") && text.contains("vgg.csv \(digest)"))
      }
    }
  }
}
