"""Philox-4x32-10 as published, 64-bit numbers low word first; uniform numbers of 53 bits, and Box and Muller's pairs."""

import numpy as np


def philox_block(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def uniforms(seed, stream, start, count):
    result = []
    for block in range((count + 1) // 2):
        n = start + block
        c = philox_block((n & 0xFFFFFFFF, n >> 32, stream & 0xFFFFFFFF, stream >> 32), (seed & 0xFFFFFFFF, seed >> 32))
        result += [((c[i] | c[i + 1] << 32) >> 11) * 2.0**-53 for i in (0, 2)]
    return result[:count]


def normals(seed, stream, start, count):
    result, numbers = [], uniforms(seed, stream, start, count + 1)
    for u, v in zip(numbers[::2], numbers[1::2]):
        radius = np.sqrt(-2 * np.log1p(-u))
        result += [radius * np.cos(2 * np.pi * v), radius * np.sin(2 * np.pi * v)]
    return result[:count]
