import Tensors

/// Σ x xᵀ and Σ x of rows x `[channels]`, in Double.
///
/// Rows of a shard wait until they outnumber the channels, those of several until they fill runs of 128; then these are folded
/// in, in single precision each. Memory: some 4 bytes · channels² in all, and of a shard alone no more than that again.
struct ChannelProducts: Sendable {
  private let channels: Int
  private let groups: Int
  /// The rows not yet folded in, by groups of eight channels.
  private var rows: [[SIMD8<Float>]]
  private var products: SymmetricBlocks
  private var sums: [SIMD8<Double>]
  private var folded = 0

  init(_ channels: Int) {
    self.channels = channels
    groups = (channels + 7) / 8
    rows = Array(repeating: [], count: groups)
    products = SymmetricBlocks(groups)
    sums = Array(repeating: SIMD8(repeating: 0), count: groups)
  }

  /// The number of rows.
  var count: Int { folded + (rows.first?.count ?? 0) }

  /// Appends eight channels of the next row; every group gets equally many.
  @inline(__always)
  mutating func append(_ values: SIMD8<Float>, group: Int, lanes: Int) {
    let isReal = SIMD8<Int32>(0, 1, 2, 3, 4, 5, 6, 7) .< Int32(truncatingIfNeeded: lanes)
    rows[group].append(SIMD8(repeating: 0).replacing(with: values, where: isReal))
  }

  mutating func merge(_ later: ChannelProducts) {
    products.add(later.products)
    for group in 0..<groups {
      sums[group] += later.sums[group]
      rows[group] += later.rows[group]
    }
    folded += later.folded
    let waiting = rows.first?.count ?? 0
    if waiting >= SymmetricBlocks.run { fold(waiting - waiting % SymmetricBlocks.run) }
  }

  mutating func foldIfMany() { if let waiting = rows.first?.count, waiting > channels { fold(waiting) } }

  private mutating func fold(_ count: Int) {
    products.addProducts(of: rows, count)
    for group in 0..<groups {
      sums[group] += rows[group].prefix(count).reduce(into: SIMD8<Double>()) { $0 += SIMD8<Double>($1) }
      rows[group] = Array(rows[group].dropFirst(count))
    }
    folded += count
  }

  func encode(into state: inout StateEncoder) {
    state.append(folded)
    products.encode(into: &state)
    state.append(sums)
    for group in rows { state.append(group) }
  }

  mutating func decode(from state: inout StateDecoder) throws {
    let damage = EspalierError("the saved state of a Gram matrix is damaged", accepted: "a state of the same pass")
    folded = try state.integer()
    guard 0...(1 << 52) ~= folded else { throw damage }
    try products.decode(from: &state)
    sums = try state.array(of: SIMD8<Double>.self, count: groups)
    for group in 0..<groups { rows[group] = try state.array(of: SIMD8<Float>.self, count: group == 0 ? nil : rows[0].count) }
    guard products.isEmpty == (folded == 0) || groups == 0 else { throw damage }
  }

  /// Σ x xᵀ, `[channels, channels]`.
  func matrix() -> Tensor<Double> {
    var whole = self
    whole.fold(rows.first?.count ?? 0)
    var elements = [Double](repeating: 0, count: channels * channels)
    for i in 0..<channels { for j in 0..<channels { elements[i * channels + j] = whole.products[i, j] } }
    return Tensor(elements, shape: [channels, channels])
  }

  /// Σ x, `[channels]`.
  func total() -> [Double] {
    var whole = self
    whole.fold(rows.first?.count ?? 0)
    return (0..<channels).map { whole.sums[$0 / 8][$0 % 8] }
  }
}
