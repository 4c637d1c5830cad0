import Foundation
import Storage
import Tensors
import TestSupport
import Testing

/// What `--data` takes, and what is said of how it was taken.
@Suite struct DataFormTests {
  /// A grey PNG of 28×28 that an earlier run of the tool cannot have made: 1 byte a pixel, stored without compression.
  private func write(_ pixels: [UInt8], to file: URL) throws {
    func big(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }
    func crc(_ bytes: [UInt8]) -> Int {
      var sum: UInt32 = .max
      for byte in bytes {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = sum & 1 == 1 ? 0xEDB8_8320 ^ sum >> 1 : sum >> 1 }
      }
      return Int(~sum)
    }
    func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
      big(body.count) + Array(name.utf8) + body + big(crc(Array(name.utf8) + body))
    }
    let rows = (0..<28).flatMap { [0] + pixels[$0 * 28..<$0 * 28 + 28] }
    let (a, b) = rows.reduce((1, 0)) {
      let a = ($0.0 + Int($1)) % 65521; return (a, ($0.1 + a) % 65521)
    }
    let length = [UInt8(rows.count & 255), UInt8(rows.count >> 8)]
    let data = [0x78, 1, 1] + length + length.map { ~$0 } + rows + big(b << 16 | a)
    let bytes =
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", big(28) + big(28) + [8, 0, 0, 0, 0]) + chunk("IDAT", data)
      + chunk("IEND", [])
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }

  private func image(_ number: Int) -> [UInt8] { (0..<784).map { UInt8(($0 * (7 + number) + number * 31) % 256) } }

  @Test func oneImage() throws {
    try Sample.withModelAndImages { folder in
      try write(image(1), to: folder.appendingPathComponent("one.png"))
      for data in ["one.png", "image:one.png"] {
        let outcome = try Tool.run("relevance", "lenet.onnx", "--data", data, "--out", "r.h5", in: folder)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try HDF5File.open(folder.appendingPathComponent("r.h5").path).dataset("prediction").shape().dimensions[0] == 1)
      }
      let wrong = try Tool.run("evaluate", "lenet.onnx", "--data", "folder:one.png", in: folder)
      #expect(wrong.failed(mentioning: "--data image:one.png"), "\(wrong)")
      let absent = try Tool.run("evaluate", "lenet.onnx", "--data", "nothing", in: folder)
      #expect(absent.status == 64 && absent.talk.contains("nor a path that exists"), "\(absent)")
    }
  }

  /// The same images as a folder and as bytes of an HDF5 file that is prepared alike.
  @Test func bytesArePreparedAsImages() throws {
    try Sample.withModelAndImages { folder in
      let file = try HDF5File.create(folder.appendingPathComponent("bytes.h5").path)
      try file.write(Tensor((0..<10).flatMap(image), shape: [10, 1, 28, 28]), to: "data")
      try file.write(Tensor((0..<10).map { UInt8($0) }, shape: [10, 1]), to: "label")
      try file.commit()
      for number in 0..<10 { try write(image(number), to: folder.appendingPathComponent("d/\(number)/a.png")) }
      try Data("channels = 1\nmean = 0.3\nstd = 0.2\n".utf8).write(to: folder.appendingPathComponent("p.toml"))
      func loss(_ data: String) throws -> String {
        let outcome = try Tool.run(
          "evaluate", "lenet.onnx", "--data", data, "--preprocess", "p.toml", "--json", "--quiet", in: folder)
        #expect(outcome.status == 0, "\(outcome)")
        return try #require(outcome.output.split(separator: ",").first { $0.contains("loss") }).description
      }
      #expect(try loss("hdf5:bytes.h5") == loss("d"))
      let floats = try Tool.run("evaluate", "lenet.onnx", "--data", "hdf5:images.h5", "--preprocess", "p.toml", in: folder)
      #expect(floats.failed(mentioning: "--preprocess cannot prepare"), "\(floats)")
      let raw = try Tool.run("evaluate", "lenet.onnx", "--data", "hdf5:bytes.h5", in: folder)
      #expect(raw.status == 0 && raw.talk.contains("taken as they are"), "\(raw)")
      try Data("channels = 1\nscale = 1\nmean = 0.3\nstd = 0.2\n".utf8).write(to: folder.appendingPathComponent("p.toml"))
      let doubtful = try Tool.run("evaluate", "lenet.onnx", "--data", "d", "--preprocess", "p.toml", in: folder)
      #expect(doubtful.status == 0 && doubtful.talk.contains("spreads the values over 1275"), "\(doubtful)")
    }
  }

  @Test func foldersAndOutputsDiffer() throws {
    try Sample.withModelAndImages { folder in
      for number in 0..<11 { try write(image(number), to: folder.appendingPathComponent("eleven/c\(number + 10)/a.png")) }
      for number in 0..<3 { try write(image(number), to: folder.appendingPathComponent("three/c\(number)/a.png")) }
      let many = try Tool.run("evaluate", "lenet.onnx", "--data", "eleven", in: folder)
      #expect(many.status == 1 && many.talk.contains("c20/a.png has label 10, c20, which is no class of the network"), "\(many)")
      let few = try Tool.run("evaluate", "lenet.onnx", "--data", "three", in: folder)
      #expect(few.status == 0 && few.talk.contains("has 3 classes, the network 10 outputs"), "\(few)")
    }
  }
}
