"""Writes matplotlib's colour maps for Espalier: the tables in Sources, and samples that tests compare with.

    python Tests/Peers/make_colormaps.py

Both come from matplotlib (see the version in the peers' requirements), as bytes: 255 times its values, cut as matplotlib cuts them.
"""

from pathlib import Path
import json

import matplotlib

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["viridis", "plasma", "inferno", "magma", "cividis", "coolwarm", "RdBu", "PuOr", "PiYG", "BrBG", "berlin"]
COLORS_A_LINE = 20

HEAD = '''extension Colormap {
  /// The 256 colours of named maps, six hexadecimal digits each; written by `Tests/Peers/make_colormaps.py` from matplotlib.
  ///
  /// Sources: viridis, plasma, inferno, magma: N. Smith, S. van der Walt, 2015, CC0; cividis: J. Nuñez, C. Anderton, R. Renslow,
  /// "Optimizing colormaps with consideration for color vision deficiency", PLoS ONE 2018; coolwarm: K. Moreland, "Diverging color
  /// maps for scientific visualization", ISVC 2009; RdBu, PuOr, PiYG, BrBG: color specifications and designs developed by Cynthia
  /// Brewer (http://colorbrewer.org/), Apache License 2.0; berlin: F. Crameri, "Scientific colour maps", MIT.
  static let tables: KeyValuePairs<String, String> = [
'''

lines = [HEAD]
samples = {}
for name in NAMES:
    colors = matplotlib.colormaps[name](range(256), bytes=True)[:, :3]
    digits = ["%02x%02x%02x" % tuple(color) for color in colors]
    lines.append(f'    "{name}": """\n')
    for start in range(0, 256, COLORS_A_LINE):
        lines.append("      " + "".join(digits[start : start + COLORS_A_LINE]) + "\n")
    lines.append('      """,\n')
    for variant in [name, name + "_r"]:
        colors = matplotlib.colormaps[variant](range(0, 256, 17), bytes=True)[:, :3]
        samples[variant] = colors.reshape(-1).tolist()
lines.append("  ]\n}\n")
(ROOT / "Sources/Plotting/Colormap+Tables.swift").write_text("".join(lines))
(ROOT / "Tests/PlottingTests/Resources/matplotlib-colormaps.json").write_text(json.dumps(samples) + "\n")
