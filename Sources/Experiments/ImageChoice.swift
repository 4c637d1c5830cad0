import Datasets
import Tensors

/// Images that a person chose for a figure.
enum ImageChoice {
  /// The positions in the data set that numbers or names mean; nil where neither is given.
  ///
  /// - Parameters:
  ///   - indices: positions.
  ///   - names: names of images: paths as the data set has them, or their last parts where that is clear.
  ///   - images: the data set, for names.
  ///   - option: the option that names were given with.
  /// - Throws: `EspalierError` naming a name that no image has, or several.
  static func positions(indices: [Int]?, names: [String]?, _ images: ImageSource?, option: String = "--names") throws -> [Int]? {
    if let indices { return indices }
    guard let names else { return nil }
    guard let dataset = images?.dataset else {
      throw EspalierError("names are those of the data's images", location: option, accepted: "--data SPEC too, or --index")
    }
    let known = (0..<dataset.count).map { dataset.name($0) }
    return try names.map { name in
      let exact = known.indices.filter { known[$0] == name }
      let found = exact.isEmpty ? known.indices.filter { known[$0].hasSuffix("/" + name) } : exact
      guard let position = found.first else {
        throw EspalierError(
          "there is no image '\(name)'" + EspalierError.suggestion(for: name, among: known), location: option,
          accepted: EspalierError.list(known))
      }
      guard found.count == 1 else {
        throw EspalierError(
          "\(found.count) images are called '\(name)'", location: option, accepted: EspalierError.list(found.map { known[$0] })
        )
      }
      return position
    }
  }

  /// An image that a file does not speak of.
  static func missing(_ position: Int, in known: some Sequence<Int>, file: String) -> EspalierError {
    let (least, most) = (known.min(), known.max())
    return EspalierError(
      "holds no relevance of image \(position)", file: file,
      accepted: least.flatMap { least in
        most.map { least == $0 ? "\(least)" : "positions in the data set, among \(least) to \($0)" }
      })
  }
}
