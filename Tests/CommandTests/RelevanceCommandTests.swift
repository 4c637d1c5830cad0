import Foundation
import Storage
import TestSupport
import Tensors
import Testing

/// `relevance` with its details, and `join`.
@Suite struct RelevanceCommandTests {
  private let base = ["relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--batch", "8", "--quiet"]

  @Test func conservationIsPrintedAndStored() throws {
    try Sample.withModelAndImages { folder in
      let rules = "base = \"epsilon_plus\"\n[[rules]]\nposition = \"first\"\nrule = \"flat\"\n"
      try Data(rules.utf8).write(to: folder.appendingPathComponent("rules.toml"))
      let run = try Tool.run(
        base + ["--composite", "rules.toml", "--conservation", "--json", "--out", "a.h5"], in: folder)
      #expect(run.status == 0, "\(run.talk)")
      let report = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
      let layers = try #require(report["layers"] as? [[String: Any]])
      #expect(report["pictures"] as? Int == 40)
      #expect(layers.first?["layer"] as? String == "conv1" && layers.first?["rule"] as? String == "flat")
      #expect(layers.last?["layer"] as? String == "fc2" && layers.last?["out"] as? Double == 1)
      let file = try HDF5File.open(folder.appendingPathComponent("a.h5").path)
      let values: Tensor<Double> = try file.dataset("conservation").read()
      #expect(values.shape == [40, layers.count, 5])
      #expect(try file.dataset("conservation").texts(attribute: "terms") == ["out", "in", "bias", "stabiliser", "other"])
      #expect(try file.text(attribute: "composite")?.hasPrefix("rules.toml (sha256 ") == true)
      let table = try Tool.run(base + ["--conservation", "--maps", "none", "--out", "b.h5"], in: folder)
      #expect(table.status == 0 && table.output.contains("stabiliser") && table.output.contains("zplus"), "\(table)")
    }
  }

  @Test func rulesThatDoNotFitAreOneLine() throws {
    try Sample.withModelAndImages { folder in
      func refused(_ text: String, _ message: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent("rules.toml"))
        for verb in [base, ["score", "lenet.onnx", "--data", "hdf5:images.h5", "--criterion", "lrp", "--quiet"]] {
          let run = try Tool.run(verb + ["--composite", "rules.toml", "--out", "a.h5"], in: folder)
          #expect(run.failed(mentioning: message) && run.talk.contains("rules.toml"), "\(run.talk)")
        }
      }
      try refused("[[rules]]\nrule = \"beauty\"", "'beauty'")
      try refused("[[rules]]\nrule = \"flat\"\nlayers = \"conv7\"", "'conv7'")
      try refused("[[rules]]\nrule = \"flat\"\nlayer = \"conv1\"", "'layer' is not a parameter")
      let missing = try Tool.run(base + ["--composite", "none.toml", "--out", "a.h5"], in: folder)
      #expect(missing.failed(mentioning: "none.toml"), "\(missing.talk)")
    }
  }

  /// The same file, to the last byte, for 1, 2, 3 and 8 workers, whatever is kept and wherever relevance starts.
  @Test(arguments: [
    ["--conservation", "--top", "3"], ["--from", "conv2:7", "--top", "2", "--composite", "epsilon_gamma_box:low=-1,high=2"],
    ["--attributor", "smoothgrad:n=3", "--maps", "float16", "--target", "predicted"],
  ])
  func workersDoNotMatter(options: [String]) throws {
    try Sample.withModelAndImages { folder in
      let files = try ["1", "2", "3", "8"].map { workers in
        let run = try Tool.run(base + options + ["--workers", workers, "--out", "maps.h5"], in: folder)
        #expect(run.status == 0, "\(run.talk)")
        return try Data(contentsOf: folder.appendingPathComponent("maps.h5"))
      }
      #expect(files.allSatisfy { $0 == files[0] && $0.count > 1000 })
    }
  }

  /// The most relevant images are those that sorting finds.
  @Test func topImages() throws {
    try Sample.withModelAndImages { folder in
      #expect(try Tool.run(base + ["--top", "3", "--out", "a.h5"], in: folder).status == 0)
      let file = try HDF5File.open(folder.appendingPathComponent("a.h5").path)
      for (all, top) in [("relevance", "relmax"), ("activation-max", "actmax")] {
        let values: Tensor<Float> = try file.dataset("\(all)/conv2").read()
        let indices: Tensor<UInt32> = try file.dataset("\(top)/conv2/index").read()
        let greatest: Tensor<Float> = try file.dataset("\(top)/conv2/value").read()
        #expect(indices.shape == [50, 3])
        for channel in 0..<50 {
          let order = (0..<40).sorted {
            let (a, b) = (values.elements[$0 * 50 + channel], values.elements[$1 * 50 + channel])
            return a != b ? a > b : $0 < $1
          }.prefix(3)
          #expect(indices.elements[channel * 3..<channel * 3 + 3].map(Int.init) == Array(order))
          #expect(Array(greatest.elements[channel * 3..<channel * 3 + 3]) == order.map { values.elements[$0 * 50 + channel] })
        }
      }
    }
  }

  /// Parts joined are the whole, whatever is stored and in whatever order they are named.
  ///
  /// Shards of two, since larger ones would be cut to the size of a small part, and summed in another order.
  @Test(arguments: ["none", "float16", "float32"]) func partsJoined(maps: String) throws {
    try Sample.withModelAndImages { folder in
      let options = ["--maps", maps, "--top", "2", "--conservation"]
      let base = ["relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--batch", "2", "--quiet"]
      #expect(try Tool.run(base + options + ["--out", "whole.h5"], in: folder).status == 0)
      #expect(try Tool.run(base + options + ["--limit", "16", "--out", "a.h5"], in: folder).status == 0)
      #expect(try Tool.run(base + options + ["--skip", "16", "--out", "b.h5"], in: folder).status == 0)
      let joined = try Tool.run("join", "b.h5", "a.h5", "--quiet", "--out", "joined.h5", in: folder)
      #expect(joined.status == 0, "\(joined.talk)")
      let (whole, parts) = (
        try HDF5File.open(folder.appendingPathComponent("whole.h5").path),
        try HDF5File.open(folder.appendingPathComponent("joined.h5").path)
      )
      for name in [
        "index", "prediction", "relevance/conv2", "relevance-absolute/fc1", "activation-max/conv1", "relmax/conv1/index",
        "actmax/fc1/value", "label",
      ] {
        let (a, b): (Tensor<Double>, Tensor<Double>) = (try whole.dataset(name).read(), try parts.dataset(name).read())
        expectSame(a, b, name)
      }
      #expect(parts.exists("attribution") == (maps != "none"))
      if maps != "none" {
        let (a, b): (Tensor<Float>, Tensor<Float>) = (
          try whole.dataset("attribution").read(), try parts.dataset("attribution").read()
        )
        expectSame(a, b, "maps")
        #expect(a.elements.contains { $0 != 0 })
        #expect(try parts.dataset("attribution").elementType.rawValue == (try whole.dataset("attribution").elementType.rawValue))
      }
      let twice = try Tool.run("join", "a.h5", "whole.h5", "--quiet", "--out", "c.h5", in: folder)
      #expect(twice.failed(mentioning: "image 0 is in"), "\(twice.talk)")
      #expect(
        try Tool.run(base + ["--maps", maps, "--composite", "epsilon_plus_flat", "--out", "flat.h5"], in: folder).status == 0)
      let other = try Tool.run("join", "a.h5", "flat.h5", "--quiet", "--out", "c.h5", in: folder)
      #expect(other.failed(mentioning: "its composite is epsilon_plus_flat"), "\(other.talk)")
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("c.h5").path))
    }
  }

  @Test func filtersFromWhichRelevanceStarts() throws {
    try Sample.withModelAndImages { folder in
      let run = try Tool.run(base + ["--from", "conv2:3", "--out", "a.h5"], in: folder)
      #expect(run.status == 0, "\(run.talk)")
      let file = try HDF5File.open(folder.appendingPathComponent("a.h5").path)
      let sums: Tensor<Float> = try file.dataset("relevance/conv2").read()
      for (position, value) in sums.elements.enumerated() where position % 50 != 3 { #expect(value == 0) }
      #expect(try file.text(attribute: "from") == "conv2:3:relevance")
      let unknown = try Tool.run(base + ["--from", "conv2:50", "--out", "a.h5"], in: folder)
      #expect(unknown.failed(mentioning: "no channel 50"), "\(unknown.talk)")
      let other = try Tool.run(base + ["--from", "conv2:3", "--attributor", "occlusion", "--out", "a.h5"], in: folder)
      #expect(other.failed(mentioning: "--attributor lrp"), "\(other.talk)")
    }
  }
}

/// Records an issue unless two tensors are equal, without printing them.
private func expectSame<Scalar: Equatable>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ label: String) {
  let isSame = a == b
  #expect(isSame, "\(label)")
}
