#include <oneapi/dnnl/dnnl.h>

// libgomp's own header lies in gcc's private folder, where Swift's clang does not look.
extern void omp_set_num_threads(int);
extern int omp_get_max_threads(void);

// What a primitive descriptor is made for. Each function below is one call of oneDNN 2.x: the
// operation's descriptor, then the primitive's, with the scratchpad always given by the caller.
enum espalier_direction {
  espalier_forward_inference,
  espalier_forward_training,
  espalier_backward_data,
  espalier_backward_weights,
};

static inline dnnl_prop_kind_t espalier_prop_kind(int direction) {
  return direction == espalier_forward_training ? dnnl_forward_training : dnnl_forward_inference;
}

static inline dnnl_status_t espalier_convolution(
    dnnl_primitive_desc_t *descriptor, dnnl_engine_t engine, int direction, const dnnl_memory_desc_t *src,
    const dnnl_memory_desc_t *weights, const dnnl_memory_desc_t *bias, const dnnl_memory_desc_t *dst, const int64_t *strides,
    const int64_t *dilates, const int64_t *before, const int64_t *after, const_dnnl_primitive_attr_t attributes,
    const_dnnl_primitive_desc_t hint) {
  dnnl_convolution_desc_t c;
  dnnl_status_t status;
  if (direction == espalier_backward_data)
    status = dnnl_dilated_convolution_backward_data_desc_init(
        &c, dnnl_convolution_direct, src, weights, dst, strides, dilates, before, after);
  else if (direction == espalier_backward_weights)
    status = dnnl_dilated_convolution_backward_weights_desc_init(
        &c, dnnl_convolution_direct, src, weights, bias, dst, strides, dilates, before, after);
  else
    status = dnnl_dilated_convolution_forward_desc_init(
        &c, espalier_prop_kind(direction), dnnl_convolution_direct, src, weights, bias, dst, strides, dilates, before, after);
  return status != dnnl_success ? status : dnnl_primitive_desc_create(descriptor, &c, attributes, engine, hint);
}

static inline dnnl_status_t espalier_deconvolution(
    dnnl_primitive_desc_t *descriptor, dnnl_engine_t engine, int direction, const dnnl_memory_desc_t *src,
    const dnnl_memory_desc_t *weights, const dnnl_memory_desc_t *bias, const dnnl_memory_desc_t *dst, const int64_t *strides,
    const int64_t *dilates, const int64_t *before, const int64_t *after, const_dnnl_primitive_attr_t attributes,
    const_dnnl_primitive_desc_t hint) {
  dnnl_deconvolution_desc_t c;
  dnnl_status_t status;
  if (direction == espalier_backward_data)
    status = dnnl_dilated_deconvolution_backward_data_desc_init(
        &c, dnnl_deconvolution_direct, src, weights, dst, strides, dilates, before, after);
  else if (direction == espalier_backward_weights)
    status = dnnl_dilated_deconvolution_backward_weights_desc_init(
        &c, dnnl_deconvolution_direct, src, weights, bias, dst, strides, dilates, before, after);
  else
    status = dnnl_dilated_deconvolution_forward_desc_init(
        &c, espalier_prop_kind(direction), dnnl_deconvolution_direct, src, weights, bias, dst, strides, dilates, before, after);
  return status != dnnl_success ? status : dnnl_primitive_desc_create(descriptor, &c, attributes, engine, hint);
}

static inline dnnl_status_t espalier_inner_product(
    dnnl_primitive_desc_t *descriptor, dnnl_engine_t engine, int direction, const dnnl_memory_desc_t *src,
    const dnnl_memory_desc_t *weights, const dnnl_memory_desc_t *bias, const dnnl_memory_desc_t *dst,
    const_dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint) {
  dnnl_inner_product_desc_t c;
  dnnl_status_t status;
  if (direction == espalier_backward_data)
    status = dnnl_inner_product_backward_data_desc_init(&c, src, weights, dst);
  else if (direction == espalier_backward_weights)
    status = dnnl_inner_product_backward_weights_desc_init(&c, src, weights, bias, dst);
  else
    status = dnnl_inner_product_forward_desc_init(&c, espalier_prop_kind(direction), src, weights, bias, dst);
  return status != dnnl_success ? status : dnnl_primitive_desc_create(descriptor, &c, attributes, engine, hint);
}

static inline dnnl_status_t espalier_matrix_product(
    dnnl_primitive_desc_t *descriptor, dnnl_engine_t engine, const dnnl_memory_desc_t *src, const dnnl_memory_desc_t *weights,
    const dnnl_memory_desc_t *dst, const_dnnl_primitive_attr_t attributes) {
  dnnl_matmul_desc_t m;
  dnnl_status_t status = dnnl_matmul_desc_init(&m, src, weights, NULL, dst);
  return status != dnnl_success ? status : dnnl_primitive_desc_create(descriptor, &m, attributes, engine, NULL);
}

// kind: 0 the largest value, 1 the mean with the padding counted, 2 the mean without.
static inline dnnl_status_t espalier_pooling(
    dnnl_primitive_desc_t *descriptor, dnnl_engine_t engine, int direction, int kind, const dnnl_memory_desc_t *src,
    const dnnl_memory_desc_t *dst, const int64_t *strides, const int64_t *kernel, const int64_t *dilates, const int64_t *before,
    const int64_t *after, const_dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint) {
  dnnl_pooling_v2_desc_t p;
  dnnl_alg_kind_t algorithm = kind == 0   ? dnnl_pooling_max
                              : kind == 1 ? dnnl_pooling_avg_include_padding
                                          : dnnl_pooling_avg_exclude_padding;
  dnnl_status_t status =
      direction == espalier_backward_data
          ? dnnl_pooling_v2_backward_desc_init(&p, algorithm, src, dst, strides, kernel, dilates, before, after)
          : dnnl_pooling_v2_forward_desc_init(
                &p, espalier_prop_kind(direction), algorithm, src, dst, strides, kernel, dilates, before, after);
  return status != dnnl_success ? status : dnnl_primitive_desc_create(descriptor, &p, attributes, engine, hint);
}
