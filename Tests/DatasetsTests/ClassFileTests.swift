import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct ClassFileTests {
  private let three = ["tench": [0], "goldfish": [1], "crane": [2]]

  @Test(arguments: [
    "tench\r\ngoldfish\r\ncrane\r\n", "\u{FEFF}tench\ngoldfish\ncrane", "tench 0\r\ngoldfish 1\r\ncrane 2\r\n",
    #"{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"], "2": ["n02012849", "crane"]}"#,
    #"{"0": "tench, Tinca tinca", "2": "crane", "1": "goldfish, Carassius auratus"}"#,
    #"{"architectures": ["x"], "id2label": {"0": "tench", "1": "goldfish", "2": "crane"}, "label2id": {"tench": 0}}"#,
    "n01440764 tench, Tinca tinca\nn01443537 goldfish, Carassius auratus\nn02012849 crane\n",
    #"["tench", "goldfish", "crane"]"#,
  ]) func formsOfOthers(text: String) throws {
    try withTemporaryFolder { folder in
      let map = try ClassMap(file: folder.write(text, "classes"))
      for (name, labels) in three { #expect(try map.labels(named: name) == labels, "\(name)") }
      #expect(try map.labels(named: "duck") == nil)
      #expect(map.names?.count == 3 && map.names?[2] == "crane" && map.names?[0].hasPrefix("tench") == true)
      if text.contains("n01443537") { #expect(try map.labels(named: "n01443537") == [1]) }
    }
  }

  @Test func doubledNamesAreRefusedWhereTheyAreUsed() throws {
    let map = try ClassMap(
      #"{"134": ["n02012849", "crane"], "517": ["n03126707", "crane"], "1": ["n01443537", "goldfish"]}"#)
    #expect(try map.labels(named: "n03126707") == [517])
    #expect(map.names?[134] == "crane" && map.names?[517] == "crane")
    #expect(message { _ = try map.labels(named: "crane") }.contains("'crane' is the name of classes 134 and 517"))
    #expect(
      message { _ = try ClassMap(#"{"crane": 134, "duck": 1, "crane" : 517}"#) }
        == "crane: is there twice (accepted: each name once, with all its labels)")
    #expect(try ClassMap(#"{"crane": [134, 517]}"#).labels(named: "crane") == [134, 517])
    // A first name stands for its class before another class's second name.
    let synonyms = try ClassMap("drake, duck\nduck\nmallard, duck")
    #expect(try synonyms.labels(named: "duck") == [1])
    #expect(try synonyms.labels(named: "mallard") == [2])
    #expect(message { _ = try ClassMap(#"{"0": "a", "00": "b"}"#) } == "names class 0 twice")
  }

  /// `class 0`, `class 1`, … may be names, or labels of one class: neither is guessed.
  @Test func namesWithNumbersAreNotGuessed() throws {
    for text in ["class 0\nclass 1\nclass 2", "digit 3\r\ndigit 1\r\n", "class\t0\nclass\t1"] {
      #expect(message { _ = try ClassMap(text) }.hasPrefix("line 1: every line is "), "\(text)")
    }
    let tabbed = try ClassMap("class 0\t0\nclass 1\t1")
    #expect(try tabbed.labels(named: "class 1") == [1] && tabbed.names == ["class 0", "class 1"])
    #expect(try ClassMap(#"{"class 0": 0, "class 1": 1}"#).names == ["class 0", "class 1"])
    #expect(try ClassMap("tench 0").labels(named: "tench") == [0])
  }

  @Test func listsOfSpreadsheets() throws {
    try withTemporaryFolder { folder in
      try folder.writeImage("a.png")
      let path = try folder.write("\u{FEFF}\"path\",Label\r\n\"a.png\",crane\r\n", "list.csv")
      #expect(try CSV.open(path, classes: ClassMap("tench\r\ncrane")).labels(0) == [1])
      let wide = try folder.write([0xFF, 0xFE, 0x70, 0], "wide.csv")
      #expect(message { _ = try CSV.open(wide) } == "\(wide): is UTF-16 text (accepted: UTF-8)")
      let twice = try folder.write("path,label,Label\na.png,1,2\n", "twice.csv")
      #expect(message { _ = try CSV.open(twice) }.contains("has two columns label"))
      let kind = try folder.write("path,label,mask,mask-kind\na.png,1,a.png,gray\n", "kind.csv")
      #expect(message { _ = try CSV.open(kind) }.contains("line 2: has mask-kind gray (accepted: grey, index or alpha)"))
    }
  }

  /// Every key that the parser knows, every column and every form of data is told.
  @Test func theGuideTellsEverything() throws {
    let guide = FormatGuide.text
    for name in [
      "crop-share", "resize", "interpolation", "crop", "channels", "color", "layout", "scale", "mean", "std", "background",
      "path",
      "label", "mask", "mask-kind", "grey", "index", "alpha", "folder:", "image:", "csv:", "hdf5:", "idx:", "fashion-mnist:",
      "concept_names", "concept_categories", "names.txt", "broden:", "foreground:", "id2label", "ESPALIER_MAX_PIXELS",
    ] { #expect(guide.contains(name), "\(name)") }
    let keys = Preprocessing.keys
    #expect(keys.count >= 11)
    for key in keys { #expect(guide.contains("\n    \(key) = ") || guide.contains("\n\(key) = "), "\(key)") }
    #expect(guide.split(separator: "\n").allSatisfy { $0.count <= 78 })
  }
}
