import Foundation
import Storage
import Tensors
import TestSupport
import Testing

@Suite struct RoundTripTests {
  private func numbers<Scalar: HDF5Scalar & Equatable>(_ values: [Scalar], gzip: Int?) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let tensor = Tensor(values, shape: [2, values.count / 2])
      let file = try HDF5File.create(path)
      try file.write(tensor, to: "deep/er/data", gzip: gzip)
      try file.commit()
      let dataset = try HDF5File.open(path).dataset("/deep/er/data")
      #expect(dataset.elementType == Scalar.elementType)
      #expect(try dataset.read() == tensor)
      #expect(try dataset.read(rows: 1..<2) == tensor.rows(1..<2))
    }
  }

  @Test(arguments: [nil, 4]) func everyScalar(gzip: Int?) throws {
    try numbers([0, -1.5, .pi, .infinity, Float.leastNonzeroMagnitude, 7], gzip: gzip)
    try numbers([0, -1.5, .pi, .infinity, Double.leastNonzeroMagnitude, 7], gzip: gzip)
    try numbers([0, Int64.min, Int64.max, -1], gzip: gzip)
    try numbers([0, Int.min, Int.max, -1], gzip: gzip)
    try numbers([0, UInt8.max, 3, 4], gzip: gzip)
    try numbers([0, UInt16.max, 3, 4], gzip: gzip)
    try numbers([0, UInt32.max, 3, 4], gzip: gzip)
  }

  @Test func shapesAtTheEdge() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let file = try HDF5File.create(path)
      try file.write(Tensor(scalar: Float(3)), to: "scalar", gzip: 1)
      try file.write(Tensor<Float>([], shape: [0, 3]), to: "empty", gzip: 1)
      try file.write([], to: "no texts")
      try file.commit()
      let read = try HDF5File.open(path)
      #expect(try read.dataset("scalar").read() == Tensor(scalar: Float(3)))
      #expect(try read.dataset("empty").read() == Tensor<Float>([], shape: [0, 3]))
      #expect(try read.dataset("no texts").readTexts() == [])
    }
  }

  /// Halves hold integers up to 2048 and short binary fractions exactly, and round the rest to nearest even.
  @Test func halfPrecisionRounds() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let file = try HDF5File.create(path)
      let values: [Float] = [0, -1, 0.5, 2048, 2049, 2051, 65504, 1e6, 6e-8, 0.1]
      try file.write(Tensor(values, shape: [10]), to: "maps", as: .float16)
      try file.commit()
      let dataset = try HDF5File.open(path).dataset("maps")
      #expect(dataset.elementType == .float16)
      let read: [Float] = try dataset.read().elements
      #expect(read == values.map { Float(Float16($0)) })
    }
  }

  @Test func rowsAreStreamed() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let all = Tensor((0..<700 * 6).map(Float.init), shape: [700, 2, 3])
      let file = try HDF5File.create(path)
      let dataset = try file.createDataset("data", of: .float32, shape: [0, 2, 3], grows: true, gzip: 1)
      for start in stride(from: 0, to: 700, by: 32) { try dataset.append(all.rows(start..<min(start + 32, 700))) }
      try dataset.write(all.rows(0..<2), atRow: 5)
      try file.commit()
      let read = try HDF5File.open(path).dataset("data")
      #expect(try read.shape() == [700, 2, 3])
      #expect(try read.read(rows: 31..<97) == all.rows(31..<97))
      #expect(try read.read(rows: 5..<7) == all.rows(0..<2))
      #expect(try read.read(rows: 12..<12, as: Float.self).shape == [0, 2, 3])
    }
  }

  @Test func textsAndAttributes() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let texts = ["Ankle boot", "", "Löwe 🦁", "x"]
      let file = try HDF5File.create(path)
      try file.write(texts, to: "variable")
      try file.write(texts, to: "fixed", fixedLength: true)
      let group = try file.createGroup("g")
      try group.setAttribute("node", "/layer1/Conv")
      try group.setAttribute("names", texts)
      try group.setAttribute("order", 5)
      try group.setAttribute("order", 6)
      try group.setAttribute("eigenvalue", [0.5, 0.25])
      try file.commit()
      let read = try HDF5File.open(path)
      #expect(try read.dataset("variable").readTexts() == texts)
      #expect(try read.dataset("fixed").readTexts() == texts)
      let back = try read.group("g")
      #expect(try back.text(attribute: "node") == "/layer1/Conv")
      #expect(try back.texts(attribute: "names") == texts)
      #expect(try back.number(attribute: "order", as: Int.self) == 6)
      #expect(try back.numbers(attribute: "eigenvalue", as: Double.self)?.elements == [0.5, 0.25])
      #expect(try back.text(attribute: "absent") == nil)
      #expect(back.hasAttribute("order") && !back.hasAttribute("absent"))
    }
  }

  @Test func groupsAreListed() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let file = try HDF5File.create(path)
      for name in ["relevance/conv2", "relevance/conv1", "relevance/features.0"] {
        try file.write(Tensor(scalar: Float(1)), to: name)
      }
      try file.commit()
      let read = try HDF5File.open(path)
      #expect(try read.children() == ["relevance"])
      #expect(try read.group("relevance").children() == ["conv1", "conv2", "features.0"])
      #expect(read.kind(of: "relevance") == .group)
      #expect(read.kind(of: "relevance/conv1") == .dataset)
      #expect(read.kind(of: "relevance/conv3/x") == nil)
      #expect(!read.exists(""))
    }
  }

  @Test func axesHaveNames() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let file = try HDF5File.create(path)
      let scale = try file.write(Tensor([0, 1] as [UInt32], shape: [2]), to: "sample")
      try scale.makeScale()
      let data = try file.write(Tensor(repeating: Float(0), shape: [2, 3, 4]), to: "data")
      try data.attach(scale, axis: 0)
      try data.label(axis: 1, "channel")
      try data.describe(units: "1", "relevance")
      try file.commit()
      let read = try HDF5File.open(path).dataset("data")
      #expect(try read.axisNames() == ["sample", "channel", ""])
      #expect(try read.text(attribute: "units") == "1")
    }
  }

  @Test func theSameResultsGiveTheSameBytes() throws {
    try withTemporaryFolder { folder in
      let files = try ["a.h5", "b.h5"].map { name in
        let path = folder.appendingPathComponent(name).path
        let file = try HDF5File.create(path)
        try file.write(Tensor((0..<1000).map(Float.init), shape: [1000]), to: "group/data", gzip: 4)
        try file.setAttribute("node", "conv1")
        try file.commit()
        usleep(name == "a.h5" ? 1_100_000 : 0)
        return try Data(contentsOf: URL(fileURLWithPath: path))
      }
      #expect(files[0] == files[1])
    }
  }

  @Test func manyThreadsMayRead() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let all = Tensor((0..<4000).map(Float.init), shape: [400, 10])
      let file = try HDF5File.create(path)
      try file.write(all, to: "data", gzip: 1)
      try file.commit()
      let dataset = try HDF5File.open(path).dataset("data")
      DispatchQueue.concurrentPerform(iterations: 200) { row in
        #expect((try? dataset.read(rows: row..<row + 3)) == all.rows(row..<row + 3))
      }
    }
  }

  /// A process that is started while a file is written has it open too; the library's lock must not stay with it.
  @Test func whatIsWrittenCanBeReadAtOnce() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let file = try HDF5File.create(path)
      try file.write(Tensor([1, 2] as [Float], shape: [2]), to: "data")
      var arguments: [UnsafeMutablePointer<CChar>?] = ["/bin/sleep", "5"].map { (text: String) in strdup(text) } + [nil]
      defer { for argument in arguments { free(argument) } }
      var child = pid_t()
      #expect(posix_spawn(&child, "/bin/sleep", nil, nil, &arguments, environ) == 0)
      defer {
        kill(child, SIGKILL)
        waitpid(child, nil, 0)
      }
      try file.commit()
      #expect(try HDF5File.open(path).dataset("data").read(as: Float.self).elements == [1, 2])
    }
  }
}
