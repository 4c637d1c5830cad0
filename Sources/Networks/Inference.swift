import Tensors

extension Fact {
  /// The most elements that a value computed ahead may have: 2²⁷, half a gigabyte of weights.
  public static let largestFolded = 1 << 27

  /// How many more elements values computed ahead may have, while a graph's are.
  @TaskLocal static var room = largestFolded

  /// Makes a fact from a shape, and a value if `value` gives one and it is not too large to be worth holding.
  init(_ shape: Shape, folding value: () throws -> Constant?) rethrows {
    self.shape = shape
    if shape.count <= max(Fact.room, 1 << 12) { self.value = try value() }
  }
}

extension [Fact?] {
  /// The fact of an input that the operator cannot do without.
  func required(_ position: Int) throws -> Fact {
    guard let fact = optional(position) else { throw EspalierError("input \(position) is left out", accepted: "a value") }
    return fact
  }

  /// The fact of an input that may be left out.
  func optional(_ position: Int) -> Fact? { position < count ? self[position] : nil }

  /// The integers of an input that shapes depend on, or nil where it is left out.
  func integers(_ position: Int, _ role: String) throws -> [Int]? {
    guard let fact = optional(position) else { return nil }
    guard let value = fact.value else {
      throw EspalierError("its \(role) depend on the network's input", accepted: "values known before the network is run")
    }
    guard let integers = value.integers else { throw EspalierError("its \(role) are not integers") }
    return integers
  }
}

extension Shape {
  /// The position of an axis that may be counted from the end.
  func axis(_ axis: Int) throws -> Int {
    guard axis >= -rank, axis < rank else {
      throw EspalierError("there is no axis \(axis) in shape \(self)", accepted: rank == 0 ? nil : "\(-rank) to \(rank - 1)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// The positions of axes that may be counted from the end, each once.
  func axes(_ axes: [Int]) throws -> [Int] {
    let positions = try axes.map(axis)
    guard Set(positions).count == positions.count else { throw EspalierError("axes \(axes) of shape \(self) repeat") }
    return positions
  }

  /// The offset of every position along some axes, at the first of all others; the last of them fastest.
  func offsets(along axes: [Int]) -> [Int] {
    let strides = strides
    return ChannelGrid.offsets(axes.map { self[$0] }, axes.map { strides[$0] })
  }

  /// The lengths behind batch and channels.
  var spatial: [Int] { Array(dimensions.dropFirst(2)) }

  /// The shape of an elementwise result under broadcasting.
  func broadcast(with other: Shape) throws -> Shape {
    let rank = Swift.max(rank, other.rank)
    let a = [Int](repeating: 1, count: rank - self.rank) + dimensions
    let b = [Int](repeating: 1, count: rank - other.rank) + other.dimensions
    guard zip(a, b).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else {
      throw EspalierError("shapes \(self) and \(other) do not broadcast", accepted: "equal lengths, or 1")
    }
    return try Shape(validating: zip(a, b).map { $0 == 1 ? $1 : $0 })
  }

  /// Checks that this shape broadcasts to another without growing it.
  func requireBroadcast(to target: Shape, _ role: String) throws {
    guard let result = try? broadcast(with: target), result == target else {
      throw EspalierError("the \(role) of shape \(self) does not broadcast to \(target)")
    }
  }

  /// Checks the number of axes.
  func requireRank(_ accepted: some RangeExpression<Int>, _ words: String) throws {
    guard accepted.contains(rank) else { throw EspalierError("an input has shape \(self)", accepted: words) }
  }
}
