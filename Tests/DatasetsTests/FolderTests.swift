import Datasets
import Files
import Foundation
import Images
import Tensors
import TestSupport
import Testing

/// Class numbers against torchvision's `ImageFolder`, whose rules are in its documentation: sorted names of all folders.
@Suite struct FolderTests {
  private func link(_ folder: URL, _ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.appendingPathComponent(name).path, withDestinationPath: target)
  }

  private func labels(_ data: ImageList) throws -> [String: Int] {
    Dictionary(uniqueKeysWithValues: (0..<data.count).map { (data.name($0), data.labels($0)[0]) })
  }

  @Test func emptyFoldersKeepTheirPositionAndAreNamed() throws {
    try withTemporaryFolder { folder in
      for name in ["a/1.png", "b/2.png", "d/3.png"] { try folder.writeImage(name) }
      _ = try folder.write("x", "c/readme.tiff")
      _ = try folder.write("x", "c/other.TIFF")
      #expect(
        message { _ = try ImageFolder.open(folder.path) }
          == "\(folder.path)/c: the class folder holds no images, only 2 .tiff (accepted: PNG, JPEG, WebP or BMP files in every "
          + "class folder, or --classes FILE that numbers the folders)")
      let classes = try ClassMap("a\nb\nc\nd")
      let data = try ImageFolder.open(folder.path, classes: classes)
      #expect(try labels(data) == ["a/1.png": 0, "b/2.png": 1, "d/3.png": 3])
      try folder.writeImage("c/4.png")
      let whole = try ImageFolder.open(folder.path)
      #expect(try labels(whole) == ["a/1.png": 0, "b/2.png": 1, "c/4.png": 2, "d/3.png": 3])
      #expect(whole.notes == ["\(folder.path): files that are not read: 2 .tiff (read are PNG, JPEG, WebP or BMP files)"])
    }
  }

  /// WebP and BMP are images like others, and fill a class on their own.
  @Test func otherFormatsFillAClass() throws {
    try withTemporaryFolder { folder in
      try folder.writeImage("a/1.png")
      // Two rows of two pixels, bottom first, blue before green and red, padded to four bytes.
      let header: [UInt8] = [40, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 24] + [UInt8](repeating: 0, count: 25)
      let pixels: [UInt8] = [1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0]
      _ = try folder.write([0x42, 0x4D, 70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0] + header + pixels, "b/1.bmp")
      let webP = try #require(Data(base64Encoded: "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="))
      _ = try folder.write([UInt8](webP), "c/1.webp")
      let data = try ImageFolder.open(folder.path)
      #expect(try labels(data) == ["a/1.png": 0, "b/1.bmp": 1, "c/1.webp": 2])
      #expect(data.notes.isEmpty && data.classNames == ["a", "b", "c"])
      let images = try (1..<3).map { position -> Image in
        guard case .image(let image) = try data.sample(position).content else { throw EspalierError("is no image") }
        return image
      }
      #expect(images[0].pixels.elements == [9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4])
      #expect(images[1].width == 1 && images[1].height == 1)
    }
  }

  @Test func linksCountAndHiddenFoldersDoNot() throws {
    try withTemporaryFolder { folder in
      for name in ["data/a/1.png", "elsewhere/2.png", "data/c/3.png", "data/.checkpoints/4.png"] { try folder.writeImage(name) }
      try link(folder, "data/b", to: "../elsewhere")
      try link(folder, "link", to: "data")
      let expected = ["a/1.png": 0, "b/2.png": 1, "c/3.png": 2]
      for name in ["data", "link"] {
        let data = try ImageFolder.open(folder.path + "/" + name)
        #expect(try labels(data) == expected)
        #expect(data.notes == ["\(folder.path)/\(name): hidden folders are left out: .checkpoints"])
        #expect(data.classNames == ["a", "b", "c"])
        _ = try data.sample(1)
      }
      try link(folder, "data/c/around", to: "..")
      #expect(message { _ = try ImageFolder.open(folder.path + "/data") }.hasSuffix("c/around: is a link to a folder around it"))
      try FileManager.default.removeItem(at: folder.appendingPathComponent("data/c/around"))
      try link(folder, "data/c/gone.png", to: "nowhere")
      #expect(message { _ = try ImageFolder.open(folder.path + "/data") }.hasSuffix("c/gone.png: is a link to nothing"))
    }
  }

  @Test func pipesAndDevicesAreRefusedWithoutWaiting() throws {
    try withTemporaryFolder { folder in
      try folder.writeImage("a/1.png")
      let pipe = folder.appendingPathComponent("a/2.png").path
      #expect(mkfifo(pipe, 0o600) == 0)
      #expect(message { _ = try ImageFolder.open(folder.path) } == "\(pipe): is not a regular file")
      let labels = try folder.write(idx([1], [0]), "labels")
      for path in [pipe, "/dev/zero"] {
        #expect(
          message { _ = try IDXDataset(images: path, labels: labels) } == "\(path): is not a regular file (accepted: a file)")
        #expect(message { _ = try CSV.open(path) } == "\(path): is not a regular file (accepted: a file)")
        #expect(message { _ = try ClassMap(file: path) } == "\(path): is not a regular file (accepted: a file)")
        #expect(message { _ = try Preprocessing(file: path) } == "\(path): is not a regular file (accepted: a file)")
        #expect(message { _ = try SHA256.hexadecimal(ofFile: path) } == "\(path): is not a regular file (accepted: a file)")
      }
    }
  }

  @Test func numbersAreClassNumbers() throws {
    try withTemporaryFolder { folder in
      for name in ["2", "10", "0"] { try folder.writeImage("\(name)/a.png") }
      let data = try ImageFolder.open(folder.path)
      #expect(try labels(data) == ["2/a.png": 2, "10/a.png": 10, "0/a.png": 0])
      #expect(data.notes.count == 1 && data.notes[0].contains("named by numbers"))
      #expect(data.classNames?.count == 11 && data.classNames?[10] == "10")
      try folder.writeImage("002/b.png")
      #expect(message { _ = try ImageFolder.open(folder.path) }.contains("the folders 002 and 2 have one class number"))
      try folder.writeImage("x/b.png")
      #expect(
        try labels(ImageFolder.open(folder.path))["10/a.png"] == 2, "one name is no number: positions in the order of names")
    }
  }

  /// Python sorts by code points, and lists a folder before what lies in it.
  @Test func orderIsPythons() throws {
    try withTemporaryFolder { folder in
      for name in ["é/1.png", "z/1.png", "a-b/1.png", "a/z.png", "a/b/1.png", "e\u{301}/1.png", "Z/1.png"] {
        try folder.writeImage(name)
      }
      let data = try ImageFolder.open(folder.path)
      #expect(
        (0..<data.count).map(data.name).map { Array($0.unicodeScalars) }
          == [
            "Z/1.png", "a/z.png", "a/b/1.png", "a-b/1.png", "e\u{301}/1.png", "z/1.png", "é/1.png",
          ].map { Array($0.unicodeScalars) })
      #expect((0..<data.count).map { data.labels($0) } == [[0], [1], [1], [2], [3], [4], [5]])
    }
  }

  @Test func classFilesSayWhatTheyLeaveOut() throws {
    try withTemporaryFolder { folder in
      for name in ["tench/1.png", "crane/1.png", "goldfish/1.png"] { try folder.writeImage(name) }
      let data = try ImageFolder.open(folder.path, classes: ClassMap("Tench\r\ngoldfish\r\ncrane\r\n"))
      #expect(try labels(data) == ["crane/1.png": 2, "goldfish/1.png": 1])
      #expect(data.notes == ["\(folder.path): the class file does not name tench: left out, 1 of 3 images"])
      #expect(
        message { _ = try ImageFolder.open(folder.path, classes: ClassMap("tench\ncrane\ngoldfish\ncrane")) }
          .hasPrefix("--classes: 'crane' is the name of classes 1 and 3 (accepted: "))
      let flat = try ImageFolder.open(folder.path + "/crane", classes: ClassMap("tench\ncrane"))
      #expect(flat.count == 1 && flat.labels(0).isEmpty && flat.classNames == ["tench", "crane"])
    }
  }

  @Test func pathsTellTheirForm() throws {
    try withTemporaryFolder { folder in
      try folder.writeImage("a.PNG")
      let image = folder.path + "/a.PNG"
      let list = try folder.write("path,label\na.PNG,3\n", "list.csv")
      #expect(try DataSpec(folder.path) == .folder(folder.path))
      #expect(try DataSpec(image) == .image(image) && DataSpec("image:\(image)") == .image(image))
      #expect(try DataSpec(list) == .csv(list))
      let data = try DataSpec(image).open(classes: ClassMap("tench\ncrane"))
      #expect(try data.count == 1 && data.labels(0).isEmpty && data.classNames == ["tench", "crane"])
      #expect(try data.sample(0).name == image)
      #expect(message { _ = try DataSpec("image:/no/such.png").open() } == "/no/such.png: there is no such image")
      let text = try folder.write("x", "a.txt")
      #expect(message { _ = try DataSpec(text) }.hasPrefix("--data: what kind of data \(text) is cannot be told"))
      #expect(
        message { _ = try DataSpec("folder:\(image)").open() }.hasSuffix(
          "is not of the form folder (accepted: --data image:\(image))"))
      #expect(
        message { _ = try DataSpec("csv:\(folder.path)").open() }.hasSuffix(
          "is not of the form csv (accepted: --data folder:\(folder.path))"))
    }
  }
}
