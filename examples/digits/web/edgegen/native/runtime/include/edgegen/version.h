/* The handshake between generated code and the runtime files beside it. */
#ifndef EDGEGEN_VERSION_H
#define EDGEGEN_VERSION_H

/* Goes up whenever code generated for an older runtime would no longer be right. */
#define EG_RUNTIME_VERSION 2

#endif /* EDGEGEN_VERSION_H */
