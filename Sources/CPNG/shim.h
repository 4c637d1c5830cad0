#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// libpng reports errors by longjmp, which must not cross a Swift frame: each function below sets its own landing position,
// calls no Swift, and returns 0 with a message when libpng gave up.

#define ESPALIER_PNG_MESSAGE 128

typedef struct {
  uint32_t width, height;
  // After expansion: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA; 8 bits each.
  int channels;
  // Bytes of one row as stored, before expansion.
  size_t storedRowBytes;
  // Bits of a stored sample: 1, 2, 4, 8 or 16.
  int depth;
  // The colours of a palette, RGB, and their alphas; no colours without one.
  int colors;
  uint8_t palette[3 * PNG_MAX_PALETTE_LENGTH];
  uint8_t alphas[PNG_MAX_PALETTE_LENGTH];
  // Whether a colour of an image without palette stands for transparency.
  int hasTransparentColor;
  char message[ESPALIER_PNG_MESSAGE];
} EspalierPNGHeader;

typedef struct {
  const uint8_t *bytes;
  size_t left;
} EspalierPNGSource;

typedef struct {
  uint8_t *bytes;
  size_t count, capacity;
  char message[ESPALIER_PNG_MESSAGE];
} EspalierPNGSink;

static inline void espalier_png_fail(png_structp png, png_const_charp message) {
  strncpy((char *)png_get_error_ptr(png), message, ESPALIER_PNG_MESSAGE - 1);
  png_longjmp(png, 1);
}

static inline void espalier_png_ignore(png_structp png, png_const_charp message) {}

static inline void espalier_png_take(png_structp png, png_bytep target, size_t count) {
  EspalierPNGSource *source = (EspalierPNGSource *)png_get_io_ptr(png);
  if (count > source->left) png_error(png, "the file ends too early");
  memcpy(target, source->bytes, count);
  source->bytes += count;
  source->left -= count;
}

static inline void espalier_png_put(png_structp png, png_bytep bytes, size_t count) {
  EspalierPNGSink *sink = (EspalierPNGSink *)png_get_io_ptr(png);
  if (count > sink->capacity - sink->count) {
    size_t capacity = 2 * sink->capacity + count;
    uint8_t *grown = (uint8_t *)realloc(sink->bytes, capacity);
    if (!grown) png_error(png, "out of memory");
    sink->bytes = grown;
    sink->capacity = capacity;
  }
  memcpy(sink->bytes + sink->count, bytes, count);
  sink->count += count;
}

static inline void espalier_png_flush(png_structp png) {}

// Reads the header and, where `pixels` is not null, the image: `height` rows of `width * channels` bytes, which the
// caller has sized by an earlier call with a null `pixels`. Palettes, transparency, 1 to 4 bits and interlacing are expanded;
// of 16 bits the high byte is kept. Where `stored` is not 0, samples come as they are stored, indices of a palette and
// unscaled values, one byte each or, of 16 bits, two in the machine's order; `channels` are then those of the file.
__attribute__((noinline)) static int espalier_png_decode(
    const uint8_t *bytes, size_t count, int stored, EspalierPNGHeader *header, uint8_t *pixels, size_t size) {
  EspalierPNGSource source = {bytes, count};
  memset(header, 0, sizeof *header);
  png_structp png =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, header->message, espalier_png_fail, espalier_png_ignore);
  if (!png) return 0;
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
  }
  if (!info) png_error(png, "out of memory");
  png_set_read_fn(png, &source, espalier_png_take);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_read_info(png, info);
  header->width = png_get_image_width(png, info);
  header->height = png_get_image_height(png, info);
  header->storedRowBytes = png_get_rowbytes(png, info);
  int type = png_get_color_type(png, info);
  int alpha = type & PNG_COLOR_MASK_ALPHA || png_get_valid(png, info, PNG_INFO_tRNS);
  header->channels = (type & PNG_COLOR_MASK_COLOR ? 3 : 1) + (alpha ? 1 : 0);
  header->depth = png_get_bit_depth(png, info);
  if (type == PNG_COLOR_TYPE_PALETTE) {
    png_colorp palette = NULL;
    png_bytep alphas = NULL;
    int colors = 0, transparent = 0;
    png_get_PLTE(png, info, &palette, &colors);
    if (png_get_valid(png, info, PNG_INFO_tRNS)) png_get_tRNS(png, info, &alphas, &transparent, NULL);
    header->colors = colors;
    for (int i = 0; i < colors && i < PNG_MAX_PALETTE_LENGTH; i++) {
      header->palette[3 * i] = palette[i].red;
      header->palette[3 * i + 1] = palette[i].green;
      header->palette[3 * i + 2] = palette[i].blue;
      header->alphas[i] = alphas && i < transparent ? alphas[i] : 255;
    }
  } else {
    header->hasTransparentColor = png_get_valid(png, info, PNG_INFO_tRNS) != 0;
  }
  if (stored) header->channels = png_get_channels(png, info);
  // Not before the caller has accepted the size: libpng allocates rows from here on.
  if (pixels) {
    if (stored) {
      if (header->depth < 8) png_set_packing(png);
      const uint16_t one = 1;
      if (header->depth == 16 && *(const uint8_t *)&one) png_set_swap(png);
    } else {
      png_set_expand(png);
      png_set_strip_16(png);
    }
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    size_t row = png_get_rowbytes(png, info);
    if (row * header->height != size) png_error(png, "the image does not fill its pixels");
    for (int pass = 0; pass < passes; pass++)
      for (uint32_t y = 0; y < header->height; y++) png_read_row(png, pixels + y * row, NULL);
    png_read_end(png, NULL);
  }
  png_destroy_read_struct(&png, &info, NULL);
  return 1;
}

// Writes 8-bit pixels of 1 to 4 channels, or, with a palette of `colors` RGB triples, of one index each. On success the
// caller frees `sink->bytes`.
__attribute__((noinline)) static int espalier_png_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, const uint8_t *palette, int colors,
    EspalierPNGSink *sink) {
  memset(sink, 0, sizeof *sink);
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, sink->message, espalier_png_fail, espalier_png_ignore);
  if (!png) return 0;
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    free(sink->bytes);
    sink->bytes = NULL;
    return 0;
  }
  if (!info) png_error(png, "out of memory");
  png_set_write_fn(png, sink, espalier_png_put, espalier_png_flush);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  static const int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
  png_set_IHDR(
      png, info, width, height, 8, palette ? PNG_COLOR_TYPE_PALETTE : types[channels - 1], PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (palette) {
    png_color entries[PNG_MAX_PALETTE_LENGTH];
    for (int i = 0; i < colors; i++)
      entries[i] = (png_color){palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]};
    png_set_PLTE(png, info, entries, colors);
  }
  png_write_info(png, info);
  size_t row = (size_t)width * channels;
  for (uint32_t y = 0; y < height; y++) png_write_row(png, pixels + y * row);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return 1;
}
