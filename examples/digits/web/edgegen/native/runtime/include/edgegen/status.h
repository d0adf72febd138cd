/* Status codes: what every edgegen function that can fail returns.
 *
 * Codes and texts come from one list, so that they cannot drift apart.
 */
#ifndef EDGEGEN_STATUS_H
#define EDGEGEN_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#define EG_STATUS_LIST(X)                                                                          \
    X(EG_OK, "ok")                                                                                 \
    X(EG_INVALID_ARGUMENT, "an argument is NULL or out of its range")                              \
    X(EG_NOT_INITIALISED, "the model's init function has not succeeded yet")                       \
    X(EG_ARENA_TOO_SMALL, "the arena holds fewer bytes than the model needs")                      \
    X(EG_ARENA_MISALIGNED, "the arena does not start at a multiple of its alignment")              \
    X(EG_ENGINE_ERROR, "the inference engine reported an error")

typedef enum eg_status {
#define EG_STATUS_ENUMERATOR(name, text) name,
    EG_STATUS_LIST(EG_STATUS_ENUMERATOR)
#undef EG_STATUS_ENUMERATOR
        EG_STATUS_COUNT
} eg_status;

/* The code's text, in static storage; never NULL, also for a value that is no code. */
const char *eg_status_text(eg_status status);

#ifdef __cplusplus
}
#endif

#endif /* EDGEGEN_STATUS_H */
