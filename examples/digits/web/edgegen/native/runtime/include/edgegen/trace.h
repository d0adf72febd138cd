/* A look at every activation, for self-tests; costs nothing unless EG_TRACE is 1.
 *
 * The generated code calls EG_TRACE_TENSOR(tensor, data, bytes) as soon as an operator has
 * written its output: `tensor` is the index in the model file, `data` the activation. One that is
 * computed in stripes and never exists as a whole comes in parts: calls for it follow one another,
 * in order. A program built with -DEG_TRACE=1 defines eg_trace_tensor and may read `data` until it
 * returns.
 */
#ifndef EDGEGEN_TRACE_H
#define EDGEGEN_TRACE_H

#if defined(EG_TRACE) && EG_TRACE

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void eg_trace_tensor(uint32_t tensor, const void *data, size_t bytes);

#ifdef __cplusplus
}
#endif

#define EG_TRACE_TENSOR(tensor, data, bytes) eg_trace_tensor((tensor), (data), (bytes))

#else

#define EG_TRACE_TENSOR(tensor, data, bytes) ((void)(tensor), (void)(data), (void)(bytes))

#endif

#endif /* EDGEGEN_TRACE_H */
