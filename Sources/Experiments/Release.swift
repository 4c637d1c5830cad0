import Analysis
import Datasets
import Engine
import Images
import Plotting
import Storage
import Tensors

/// Which Espalier this is.
public enum Release {
  /// The version, which every file that is written names.
  public static let version = "0.1.0"

  /// The libraries that it runs on, with their versions.
  public static var libraries: [LibraryVersion] {
    [.oneDNN, .hdf5, .libpng, .turboJPEG, .cairo, .pango, .openBLAS, .zlib]
  }
}
