import Datasets
import Foundation
import Storage
import Tensors
import TestSupport
import Testing

/// Damaged files give an `EspalierError` or are read; nothing traps, hangs or takes memory that the file cannot fill.
@Suite struct DamageTests {
  /// Reads damaged copies of a file and returns how many were refused.
  private func refused(_ name: String, _ bytes: [UInt8], _ read: (String) throws -> Void) throws -> Int {
    try withTemporaryFolder { folder in
      let mutated = Mutator(bytes)
      var refused = 0
      for number in 0..<2000 {
        let path = try folder.write(mutated(number), name)
        do { try read(path) } catch is EspalierError { refused += 1 }
      }
      return refused
    }
  }

  @Test func idx() throws {
    try withTemporaryFolder { folder in
      let labels = try folder.write(DatasetsTests.idx([5], [0, 1, 2, 3, 4]), "labels")
      let images = DatasetsTests.idx([5, 4, 3], (0..<60).map(UInt8.init))
      #expect(try refused("images", images) { _ = try IDXDataset(images: $0, labels: labels).sample(4) } > 1000)
    }
  }

  @Test(.enabled(if: FashionMNIST.isInstalled)) func gzip() throws {
    let labels = FashionMNIST.folder + "/t10k-labels-idx1-ubyte.gz"
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: labels)))
    try withTemporaryFolder { folder in
      let images = try folder.write(DatasetsTests.idx([10_000, 1, 1], [UInt8](repeating: 0, count: 10_000)), "images")
      #expect(try refused("labels.gz", bytes) { _ = try IDXDataset(images: images, labels: $0) } > 1500)
    }
  }

  @Test func hdf5() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let file = try HDF5File.create(path)
      try file.write(Tensor((0..<48).map(Float.init), shape: [4, 3, 2, 2]), to: "data", gzip: 1)
      try file.write(Tensor([1, 2, 3, 4] as [UInt16], shape: [4]), to: "label")
      try file.commit()
      let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
      #expect(try refused("b.h5", bytes) { _ = try HDF5Samples($0).sample(0) } > 250)
    }
  }

  @Test func csv() throws {
    let text = "path,label,mask\n\"a, b.png\",3;4,m.png\nb.png,5,\nc.png,,\n"
    #expect(try refused("a.csv", Array(text.utf8)) { _ = try CSV.open($0) } > 250)
  }

  @Test func classes() throws {
    let text = #"{"animals/birds/duck.png": [97, 98], "tench": 0, "x": {"index": 3}}"#
    #expect(try refused("a.json", Array(text.utf8)) { _ = try ClassMap(file: $0) } > 250)
  }

  @Test func preprocessing() throws {
    let text = "resize = 256\ncrop = [224, 224]\nmean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\nlayout = \"nchw\"\n"
    #expect(try refused("a.toml", Array(text.utf8)) { _ = try Preprocessing(file: $0) } > 250)
  }

  /// A few bytes that would unpack to a gigabyte stop at the length in the header.
  @Test func bombs() throws {
    try withTemporaryFolder { folder in
      let labels = try folder.write(DatasetsTests.idx([1], [0]), "labels")
      let process = Process()
      let bomb = folder.appendingPathComponent("bomb.gz").path
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = [
        "-c", "(printf '\\0\\0\\10\\3\\0\\0\\0\\1\\0\\0\\0\\1\\0\\0\\0\\1'; head -c 100000000 /dev/zero) | gzip > \(bomb)",
      ]
      try process.run()
      process.waitUntilExit()
      #expect(message { _ = try IDXDataset(images: bomb, labels: labels) } == "\(bomb): is longer than its header says")
    }
  }
}
