import Datasets
import Files
import Foundation
import Scheduling
import Storage
import Tensors

/// What one part of a job leaves: a sealed HDF5 file with the group `part`.
///
///     part/header    uint8, JSON: what job it is of, and which part
///     part/content   uint8, JSON: what the job's result is made of beside numbers
///     part/state     uint8: the numbers, as the job encodes them
///
/// A part of `relevance` is a relevance file of its own rows beside that, and has no state.
struct PartFile {
  /// The form of files, which changes with what parts hold.
  private static let form = 2

  /// What a part says of itself.
  struct Header: Codable, Hashable {
    /// The form of the file.
    var form = PartFile.form
    /// The version that wrote it.
    var espalier = Release.version
    /// What the bits of its numbers depend on beside the job: instructions and versions of libraries.
    var engine = LibraryVersion.oneDNN.description
    /// What it is of.
    var kind: Kind
    /// The verb.
    var verb: String
    /// The identity of the whole job.
    var job: String
    /// Which part, and of how many.
    var part: Int, parts: Int
    /// The number of shards of the whole job.
    var shards: Int
    /// What the state sums up to.
    var checksum = ""
  }

  /// What parts are of.
  enum Kind: String, Codable {
    /// A pass that observes filters: `stats`, `dissect`, `score`.
    case filters
    /// The first pass of a dissection, and what all its parts were joined into.
    case thresholds, foundThresholds
    case relevance, measure, evaluate
  }

  /// The file.
  let path: String
  /// What it says of itself.
  let header: Header
  private let content: [UInt8]

  /// The shards of the part.
  var range: Range<Int> { part.shards(of: header.shards) }
  /// Which part it is.
  let part: DataPart

  /// Whether a file is a part, or was one before it was damaged.
  ///
  /// - Throws: `EspalierError` if it is no HDF5 file, or cannot be read.
  static func isPart(_ path: String) throws -> Bool { try HDF5File.open(path).kind(of: "part") == .group }

  /// Opens a part.
  ///
  /// - Throws: `EspalierError` naming the file, if it is none, damaged or of another version.
  init(_ path: String) throws {
    guard try PartFile.isPart(path) else {
      throw EspalierError("is no part of a job", file: path, accepted: "a file that a command with --part wrote")
    }
    let file = try HDF5File.open(path, sealed: true)
    self.path = path
    content = try PartFile.bytes("content", of: file)
    let bytes = try PartFile.bytes("header", of: file)
    guard let header = try? JSONDecoder().decode(Header.self, from: Data(bytes)), header.form == PartFile.form else {
      throw PartFile.otherVersion(path)
    }
    self.header = header
    part = try naming(file: path) { try DataPart(header.part, of: header.parts) }
    guard 0...1 << 48 ~= header.shards else { throw PartFile.damage(path) }
  }

  /// What the job's result is made of beside numbers.
  ///
  /// - Throws: `EspalierError` naming the file, if it does not say that.
  func content<Content: Decodable>(as _: Content.Type = Content.self) throws -> Content {
    do { return try JSONDecoder().decode(Content.self, from: Data(content)) } catch { throw PartFile.damage(path) }
  }

  /// The numbers, as the job encoded them; empty where there are none.
  ///
  /// - Throws: `EspalierError` naming the file, if they cannot be read.
  func state() throws -> Data {
    let file = try HDF5File.open(path)
    return file.kind(of: "part/state") == nil ? Data() : Data(try PartFile.bytes("state", of: file))
  }

  /// Writes a part.
  ///
  /// - Throws: `EspalierError` naming the file, if it cannot be written.
  static func write(_ path: String, _ header: Header, content: some Encodable, state: Data) throws {
    let file = try HDF5File.create(path)
    try add(header, content: content, state: state, to: file)
    try file.commit(sealed: true)
  }

  /// Puts what makes a file a part into it; it is to be committed with a seal.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  static func add(_ header: Header, content: some Encodable, state: Data = Data(), to file: HDF5File) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let content = try encoder.encode(content)
    var header = header
    header.checksum = CRC64(of: state).hexadecimal
    for (name, bytes) in [("header", try encoder.encode(header)), ("content", content), ("state", state)] where !bytes.isEmpty {
      try file.write(Tensor([UInt8](bytes), shape: [bytes.count]), to: "part/\(name)")
    }
  }

  /// What is said of a part whose content does not fit what it says of itself.
  static func damage(_ path: String) -> EspalierError {
    EspalierError("is damaged", file: path, accepted: "the part as it was written: its command makes it anew")
  }

  private static func otherVersion(_ path: String) -> EspalierError {
    EspalierError("is a part of another version of espalier", file: path, accepted: "parts of \(Release.version)")
  }

  private static func bytes(_ name: String, of file: HDF5File) throws -> [UInt8] {
    let dataset = try file.dataset("part/\(name)")
    return try dataset.read(as: UInt8.self).elements
  }
}
