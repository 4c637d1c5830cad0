import Datasets
import Tensors

/// Pictures that a person chose for a figure.
enum PictureChoice {
  /// The places in the data set that numbers or names mean; nil where neither is given.
  ///
  /// - Parameters:
  ///   - indices: places.
  ///   - names: names of pictures: paths as the data set has them, or their last parts where that is clear.
  ///   - pictures: the data set, for names.
  /// - Throws: `EspalierError` naming a name that no picture has, or several.
  static func places(indices: [Int]?, names: [String]?, _ pictures: PictureSource?) throws -> [Int]? {
    if let indices { return indices }
    guard let names else { return nil }
    guard let dataset = pictures?.dataset else {
      throw EspalierError("names are those of the data's pictures", place: "--names", accepted: "--data SPEC too, or --index")
    }
    let known = (0..<dataset.count).map { dataset.name($0) }
    return try names.map { name in
      let exact = known.indices.filter { known[$0] == name }
      let found = exact.isEmpty ? known.indices.filter { known[$0].hasSuffix("/" + name) } : exact
      guard let place = found.first else {
        throw EspalierError(
          "there is no picture '\(name)'" + EspalierError.suggestion(for: name, among: known), place: "--names",
          accepted: EspalierError.list(known))
      }
      guard found.count == 1 else {
        throw EspalierError(
          "\(found.count) pictures are called '\(name)'", place: "--names", accepted: EspalierError.list(found.map { known[$0] }))
      }
      return place
    }
  }

  /// A picture that a file does not speak of.
  static func missing(_ place: Int, in known: some Sequence<Int>, file: String) -> EspalierError {
    let (least, most) = (known.min(), known.max())
    return EspalierError(
      "holds no relevance of picture \(place)", file: file,
      accepted: least.flatMap { least in most.map { least == $0 ? "\(least)" : "places in the data set, among \(least) to \($0)" }
      })
  }
}
