import Tensors

/// Where the images of a batch lie in a value.
public enum ImageAxis: Hashable, Sendable {
  /// Nowhere: the value does not depend on the network's input.
  case constant
  /// Along an axis that is `outer · N · inner` long for N images: the position i belongs to image (i / inner) mod N.
  case along(axis: Int, outer: Int, inner: Int)
  /// Elements depend on several images, or lie where no single axis tells the image; the reason in words.
  case mixed(String)

  /// One row an image, as in the network's input.
  public static let rows = ImageAxis.along(axis: 0, outer: 1, inner: 1)

  /// The number of rows that an image has where rows belong to images; nil where they do not.
  public var rowsPerImage: Int? {
    if case .along(axis: 0, let outer, let inner) = self { outer * inner } else { nil }
  }

  /// The axis along which images follow each other, one position an image; nil where there is none.
  public var ownAxis: Int? {
    if case .along(let axis, outer: 1, inner: 1) = self { axis } else { nil }
  }
}

extension ImageAxis: CustomStringConvertible {
  /// What people read behind "its rows are …".
  public var description: String {
    switch self {
    case .constant: "the same for every image"
    case .along(axis: 0, outer: 1, inner: 1): "one an image"
    case .along(axis: 0, outer: 1, let inner): "\(inner) an image"
    case .along(axis: 0, let outer, let inner): "\(outer) times \(inner) an image, images by turns"
    case .along(let axis, _, _): "no image's own: images lie along axis \(axis)"
    case .mixed(let reason): "of several images: \(reason)"
    }
  }
}

/// What an operator knows of an input to say where images lie in its outputs.
public struct PlacedFact: Sendable {
  /// Shape, and elements where they are known.
  public var fact: Fact
  /// Where images lie.
  public var images: ImageAxis

  var shape: Shape { fact.shape }
}

/// The arithmetic of ``ImageAxis`` at one number of images.
public struct ImagePlacement: Sendable {
  /// The number of images.
  public let count: Int

  /// Where images lie when a value is viewed under another shape.
  func viewed(_ input: PlacedFact, as shape: Shape) -> ImageAxis {
    guard case .along(let axis, _, let inner) = input.images else { return input.images }
    // In row-major order the element o belongs to image (o / run) mod N.
    let run = inner * input.shape.dimensions.dropFirst(axis + 1).reduce(1, *)
    var rest = shape.count
    for axis in shape.dimensions.indices {
      let length = shape[axis]
      guard length > 0, rest > 0 else { return .mixed("it is empty") }
      rest /= length
      guard run % rest == 0 else { continue }
      let inner = run / rest
      if length % (inner * count) == 0 { return .along(axis: axis, outer: length / (inner * count), inner: inner) }
    }
    return .mixed("shape \(input.shape) becomes \(shape), in which no axis tells the image")
  }

  /// Where images lie when axes are moved; nil for an axis that is summed over, cut or otherwise lost.
  func moved(_ images: ImageAxis, _ words: String, _ position: (Int) -> Int?) -> ImageAxis {
    guard case .along(let axis, let outer, let inner) = images else { return images }
    guard let axis = position(axis) else { return .mixed(words) }
    return .along(axis: axis, outer: outer, inner: inner)
  }

  /// Where images lie in what is computed element by element from values that are broadcast.
  func broadcast(_ inputs: [PlacedFact], to shape: Shape) -> ImageAxis {
    together(
      inputs.map { input in
        guard case .along(let axis, let outer, let inner) = input.images else { return input.images }
        let position = axis + shape.rank - input.shape.rank
        guard shape.dimensions.indices.contains(position) else { return .mixed("shape \(input.shape) becomes \(shape)") }
        if input.shape[axis] == shape[position] { return .along(axis: position, outer: outer, inner: inner) }
        // An axis of length 1, of a single image, that is repeated is that image's all along.
        return input.shape[axis] == 1
          ? .along(axis: position, outer: shape[position], inner: 1) : .mixed("shape \(input.shape) becomes \(shape)")
      })
  }

  /// Where images lie in what is made of several values of one shape.
  func together(_ images: [ImageAxis]) -> ImageAxis {
    var result = ImageAxis.constant
    for next in images where next != .constant {
      if case .mixed = next { return next }
      guard result == .constant || result == next else { return .mixed("what it joins keeps images in different positions") }
      result = next
    }
    return result
  }

  /// Where images lie behind an operator that treats rows apart: images must lie along the first axis, or along one of `others`.
  func keptApart(_ input: PlacedFact, along others: Set<Int> = []) -> ImageAxis {
    moved(input.images, "it joins what lies along the images' axis") { $0 == 0 || others.contains($0) ? $0 : nil }
  }
}

extension Graph {
  /// Where images lie in every value for a number of images.
  ///
  /// - Parameter facts: what is known of the values at that batch.
  func imageAxes(_ facts: [String: Fact], images count: Int) -> [String: ImageAxis] {
    let placement = ImagePlacement(count: count)
    var result: [String: ImageAxis] = [:]
    for input in inputs {
      let shape = facts[input.name]?.shape ?? []
      result[input.name] =
        shape.rank == 0
        ? .constant : shape[0] == count ? .rows : .mixed("input '\(input.name)' has \(shape[0]) rows for \(count) images")
    }
    for node in nodes {
      let inputs = node.inputs.map { name -> PlacedFact? in
        guard let name, let fact = facts[name] else { return nil }
        // What is known ahead is the same for every image.
        return PlacedFact(fact: fact, images: fact.value == nil ? result[name] ?? .constant : .constant)
      }
      let outputs = node.outputs.map { facts[$0]?.shape ?? [] }
      let placed =
        inputs.allSatisfy { $0.map { $0.images == .constant } ?? true }
        ? outputs.map { _ in ImageAxis.constant } : node.op.placeImages(inputs, outputs: outputs, placement)
      for (name, images) in zip(node.outputs, placed) where !name.isEmpty {
        var images = images
        // The first that mixes images is named.
        if case .mixed(let reason) = images, !inputs.contains(where: { $0?.images == images }) {
          images = .mixed("\(node.op.name) '\(node.label)': \(reason)")
        }
        result[name] = images
      }
    }
    return result
  }

  /// Where images lie in every value of this graph.
  ///
  /// Where the batch is symbolic, it is examined for two and for three images: what holds for one of them alone, by accident of
  /// lengths, counts as mixed. Of a single image, which a fixed batch may be, everything is that image's own.
  ///
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  public func imageAxes() throws -> [String: ImageAxis] {
    guard let batch = fixedBatch else {
      let (few, more) = try factsAtTwoBatches()
      return imageAxes(few, images: 2).merging(imageAxes(more, images: 3)) {
        if case .mixed = $0 { return $0 }
        return $0 == $1 ? $0 : .mixed("where they lie depends on how many there are")
      }
    }
    return imageAxes(at: batch, try facts(batch: batch))
  }

  /// Where images lie in every value, at one batch alone.
  public func imageAxes(at batch: Int, _ facts: [String: Fact]) -> [String: ImageAxis] {
    let axes = imageAxes(facts, images: max(batch, 1))
    guard batch == 1 else { return axes }
    return Dictionary(
      uniqueKeysWithValues: axes.map { name, images in
        guard case .mixed = images, let shape = facts[name]?.shape, shape.rank > 0 else { return (name, images) }
        return (name, .along(axis: 0, outer: 1, inner: shape[0]))
      })
  }
}
