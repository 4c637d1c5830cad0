import Tensors
import Testing

@Suite struct GreatestElementTests {
  @Test func isTheFirstOfEquals() {
    #expect([Float(1), 3, 2, 3].indexOfGreatest == 1)
    #expect([Float(0), -0].indexOfGreatest == 0)
    #expect([-Double.infinity, -.infinity].indexOfGreatest == 0)
    #expect([Float(5), 1, 7, 7, 9][1..<4].indexOfGreatest == 2)
  }

  @Test func passesOverWhatIsNoNumber() {
    #expect([Float.nan, 1, .nan, 2].indexOfGreatest == 3)
    #expect([Float.nan, .nan].indexOfGreatest == nil)
    #expect([Float]().indexOfGreatest == nil)
  }
}
