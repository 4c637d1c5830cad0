import Datasets
import Foundation
import Images
import Tensors
import TestSupport
import Testing

/// What pixels of masks are the object: by NumPy's rule `(ids != 0) & (ids != void)` of indices, by hand for the rest.
@Suite struct ObjectMaskTests {
  /// A grey PNG of 16 bits, made by Pillow: 0 300 300 1 / 0 3 768 65535 / 0 0 300 255.
  private static let wide =
    "iVBORw0KGgoAAAANSUhEUgAAAAQAAAADEAAAAADBDy1ZAAAAHklEQVR4nAXBAQ0AAAgDID7r2L+JeS6ELD2Y0YKsPj7ABTOTfR94AAAAAElFTkSuQmCC"

  /// The pixels that a mask of 4×3 marks, as text, or what is thrown.
  private func marked(_ mask: [UInt8], _ folder: URL) throws -> String { try marked(mask, "", folder) }

  private func marked(_ mask: [UInt8], _ kind: String, _ folder: URL) throws -> String {
    try folder.writeImage("a.png")
    let path = try folder.write(mask, "mask.png")
    let list = try folder.write("path,label,mask,mask-kind\na.png,0,mask.png,\(kind)\n", "list.csv")
    var result = ""
    let text = message {
      let batch = try Loader(CSV.open(list), preprocessing: Preprocessing(), batch: 1, takesMasks: true).epoch().batch(0)
      result =
        batch.masks[0].map { bits in
          (0..<3).map { row in (0..<4).map { bits[row, $0] ? "1" : "0" }.joined() }.joined(separator: " ")
        } ?? "none"
    }
    return text == "no error" ? result : text.replacingOccurrences(of: path, with: "MASK")
  }

  private func grey(_ values: [UInt8]) throws -> [UInt8] { try Image(pixels: Tensor(values, shape: [3, 4, 1])).encodedPNG() }

  private func palette(_ values: [UInt8], _ first: [UInt8] = [0, 0, 0], _ rest: [UInt8] = [128, 0, 0]) throws -> [UInt8] {
    let colors = first + (1..<256).flatMap { _ in rest }
    return try IndexedImage(indices: Tensor(values, shape: [3, 4]), palette: Tensor(colors, shape: [256, 3])).encodedPNG()
  }

  @Test func indicesAreObjectsAndTheVoidIsNot() throws {
    try withTemporaryFolder { folder in
      let voc: [UInt8] = [0, 1, 1, 255, 0, 2, 255, 255, 0, 15, 0, 255]
      let expected = "0110 0100 0100"
      #expect(try marked(palette(voc), folder) == expected)
      #expect(try marked(grey(voc), folder) == expected)
      #expect(try marked(grey([0, 1, 1, 2, 0, 2, 2, 2, 0, 3, 0, 3]), folder) == "0111 0111 0101")
      #expect(try marked(grey([0, 1, 1, 255, 0, 0, 0, 0, 0, 0, 0, 0]), folder) == "0110 0000 0000")
      let wide = [UInt8](try #require(Data(base64Encoded: Self.wide)))
      #expect(try marked(wide, "index", folder) == "0111 0110 0011")
      // A palette whose first colour is not black may be of a class 0.
      #expect(try marked(palette(voc, [9, 9, 9]), folder).contains("a column mask-kind with grey or index"))
      #expect(try marked(palette(voc, [9, 9, 9]), "index", folder) == expected)
      // Greys in a palette are colours.
      #expect(
        try marked(palette([0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1], [255, 255, 255], [0, 0, 0]), folder) == "1000 1111 0000")
    }
  }

  @Test func oneValueIsTheObject() throws {
    try withTemporaryFolder { folder in
      for value: UInt8 in [1, 7, 128, 255] {
        let values = ([0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1] as [UInt8]).map { $0 * value }
        #expect(try marked(grey(values), folder) == "0110 0000 1001")
        let colors: [UInt8] = values.flatMap { value -> [UInt8] in [value, 0, value] }
        #expect(try marked(Image(pixels: Tensor(colors, shape: [3, 4, 3])).encodedPNG(), folder) == "0110 0000 1001")
      }
      let empty = try grey([UInt8](repeating: 0, count: 12))
      #expect(try marked(empty, folder) == "none")
    }
  }

  @Test func softEdgesAreBrightness() throws {
    try withTemporaryFolder { folder in
      let soft: [UInt8] = [0, 40, 180, 255, 0, 90, 255, 255, 0, 140, 255, 255]
      #expect(try marked(grey(soft), folder) == "0011 0011 0111")
      // Two values that may be either: half shown, or two classes.
      let either = try grey([0, 128, 128, 255, 0, 0, 0, 0, 0, 0, 0, 255])
      #expect(
        try marked(either, folder)
          == "MASK: is a mask with the values 128, 255, which may be brightness or numbers (accepted: a column mask-kind with "
          + "grey or index tells what they mean)")
      #expect(try marked(either, "grey", folder) == "0111 0000 0001")
      #expect(try marked(either, "index", folder) == "0110 0000 0000")
      #expect(try marked(either, "alpha", folder).contains("is a mask without transparency"))
    }
  }

  @Test func cutoutsShowTheirOpaquePixels() throws {
    try withTemporaryFolder { folder in
      let alpha: [UInt8] = [0, 255, 255, 0, 0, 255, 255, 0, 0, 100, 130, 0]
      let photograph: [UInt8] = alpha.enumerated().flatMap { position, value -> [UInt8] in
        [UInt8(position * 20), UInt8(200 - position), 7, value]
      }
      #expect(try marked(Image(pixels: Tensor(photograph, shape: [3, 4, 4])).encodedPNG(), folder) == "0110 0110 0010")
      let two: [UInt8] = alpha.enumerated().flatMap { position, value -> [UInt8] in [UInt8(position % 2 * 255), value] }
      let bytes = try Image(pixels: Tensor(two, shape: [3, 4, 2])).encodedPNG()
      #expect(try marked(bytes, folder).contains("a column mask-kind with grey or alpha"))
      #expect(try marked(bytes, "grey", folder) == "0100 0100 0000")
    }
  }

  /// Label 300 of 16 bits is label 300, in both kinds of concept masks; 768 is not 3.
  @Test func labelsOfSixteenBits() throws {
    try withTemporaryFolder { folder in
      let wide = [UInt8](try #require(Data(base64Encoded: Self.wide)))
      try folder.writeImage("data/a.png")
      let data = try Subset(ImageFolder.open(folder.path + "/data"))
      _ = try folder.write(wide, "masks/scene/a.png")
      _ = try folder.write("1 one\n3 three\n300 three hundred\n768 seven\n", "masks/scene/names.txt")
      let source = try FolderConcepts(folder.path + "/masks", for: data, preprocessing: Preprocessing())
      func pixels(_ masks: ConceptMasks, _ names: [Concept]) -> [String: String] {
        Dictionary(
          uniqueKeysWithValues: masks.entries.map { entry in
            let rows = (0..<3).map { row in (0..<4).map { entry.mask[row, $0] ? "1" : "0" }.joined() }
            return (names[entry.concept].name, rows.joined(separator: " "))
          })
      }
      #expect(
        try pixels(source.masks(0), source.vocabulary.concepts) == [
          "one": "0001 0000 0000", "three": "0000 0100 0000", "three hundred": "0110 0000 0010", "seven": "0000 0010 0000",
        ])
      _ = try folder.write("1 one\n3 three\n768 seven\n", "masks/scene/names.txt")
      let unknown = try FolderConcepts(folder.path + "/masks", for: data, preprocessing: Preprocessing())
      #expect(message { _ = try unknown.masks(0) }.contains("has value 300, an unknown concept"))

      _ = try folder.write(wide, "tree/images/a_object.png")
      _ = try folder.write("image,ih,iw,sh,sw,object\na.png,3,4,3,4,a_object.png\n", "tree/index.csv")
      _ = try folder.write(
        "number,name,category\n1,one,object\n3,three,object\n255,v,object\n300,big,object\n768,seven,object\n65535,last,object\n",
        "tree/label.csv")
      let broden = try BrodenConcepts(folder.path + "/tree", for: data, preprocessing: Preprocessing())
      #expect(
        try pixels(broden.masks(0), broden.vocabulary.concepts) == [
          "one": "0001 0000 0000", "three": "0000 0100 0000", "big": "0110 0000 0010", "seven": "0000 0010 0000",
          "v": "0000 0000 0001", "last": "0000 0001 0000",
        ])
    }
  }

  /// VOC's maps have a palette; their values are indices, and their border is of no class.
  @Test func palettesOfClasses() throws {
    try withTemporaryFolder { folder in
      try folder.writeImage("data/a.png")
      let data = try Subset(ImageFolder.open(folder.path + "/data"))
      let voc: [UInt8] = [0, 1, 1, 255, 0, 2, 255, 255, 0, 2, 0, 255]
      _ = try folder.write(palette(voc), "masks/class/a.png")
      _ = try folder.write("1 aeroplane\r\n2 bicycle\r\n", "masks/class/names.txt")
      let source = try FolderConcepts(folder.path + "/masks", for: data, preprocessing: Preprocessing())
      let masks = try source.masks(0)
      #expect(masks.entries.map(\.mask.count) == [2, 2] && masks.entries[1].mask[2, 1])
    }
  }
}
