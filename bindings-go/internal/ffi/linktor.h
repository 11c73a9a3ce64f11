/* uniffi's C interface of crate `linktor-ffi`, as interface.txt says it. */
#ifndef LINKTOR_FFI_H
#define LINKTOR_FFI_H

#include <stddef.h>
#include <stdint.h>

/* `data` is no pointer to Go: that of an empty Rust vector is 0x1, on which the copier of
 * Go's stacks would abort. */
typedef struct {
    uint64_t capacity;
    uint64_t len;
    uintptr_t data;
} RustBuffer;

typedef struct {
    int32_t len;
    const uint8_t *data;
} ForeignBytes;

typedef struct {
    int8_t code;
    RustBuffer error;
} RustCallStatus;

uint32_t ffi_linktor_ffi_uniffi_contract_version(void);
RustBuffer ffi_linktor_ffi_rustbuffer_from_bytes(ForeignBytes bytes, RustCallStatus *status);
void ffi_linktor_ffi_rustbuffer_free(RustBuffer buffer, RustCallStatus *status);

/* Buffers that Rust has given, less those that it was given back: counted where tests ask. */
#ifdef LINKTOR_COUNT_BUFFERS
extern _Atomic int64_t linktor_buffers;
#define COUNT(buffer, one) ((buffer).capacity > 0 ? (void)(linktor_buffers += (one)) : (void)0)
#else
#define COUNT(buffer, one) ((void)0)
#endif

static inline void linktor_ended(const RustCallStatus *status) {
    if (status->code != 0) COUNT(status->error, 1);
}

static inline RustBuffer linktor_taken(RustBuffer buffer, const RustCallStatus *status) {
    linktor_ended(status);
    if (status->code == 0) COUNT(buffer, 1);
    return buffer;
}

static inline void linktor_buffer_free(RustBuffer buffer) {
    RustCallStatus status = {0};
    COUNT(buffer, -1);
    ffi_linktor_ffi_rustbuffer_free(buffer, &status);
}

/* What Go lends for a call, and how it goes on: as it is, or copied, where uniffi takes a list or an option. */
#define LENT(name) const uint8_t *name, int32_t name##len
#define BYTES(name) ((ForeignBytes){name##len, name})
#define COPY(name) ffi_linktor_ffi_rustbuffer_from_bytes(BYTES(name), status)
/* A method consumes its handle. */
#define CLONE(object) uniffi_linktor_ffi_fn_clone_##object(handle, status)
#define OBJECT(object) \
    uint64_t uniffi_linktor_ffi_fn_clone_##object(uint64_t handle, RustCallStatus *status); \
    void uniffi_linktor_ffi_fn_free_##object(uint64_t handle, RustCallStatus *status); \
    static inline void linktor_##object##_free(uint64_t handle) { \
        RustCallStatus status = {0}; \
        uniffi_linktor_ffi_fn_free_##object(handle, &status); \
    }

#include "interface.h"

#endif
