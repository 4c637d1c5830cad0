/// A kind of file that people bring, a sound one of it, and the commands that read it.
public struct HostileKind: Sendable {
  /// What is reported: `onnx`, `hdf5 data`.
  public var name: String
  /// The name under which the hostile file is laid for the commands.
  public var file: String
  /// What makes hostile versions.
  public var mutators: [any FileMutator]
  /// The commands, each the arguments of the tool.
  public var commands: [[String]]

  /// Makes a kind.
  public init(_ name: String, file: String, mutators: [any FileMutator], commands: [[String]]) {
    (self.name, self.file, self.mutators, self.commands) = (name, file, mutators, commands)
  }
}
