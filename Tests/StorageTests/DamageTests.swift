import Foundation
import Storage
import Tensors
import TestSupport
import Testing

/// Damaged files are refused or read: the library's crashes and loops stay in a child process.
///
/// Memory is watched where every file has a process of its own, by `FuzzTests`.
@Suite(.serialized) struct DamageTests {
  /// Reads all that this module can read of a file.
  private func readAll(_ group: HDF5Group) throws {
    for name in ["text", "texts", "number"] where group.hasAttribute(name) {
      if name == "number" { _ = try group.numbers(attribute: name, as: Int.self) } else { _ = try group.texts(attribute: name) }
    }
    for name in try group.children() {
      switch group.kind(of: name) {
      case .group: try readAll(group.group(name))
      case .dataset:
        let dataset = try group.dataset(name)
        _ = try dataset.axisNames()
        _ = try dataset.texts(attribute: "text")
        if dataset.elementType == .string { _ = try dataset.readTexts() } else { _ = try dataset.read(as: Float.self) }
      default: break
      }
    }
  }

  /// Reads damaged copies of a file; returns how many were refused, and the messages, without names, of those that were refused
  /// when they were opened.
  private func readDamaged(_ bytes: [UInt8], count: Int) throws -> (refused: Int, messages: Set<String>) {
    try withTemporaryFolder { folder in
      let mutated = Mutator(bytes)
      var (refused, messages) = (0, Set<String>())
      for number in 0..<count {
        let path = folder.appendingPathComponent("\(number).h5").path
        try Data(mutated(number)).write(to: URL(fileURLWithPath: path))
        do { try readAll(HDF5File.open(path)) } catch let error as EspalierError {
          refused += 1
          messages.insert(error.problem)
        }
        try FileManager.default.removeItem(atPath: path)
      }
      return (refused, messages)
    }
  }

  @Test func ourOwn() throws {
    let bytes = try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let file = try HDF5File.create(path)
      let sample = try file.write(Tensor((0..<10).map(UInt32.init), shape: [10]), to: "scales/sample")
      try sample.makeScale()
      let data = try file.write(Tensor((0..<600).map(Float.init), shape: [10, 60]), to: "data", gzip: 4)
      try data.attach(sample, axis: 0)
      try data.label(axis: 1, "channel")
      try data.setAttribute("text", "/features/conv1")
      try file.write(Tensor([1, 2, 3] as [UInt16], shape: [3]), to: "label")
      try file.write(["a", "bc"], to: "fixed", fixedLength: true)
      try file.write(["Löwe", "", "Katze"], to: "names")
      try file.setAttribute("text", "epsilon_plus")
      try file.setAttribute("texts", (0..<10).map { "class \($0)" })
      try file.setAttribute("number", [3, 4])
      try file.commit()
      return try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    }
    let (refused, messages) = try readDamaged(bytes, count: 1000)
    #expect(refused > 400)
    #expect(messages.contains("is damaged: the HDF5 library crashes over it"))
  }

  /// h5py's format is older and has no checksums.
  @Test(.enabled(if: Python.isAvailable, "ESPALIER_PYTHON is not set")) func thoseOfH5py() throws {
    let bytes = try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      try Python.run(
        """
        import sys, h5py, numpy as np
        with h5py.File(sys.argv[1], 'w') as f:
          f.create_dataset('names', data=['a', 'Löwe', 'x' * 300], dtype=h5py.string_dtype())
          f.create_dataset('data', data=np.arange(600.).reshape(10, 60), chunks=(4, 60), compression='gzip', shuffle=True)
          f['big'] = np.arange(6, dtype='>f8')
          f['group/half'] = np.array([1, 0.5, -3], np.float16)
          f['scale'] = np.arange(10)
          f['scale'].make_scale('sample')
          f['data'].dims[0].attach_scale(f['scale'])
          f['data'].dims[1].label = 'channel'
          f['data'].attrs['text'] = 'Löwe'
          f.attrs['text'] = 'epsilon_plus'
          f.attrs['texts'] = ['class %d' % i for i in range(10)]
          f.attrs['number'] = [1, 2]
        """, path)
      return try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    }
    let (refused, messages) = try readDamaged(bytes, count: 1000)
    #expect(refused > 400)
    #expect(messages.contains("is damaged: the HDF5 library crashes over it"))
  }

  /// Floating-point numbers whose mantissa is said to lie behind their last bit: the library would convert what lies there.
  @Test(.enabled(if: Python.isAvailable, "ESPALIER_PYTHON is not set")) func numbersBeyondTheirBitsAreNoNumbers() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      try Python.run(
        """
        import sys, h5py, numpy as np
        with h5py.File(sys.argv[1], 'w') as f: f['data'] = np.arange(3, dtype='f4')
        bytes = open(sys.argv[1], 'rb').read()
        # Offset 0, precision 32, exponent of 8 bits at 23, mantissa of 23 bits at 0, bias 127.
        single = bytes.index(b'\\0\\0\\x20\\0\\x17\\x08\\0\\x17\\x7f\\0\\0\\0')
        for name, position, value in [('b', 7, 200), ('c', 4, 250), ('d', 6, 31)]:
            damaged = bytearray(bytes)
            damaged[single + position] = value
            open(sys.argv[1].replace('a.h5', name + '.h5'), 'wb').write(damaged)
        """, path)
      #expect(try HDF5File.open(path).dataset("data").read(as: Float.self).elements == [0, 1, 2])
      for name in ["b", "c", "d"] {
        let error = try #require(throws: EspalierError.self) {
          try HDF5File.open(folder.appendingPathComponent("\(name).h5").path).dataset("data").read(as: Float.self)
        }
        #expect(error.problem == "holds others", "\(error)")
      }
    }
  }

  /// Nobody has inspected what lies in another file.
  @Test(.enabled(if: Python.isAvailable, "ESPALIER_PYTHON is not set")) func whatLiesElsewhereIsNotRead() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      try Python.run(
        """
        import sys, os, h5py, numpy as np
        other = os.path.join(os.path.dirname(sys.argv[1]), 'b.h5')
        with h5py.File(other, 'w') as f: f['data'] = np.arange(4.)
        with h5py.File(sys.argv[1], 'w') as f:
          f['link'] = h5py.ExternalLink(other, '/data')
          layout = h5py.VirtualLayout((4,), 'f8')
          layout[:] = h5py.VirtualSource(other, 'data', (4,))
          f.create_virtual_dataset('virtual', layout)
          f.create_dataset('raw', (4,), 'f8', external=[(other, 0, 32)])
          f['here'] = np.arange(3.)
        """, path)
      let file = try HDF5File.open(path)
      #expect(try file.dataset("here").read(as: Float.self).elements == [0, 1, 2])
      for (name, message) in [
        ("link", "is not a dataset"), ("virtual", "keeps its elements in other files"),
        ("raw", "keeps its elements in other files"),
      ] {
        let error = try #require(throws: EspalierError.self) { try file.dataset(name) }
        #expect(error.problem.hasPrefix(message))
        #expect(error.location == "/\(name)")
      }
    }
  }
}
