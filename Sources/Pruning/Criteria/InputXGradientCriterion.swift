import Analysis
import Tensors

/// Input × gradient of a filter: Σ over images of |Σ over positions of a · ∂y/∂a|, with y the output of the image's class.
///
/// It is what LRP-0 gives to a filter of a network of ReLUs without biases. Taken where linear layers read the filter, for all
/// that do together, and so behind batch norm and activation; before a ReLU or a maximum the numbers would be the same.
///
/// Source: A. Shrikumar, P. Greenside, A. Shcherbina, A. Kundaje, "Not just a black box", arXiv 1605.01713, 2016, for pixels; its
/// use as a criterion, with the magnitude image by image as in Hatefi et al. 2024, is ours.
public struct InputXGradientCriterion: DataCriterion {
  public static let name = "input-x-gradient"
  public static let summary = "Σ |Σ a·∂y/∂a| image by image (after Shrikumar et al. 2016)"

  public init(_ parameters: inout ParameterList) throws {}

  public func scores(_ network: ScoredNetwork, _ images: CriterionImages) throws -> FilterScores {
    let sums = try MaskGradients(network.groups.map, images, .output)
    let ids = network.groups.removable.flatMap { $0.channels.map(\.id) }
    return FilterScores(
      ofClasses: Dictionary(uniqueKeysWithValues: ids.map { ($0, sums.magnitudes[$0]) }), in: network.groups)
  }
}
