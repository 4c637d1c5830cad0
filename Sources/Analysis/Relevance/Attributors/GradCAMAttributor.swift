import Tensors

/// The feature maps A of a convolution, added up with their mean gradients as weights, at the image's size:
/// `max(0, Σₖ αₖ Aₖ)` with `αₖ = mean over space of ∂y/∂Aₖ`.
///
/// `layer` is the convolution, the last one by default; `site=activation` (default) looks behind its activation, and before that
/// the residual sum, where nothing else reads them, `site=linear` at its own output. The sum is enlarged bilinearly with
/// half-pixel centres after negative values are dropped. With a composite, relevance stands in for the gradient. Every channel of
/// a position has the same value; stored for the convolution is `αₖ Σ Aₖ` of each channel, what it adds to the map, with no value
/// dropped.
///
/// Source: Selvaraju et al., "Grad-CAM: visual explanations from deep networks", ICCV 2017, equations 1 and 2.
public struct GradCAMAttributor: Attributor {
  public static let name = "grad-cam"
  public static let parameters = "layer=LAST,site=activation"

  /// Whose feature maps.
  public let site: FeatureMapSite

  /// Makes the attributor.
  ///
  /// - Throws: `EspalierError` if the site is not known.
  public init(_ parameters: inout ParameterList) throws {
    site = FeatureMapSite(layer: parameters.text("layer"), position: try parameters.choice("site", default: .activation))
  }

  public var passes: AttributionPasses { .featureMaps(site) }

  public func attribute(_ shard: AttributionShard, _ program: AttributionProgram) throws -> RelevanceResult {
    let found = try program.featureMaps(shard.images, others: shard.others, targets: shard.targets)
    let geometry = shard.geometry
    let (channels, height, width) = (found.maps.shape[1], found.maps.shape[2], found.maps.shape[3])
    let area = height * width
    var input = Tensor<Float>(repeating: 0, shape: shard.images.shape)
    var signed = Tensor<Double>(repeating: 0, shape: [shard.count, channels])
    var absolute = signed
    for image in 0..<shard.count {
      var sum = [Double](repeating: 0, count: area)
      for channel in 0..<channels {
        let positions = (image * channels + channel) * area..<(image * channels + channel + 1) * area
        let map = found.maps.elements[positions]
        let weight = found.relevance.elements[positions].reduce(0) { $0 + Double($1) } / Double(max(area, 1))
        for (position, value) in map.enumerated() { sum[position] += weight * Double(value) }
        signed[image, channel] = weight * map.reduce(0) { $0 + Double($1) }
        absolute[image, channel] = abs(weight) * map.reduce(0) { $0 + abs(Double($1)) }
      }
      let map = Tensor(sum.map { Float(max($0, 0)) }, shape: [height, width])
      let large = map.resizedBilinearly(height: geometry.height, width: geometry.width)
      for position in 0..<geometry.area {
        geometry.set(large.elements[position], position: position, in: &input.elements, from: image * geometry.count)
      }
    }
    return RelevanceResult(input: input, prediction: found.prediction, signed: [signed], absolute: [absolute])
  }
}
