/// How often images of each class are answered right.
///
/// An image with several acceptable labels counts for each of them: it is answered right if one of them is found.
public struct ClassAccuracy: Hashable, Sendable, Codable {
  /// The numbers of images, and of those answered right, by class.
  public private(set) var images: [Int], right: [Int]

  /// Takes over counts.
  ///
  /// - Precondition: there are as many of both, and no more right than there are images.
  public init(images: [Int], right: [Int]) {
    self.images = images
    self.right = right
    precondition(isSound, "\(right) right of \(images)")
  }

  init(classes: Int) { self.init(images: [Int](repeating: 0, count: classes), right: [Int](repeating: 0, count: classes)) }

  /// Counts an image.
  mutating func add(_ labels: [Int], isRight: Bool) {
    for label in Set(labels) {
      images[label] += 1
      if isRight { right[label] += 1 }
    }
  }

  mutating func add(_ other: ClassAccuracy) {
    for label in images.indices {
      images[label] += other.images[label]
      right[label] += other.right[label]
    }
  }

  /// Whether numbers are such as images give.
  var isSound: Bool {
    images.count == right.count && zip(images, right).allSatisfy { 0...1 << 48 ~= $0 && 0...$0 ~= $1 }
  }

  /// The share of each class that is answered right, 0 … 1; nil of a class without images.
  public var shares: [Double?] { zip(images, right).map { $0 == 0 ? nil : Double($1) / Double($0) } }

  /// The harmonic mean of ``shares`` over the classes that have images, which a single class that is lost brings to 0; nil without
  /// any.
  ///
  /// Source: Yasui et al., arXiv 2511.10861, who tell by it that pruning made classes collapse.
  public var harmonicMean: Double? {
    let known = shares.compactMap { $0 }
    return known.isEmpty ? nil : Double(known.count) / known.reduce(0) { $0 + 1 / $1 }
  }

  /// The class of which the least share is answered right, the first of equals; nil without images.
  public var worst: (label: Int, share: Double)? {
    shares.enumerated().compactMap { label, share in share.map { (label, $0) } }.min { $0.1 < $1.1 }
  }
}
