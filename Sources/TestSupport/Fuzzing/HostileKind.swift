/// A kind of file that people bring, a sound one of it, and the commands that read it.
public struct HostileKind: Sendable {
  /// What is reported: `onnx`, `hdf5 data`.
  public var name: String
  /// The name under which hostile bytes are laid for the commands.
  public var file: @Sendable ([UInt8]) -> String
  /// The sound file, over which every command ends well.
  public var sound: [UInt8]
  /// What makes hostile versions.
  public var mutators: [any FileMutator]
  /// The commands, each the arguments of the tool.
  public var commands: [[String]]

  /// Makes a kind.
  public init(_ name: String, file: String, sound: [UInt8], mutators: [any FileMutator], commands: [[String]]) {
    self.init(name, sound: sound, mutators: mutators, commands: commands) { _ in file }
  }

  /// Makes a kind whose files are named after their bytes.
  public init(
    _ name: String, sound: [UInt8], mutators: [any FileMutator], commands: [[String]],
    file: @escaping @Sendable ([UInt8]) -> String
  ) { (self.name, self.file, self.sound, self.mutators, self.commands) = (name, file, sound, mutators, commands) }
}
