import Tensors
import Testing

@Suite struct JobIdentityTests {
  private func identity(_ entries: [(String, String)]) -> JobIdentity {
    var job = JobIdentity("train")
    for (name, value) in entries { job.add(name, value) }
    return job
  }

  @Test func doesNotDependOnTheOrderOfItsEntries() {
    #expect(identity([("a", "1"), ("b", "2")]) == identity([("b", "2"), ("a", "1")]))
    #expect(identity([("b", "2"), ("a", "1")]).text == "a 1\nb 2\njob train\n")
  }

  @Test func leavesDefaultsOut() {
    var job = JobIdentity("train")
    job.add("seed", 0, default: 0)
    job.add("batch", 64, default: 128)
    job.add("mask", String?.none)
    #expect(job.text == "batch 64\njob train\n")
  }

  @Test(arguments: ["", "one", "two\nlines", "back\\slash", "\\n", "CR\r\nLF", "a\rb", " spaces  ", "ü é 漢"])
  func isReadBack(value: String) {
    let job = identity([("text", value), ("other", "x"), ("a name \\s of words", value)])
    #expect(JobIdentity(text: job.text) == job)
  }

  /// A file that was moved is the same input: what tells where it lies is left out, its digest is not.
  @Test func provenanceButForLocations() {
    var job = JobIdentity("score")
    job.add(["data": "hdf5:a.h5", "data_sha256": "aa", "target": "label"], butFor: ["data"])
    #expect(job.text == "data_sha256 aa\njob score\ntarget label\n" && job.settings == ["data_sha256": "aa", "target": "label"])
  }

  @Test func saysWhatDiffers() throws {
    let job = identity([("data", "aa"), ("seed", "1")])
    #expect(job.difference(from: job) == nil)
    let other = try #require(job.difference(from: identity([("data", "bb"), ("seed", "2")])))
    #expect(other == ("data", "aa", "bb"))
    let lacking = try #require(job.difference(from: identity([("data", "aa")])))
    #expect(lacking == ("seed", "1", nil))
  }

  @Test func otherTextsAreNoIdentities() {
    for text in ["", "nothing", "a 1\n", "job train", "job train\na 1\n", "\n\njob train\n"] {
      #expect(JobIdentity(text: text) == nil, "\(text)")
    }
  }
}
