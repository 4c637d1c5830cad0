import Networks
import Tensors

extension PlanBuilder {
  /// A slot's contents repeated to a larger shape, row-major; the slot itself where nothing is to be repeated.
  ///
  /// - Throws: `EspalierError` if the shapes do not fit.
  func broadcast(_ slot: Slot, to shape: Shape, label: String) throws -> Slot {
    let own = layout(slot).shape
    let plain = try reorder(slot, to: .plain(own))
    guard own != shape else { return plain }
    let map = try broadcastMap(from: own, to: shape)
    let result = allocate(.plain(shape), name: label)
    addStep(label, reads: [plain], writes: [result]) { program in
      let (x, y) = (program.pointer(plain), program.pointer(result))
      for i in map.indices { y[i] = x[Int(map[i])] }
    }
    return result
  }

  /// The transpose of ``broadcast(_:to:label:)``: what was repeated is summed.
  ///
  /// - Throws: `EspalierError` if the shapes do not fit.
  package func sumBack(_ slot: Slot, to shape: Shape, label: String) throws -> Slot {
    let own = layout(slot).shape
    guard own != shape else { return slot }
    let plain = try reorder(slot, to: .plain(own))
    let map = try broadcastMap(from: shape, to: own)
    let result = allocate(.plain(shape), name: label)
    addStep(label, reads: [plain], writes: [result]) { program in
      let (x, y) = (program.pointer(plain), program.pointer(result))
      var sums = [Double](repeating: 0, count: shape.count)
      for i in map.indices { sums[Int(map[i])] += Double(x[i]) }
      for i in sums.indices { y[i] = Float(sums[i]) }
    }
    return result
  }

  /// For every element of the larger shape, the place in the smaller one.
  private func broadcastMap(from small: Shape, to large: Shape) throws -> [Int32] {
    let places = Fact(.int64(Tensor((0..<Int64(small.count)).map { $0 }, shape: small)))
    let target = Fact(.integers(large.dimensions))
    guard let map = try Op.Expand().infer([places, target], outputs: 1).first?.value?.integers else {
      throw EspalierError("shape \(small) does not broadcast to \(large)")
    }
    return map.map(Int32.init)
  }
}
