import Files
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct RegularFileTests {
  /// What is no file is refused at once: nobody ever writes into this pipe.
  @Test func onlyFiles() throws {
    try withTemporaryFolder { folder in
      let pipe = folder.appendingPathComponent("pipe").path
      #expect(mkfifo(pipe, 0o600) == 0)
      for (path, problem) in [
        (pipe, "is not a regular file"), ("/dev/zero", "is not a regular file"), (folder.path, "is a folder"),
        (folder.path + "/none", "no such file or directory"),
      ] {
        let reading: [(String) throws -> Void] = [
          { _ = try RegularFile.open($0) }, { _ = try RegularFile.bytes($0) }, { _ = try RegularFile.text($0) },
          { _ = try RegularFile.mapped($0) }, { try RegularFile.check($0) }, { _ = try SHA256.hexadecimal(ofFile: $0) },
        ]
        for read in reading {
          do {
            try read(path)
            Issue.record("\(path) was read")
          } catch let error as EspalierError { #expect(error.file == path && error.problem == problem) }
        }
      }
    }
  }

  @Test func contents() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.txt").path
      try AtomicFile.write(Data("Grün".utf8), to: path)
      #expect(try RegularFile.text(path) == "Grün" && RegularFile.mapped(path) == Data("Grün".utf8))
      #expect(try RegularFile.check(path) == 5)
      try AtomicFile.write(Data([0x41, 0xFF]), to: path)
      #expect(throws: EspalierError("is not UTF-8 text", file: path)) { try RegularFile.text(path) }
    }
  }

  @Test func identity() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a").path
      #expect(FileIdentity(path) == nil)
      try AtomicFile.write(Data(), to: path)
      try AtomicFile.write(Data(), to: path + "b")
      try FileManager.default.createSymbolicLink(atPath: path + "link", withDestinationPath: path)
      #expect(link(path, path + "hard") == 0)
      let identity = FileIdentity(path)
      #expect(identity != nil && identity == FileIdentity(path + "link") && identity == FileIdentity(path + "hard"))
      #expect(
        identity != FileIdentity(path + "b") && FileIdentity(folder.path + "/../" + folder.lastPathComponent + "/a") == identity)
    }
  }

  /// The values that the standards give.
  @Test func digests() {
    func crc(_ text: String, pieces: Int) -> UInt64 {
      var sum = CRC64()
      let bytes = Array(text.utf8)
      for start in stride(from: 0, to: bytes.count, by: pieces) {
        bytes[start..<min(start + pieces, bytes.count)].withUnsafeBytes { sum.update($0) }
      }
      return sum.value
    }
    for pieces in [1, 3, 8, 100] {
      #expect(crc("123456789", pieces: pieces) == 0x995D_C9BB_DF19_39FA)
      #expect(crc("", pieces: pieces) == 0)
      // One byte at a time and eight bytes at a time are the same polynomial.
      let long = String(repeating: "The quick brown fox. ", count: 20)
      #expect(crc(long, pieces: pieces) == crc(long, pieces: 7))
    }
    #expect(CRC64(of: Array("123456789".utf8)).hexadecimal == "995dc9bbdf1939fa")
    #expect(CRC64(of: Data()).hexadecimal == "0000000000000000")
    var hash = SHA256()
    hash.update(Array("abc".utf8))
    #expect(hash.hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
