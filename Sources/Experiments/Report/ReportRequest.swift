/// A report of a dissection: where it goes, and how much it shows.
public struct ReportRequest: Hashable, Sendable {
  /// The folder that the page is written to.
  public var folder: String
  /// The most filters of a layer that are shown, of every concept the best.
  public var filters: Int
  /// The images of each of them.
  public var images: Int

  /// Makes a request.
  public init(_ folder: String, filters: Int = 64, images: Int = 6) {
    self.folder = folder
    self.filters = filters
    self.images = images
  }

  /// The page.
  public var page: String { (folder.hasSuffix("/") ? folder : folder + "/") + "index.html" }
}
