import Foundation
import Networks
import ONNX
import Storage
import Tensors

/// Sound files of every kind that the tool reads, made by the tool itself where it can, and the hostile kinds over them.
public enum Scene {
  /// Lays sound files into a folder and says which kinds come of them.
  ///
  /// - Throws: an error if the tool cannot make one.
  public static func make(in folder: URL, tool: String, seed: UInt64 = 1) throws -> [HostileKind] {
    func run(_ arguments: String...) throws {
      let outcome = try ToolProcess.run(tool, arguments, in: folder, seconds: 120)
      guard outcome.status == 0 else {
        throw EspalierError(outcome.talk, location: "espalier \(arguments.joined(separator: " "))")
      }
    }
    func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appendingPathComponent(name))) }
    func write(_ text: String, _ name: String) throws { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    // Networks and data.
    try run("new", "lenet", "--input", "1,16,16", "--classes", "4", "--seed", "3", "--out", "net.onnx")
    try run("new", "resnet20", "--input", "3,8,8", "--classes", "4", "--seed", "3", "--out", "residual.onnx")
    for index in 0..<3 {
      try RandomNetworks.graph(seed: seed + UInt64(index)).writeONNX(to: path("random\(index).onnx"))
    }
    try data(path("data.h5"), shape: [12, 1, 16, 16], seed: seed)
    try data(path("data3.h5"), shape: [12, 3, 8, 8], seed: seed)
    try concepts(path("data.h5.concepts"), size: 16, seed: seed)
    try concepts(path("data3.h5.concepts"), size: 8, seed: seed)

    // Results.
    try run("relevance", "net.onnx", "--data", "hdf5:data.h5", "--out", "maps.h5", "--limit", "6")
    try run("relevance", "net.onnx", "--data", "hdf5:data.h5", "--out", "more.h5", "--skip", "6")
    try run("score", "net.onnx", "--data", "hdf5:data.h5", "--criterion", "lrp", "--criterion", "apoz", "--out", "scores.h5")
    try run(
      "dissect", "net.onnx", "--data", "hdf5:data.h5", "--concepts", "hdf5:data.h5.concepts", "--report",
      "report", "--out", "units.h5")
    try run(
      "train", "lenet", "--input", "1,16,16", "--classes", "4", "--data", "hdf5:data.h5", "--epochs", "1", "--out", "trained.onnx"
    )
    try run(
      "prune", "net.onnx", "--scores", "scores.h5", "--criterion", "lrp", "--budget", "filters=0.5", "--latency-batch", "0",
      "--out",
      "pruned.onnx")
    try run("sensitivity", "net.onnx", "--data", "hdf5:data.h5", "--criterion", "l1", "--out", "sweep.json")
    let observing = ["--data", "hdf5:data.h5", "--batch", "4", "--workers", "1"]
    let dissecting = ["dissect", "net.onnx", "--concepts", "hdf5:data.h5.concepts"] + observing
    for (name, command) in [
      ("stats", ["stats", "net.onnx", "--statistic", "moments", "--statistic", "quantiles", "--statistic", "gram"] + observing),
      ("thresholds", dissecting), ("units", dissecting + ["--thresholds", "units.h5"]),
      ("measure", ["measure", "net.onnx", "--method", "gradient", "--measure", "sparseness"] + observing),
      ("evaluate", ["evaluate", "net.onnx"] + observing), ("maps", ["relevance", "net.onnx"] + observing),
    ] {
      for number in 1...2 {
        let outcome = try ToolProcess.run(
          tool, command + ["--part", "\(number)/2", "--out", "\(name).part\(number)"], in: folder, seconds: 120)
        guard outcome.status == 0 else { throw EspalierError(outcome.talk, location: "part \(number) of \(name)") }
      }
    }
    try write("{\"0\": \"a\", \"1\": \"b\", \"2\": [\"n02\", \"c\"], \"3\": \"d\"}", "classes.json")

    // Images, texts.
    try FileManager.default.createDirectory(at: folder.appendingPathComponent("images/a"), withIntermediateDirectories: true)
    try FileManager.default.createDirectory(at: folder.appendingPathComponent("images/b"), withIntermediateDirectories: true)
    try Data(png).write(to: folder.appendingPathComponent("images/a/one.png"))
    try Data(png).write(to: folder.appendingPathComponent("images/b/two.png"))
    try write(
      "path,label,mask,mask-kind\nimages/a/one.png,0,images/a/one.png,grey\nimages/b/two.png,1;2,images/b/two.png,index\n",
      "list.csv")
    try write("resize = 16\ncrop = [16, 16]\nmean = [0.5]\nstd = [0.25]\nlayout = \"nchw\"\nchannels = 1\n", "prepare.toml")
    try write("a 0\nb 1\nc 2\nd 3\n", "classes.txt")
    try write(
      "[[rules]]\nkind = \"convolution\"\nrule = \"epsilon\"\nepsilon = 0.1\n[[rules]]\nkind = \"linear\"\nrule = \"zplus\"\n",
      "rules.toml")
    try write(
      "[[step]]\nname = \"prune\"\ncriterion = [\"l1\", \"l2\"]\ncombine = \"mean-rank\"\nbudget = \"macs=0.5\"\n", "steps.toml")
    try write(
      """
      title = "t"
      seeds = [1, 2]
      [data]
      train = "hdf5:data.h5"
      validation = "hdf5:data.h5"
      per-class = 1
      [[network]]
      name = "n"
      file = "net.onnx"
      [[method]]
      name = "a"
      criterion = "l1"
      scope = "{who}"
      [factor]
      who = ["layer", "global"]
      [[chain]]
      [[chain.step]]
      name = "prune"
      budget = ["macs=0.8", "macs=0.5"]
      [controls]
      arms = ["random"]
      """, "study.toml")
    try write("width = \"85mm\"\nfont-size = 8\npalette = \"okabe-ito\"\ndpi = 72\n", "style.toml")
    let idx = ([0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 16, 0, 0, 0, 16] as [UInt8]) + [UInt8](repeating: 90, count: 12 * 256)
    let labels = ([0, 0, 8, 1, 0, 0, 0, 12] as [UInt8]) + (0..<12).map { UInt8($0 % 4) }
    try Data(idx).write(to: folder.appendingPathComponent("images.idx"))
    try Data(labels).write(to: folder.appendingPathComponent("labels.idx"))

    let small = ["--workers", "1", "--batch", "4"]
    func verbs(_ model: String, _ data: String) -> [[String]] {
      [
        ["inspect", model], ["inspect", model, "--groups"], ["figure", "groups", model, "--out", "out.png"],
        ["evaluate", model, "--data", data],
        ["relevance", model, "--data", data, "--target", "0", "--out", "out.h5"] + small,
        ["prune", model, "--criterion", "l1", "--budget", "filters=0.5", "--latency-batch", "0", "--out", "out.onnx"],
        ["stats", model, "--data", data, "--out", "out.h5"] + small,
        ["tune", model, "--data", data, "--epochs", "1", "--out", "out.onnx", "--workers", "1"],
        ["score", model, "--data", data, "--criterion", "apoz", "--out", "out.h5"] + small,
        ["measure", model, "--data", data, "--method", "gradient", "--measure", "sparseness"] + small,
        ["dissect", model, "--data", data, "--concepts", data + ".concepts", "--out", "out.h5"] + small,
        ["sensitivity", model, "--data", data, "--criterion", "l1", "--out", "out.json"] + small,
      ]
    }
    func network(_ file: String, _ data: String) throws -> HostileKind {
      let original = try bytes(file)
      return HostileKind(
        "onnx", file: "hostile.onnx", sound: original,
        mutators: [
          ProtobufMutator(original, seed: seed), ProtobufMutator(original, seed: seed + 1), Mutator(original, seed: seed),
        ],
        commands: verbs("hostile.onnx", data))
    }
    func results(_ file: String, _ commands: [[String]]) throws -> HostileKind {
      HostileKind(
        "hdf5 \(file)", file: file, sound: try bytes(file),
        mutators: [
          try HDF5Mutator(path(file), seed: seed), Mutator(try bytes(file), seed: seed),
          try HDF5Mutator(path(file), seed: seed + 1),
        ],
        commands: commands)
    }
    func text(_ file: String, _ commands: [[String]]) throws -> HostileKind {
      let text = String(decoding: try bytes(file), as: UTF8.self)
      return HostileKind(file, file: file, sound: Array(text.utf8), mutators: [TextMutator(text, seed: seed)], commands: commands)
    }
    func part(_ name: String, _ out: [String] = ["--out", "out.h5"]) throws -> HostileKind {
      let (file, original) = ("\(name).part2", try bytes("\(name).part2"))
      return HostileKind(
        "part of \(name)", file: file, sound: original,
        mutators: [try SealedMutator(checkpoint: path(file), seed: seed), Mutator(original, seed: seed)],
        commands: [["join", "\(name).part1", file] + out])
    }
    let evaluate = ["evaluate", "net.onnx", "--data"]
    let folderOfImages = evaluate + ["folder:images", "--preprocess", "prepare.toml"]
    let list = ["relevance", "net.onnx", "--data", "csv:list.csv", "--preprocess", "prepare.toml", "--out", "out.h5"]
    return try [
      HostileKind(
        "pruned onnx", file: "pruned.onnx", sound: try bytes("pruned.onnx"),
        mutators: [ProtobufMutator(try bytes("pruned.onnx"), seed: seed)],
        commands: [["figure", "pruning", "pruned.onnx", "--scores", "scores.h5", "--criterion", "lrp", "--out", "out.png"]]),
      network("net.onnx", "hdf5:data.h5"), network("residual.onnx", "hdf5:data3.h5"), network("random0.onnx", "hdf5:data3.h5"),
      network("random1.onnx", "hdf5:data3.h5"), network("random2.onnx", "hdf5:data3.h5"), network("trained.onnx", "hdf5:data.h5"),
      results(
        "data.h5",
        Array(verbs("net.onnx", "hdf5:data.h5").dropFirst(2)) + [
          [
            "train", "lenet", "--input", "1,16,16", "--classes", "4", "--data", "hdf5:data.h5", "--epochs", "1", "--out",
            "out.onnx",
          ]
        ]),
      results(
        "data.h5.concepts",
        [["dissect", "net.onnx", "--data", "hdf5:data.h5", "--concepts", "hdf5:data.h5.concepts", "--out", "out.h5"] + small]),
      results(
        "maps.h5",
        [
          ["figure", "heatmap", "maps.h5", "--out", "out.png"], ["join", "maps.h5", "more.h5", "--out", "out.h5"],
          ["figure", "montage", "maps.h5", "--data", "hdf5:data.h5", "--out", "out.pdf"],
        ]),
      results(
        "scores.h5",
        [
          ["figure", "filters", "scores.h5", "--out", "out.png"],
          [
            "prune", "net.onnx", "--scores", "scores.h5", "--criterion", "lrp", "--budget", "filters=0.5", "--latency-batch", "0",
            "--out", "out.onnx",
          ],
        ]),
      results(
        "units.h5",
        [["figure", "units", "units.h5", "--layer", "conv1", "--data", "hdf5:data.h5", "--out", "out.png"]]),
      HostileKind(
        "png", file: "images/a/one.png", sound: png, mutators: [PNGMutator(png, seed: seed), Mutator(png, seed: seed)],
        commands: [folderOfImages, list]),
      HostileKind(
        "jpeg", file: "images/a/three.jpg", sound: jpeg, mutators: [JPEGMutator(jpeg, seed: seed), Mutator(jpeg, seed: seed)],
        commands: [folderOfImages]),
      HostileKind(
        "idx", file: "images.idx", sound: idx, mutators: [HeaderMutator(idx, words: 4, seed: seed)],
        commands: [evaluate + ["idx:images.idx,labels.idx"]]),
      HostileKind(
        "idx labels", file: "labels.idx", sound: labels, mutators: [HeaderMutator(labels, words: 2, seed: seed)],
        commands: [evaluate + ["idx:images.idx,labels.idx"]]),
      text("list.csv", [list, evaluate + ["csv:list.csv", "--preprocess", "prepare.toml"]]),
      text("prepare.toml", [folderOfImages]),
      text("sweep.json", [["figure", "sensitivity", "sweep.json", "--out", "out.png"]]),
      text("classes.json", [folderOfImages + ["--classes", "classes.json"]]),
      text("classes.txt", [folderOfImages + ["--classes", "classes.txt"]]),
      text(
        "rules.toml",
        [["relevance", "net.onnx", "--data", "hdf5:data.h5", "--composite", "rules.toml", "--out", "out.h5"] + small]),
      text("steps.toml", [["compress", "net.onnx", "--steps", "steps.toml", "--latency-batch", "0", "--out", "out.onnx"]]),
      text("study.toml", [["study", "study.toml", "--dry-run", "--workers", "1"]]),
      text("style.toml", [["figure", "sensitivity", "sweep.json", "--style", "style.toml", "--out", "out.png"]]),
      part("stats"), part("thresholds"), part("units"), part("measure", ["--out", "out.csv"]), part("evaluate", []),
      part("maps"),
    ] + StoppedRuns.kinds(in: folder, tool: tool, seed: seed)
  }

  static func data(_ path: String, shape: Shape, seed: UInt64) throws {
    var random = Philox(seed: seed, stream: 5)
    let file = try HDF5File.create(path)
    try file.write(Tensor((0..<shape.count).map { _ in Float(random.normal()) }, shape: shape), to: "data")
    try file.write(Tensor((0..<shape[0]).map { UInt16($0 % 4) }, shape: [shape[0]]), to: "label")
    try file.commit()
  }

  private static func concepts(_ path: String, size: Int, seed: UInt64) throws {
    var random = Philox(seed: seed, stream: 6)
    let file = try HDF5File.create(path)
    try file.write(
      Tensor((0..<12 * 2 * size * size).map { _ in UInt8(random.index(2)) }, shape: [12, 2, size, size]), to: "concepts")
    try file.write(["bright", "dark"], to: "concept_names")
    try file.write(["tone", "tone"], to: "concept_categories")
    try file.commit()
  }

  /// A grey PNG of 16 × 16, its deflate stream of one stored block.
  private static let png: [UInt8] = {
    let raw = (0..<16).flatMap { row in [UInt8(0)] + (0..<16).map { UInt8($0 * 16 &+ row) } }
    let (a, b) = raw.reduce((UInt32(1), UInt32(0))) { sums, byte in
      let a = (sums.0 + UInt32(byte)) % 65_521
      return (a, (sums.1 + a) % 65_521)
    }
    let length = UInt16(raw.count)
    let stored: [UInt8] = [1, UInt8(length & 255), UInt8(length >> 8), UInt8(~length & 255), UInt8(~length >> 8)]
    let adler = b << 16 | a
    let stream = [0x78, 0x01] + stored + raw + (0..<4).map { UInt8(truncatingIfNeeded: adler >> (8 * UInt32(3 - $0))) }
    let chunks: [(String, [UInt8])] = [("IHDR", [0, 0, 0, 16, 0, 0, 0, 16, 8, 0, 0, 0, 0]), ("IDAT", stream), ("IEND", [])]
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + chunks.flatMap { type, body -> [UInt8] in
        let sum = CRC32.of(Array(type.utf8) + body)
        return (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (8 * (3 - $0))) } + Array(type.utf8) + body
          + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt32(3 - $0))) }
      }
  }()
}
