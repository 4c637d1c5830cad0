import Foundation
import Images
import TestSupport
import Tensors
import Testing

/// The walk of `Documentation/first-hour.md`, command by command.
@Suite struct FirstHourTests {
  private struct Block {
    var language: String, text: String
    /// The file that the line before it names.
    var file: String?
  }

  private static func blocks() throws -> [Block] {
    let path = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../Documentation/first-hour.md").standardized
    var blocks: [Block] = []
    var (language, lines, last) = (String?.none, [String](), "")
    for line in try String(contentsOf: path, encoding: .utf8).components(separatedBy: "\n") {
      if line.hasPrefix("```") {
        if let open = language {
          let file = last.firstMatch(of: /^`([^`]+)`/).map { String($0.1) }
          blocks.append(Block(language: open, text: lines.joined(separator: "\n"), file: file))
          (language, lines, last) = (nil, [], "")
        } else {
          language = String(line.dropFirst(3))
        }
      } else if language != nil {
        lines.append(line)
      } else if line.hasPrefix("`") {
        last = line
      }
    }
    return blocks
  }

  /// Images [32, 32, 3] of three classes, told apart by where a square stands and by its colour.
  private static func photos(_ part: String, _ count: Int, in folder: URL) throws {
    var random = Philox(seed: 5, stream: Philox.stream(named: part))
    for (label, name) in ["cats", "dogs", "eels"].enumerated() {
      let place = folder.appendingPathComponent("photos/\(part)/\(name)")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for image in 0..<count {
        var pixels = (0..<32 * 32 * 3).map { _ in UInt8(random.uniform() * 80) }
        for row in 4..<16 { for column in 4..<16 { pixels[((row + 6 * label) * 32 + column + 4 * label) * 3 + label] = 220 } }
        try Data(Image(pixels: Tensor(pixels, shape: [32, 32, 3])).encodedPNG()).write(
          to: place.appendingPathComponent("\(image).png"))
      }
    }
  }

  @Test func everyCommandDoesWhatIsSaid() throws {
    try withTemporaryFolder { folder in
      try Self.photos("train", 40, in: folder)
      try Self.photos("test", 10, in: folder)
      let blocks = try Self.blocks()
      for block in blocks where block.language == "toml" {
        let name = try #require(block.file)
        try Data(block.text.utf8).write(to: folder.appendingPathComponent(name))
      }
      // The network that stands for one of PyTorch's.
      let made = try Tool.run(
        "train", "resnet20", "--data", "photos/train", "--preprocess", "preprocess.toml", "--epochs", "3", "--batch", "40",
        "--out",
        "model.onnx", in: folder)
      #expect(made.status == 0, "\(made)")
      let commands = blocks.filter { $0.language == "sh" }.flatMap { $0.text.split(separator: "\n").map(String.init) }
      #expect(commands.count < 10 && commands.first == "python3 export.py")
      for command in commands.dropFirst() {
        let line = command.replacing("espalier ", with: "'\(Tool.url.path)' ", maxReplacements: 1)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "exec >out.txt 2>err.txt; " + line]
        process.currentDirectoryURL = folder
        try process.run()
        process.waitUntilExit()
        let talk = try String(contentsOf: folder.appendingPathComponent("err.txt"), encoding: .utf8)
        #expect(process.terminationStatus == 0, "\(command): \(talk)")
      }
      let record = try String(contentsOf: folder.appendingPathComponent("out.txt"), encoding: .utf8)
      #expect(record.contains("prune") && record.contains("tune"), "\(record)")
      for name in [
        "heatmaps.pdf", "comparison/accuracy.pdf", "comparison/area.tex", "comparison/comparisons.tex", "comparison/tables.md",
      ] {
        #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path), "\(name)")
      }
      let area = try String(contentsOf: folder.appendingPathComponent("comparison/area.tex"), encoding: .utf8)
      #expect(["lrp", "taylor-2017", "l1", "fpgm", "apoz", "random"].allSatisfy { area.contains($0) }, "\(area)")
    }
  }
}
