import Plotting
import Testing

@Suite struct AxisTests {
  @Test func ticksAreRoundNumbers() {
    #expect(Axis(showing: [0, 10], ticks: 5).labels == ["0", "2", "4", "6", "8", "10"])
    #expect(Axis(showing: [0.03, 0.97], ticks: 5).labels == ["0.2", "0.4", "0.6", "0.8"])
    #expect(Axis(showing: [-1, 1], ticks: 4).labels == ["−1.0", "−0.5", "0.0", "0.5", "1.0"])
    #expect(Axis(showing: [1, 60], ticks: 6).labels == ["10", "20", "30", "40", "50", "60"])
    #expect(Axis(showing: [0, 3e8], ticks: 3).labels == ["0", "1×10⁸", "2×10⁸", "3×10⁸"])
    #expect(Axis(showing: [0, 2e-7], ticks: 4).labels == ["0", "0.5×10⁻⁷", "1.0×10⁻⁷", "1.5×10⁻⁷", "2.0×10⁻⁷"])
  }

  @Test func theRangeEndsAtTicksOnRequest() {
    let axis = Axis(showing: [0.41, 2.3], ticks: 5, endsAtTicks: true)
    #expect(axis.range == 0...2.5)
    #expect(axis.labels == ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"])
    #expect(Axis(showing: [0.41, 2.3], ticks: 5).range == 0.41...2.3)
  }

  @Test func wholeNumbersHaveNoTicksBetween() {
    #expect(Axis(showing: [1, 2, 3], ticks: 6, wholeNumbers: true).labels == ["1", "2", "3"])
    #expect(Axis(showing: [4], ticks: 6, wholeNumbers: true).labels == ["3", "4", "5"])
  }

  /// Values that have no extent, no size or no end still give ticks inside a range of some extent.
  @Test(arguments: [
    [], [0], [7.5], [.nan], [.infinity, 1], [1, 1 + 1e-15], [-1e100, 1e100], [.leastNonzeroMagnitude], [1e16, 1e16 + 2], [1e20],
  ])
  func anyValuesMakeAnAxis(_ values: [Double]) {
    for (whole, ends) in [(false, false), (false, true), (true, false), (true, true)] {
      let axis = Axis(showing: values, ticks: 5, wholeNumbers: whole, endsAtTicks: ends)
      #expect(axis.range.upperBound > axis.range.lowerBound)
      #expect(!axis.ticks.isEmpty && axis.ticks.count == axis.labels.count && axis.ticks.count < 20)
      for value in values where abs(value) <= 1e100 { #expect(-1e-9...1 + 1e-9 ~= axis.share(of: value)) }
    }
  }

  @Test func logarithmicTicksArePowersOrRoundBetween() {
    #expect(Axis(.logarithmic, showing: [1, 1000], ticks: 5).labels == ["1", "10", "100", "1000"])
    #expect(
      Axis(.logarithmic, showing: [1e-6, 1e6], ticks: 4).labels
        == ["10⁻⁶", "10⁻³", "1", "10³", "10⁶"].map { $0 == "1" ? "10⁰" : $0 })
    #expect(Axis(.logarithmic, showing: [10, 80], ticks: 5).labels == ["10", "20", "50"])
    let axis = Axis(.logarithmic, showing: [1, 100, -5, 0, .nan], ticks: 5)
    #expect(axis.range == 1...100 && abs(axis.share(of: 10) - 0.5) < 1e-12 && axis.share(of: 0).isNaN)
  }

  @Test func symmetricLogarithmsHaveZeroAndBothSigns() {
    let axis = Axis(.symmetricLogarithmic(threshold: 1), showing: [-1000, 1000], ticks: 7)
    #expect(axis.ticks.contains(0) && axis.ticks == axis.ticks.map { -$0 }.reversed())
    #expect(abs(axis.share(of: 0) - 0.5) < 1e-12)
    #expect(axis.share(of: 100) > 0.75 && axis.share(of: -100) < 0.25)
  }
}
