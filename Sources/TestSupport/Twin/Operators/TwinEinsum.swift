import Networks
import Tensors

extension Op.Einsum: TwinWithoutGradient {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    var lengths: [Character: Int] = [:]
    for (letters, input) in zip(operands, inputs) {
      for (letter, length) in zip(letters, input!.shape.dimensions) { lengths[letter] = length }
    }
    let letters = result + lengths.keys.filter { !result.contains($0) }.sorted()
    let target = Shape(result.map { lengths[$0]! })
    let all = Shape(letters.map { lengths[$0]! })
    var sums = [Double](repeating: 0, count: target.count)
    for element in 0..<all.count {
      var index: [Character: Int] = [:]
      for (letter, stride) in zip(letters, all.strides) { index[letter] = element / stride % lengths[letter]! }
      func position(_ letters: [Character], _ shape: Shape) -> Int {
        zip(letters, shape.strides).reduce(0) { $0 + index[$1.0]! * $1.1 }
      }
      sums[position(result, target)] += zip(operands, inputs).reduce(1) { $0 * $1.1!.elements[position($1.0, $1.1!.shape)] }
    }
    return [Tensor(sums, shape: target)]
  }
}
