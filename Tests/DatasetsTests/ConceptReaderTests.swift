import Datasets
import Foundation
import Images
import Tensors
import TestSupport
import Testing

/// Masks from files that the test makes, against sets of pixels that it draws itself.
@Suite struct ConceptReaderTests {
  /// A set of pixels as rows of `#` and `.`.
  private func text(_ mask: BitMask) -> [String] {
    (0..<mask.height).map { row in String((0..<mask.width).map { mask[row, $0] ? "#" : "." }) }
  }

  /// What masks say, by the concepts' names.
  private func texts(_ masks: ConceptMasks, _ vocabulary: ConceptVocabulary) -> [String: [String]] {
    Dictionary(uniqueKeysWithValues: masks.entries.map { (vocabulary.concepts[$0.concept].name, text($0.mask)) })
  }

  private func write(_ image: Image, _ folder: URL, _ name: String) throws {
    let file = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try image.writePNG(to: file.path)
  }

  private func write(_ text: String, _ folder: URL, _ name: String) throws {
    let file = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  private func problem(_ folder: URL, _ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch { return String(describing: error).replacingOccurrences(of: folder.path, with: "DIR") }
  }

  /// An image [height, width, channels] of given values by (row, column, channel).
  private func image(_ height: Int, _ width: Int, _ channels: Int, _ value: (Int, Int, Int) -> Int) -> Image {
    var elements: [UInt8] = []
    for row in 0..<height {
      for column in 0..<width { for channel in 0..<channels { elements.append(UInt8(value(row, column, channel))) } }
    }
    return Image(pixels: Tensor(elements, shape: [height, width, channels]))
  }

  private func rows(_ height: Int, _ width: Int, _ isIn: (Int, Int) -> Bool) -> [String] {
    (0..<height).map { row in String((0..<width).map { isIn(row, $0) ? "#" : "." }) }
  }

  @Test func folderOfMasks() throws {
    try withTemporaryFolder { folder in
      let (height, width) = (5, 67)
      try write(image(height, width, 3) { $0 + $1 + $2 }, folder, "data/cats/a.png")
      try write(image(height, width, 3) { $0 + $1 + $2 }, folder, "data/cats/b.png")
      try write(image(height, width, 1) { row, column, _ in column > 60 + row ? 255 : 0 }, folder, "masks/ear/cats/a.png")
      try write(image(height, width, 1) { _, _, _ in 0 }, folder, "masks/tail/cats/a.png")
      try write("0 ground\n3 sky\n\n#FF8000 sun set\r\n", folder, "masks/scene/names.txt")
      try write(image(height, width, 1) { row, _, _ in row > 2 ? 3 : 0 }, folder, "masks/scene/cats/a.png")
      let indices = Tensor<UInt8>((0..<height * width).map { UInt8($0 % 2) }, shape: [height, width])
      let palette = Tensor<UInt8>([3, 3, 3, 255, 128, 0], shape: [2, 3])
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("masks/scene/cats"), withIntermediateDirectories: true)
      try IndexedImage(indices: indices, palette: palette).writePNG(
        to: folder.appendingPathComponent("masks/scene/cats/b.png").path)
      let data = try Subset(ImageFolder.open(folder.path + "/data"))
      let source = try FolderConcepts(folder.path + "/masks", for: data, preprocessing: Preprocessing(channels: 1))
      #expect(source.vocabulary.categories == ["scene", "concept"])
      #expect(source.vocabulary.concepts.map(\.name) == ["ear", "ground", "sky", "sun set", "tail"])
      #expect(source.vocabulary.concepts.map(\.category) == [1, 0, 0, 0, 1])
      let first = try source.masks(0)
      #expect(
        texts(first, source.vocabulary) == [
          "ear": rows(height, width) { $1 > 60 + $0 }, "ground": rows(height, width) { row, _ in row <= 2 },
          "sky": rows(height, width) { row, _ in row > 2 },
        ])
      #expect(first.categories == [0, 1])
      #expect(
        try texts(source.masks(1), source.vocabulary) == [
          "sky": rows(height, width) { ($0 * width + $1) % 2 == 0 },
          "sun set": rows(height, width) { ($0 * width + $1) % 2 == 1 },
        ])

      // The middle three columns of every row, twice as large.
      let fitting = Preprocessing(resize: .exact(height: 10, width: 134), crop: .init(height: 10, width: 6))
      let cropped = try FolderConcepts(folder.path + "/masks", for: data, preprocessing: fitting).masks(0)
      #expect(cropped.height == 10 && cropped.width == 6)
      #expect(
        texts(cropped, source.vocabulary) == [
          "ground": rows(10, 6) { row, _ in row <= 5 }, "sky": rows(10, 6) { row, _ in row > 5 },
        ])
      let digest = try source.digest()
      try write(image(height, width, 1) { _, _, _ in 255 }, folder, "masks/tail/cats/b.png")
      #expect(try source.digest() != digest)
    }
  }

  @Test func damagedFolders() throws {
    try withTemporaryFolder { folder in
      try write(image(3, 4, 3) { $0 + $1 + $2 }, folder, "data/a.png")
      let data = try Subset(ImageFolder.open(folder.path + "/data"))
      func failure() -> String {
        problem(folder) {
          _ = try FolderConcepts(folder.path + "/masks", for: data, preprocessing: Preprocessing()).masks(0)
        }
      }
      #expect(failure() == "DIR/masks: is not a folder")
      try FileManager.default.createDirectory(at: folder.appendingPathComponent("masks"), withIntermediateDirectories: true)
      #expect(failure() == "DIR/masks: holds no concepts (accepted: a folder of masks for each concept or category)")
      try write("", folder, "masks/c/names.txt")
      #expect(failure() == "DIR/masks/c/names.txt: names no concepts")
      for (list, line) in [("1 a\n65536 b", 2), ("x", 1), ("#12 a", 1), ("#-12345 a", 1), ("7", 1)] {
        try write(list, folder, "masks/c/names.txt")
        #expect(failure().hasPrefix("DIR/masks/c/names.txt: line \(line): is “"), "\(list)")
      }
      try write("1 a\n#010101 b", folder, "masks/c/names.txt")
      #expect(failure() == "DIR/masks/c/names.txt: line 2: names #010101 again")
      try write("1 a", folder, "masks/c/names.txt")
      #expect(failure() == "DIR/masks: holds no mask for image a.png (accepted: a.png in one folder or more)")
      try write(image(3, 5, 1) { _, _, _ in 1 }, folder, "masks/c/a.png")
      #expect(failure() == "DIR/masks/c/a.png: is a mask of 5×3 pixels for image a.png (accepted: 4×3)")
      try write(image(3, 4, 1) { _, _, _ in 2 }, folder, "masks/c/a.png")
      #expect(
        failure() == "DIR/masks/c/a.png: image a.png has value 2, an unknown concept (accepted: those in names.txt)")
      try write(image(3, 4, 4) { _, _, _ in 1 }, folder, "masks/c/a.png")
      #expect(failure().hasPrefix("DIR/masks/c/a.png: has transparency"))
      try write("", folder, "masks/c/a.png")
      #expect(failure().hasPrefix("DIR/masks/c/a.png: is empty"))
      // A header that declares 2^31 − 1 pixels in each direction.
      var bytes = try image(3, 4, 1) { _, _, _ in 1 }.encodedPNG()
      bytes.replaceSubrange(16..<24, with: [127, 255, 255, 255, 127, 255, 255, 255])
      try Data(bytes).write(to: folder.appendingPathComponent("masks/c/a.png"))
      #expect(failure().hasPrefix("DIR/masks/c/a.png: "))
      #expect(!failure().contains("no error"))
    }
  }

  private let index = "image,split,ih,iw,sh,sw,color,object,scene\n"
  private let label =
    "number,name,category,frequency\n1,red,color,3\n300,cat,part(2);object(7),9\n513,street,scene,1\n2,tail,object,1\n"

  @Test func brodenTree() throws {
    try withTemporaryFolder { folder in
      let (height, width) = (6, 70)
      for name in ["x/a.png", "b.png"] {
        try write(image(2 * height, 2 * width, 3) { $0 + $1 + $2 }, folder, "tree/images/" + name)
      }
      // Cat is 300 = 44 + 256; blue counts for nothing.
      try write(
        image(height, width, 3) { row, column, channel in
          channel == 2 ? 9 : column < 65 ? 0 : channel == 0 ? 44 : 1
        }, folder, "tree/images/masks/a1.png")
      try write(image(height, width, 1) { row, _, _ in row == 0 ? 2 : 0 }, folder, "tree/images/masks/a2.png")
      try write(
        index + "x/a.png,train,12,140,6,70,,masks/a1.png;masks/a2.png,513\nb.png,val,12,140,6,70,,masks/a2.png,\n", folder,
        "tree/index.csv")
      try write(label, folder, "tree/label.csv")
      for root in ["tree/images", "tree"] {
        try write("path,label\nimages/b.png,0\nimages/x/a.png,0\n", folder, "tree/list.csv")
        let list = root == "tree" ? try CSV.open(folder.path + "/tree/list.csv") : try TestFolder(folder, "tree/images").list
        let data = try Subset(list)
        let source = try BrodenConcepts(folder.path + "/tree", for: data, preprocessing: Preprocessing())
        #expect(source.vocabulary.categories == ["color", "object", "scene"])
        #expect(source.vocabulary.concepts.map(\.name) == ["red", "cat", "street", "tail"])
        #expect(source.vocabulary.concepts.map(\.category) == [0, 1, 2, 1])
        let tail = rows(height, width) { row, _ in row == 0 }
        for position in 0..<2 {
          let masks = try source.masks(position)
          let isFirst = try data.sample(position).name.hasSuffix("a.png")
          let object = ["tail": tail]
          let all = object.merging(["cat": rows(height, width) { $1 >= 65 }, "street": rows(height, width) { _, _ in true }]) {
            $1
          }
          #expect(texts(masks, source.vocabulary) == (isFirst ? all : object))
          #expect(masks.categories == (isFirst ? [1, 2] : [1]))
        }
        // Cropped, masks follow the image at its own size.
        let crop = Preprocessing(crop: .init(height: 4, width: 140))
        let cropped = try BrodenConcepts(folder.path + "/tree", for: data, preprocessing: crop)
        let position = try data.sample(0).name.hasSuffix("a.png") ? 0 : 1
        #expect(
          try texts(cropped.masks(position), source.vocabulary) == [
            "cat": rows(4, 140) { $1 >= 130 }, "street": rows(4, 140) { _, _ in true },
          ])
        #expect(try source.digest() == cropped.digest())
      }
    }
  }

  @Test func damagedTrees() throws {
    try withTemporaryFolder { folder in
      try write(image(3, 4, 3) { $0 + $1 + $2 }, folder, "tree/images/a.png")
      let data = try Subset(ImageFolder.open(folder.path + "/tree/images"))
      func failure() -> String {
        problem(folder) {
          _ = try BrodenConcepts(folder.path + "/tree", for: data, preprocessing: Preprocessing()).masks(0)
        }
      }
      func failure(index text: String) throws -> String {
        try write(text, folder, "tree/index.csv")
        return failure()
      }
      #expect(failure() == "DIR/tree/index.csv: no such file or directory")
      #expect(try failure(index: "").hasPrefix("DIR/tree/index.csv: is empty"))
      #expect(try failure(index: "image,ih,iw,sh\n").hasPrefix("DIR/tree/index.csv: has no column sw"))
      #expect(try failure(index: "image,ih,iw,sh,sw\n").hasPrefix("DIR/tree/index.csv: has no column of a category"))
      #expect(try failure(index: index) == "DIR/tree/index.csv: names no images")
      #expect(try failure(index: index + "a.png,train,3\n").hasPrefix("DIR/tree/index.csv: line 2: has 3 cells"))
      for size in ["0,4", "x,4", "99999999999,99999999999", "9223372036854775807,2", "-3,-4"] {
        #expect(try failure(index: index + "a.png,train,3,4,\(size),,,1\n").hasPrefix("DIR/tree/index.csv: line 2: has sh "))
      }
      let line = "a.png,train,3,4,3,4,,,513\n"
      #expect(try failure(index: index + line + line) == "DIR/tree/index.csv: line 3: names image a.png again")
      #expect(try failure(index: index + line) == "DIR/tree/label.csv: no such file or directory")
      func failure(label text: String) throws -> String {
        try write(text, folder, "tree/label.csv")
        return failure()
      }
      #expect(try failure(label: "number,name,category\n") == "DIR/tree/label.csv: names no labels")
      #expect(try failure(label: "number,name,category\n70000,a,color\n").contains("line 2: has number 70000"))
      #expect(try failure(label: "number,name,category\n1,a,colour\n").contains("line 2: has unknown category colour"))
      #expect(try failure(label: "number,name,category\n1,a,()\n").contains("line 2: has unknown category"))
      #expect(try failure(label: "number,name,category\n1,a,color\n1,b,color\n") == "DIR/tree/label.csv: names label 1 again")
      #expect(try failure(label: label) == "no error")
      #expect(
        try failure(index: index + "z.png,train,3,4,3,4,,,513\n") == "DIR/tree/index.csv: has no line for image a.png")
      #expect(
        try failure(index: index + "a.png,train,5,4,3,4,,,513\n")
          == "DIR/tree/index.csv: image a.png: has 4×3 pixels (accepted: 4×5, as line 2 says)")
      #expect(
        try failure(index: index + "a.png,train,3,4,3,4,,,514\n")
          == "DIR/tree/index.csv: image a.png: label 514 is unknown (accepted: the numbers in label.csv)")
      #expect(try failure(index: index + "a.png,train,3,4,3,4,,m.png,\n").hasPrefix("DIR/tree/images/m.png: image a.png: "))
      try write(image(3, 5, 1) { _, _, _ in 1 }, folder, "tree/images/m.png")
      #expect(
        failure()
          == "DIR/tree/images/m.png: image a.png: is a mask of 5×3 pixels (accepted: 4×3, as index.csv says)")
      try write(image(3, 4, 1) { _, _, _ in 7 }, folder, "tree/images/m.png")
      #expect(
        failure() == "DIR/tree/images/m.png: image a.png: label 7 is unknown (accepted: the numbers in label.csv)")
      // More pixels than an image may have.
      let huge = try failure(index: index + "a.png,train,3,4,268435456,1,1,,513\n")
      #expect(huge.contains("has sh 268435456 and sw 1"), "\(huge)")
    }
  }
}

/// The images of a Broden tree, without its masks.
private struct TestFolder {
  let list: ImageList

  init(_ folder: URL, _ name: String) throws {
    let file = folder.appendingPathComponent(name + "/list.csv")
    try Data("path,label\nx/a.png,0\nb.png,0\n".utf8).write(to: file)
    list = try CSV.open(file.path)
  }
}
