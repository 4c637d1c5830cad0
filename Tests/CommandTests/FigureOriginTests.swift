import Foundation
import Images
import Results
import Storage
import Tensors
import TestSupport
import Testing

/// Figures and the data that their maps were computed for.
@Suite struct FigureOriginTests {
  private func maps(_ out: String, _ more: [String] = [], model: String = "lenet.onnx", in folder: URL) throws {
    let run = try Tool.run(
      ["relevance", model, "--data", "hdf5:images.h5", "--limit", "6", "--quiet", "--out", out] + more, in: folder)
    #expect(run.status == 0, "\(run.talk)")
  }

  @Test func imagesOfOtherDataAreRefused() throws {
    try Sample.withModelAndImages { folder in
      try maps("maps.h5", in: folder)
      // As many images of the same size, in another order.
      try Sample.images(in: folder, labels: { ($0 + 1) % 10 }, name: "others.h5")
      let kinds = [["heatmap", "maps.h5"], ["montage", "maps.h5", "--image", "2"]]
      for kind in kinds {
        let right = try Tool.run(["figure"] + kind + ["--data", "hdf5:images.h5", "--out", "a.png"], in: folder)
        #expect(right.status == 0, "\(right.talk)")
        let wrong = try Tool.run(["figure"] + kind + ["--data", "hdf5:others.h5", "--out", "b.png"], in: folder)
        #expect(wrong.failed(mentioning: "these are not the images that maps.h5 was computed for"), "\(wrong.talk)")
        #expect(wrong.talk.contains("hdf5:others.h5") && wrong.talk.contains("hdf5:images.h5"), "\(wrong.talk)")
      }
      // Two parts are of one data set, and so is what they are joined to.
      try maps("rest.h5", ["--skip", "6"], in: folder)
      #expect(try Tool.run("join", "maps.h5", "rest.h5", "--quiet", "--out", "all.h5", in: folder).status == 0)
      let joined = try Tool.run("figure", "heatmap", "all.h5", "--data", "hdf5:others.h5", "--out", "b.png", in: folder)
      #expect(joined.failed(mentioning: "their SHA-256 differs"), "\(joined.talk)")
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("b.png").path))
    }
  }

  @Test func filesOfAMontageAreOfOneDataSet() throws {
    try Sample.withModelAndImages { folder in
      try maps("maps.h5", in: folder)
      try Sample.images(in: folder, labels: { ($0 + 1) % 10 }, name: "others.h5")
      let other = try Tool.run(
        "relevance", "lenet.onnx", "--data", "hdf5:others.h5", "--limit", "6", "--quiet", "--out", "others-maps.h5", in: folder)
      #expect(other.status == 0, "\(other.talk)")
      let mixed = try Tool.run("figure", "montage", "maps.h5", "others-maps.h5", "--out", "a.png", in: folder)
      #expect(mixed.failed(mentioning: "others-maps.h5: it is of other images (hdf5:others.h5)"), "\(mixed.talk)")
      // Two networks are named under their maps: the figure is higher than that of one.
      #expect(try Tool.run("new", "lenet", "--classes", "10", "--seed", "4", "--out", "second.onnx", in: folder).status == 0)
      try maps("second.h5", model: "second.onnx", in: folder)
      for (name, files) in [("one", ["maps.h5", "maps.h5"]), ("two", ["maps.h5", "second.h5"])] {
        let run = try Tool.run(["figure", "montage"] + files + ["--out", "\(name).png"], in: folder)
        #expect(run.status == 0, "\(run.talk)")
      }
      let heights = try ["one", "two"].map { try Image.read(folder.appendingPathComponent("\($0).png").path).height }
      #expect(heights[1] > heights[0] + 8)
    }
  }

  /// The captions tell what is explained: the figure for a class differs from that for the label by its text alone.
  @Test func captionsTellTheTarget() throws {
    try Sample.withModelAndImages { folder in
      // Random maps are the same for any target.
      try maps("label.h5", ["--attributor", "random:seed=1"], in: folder)
      try maps("seven.h5", ["--attributor", "random:seed=1", "--target", "7"], in: folder)
      let values: [Tensor<Float>] = try ["label.h5", "seven.h5"].map {
        try HDF5File.open(folder.appendingPathComponent($0).path).dataset("attribution").read()
      }
      #expect(values[0] == values[1])
      var pages: [Image] = []
      for name in ["label.h5", "seven.h5"] {
        let run = try Tool.run("figure", "heatmap", name, "--limit", "1", "--out", "page.png", in: folder)
        #expect(run.status == 0, "\(run.talk)")
        pages.append(try Image.read(folder.appendingPathComponent("page.png").path))
      }
      #expect(pages[0] != pages[1])
    }
  }

  /// Writes three images without labels, `flat/a.png`, `flat/b.png` and `flat/d.png`.
  private func images(in folder: URL) throws {
    let flat = folder.appendingPathComponent("flat")
    try FileManager.default.createDirectory(at: flat, withIntermediateDirectories: true)
    for (number, name) in ["a", "b", "d"].enumerated() {
      let step = 5 + 2 * number
      let pixels = (0..<784).map { UInt8(($0 * step + number * 40) % 256) }
      try Image(pixels: Tensor(pixels, shape: [28, 28, 1])).writePNG(to: flat.appendingPathComponent("\(name).png").path)
    }
  }

  @Test func imagesOfAFolderAreChosenByName() throws {
    try Sample.withModelAndImages { folder in
      try images(in: folder)
      let run = try Tool.run("relevance", "lenet.onnx", "--data", "folder:flat", "--quiet", "--out", "maps.h5", in: folder)
      #expect(run.status == 0, "\(run)")
      for (kind, name, index) in [
        (["heatmap", "--sheet"], "--names", "--index"), (["heatmap"], "--names", "--index"), (["montage"], "--name", "--image"),
      ] {
        func figure(_ choice: String...) throws -> Tool.Outcome {
          try Tool.run(
            ["figure", kind[0], "maps.h5", "--data", "folder:flat", "--quiet", "--out", "figure.png"] + kind.dropFirst() + choice,
            in: folder)
        }
        let pages = try [[name, "b.png"], [index, "1"], [index, "0"]].map { choice in
          let drawn = try figure(choice[0], choice[1])
          #expect(drawn.status == 0, "\(drawn)")
          return try Image.read(folder.appendingPathComponent("figure.png").path)
        }
        #expect(pages[0] == pages[1] && pages[0] != pages[2])
        let missing = try figure(name, "c.png")
        #expect(missing.failed(mentioning: "\(name): there is no image 'c.png'; did you mean "), "\(missing)")
      }
    }
  }

  /// A class file names the predictions of images without labels.
  @Test func classFilesNamePredictions() throws {
    try Sample.withModelAndImages { folder in
      try images(in: folder)
      let names = ["tench", "goldfish", "shark", "ray", "cock", "hen", "ostrich", "finch", "junco", "robin"]
      try Data(names.map { $0 + "\n" }.joined().utf8).write(to: folder.appendingPathComponent("names.txt"))
      var pages: [Image] = []
      for more in [["--classes", "names.txt"], []] {
        let run = try Tool.run(
          ["relevance", "lenet.onnx", "--data", "folder:flat", "--quiet", "--out", "maps.h5"] + more, in: folder)
        #expect(run.status == 0, "\(run)")
        let reader = try RelevanceReader(folder.appendingPathComponent("maps.h5").path)
        #expect(reader.schema.classNames == (more.isEmpty ? [] : names))
        let figure = try Tool.run("figure", "heatmap", "maps.h5", "--quiet", "--out", "page.png", in: folder)
        #expect(figure.status == 0, "\(figure)")
        pages.append(try Image.read(folder.appendingPathComponent("page.png").path))
      }
      #expect(pages[0] != pages[1])
    }
  }

  @Test func imagesAreChosenByPositionAndName() throws {
    try Sample.withModelAndImages { folder in
      try maps("maps.h5", in: folder)
      func sheet(_ arguments: String...) throws -> Image {
        let run = try Tool.run(["figure", "heatmap", "maps.h5", "--sheet", "--out", "sheet.png"] + arguments, in: folder)
        #expect(run.status == 0, "\(run.talk)")
        return try Image.read(folder.appendingPathComponent("sheet.png").path)
      }
      let (both, first, second) = (try sheet("--index", "5,2"), try sheet("--index", "5"), try sheet("--index", "2"))
      #expect(first.pixels != second.pixels)
      // In the order asked for: two maps stand one above the other, without a gap.
      #expect(both.width == first.width && both.height == 2 * first.height)
      #expect(both.pixels.elements == first.pixels.elements + second.pixels.elements)
      let missing = try Tool.run("figure", "heatmap", "maps.h5", "--index", "6", "--out", "a.png", in: folder)
      #expect(missing.failed(mentioning: "holds no relevance of image 6"), "\(missing.talk)")
      let nameless = try Tool.run("figure", "heatmap", "maps.h5", "--names", "a.png", "--out", "a.png", in: folder)
      #expect(nameless.failed(mentioning: "--data SPEC too"), "\(nameless.talk)")
    }
  }
}
