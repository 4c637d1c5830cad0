import Foundation

/// The position of a file in the folder `Resources` beside a test's source file.
public func testResource(_ name: String, besideSource source: String = #filePath) -> URL {
  URL(fileURLWithPath: source).deletingLastPathComponent().appendingPathComponent("Resources").appendingPathComponent(name)
}
