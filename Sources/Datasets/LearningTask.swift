import Images
import Tensors

/// What a network is to answer, and so what is right of a sample.
public enum LearningTask: String, Hashable, Sendable, CaseIterable {
  /// One class a sample, of several that may be right.
  case classification
  /// One class a pixel, or position of the output.
  case segmentation
  /// Numbers, as many as the output has.
  case regression
}

/// The class of each of a sample's pixels.
public enum PixelLabels: Sendable {
  /// Of an image, still to be cut and resized as that is: grey, 1 + class, and 0 for no class.
  case image(Image)
  /// Of a tensor, as it is; below 0 for no class.
  case positions(Tensor<Int32>)
}
