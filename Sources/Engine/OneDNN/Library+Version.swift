import COneDNN
import Tensors

extension LibraryVersion {
  /// oneDNN, with the instructions that it has chosen.
  public static var oneDNN: LibraryVersion {
    let instructions =
      switch dnnl_get_effective_cpu_isa() {
      case dnnl_cpu_isa_sse41: "SSE4.1"
      case dnnl_cpu_isa_avx: "AVX"
      case dnnl_cpu_isa_avx2: "AVX2"
      case dnnl_cpu_isa_avx2_vnni: "AVX2-VNNI"
      case dnnl_cpu_isa_avx512_core: "AVX-512"
      case dnnl_cpu_isa_avx512_core_vnni: "AVX-512-VNNI"
      case dnnl_cpu_isa_avx512_core_bf16: "AVX-512-BF16"
      default: nil as String?
      }
    guard let version = dnnl_version()?.pointee else { return LibraryVersion("oneDNN", "unknown") }
    return LibraryVersion(
      "oneDNN", "\(version.major).\(version.minor).\(version.patch)" + (instructions.map { " (\($0))" } ?? ""))
  }
}
