#include <fcntl.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

// A child process that reads a file before its parent does. HDF5 1.10 trusts much of what stands in a damaged file: it may
// crash, never end, or ask for memory without bound. All of that then happens here. Everything below runs in plain C: a child
// of many threads may use the C library's heap and what the forking thread has locked, but nothing of Swift's runtime.
//
// What the child finds goes through a pipe as records: a byte that says what it is, the object's reference (8 bytes), a name (4
// bytes of length, text), a count of texts (8 bytes), and each of them (4 bytes of length, text). The last record is the
// byte `shim_whole`, or `shim_broken` or `shim_memory`.

enum { shim_attribute = 1, shim_dataset = 2, shim_axes = 3, shim_whole = 4, shim_broken = 5, shim_memory = 6 };

// The count of texts that cannot be read.
static inline uint64_t shim_unreadable(void) { return UINT64_MAX; }

struct shim_report {
  int output;
  size_t used;
  // The bytes that may still be handed over.
  size_t room;
  char buffer[1 << 14];
};

static inline void shim_flush(struct shim_report *report) {
  for (size_t done = 0; done < report->used;) {
    ssize_t count = write(report->output, report->buffer + done, report->used - done);
    if (count < 0) _exit(1);
    done += (size_t)count;
  }
  report->used = 0;
}

static inline void shim_put(struct shim_report *report, const void *bytes, size_t count) {
  for (const char *next = (const char *)bytes; count > 0;) {
    if (report->used == sizeof report->buffer) shim_flush(report);
    size_t part = sizeof report->buffer - report->used;
    if (part > count) part = count;
    memcpy(report->buffer + report->used, next, part);
    report->used += part;
    next += part;
    count -= part;
  }
}

static inline void shim_put_text(struct shim_report *report, const char *text) {
  uint32_t length = text ? (uint32_t)strlen(text) : 0;
  shim_put(report, &length, sizeof length);
  shim_put(report, text, length);
}

static inline void shim_put_head(struct shim_report *report, char kind, hid_t object, const char *name, uint64_t count) {
  uint64_t reference = 0;
  H5Rcreate(&reference, object, ".", H5R_OBJECT, -1);
  shim_put(report, &kind, 1);
  shim_put(report, &reference, sizeof reference);
  shim_put_text(report, name);
  shim_put(report, &count, sizeof count);
}

static inline void shim_end(struct shim_report *report, char kind) {
  shim_put(report, &kind, 1);
  shim_flush(report);
  _exit(0);
}

static inline herr_t shim_note_memory(unsigned depth, const H5E_error2_t *error, void *lacks) {
  if (error->min_num == H5E_NOSPACE || error->min_num == H5E_CANTALLOC) *(int *)lacks = 1;
  return 0;
}

// What fails for want of memory here would take it there. Other failures are left for the parent to name when it meets them.
static inline int shim_failed(struct shim_report *report, int64_t status) {
  if (status >= 0) return 0;
  int lacks = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, shim_note_memory, &lacks);
  if (lacks) shim_end(report, shim_memory);
  return 1;
}

static inline void *shim_allocate(struct shim_report *report, size_t count, size_t size) {
  void *memory = calloc(count ? count : 1, size ? size : 1);
  if (!memory) shim_end(report, shim_memory);
  return memory;
}

// Reads the values of an attribute (`name` is not null) or a dataset, and hands over texts of variable length.
static inline void shim_read_values(struct shim_report *report, hid_t object, const char *name, hid_t source, hid_t type,
                                    hid_t space, size_t most) {
  hssize_t count = H5Sget_simple_extent_npoints(space);
  size_t size = H5Tget_size(type);
  H5T_class_t class = H5Tget_class(type);
  if (count <= 0 || size == 0) return;
  if (class == H5T_STRING && H5Tis_variable_str(type) > 0) {
    char kind = name ? shim_attribute : shim_dataset;
    // A text takes 16 bytes and more in the file.
    char **texts = (uint64_t)count <= report->room / 16 ? (char **)shim_allocate(report, (size_t)count, sizeof(char *)) : NULL;
    hid_t memory = H5Tcopy(H5T_C_S1);
    H5Tset_size(memory, H5T_VARIABLE);
    H5Tset_cset(memory, H5Tget_cset(type));
    herr_t status = !texts ? -1 : name ? H5Aread(source, memory, texts) : H5Dread(source, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts);
    size_t bytes = 0;
    if (texts && !shim_failed(report, status)) {
      for (hssize_t i = 0; i < count; i++) bytes += 4 + (texts[i] ? strlen(texts[i]) : 0);
    }
    if (!texts || status < 0 || bytes > report->room) {
      shim_put_head(report, kind, object, name, shim_unreadable());
    } else {
      report->room -= bytes;
      shim_put_head(report, kind, object, name, (uint64_t)count);
      for (hssize_t i = 0; i < count; i++) shim_put_text(report, texts[i]);
      H5Dvlen_reclaim(memory, space, H5P_DEFAULT, texts);
    }
    free(texts);
    H5Tclose(memory);
  } else if (class == H5T_STRING || class == H5T_INTEGER || class == H5T_ENUM || class == H5T_FLOAT) {
    hid_t memory = class == H5T_STRING ? type : class == H5T_FLOAT ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64;
    if (class != H5T_STRING && size < 8) size = 8;
    if ((uint64_t)count > most / size) return;
    void *values = shim_allocate(report, (size_t)count, size);
    shim_failed(report, name ? H5Aread(source, memory, values) : H5Dread(source, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
    free(values);
  }
}

static inline herr_t shim_read_attribute(hid_t object, const char *name, const H5A_info_t *info, void *data) {
  struct shim_report *report = (struct shim_report *)data;
  hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  if (shim_failed(report, attribute)) return 0;
  hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  if (!shim_failed(report, type) && !shim_failed(report, space)) {
    shim_read_values(report, object, name, attribute, type, space, 1 << 24);
  }
  H5Sclose(space);
  H5Tclose(type);
  H5Aclose(attribute);
  return 0;
}

static inline herr_t shim_name_scale(hid_t dataset, unsigned axis, hid_t scale, void *name) {
  if (H5DSget_scale_name(scale, (char *)name, 1024) < 0) *(char *)name = 0;
  return 1;
}

// Hands over the name of each axis: its label, or else its scale's name.
static inline void shim_read_axes(struct shim_report *report, hid_t dataset, int rank) {
  int has_labels = H5Aexists(dataset, "DIMENSION_LABELS") > 0, has_scales = H5Aexists(dataset, "DIMENSION_LIST") > 0;
  if (rank <= 0 || rank > H5S_MAX_RANK || (!has_labels && !has_scales)) return;
  static char names[H5S_MAX_RANK][1024];
  memset(names, 0, sizeof names);
  int is_readable = 1;
  for (int axis = 0; axis < rank; axis++) {
    char *name = names[axis];
    if (has_labels && shim_failed(report, H5DSget_label(dataset, (unsigned)axis, name, sizeof names[axis]))) is_readable = 0;
    if (*name || !has_scales) continue;
    int count = H5DSget_num_scales(dataset, (unsigned)axis);
    if (shim_failed(report, count)) is_readable = 0;
    if (count > 0 && shim_failed(report, H5DSiterate_scales(dataset, (unsigned)axis, NULL, shim_name_scale, name))) is_readable = 0;
    name[sizeof names[axis] - 1] = 0;
  }
  shim_put_head(report, shim_axes, dataset, NULL, is_readable ? (uint64_t)rank : shim_unreadable());
  for (int axis = 0; is_readable && axis < rank; axis++) shim_put_text(report, names[axis]);
}

static inline void shim_read_dataset(struct shim_report *report, hid_t dataset) {
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset), properties = H5Dget_create_plist(dataset);
  if (!shim_failed(report, type) && !shim_failed(report, space) && !shim_failed(report, properties)) {
    H5D_layout_t layout = H5Pget_layout(properties);
    // What lies in other files is not read.
    int is_readable = layout >= 0 && layout != H5D_VIRTUAL && H5Pget_external_count(properties) == 0;
    hsize_t chunks = 0;
    // This walks the whole index of the chunks.
    if (layout == H5D_CHUNKED && shim_failed(report, H5Dget_num_chunks(dataset, space, &chunks))) is_readable = 0;
    if (is_readable) shim_read_values(report, dataset, NULL, dataset, type, space, 1 << 20);
    shim_read_axes(report, dataset, H5Sget_simple_extent_ndims(space));
  }
  H5Pclose(properties);
  H5Sclose(space);
  H5Tclose(type);
}

static inline herr_t shim_read_object(hid_t root, const char *name, const H5O_info_t *info, void *data) {
  struct shim_report *report = (struct shim_report *)data;
  hid_t object = H5Oopen(root, name, H5P_DEFAULT);
  if (shim_failed(report, object)) return 0;
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, shim_read_attribute, report);
  if (H5Iget_type(object) == H5I_DATASET) shim_read_dataset(report, object);
  H5Oclose(object);
  return 0;
}

static inline void shim_limit(int resource, rlim_t amount) {
  struct rlimit limit;
  getrlimit(resource, &limit);
  if (limit.rlim_max != RLIM_INFINITY && amount > limit.rlim_max) amount = limit.rlim_max;
  limit.rlim_cur = amount;
  setrlimit(resource, &limit);
}

// The address space that this process has in use, in bytes; 0 if that is not known.
static inline rlim_t shim_address_space(void) {
  char text[64] = {0};
  int file = open("/proc/self/statm", O_RDONLY);
  if (file < 0) return 0;
  ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  return count > 0 ? (rlim_t)strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE) : 0;
}

static inline void shim_confine(unsigned seconds, size_t memory) {
  const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTRAP, SIGTERM, SIGXCPU, SIGALRM};
  for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) signal(fatal[i], SIG_DFL);
  // Ctrl-C is the parent's to hear.
  signal(SIGINT, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  // Threads of Dispatch block signals.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  // The C library says on standard error that a heap is damaged. Neither that nor a core dump is for anybody.
  int null = open("/dev/null", O_WRONLY);
  if (null >= 0) dup2(null, STDERR_FILENO);
  prctl(PR_SET_DUMPABLE, 0);
  shim_limit(RLIMIT_CORE, 0);
  shim_limit(RLIMIT_CPU, seconds);
  // A file of some other machine may be slow without being damaged.
  alarm(10 * seconds);
  rlim_t used = shim_address_space();
  if (used > 0) shim_limit(RLIMIT_AS, used + memory);
}

// Starts the child; its report comes through `output`.
//
// The caller is alone with the library, so what the child takes over of it is in order. The child leaves by `_exit`: it
// must not write out what its parent has open.
static inline pid_t shim_inspect(const char *path, hid_t access, unsigned seconds, size_t memory, size_t texts, int *output) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -1;
  pid_t child = fork();
  if (child != 0) {
    close(ends[1]);
    *output = ends[0];
    if (child < 0) close(ends[0]);
    return child;
  }
  close(ends[0]);
  shim_confine(seconds, memory);
  struct shim_report report = {ends[1], 0, texts, {0}};
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
  // Opening it again, the parent learns why it cannot be opened.
  if (shim_failed(&report, file)) shim_end(&report, shim_whole);
  herr_t objects = H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_NATIVE, shim_read_object, &report, H5O_INFO_BASIC);
  if (shim_failed(&report, objects)) shim_end(&report, shim_broken);
  // What was overwritten in the heap is often noticed when it is freed.
  H5Fclose(file);
  shim_end(&report, shim_whole);
  return 0;
}
