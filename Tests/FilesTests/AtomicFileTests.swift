import Files
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct AtomicFileTests {
  private func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  @Test func isThereWholeOrNotAtAll() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.bin").path
      try AtomicFile.write(Data("old".utf8), to: path)
      do {
        let file = try AtomicFile(path)
        try file.write(Data("new".utf8))
        #expect(try RegularFile.bytes(path) == Array("old".utf8))
        #expect(try names(folder).count == 2)
      }
      #expect(try names(folder) == ["a.bin"] && RegularFile.bytes(path) == Array("old".utf8))
      let file = try AtomicFile(path)
      try file.write(Data("ne".utf8))
      try file.write(Data("w".utf8))
      try file.commit()
      #expect(try names(folder) == ["a.bin"] && RegularFile.bytes(path) == Array("new".utf8))
      #expect(throws: EspalierError("cannot be written: no such file or directory", file: "/no/file")) {
        try AtomicFile("/no/file")
      }
    }
  }

  /// Whoever comes last has written the file, whole.
  @Test func twoAtOnce() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.bin").path
      let (one, other) = (try AtomicFile(path), try AtomicFile(path))
      try one.write(Data("one".utf8))
      try other.write(Data("other".utf8))
      try one.commit()
      #expect(try RegularFile.bytes(path) == Array("one".utf8))
      try other.commit()
      #expect(try names(folder) == ["a.bin"] && RegularFile.bytes(path) == Array("other".utf8))
    }
  }

  /// A name as long as names may be leaves no room for another ending.
  @Test func longName() throws {
    try withTemporaryFolder { folder in
      let name = String(repeating: "ä", count: 127)
      try AtomicFile.write(Data("new".utf8), to: folder.appendingPathComponent(name).path)
      #expect(try names(folder) == [name])
    }
  }

  /// What a killed run left goes; what is being written, and what is somebody's own, stays.
  @Test func abandoned() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.bin").path
      let own = ["a.bin.partial", "a.bin.0123.partial", "a.bin.0123456789ABCDEF.partial", "b.bin.0123456789abcdef.partial"]
      for name in own + ["a.bin.0123456789abcdef.partial"] {
        try Data("left".utf8).write(to: folder.appendingPathComponent(name))
      }
      try FileManager.default.createSymbolicLink(
        at: folder.appendingPathComponent("a.bin.fedcba9876543210.partial"),
        withDestinationURL: folder.appendingPathComponent(own[0]))
      let file = try AtomicFile(path)
      let before = try names(folder)
      Replacement.removeAbandoned(of: path)
      #expect(try Set(before).subtracting(names(folder)) == ["a.bin.0123456789abcdef.partial"])
      try file.commit()
      #expect(try names(folder) == (own + ["a.bin", "a.bin.fedcba9876543210.partial"]).sorted())
    }
  }

  @Test func locks() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("lock").path
      #expect(FileLock(path) == nil)
      try AtomicFile.write(Data(), to: path)
      do {
        let lock = FileLock(path)
        #expect(lock != nil && FileLock(path) == nil)
        withExtendedLifetime(lock) {}
      }
      #expect(FileLock(path) != nil)
    }
  }
}
