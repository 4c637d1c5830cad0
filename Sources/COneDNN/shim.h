#include <oneapi/dnnl/dnnl.h>

// libgomp's header lies in gcc's private folder, where Swift's clang does not look.
extern void omp_set_num_threads(int);

static inline void *_Nullable *_Nonnull espalier_unused(void *_Nullable *_Nonnull p) { return p; }
