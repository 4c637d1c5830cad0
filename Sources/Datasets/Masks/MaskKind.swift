/// What the values of a mask's file mean.
public enum MaskKind: String, CaseIterable, Sendable {
  /// Brightness: what is brighter than half the brightest pixel is the object.
  case grey
  /// Numbers of classes or instances: every number is the object but 0 and the void, which is 255 (65535 of 16-bit files whose
  /// numbers go beyond 255), the index 255 of a palette, and in colours white and VOC's (224, 224, 192).
  case index
  /// Opacity: what is more opaque than half the most opaque pixel is the object.
  case alpha

  /// The kinds, for messages.
  static let forms = "grey, index or alpha"
}
