/// Which Espalier this is.
public enum Release {
  /// The version, which every file that is written names.
  public static let version = "0.1.0"
}
