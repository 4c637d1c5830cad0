/// Whose relevance is computed: what relevance starts from, said once for all images.
public indirect enum RelevanceTarget: Hashable, Sendable {
  /// Where in an output with positions.
  public enum Region: Hashable, Sendable {
    /// Everywhere.
    case all
    /// In a box: one range for each axis of positions.
    case box([Range<Int>])
    /// Where the image's mask marks its object.
    case mask
  }

  /// The image's own label: its class, or the class of each of its pixels.
  case label
  /// The class with the largest output, at each position its own.
  case predicted
  /// What the data say beside the label, image by image.
  case data
  /// One class for every image; at the positions where it is the predicted one, if the output has some.
  case index(Int)
  /// Some classes against others, for every image; at the positions where the first of them is the predicted one.
  case contrast([OutputTarget.Term])
  /// Classes by their names, which data or a file of classes must tell; never what a run starts with.
  case named(String)
  /// One of the classes above in a region.
  case at(RelevanceTarget, Region)
  /// One entry of an output of any rank, for every image, by one index an axis.
  case entry([Int])
  /// A dataset of an HDF5 file, whose row i holds the numbers for image i of the data.
  case tensor(file: String, dataset: String)
}
