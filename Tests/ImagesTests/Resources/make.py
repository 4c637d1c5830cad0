"""Writes pillow.json: small images, and what Pillow reads from them and makes of them.

Run from this folder with Pillow and NumPy: python make.py. Pixels are base64 of [H, W, C] bytes.
"""
import base64
import io
import json
import struct
import zlib

import numpy as np
import PIL
from PIL import Image

random = np.random.default_rng(7)


def text(data):
    return base64.b64encode(bytes(data)).decode()


def image(image):
    array = np.asarray(image)
    array = array[..., None] if array.ndim == 2 else array
    assert array.dtype == np.uint8
    return {"shape": list(array.shape), "pixels": text(array.tobytes())}


def smooth(height, width, channels):
    """Waves with some noise, so that JPEG's error stays small and every channel differs."""
    y, x = np.mgrid[:height, :width]
    waves = [127 + 100 * np.sin(x / (3 + c) + y / (5 - c) + c) for c in range(channels)]
    return np.clip(np.stack(waves, -1) + random.normal(0, 8, (height, width, channels)), 0, 255).astype(np.uint8)


def saved(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def raw_png(array, color_type, depth, interlaced=False):
    """A PNG written by hand, for what Pillow cannot write. `array` is [H, W, samples] of integers."""
    height, width, _ = array.shape

    def rows(part):
        for row in part:
            samples = row.reshape(-1)
            if depth == 16:
                yield b"\0" + samples.astype(">u2").tobytes()
            elif depth == 8:
                yield b"\0" + samples.astype(np.uint8).tobytes()
            else:
                bits = "".join(format(int(s), f"0{depth}b") for s in samples)
                bits += "0" * (-len(bits) % 8)
                yield b"\0" + bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))

    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    parts = [array[y::dy, x::dx] for y, x, dy, dx in passes] if interlaced else [array]
    data = b"".join(b"".join(rows(part)) for part in parts if part.size)

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


rgb = Image.fromarray(smooth(17, 23, 3))
rgba = Image.fromarray(np.concatenate([smooth(17, 23, 3), random.integers(0, 256, (17, 23, 1), dtype=np.uint8)], -1))
grey = rgb.convert("L")
grey_alpha = Image.fromarray(np.stack([np.asarray(grey), np.asarray(rgba)[..., 3]], -1), "LA")
palette = rgb.quantize(11)
wide = random.integers(0, 65536, (9, 10, 3))

files = []


def add_file(name, data, expected):
    files.append({"name": name, "file": text(data), **image(expected)})


add_file("png grey", saved(grey, "PNG"), grey)
add_file("png grey and alpha", saved(grey_alpha, "PNG"), grey_alpha)
add_file("png rgb", saved(rgb, "PNG"), rgb)
add_file("png rgba", saved(rgba, "PNG"), rgba)
add_file("png palette of 4 bits", saved(palette, "PNG"), palette.convert("RGB"))
transparent = saved(palette, "PNG", transparency=bytes([0, 128, 200]))
add_file("png palette with transparency", transparent, Image.open(io.BytesIO(transparent)).convert("RGBA"))
add_file("png of 1 bit", saved(grey.convert("1"), "PNG"), grey.convert("1").convert("L"))
keyed = saved(grey, "PNG", transparency=int(np.asarray(grey)[3, 4]))
add_file("png grey with a transparent value", keyed, Image.open(io.BytesIO(keyed)).convert("LA"))
two_bits = raw_png(random.integers(0, 4, (6, 7, 1)), 0, 2)
add_file("png of 2 bits", two_bits, Image.open(io.BytesIO(two_bits)).convert("L"))
data = raw_png(wide, 2, 16)
add_file("png rgb of 16 bits", data, Image.open(io.BytesIO(data)))
data = raw_png(wide[..., :1], 0, 16)
add_file("png grey of 16 bits", data, Image.fromarray((wide[..., 0] >> 8).astype(np.uint8)))
data = raw_png(np.asarray(rgb).astype(int), 2, 8, interlaced=True)
add_file("png interlaced", data, rgb)
for name, image, options in [
    ("jpeg 4:2:0", rgb, {"subsampling": 2}),
    ("jpeg 4:4:4", rgb, {"subsampling": 0}),
    ("jpeg progressive", rgb, {"progressive": True}),
    ("jpeg grey", grey, {}),
    ("jpeg cmyk", Image.fromarray(smooth(17, 23, 4), "CMYK"), {}),
]:
    data = saved(image, "JPEG", quality=80, **options)
    decoded = Image.open(io.BytesIO(data))
    add_file(name, data, decoded.convert("RGB") if decoded.mode == "CMYK" else decoded)
# Padding before the end marker, which decoders forgive.
data = saved(rgb, "JPEG", quality=80)
add_file("jpeg padded", data[:-2] + b"\0\0\0" + data[-2:], Image.open(io.BytesIO(data)))

noise = Image.fromarray(random.integers(0, 256, (17, 23, 3), dtype=np.uint8))
sources = {"rgb": rgb, "noise": noise, "grey": grey, "rgba": rgba, "grey and alpha": grey_alpha}
methods = {"nearest": Image.Resampling.NEAREST, "bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
resized = []
for name, image in list(sources.items())[1:]:
    for size in [(10, 8), (5, 17), (23, 3), (46, 34), (31, 20), (1, 1), (7, 29)] if name != "grey and alpha" else [(10, 8)]:
        for method, code in methods.items():
            resized.append({"source": name, "method": method, **image(image.resize(size, code))})

# Tall images, on both sides of where Pillow 13 begins with the columns.
for height in [48, 49, 90, 300]:
    name = f"tall {height}"
    sources[name] = Image.fromarray(random.integers(0, 256, (height, 20, 3 if height < 90 else 1), dtype=np.uint8).squeeze())
    for size in [(10, 28), (20, 28), (24, 28), (3, 299), (1, 1)]:
        for method in ["bilinear", "bicubic"]:
            made = sources[name].resize(size, methods[method])
            resized.append({"source": name, "method": method, **image(made)})

for name, image, kind, options in [
    ("webp lossless", rgb, "WEBP", {"lossless": True}),
    ("webp lossless with alpha", rgba, "WEBP", {"lossless": True, "exact": True}),
    ("webp lossy", rgb, "WEBP", {"quality": 70}),
    ("webp lossy with alpha", rgba, "WEBP", {"quality": 70}),
    ("bmp of 24 bits", rgb, "BMP", {}),
    ("bmp of 32 bits", rgba, "BMP", {}),
    ("bmp with a palette", palette, "BMP", {}),
    ("bmp grey", grey, "BMP", {}),
    ("bmp of 1 bit", grey.convert("1"), "BMP", {}),
]:
    data = saved(image, kind, **options)
    decoded = Image.open(io.BytesIO(data))
    add_file(name, data, decoded.convert({"P": "RGB", "1": "L", "RGBX": "RGB"}.get(decoded.mode, decoded.mode)))
upright = saved(rgb, "BMP")
rows = [upright[54 + row * 72 : 54 + row * 72 + 72] for row in range(17)]
turned = upright[:22] + struct.pack("<i", -17) + upright[26:54] + b"".join(reversed(rows))
add_file("bmp from the top", turned, Image.open(io.BytesIO(turned)))

labels = random.integers(0, 65536, (5, 7, 1))
fours = random.integers(0, 4, (5, 7, 1))
stored = [
    {"name": name, "file": text(data), "depth": depth, "samples": np.asarray(array).reshape(-1).tolist()}
    for name, data, depth, array in [
        ("grey of 16 bits", raw_png(labels, 0, 16), 16, Image.open(io.BytesIO(raw_png(labels, 0, 16)))),
        ("rgb of 16 bits", raw_png(wide, 2, 16), 16, wide),
        ("grey of 2 bits", raw_png(fours, 0, 2), 2, fours),
        ("palette of 4 bits", saved(palette, "PNG"), 4, palette),
        ("palette of 8 bits", saved(rgb.quantize(200), "PNG"), 8, rgb.quantize(200)),
    ]
]

over = Image.new("RGB", rgba.size, (200, 10, 77))
over.paste(rgba, mask=rgba.getchannel("A"))
json.dump(
    {
        "about": f"Made by make.py with Pillow {PIL.__version__}.",
        "files": files,
        "stored": stored,
        "sources": {name: image(image) for name, image in sources.items()},
        "resized": resized,
        "grey": image(rgb.convert("L")),
        "rgb": image(rgba.convert("RGB")),
        "over200,10,77": image(over),
    },
    open("pillow.json", "w"),
    indent=0,
)
