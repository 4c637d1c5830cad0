import Files
import Datasets
import Foundation
import Networks
import Storage
import Tensors

/// Where a network's input beside that of the images comes from.
public enum InputSource: Hashable, Sendable, CustomStringConvertible {
  /// The same number everywhere.
  case number(Float)
  /// A dataset `[N, …]` of an HDF5 file, whose row i goes with image i of the data.
  case hdf5(file: String, dataset: String)

  /// The forms that are accepted.
  public static let forms = "NAME=NUMBER or NAME=hdf5:FILE/DATASET"

  /// Parses `NAME=NUMBER` or `NAME=hdf5:FILE/DATASET`.
  ///
  /// - Throws: `EspalierError` that tells the forms, or names the file that there is not.
  public static func parse(_ text: String) throws -> (name: String, source: InputSource) {
    // Names may hold equals signs, numbers and the files of other programs rarely do.
    guard let cut = text.range(of: "=hdf5:") ?? text.range(of: "=", options: .backwards), cut.lowerBound > text.startIndex else {
      throw EspalierError("'\(text)' feeds no input", location: "--input", accepted: forms)
    }
    let (name, value) = (String(text[..<cut.lowerBound]), String(text[cut.upperBound...]))
    guard text[cut].hasSuffix("hdf5:") else {
      guard let number = Float(value), number.isFinite else {
        throw EspalierError("'\(value)' is no number", location: "--input", accepted: forms)
      }
      return (name, .number(number))
    }
    // The file ends where a file is: both it and the dataset's name may hold slashes.
    for slash in value.indices.reversed() where value[slash] == "/" {
      let (file, dataset) = (String(value[..<slash]), String(value[value.index(after: slash)...]))
      var isFolder: ObjCBool = false
      if !dataset.isEmpty, FileManager.default.fileExists(atPath: file, isDirectory: &isFolder), !isFolder.boolValue {
        return (name, .hdf5(file: file, dataset: dataset))
      }
    }
    throw EspalierError("'\(value)' names no file with a dataset in it", location: "--input", accepted: forms)
  }

  public var description: String {
    switch self {
    case .number(let number): "\(number)"
    case .hdf5(let file, let dataset): "hdf5:\(file)/\(dataset)"
    }
  }

  /// Opens the source for an input.
  ///
  /// - Parameters:
  ///   - positions: the position in the whole data of each image that is taken.
  ///   - count: the number of images in the whole data.
  /// - Throws: `EspalierError` naming the file or dataset that does not fit.
  func open(for input: GraphInput, positions: [Int], count: Int) throws -> SampleInput {
    let lengths = input.dimensions.dropFirst().map { if case .fixed(let length) = $0 { length } else { Int?.none } }
    switch self {
    case .number(let number):
      guard lengths.allSatisfy({ $0 != nil }) else {
        throw EspalierError(
          "it declares no shape to fill with a number", location: "input '\(input.name)'", accepted: "hdf5:FILE/DATASET")
      }
      let row = Tensor(repeating: number, shape: Shape(lengths.compactMap { $0 }))
      return SampleInput(input.name) { _ in row }
    case .hdf5(let file, let name):
      let dataset = try HDF5File.open(file).dataset(name)
      let shape = try dataset.shape()
      let fits =
        shape.rank == lengths.count + 1 && zip(shape.dimensions.dropFirst(), lengths).allSatisfy { $1 == nil || $0 == $1 }
      guard fits, shape[0] == count, dataset.elementType.isNumeric else {
        let wanted = (["\(count)"] + lengths.map { $0.map(String.init) ?? "?" }).joined(separator: "×")
        throw EspalierError(
          "holds \(dataset.elementType.rawValue) of shape \(shape)", file: file, location: "/\(name)",
          accepted: "numbers \(wanted) for input '\(input.name)'")
      }
      return SampleInput(input.name) { position in
        let row: Tensor<Float> = try dataset.read(rows: positions[position]..<positions[position] + 1)
        guard row.elements.allSatisfy(\.isFinite) else {
          throw EspalierError(
            "row \(positions[position]) holds NaN or infinity", file: file, location: "/\(name)", accepted: "finite numbers")
        }
        return row.reshaped(Shape(Array(shape.dimensions.dropFirst())))
      }
    }
  }

  /// The digest of what is read beside the data; nil where that is nothing.
  func digest() throws -> String? {
    guard case .hdf5(let file, _) = self else { return nil }
    return try SHA256.hexadecimal(ofFile: file)
  }
}

extension Graph {
  /// What the inputs behind the first one take that a result depends on, by what was asked for, or else by datasets of their
  /// names that stand beside the images.
  ///
  /// - Throws: `EspalierError` naming the input that nothing feeds.
  func sources(neededFor output: String?, asked: [String: InputSource], data: DataSpec, network: String) throws
    -> [(input: GraphInput, source: InputSource)]
  {
    let further = inputs.dropFirst().map(\.name)
    if let stranger = asked.keys.sorted().first(where: { !further.contains($0) }) {
      let problem = inputs.first?.name == stranger ? "the images go to input '\(stranger)'" : "there is no input '\(stranger)'"
      throw EspalierError(
        problem, file: network, location: "--input",
        accepted: further.isEmpty ? "no --input: the network takes images alone" : further.joined(separator: ", "))
    }
    let needed = inputs(neededFor: output).filter { further.contains($0.name) }
    return try needed.map { input in
      guard !input.dimensions.isEmpty else {
        throw EspalierError("it has no axes", file: network, location: "input '\(input.name)'", accepted: "inputs [N, …]")
      }
      if let source = asked[input.name] { return (input, source) }
      if case .hdf5(let file) = data, try HDF5File.open(file).kind(of: input.name) == .dataset {
        return (input, .hdf5(file: file, dataset: input.name))
      }
      throw EspalierError(
        "the data hold nothing for it", file: network, location: "input '\(input.name)'",
        accepted: "a dataset '\(input.name)' beside 'data' in hdf5:FILE, or --input \(input.name)=NUMBER, "
          + "or \(input.name)=hdf5:FILE/DATASET")
    }
  }
}
