import Foundation
import Storage
import Tensors
import TestSupport
import Testing

@Suite struct FailureTests {
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch { return String(describing: error) }
  }

  @Test func filesThatAreNotThere() throws {
    try withTemporaryFolder { folder in
      let text = folder.appendingPathComponent("a.txt").path
      try Data("hello".utf8).write(to: URL(fileURLWithPath: text))
      #expect(message { _ = try HDF5File.open("/no/such.h5") } == "/no/such.h5: cannot be opened: No such file or directory")
      #expect(message { _ = try HDF5File.open(text) } == "\(text): is not an HDF5 file")
      #expect(message { _ = try HDF5File.open(folder.path) } == "\(folder.path): is not a file (accepted: an HDF5 file)")
      #expect(message { _ = try HDF5File.create("/no/such.h5") } == "/no/such.h5: cannot be created: No such file or directory")
    }
  }

  @Test func anAbandonedFileLeavesNothing() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      func contents() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path) }
      try Data("old".utf8).write(to: URL(fileURLWithPath: path))
      do {
        let file = try HDF5File.create(path)
        try file.write(Tensor(scalar: Float(1)), to: "a")
        #expect(try contents().count == 2 && contents().allSatisfy { $0 == "a.h5" || $0.hasSuffix(".partial") })
      }
      #expect(try contents() == ["a.h5"])
      let file = try HDF5File.create(path)
      let dataset = try file.createDataset("a", of: .float32, shape: [0], grows: true)
      try file.commit()
      #expect(try contents() == ["a.h5"])
      #expect(message { try file.commit() } == "\(path): /: the file is closed")
      #expect(message { try dataset.append(Tensor([1] as [Float], shape: [1])) } == "\(path): /a: the file is closed")
      #expect(try HDF5File.open(path).children() == ["a"])
    }
  }

  @Test func errorsNameFileAndDataset() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let file = try HDF5File.create(path)
      try file.write(["a"], to: "names")
      let data = try file.write(Tensor(repeating: Float(1), shape: [4, 2]), to: "data")
      #expect(
        message { try data.append(Tensor(repeating: Float(1), shape: [1, 2])) }.hasPrefix("\(path): /data: cannot grow to 5×2"))
      #expect(
        message { try data.write(Tensor(repeating: Float(1), shape: [3, 2]), atRow: 2) }
          == "\(path): /data: rows of shape 3×2 do not fit at row 2 of shape 4×2")
      #expect(message { try file.write(["b"], to: "names") }.hasPrefix("\(path): /names: cannot be created: "))
      try file.setAttribute("order", [1, 2])
      try file.commit()
      let read = try HDF5File.open(path)
      #expect(
        message { _ = try read.dataset("images") }
          == "\(path): /images: there is no such dataset (accepted: in /: data, names)")
      #expect(message { _ = try read.group("data") }.hasPrefix("\(path): /data: is not a group"))
      #expect(
        message { _ = try read.dataset("names").read(as: Float.self) } == "\(path): /names: holds strings (accepted: numbers)")
      #expect(message { _ = try read.dataset("data").readTexts() } == "\(path): /data: holds float32 numbers (accepted: texts)")
      #expect(
        message { _ = try read.dataset("data").read(rows: 3..<5, as: Float.self) }
          == "\(path): /data: has no rows 3 ..< 5; its shape is 4×2")
      #expect(
        message { _ = try read.number(attribute: "order", as: Int.self) } == "\(path): /@order: holds 2 values (accepted: one)")
    }
  }

  @Test func absurdSizesAreRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let file = try HDF5File.create(path)
      _ = try file.createDataset("tebi", of: .float32, shape: [1 << 20, 1 << 16], gzip: 1)
      _ = try file.createDataset("beyond", of: .uint8, shape: [0, 1 << 20, 1 << 10], grows: true)
      try file.commit()
      let read = try HDF5File.open(path)
      #expect(
        message { _ = try read.dataset("tebi").read(as: Float.self) }.contains("/tebi: claims 68719476736 elements, more than"))
      #expect(try read.dataset("tebi").read(rows: 7..<8, as: Float.self).elements.allSatisfy { $0 == 0 })
      #expect(message { _ = try read.dataset("beyond").read(as: Float.self) } == "no error")
    }
  }
}
