/* uniffi's C interface of crate `linktor-ffi` (interface.txt), and what makes one call of
 * two: a text is copied into Rust, or a handle is cloned, and then the function is called. */
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

void uniffi_linktor_ffi_fn_func_answer(uint64_t id, RustBuffer json, RustCallStatus *status);
RustBuffer uniffi_linktor_ffi_fn_func_drain(RustCallStatus *status);
void uniffi_linktor_ffi_fn_func_fail(uint64_t id, RustBuffer message, RustCallStatus *status);
RustBuffer uniffi_linktor_ffi_fn_func_jwt_sign(RustBuffer arguments, RustCallStatus *status);
RustBuffer uniffi_linktor_ffi_fn_func_jwt_verify(RustBuffer arguments, RustCallStatus *status);
int32_t uniffi_linktor_ffi_fn_func_wake_fd(RustCallStatus *status);
RustBuffer uniffi_linktor_ffi_fn_func_webhook_sign(RustBuffer options, ForeignBytes body, ForeignBytes secrets,
                                                   RustCallStatus *status);

uint64_t uniffi_linktor_ffi_fn_clone_client(uint64_t handle, RustCallStatus *status);
void uniffi_linktor_ffi_fn_free_client(uint64_t handle, RustCallStatus *status);
uint64_t uniffi_linktor_ffi_fn_constructor_client_new(RustBuffer options, RustCallStatus *status);
RustBuffer uniffi_linktor_ffi_fn_method_client_authorize_url(uint64_t self, RustBuffer scopes,
                                                             RustBuffer redirect_uri, RustCallStatus *status);
void uniffi_linktor_ffi_fn_method_client_cancel(uint64_t self, uint64_t id, RustCallStatus *status);
void uniffi_linktor_ffi_fn_method_client_close(uint64_t self, RustCallStatus *status);
uint64_t uniffi_linktor_ffi_fn_method_client_id(uint64_t self, RustCallStatus *status);
void uniffi_linktor_ffi_fn_method_client_invalidate(uint64_t self, RustCallStatus *status);
RustBuffer uniffi_linktor_ffi_fn_method_client_payload(uint64_t self, uint16_t http_status, ForeignBytes body,
                                                       RustCallStatus *status);
RustBuffer uniffi_linktor_ffi_fn_method_client_rate_limit(uint64_t self, RustBuffer class_name,
                                                          RustCallStatus *status);
RustBuffer uniffi_linktor_ffi_fn_method_client_session(uint64_t self, RustCallStatus *status);
uint64_t uniffi_linktor_ffi_fn_method_client_submit(uint64_t self, RustBuffer method, RustBuffer path,
                                                    RustBuffer options, ForeignBytes body, RustCallStatus *status);
uint64_t uniffi_linktor_ffi_fn_method_client_submit_auth(uint64_t self, RustBuffer call, RustCallStatus *status);
uint64_t uniffi_linktor_ffi_fn_method_client_with_credentials(uint64_t self, RustBuffer options,
                                                              RustCallStatus *status);
uint64_t uniffi_linktor_ffi_fn_method_client_with_organization(uint64_t self, RustBuffer id,
                                                               RustCallStatus *status);

uint64_t uniffi_linktor_ffi_fn_clone_deduplicator(uint64_t handle, RustCallStatus *status);
void uniffi_linktor_ffi_fn_free_deduplicator(uint64_t handle, RustCallStatus *status);
uint64_t uniffi_linktor_ffi_fn_constructor_deduplicator_new(RustBuffer capacity, RustCallStatus *status);
RustBuffer uniffi_linktor_ffi_fn_method_deduplicator_begin(uint64_t self, RustBuffer id, RustCallStatus *status);
void uniffi_linktor_ffi_fn_method_deduplicator_commit(uint64_t self, RustBuffer id, RustCallStatus *status);
void uniffi_linktor_ffi_fn_method_deduplicator_release(uint64_t self, RustBuffer id, RustCallStatus *status);

uint64_t uniffi_linktor_ffi_fn_clone_verifier(uint64_t handle, RustCallStatus *status);
void uniffi_linktor_ffi_fn_free_verifier(uint64_t handle, RustCallStatus *status);
uint64_t uniffi_linktor_ffi_fn_constructor_verifier_new(RustBuffer options, ForeignBytes secrets,
                                                        RustCallStatus *status);
RustBuffer uniffi_linktor_ffi_fn_method_verifier_header_names(uint64_t self, RustCallStatus *status);
RustBuffer uniffi_linktor_ffi_fn_method_verifier_verify(uint64_t self, ForeignBytes body, ForeignBytes headers,
                                                        RustCallStatus *status);
void uniffi_linktor_ffi_fn_method_verifier_verify_signature(uint64_t self, ForeignBytes body, ForeignBytes headers,
                                                            RustCallStatus *status);

uint16_t uniffi_linktor_ffi_checksum_func_answer(void);
uint16_t uniffi_linktor_ffi_checksum_func_drain(void);
uint16_t uniffi_linktor_ffi_checksum_func_fail(void);
uint16_t uniffi_linktor_ffi_checksum_func_jwt_sign(void);
uint16_t uniffi_linktor_ffi_checksum_func_jwt_verify(void);
uint16_t uniffi_linktor_ffi_checksum_func_wake_fd(void);
uint16_t uniffi_linktor_ffi_checksum_func_webhook_sign(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_authorize_url(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_cancel(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_close(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_id(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_invalidate(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_payload(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_rate_limit(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_session(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_submit(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_submit_auth(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_with_credentials(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_with_organization(void);
uint16_t uniffi_linktor_ffi_checksum_method_deduplicator_begin(void);
uint16_t uniffi_linktor_ffi_checksum_method_deduplicator_commit(void);
uint16_t uniffi_linktor_ffi_checksum_method_deduplicator_release(void);
uint16_t uniffi_linktor_ffi_checksum_method_verifier_header_names(void);
uint16_t uniffi_linktor_ffi_checksum_method_verifier_verify(void);
uint16_t uniffi_linktor_ffi_checksum_method_verifier_verify_signature(void);
uint16_t uniffi_linktor_ffi_checksum_constructor_client_new(void);
uint16_t uniffi_linktor_ffi_checksum_constructor_deduplicator_new(void);
uint16_t uniffi_linktor_ffi_checksum_constructor_verifier_new(void);

/* The name of what differs from interface.txt, or NULL. */
static inline const char *linktor_mismatch(void) {
    if (ffi_linktor_ffi_uniffi_contract_version() != 30) return "uniffi's contract version";
    if (uniffi_linktor_ffi_checksum_func_answer() != 8386) return "answer";
    if (uniffi_linktor_ffi_checksum_func_drain() != 53087) return "drain";
    if (uniffi_linktor_ffi_checksum_func_fail() != 17574) return "fail";
    if (uniffi_linktor_ffi_checksum_func_jwt_sign() != 60084) return "jwt_sign";
    if (uniffi_linktor_ffi_checksum_func_jwt_verify() != 59752) return "jwt_verify";
    if (uniffi_linktor_ffi_checksum_func_wake_fd() != 44035) return "wake_fd";
    if (uniffi_linktor_ffi_checksum_func_webhook_sign() != 19667) return "webhook_sign";
    if (uniffi_linktor_ffi_checksum_method_client_authorize_url() != 61565) return "Client.authorize_url";
    if (uniffi_linktor_ffi_checksum_method_client_cancel() != 23893) return "Client.cancel";
    if (uniffi_linktor_ffi_checksum_method_client_close() != 33620) return "Client.close";
    if (uniffi_linktor_ffi_checksum_method_client_id() != 33657) return "Client.id";
    if (uniffi_linktor_ffi_checksum_method_client_invalidate() != 9163) return "Client.invalidate";
    if (uniffi_linktor_ffi_checksum_method_client_payload() != 30198) return "Client.payload";
    if (uniffi_linktor_ffi_checksum_method_client_rate_limit() != 16311) return "Client.rate_limit";
    if (uniffi_linktor_ffi_checksum_method_client_session() != 12812) return "Client.session";
    if (uniffi_linktor_ffi_checksum_method_client_submit() != 41932) return "Client.submit";
    if (uniffi_linktor_ffi_checksum_method_client_submit_auth() != 26572) return "Client.submit_auth";
    if (uniffi_linktor_ffi_checksum_method_client_with_credentials() != 13461) return "Client.with_credentials";
    if (uniffi_linktor_ffi_checksum_method_client_with_organization() != 2480) return "Client.with_organization";
    if (uniffi_linktor_ffi_checksum_method_deduplicator_begin() != 60521) return "Deduplicator.begin";
    if (uniffi_linktor_ffi_checksum_method_deduplicator_commit() != 41634) return "Deduplicator.commit";
    if (uniffi_linktor_ffi_checksum_method_deduplicator_release() != 42511) return "Deduplicator.release";
    if (uniffi_linktor_ffi_checksum_method_verifier_header_names() != 16608) return "Verifier.header_names";
    if (uniffi_linktor_ffi_checksum_method_verifier_verify() != 16394) return "Verifier.verify";
    if (uniffi_linktor_ffi_checksum_method_verifier_verify_signature() != 64109) return "Verifier.verify_signature";
    if (uniffi_linktor_ffi_checksum_constructor_client_new() != 6935) return "Client.new";
    if (uniffi_linktor_ffi_checksum_constructor_deduplicator_new() != 46468) return "Deduplicator.new";
    if (uniffi_linktor_ffi_checksum_constructor_verifier_new() != 47741) return "Verifier.new";
    return NULL;
}

static inline const uint8_t *linktor_buffer_data(RustBuffer buffer) { return (const uint8_t *)buffer.data; }

static inline void linktor_buffer_free(RustBuffer buffer) {
    RustCallStatus status = {0};
    ffi_linktor_ffi_rustbuffer_free(buffer, &status);
}

/* Copies a text, or a list or option as it crosses, into Rust. It fails only where its length is negative. */
static inline RustBuffer linktor_text(const void *data, int32_t len, RustCallStatus *status) {
    ForeignBytes bytes = {len, data};
    return ffi_linktor_ffi_rustbuffer_from_bytes(bytes, status);
}

static inline void linktor_answer(uint64_t id, const void *json, int32_t json_len, RustCallStatus *status) {
    RustBuffer text = linktor_text(json, json_len, status);
    if (status->code == 0) uniffi_linktor_ffi_fn_func_answer(id, text, status);
}

static inline void linktor_fail(uint64_t id, const void *message, int32_t message_len, RustCallStatus *status) {
    RustBuffer text = linktor_text(message, message_len, status);
    if (status->code == 0) uniffi_linktor_ffi_fn_func_fail(id, text, status);
}

static inline RustBuffer linktor_jwt_sign(const void *arguments, int32_t arguments_len, RustCallStatus *status) {
    RustBuffer text = linktor_text(arguments, arguments_len, status);
    return status->code == 0 ? uniffi_linktor_ffi_fn_func_jwt_sign(text, status) : text;
}

static inline RustBuffer linktor_jwt_verify(const void *arguments, int32_t arguments_len, RustCallStatus *status) {
    RustBuffer text = linktor_text(arguments, arguments_len, status);
    return status->code == 0 ? uniffi_linktor_ffi_fn_func_jwt_verify(text, status) : text;
}

static inline uint64_t linktor_client_new(const void *options, int32_t options_len, RustCallStatus *status) {
    RustBuffer text = linktor_text(options, options_len, status);
    return status->code == 0 ? uniffi_linktor_ffi_fn_constructor_client_new(text, status) : 0;
}

static inline void linktor_client_free(uint64_t handle) {
    RustCallStatus status = {0};
    uniffi_linktor_ffi_fn_free_client(handle, &status);
}

static inline uint64_t linktor_client_id(uint64_t handle, RustCallStatus *status) {
    uint64_t self = uniffi_linktor_ffi_fn_clone_client(handle, status);
    return uniffi_linktor_ffi_fn_method_client_id(self, status);
}

static inline uint64_t linktor_client_with_organization(uint64_t handle, const void *id, int32_t id_len,
                                                        RustCallStatus *status) {
    RustBuffer text = linktor_text(id, id_len, status);
    if (status->code != 0) return 0;
    uint64_t self = uniffi_linktor_ffi_fn_clone_client(handle, status);
    return uniffi_linktor_ffi_fn_method_client_with_organization(self, text, status);
}

static inline uint64_t linktor_client_with_credentials(uint64_t handle, const void *options, int32_t options_len,
                                                       RustCallStatus *status) {
    RustBuffer text = linktor_text(options, options_len, status);
    if (status->code != 0) return 0;
    uint64_t self = uniffi_linktor_ffi_fn_clone_client(handle, status);
    return uniffi_linktor_ffi_fn_method_client_with_credentials(self, text, status);
}

static inline RustBuffer linktor_client_authorize_url(uint64_t handle, const void *scopes, int32_t scopes_len,
                                                      const void *redirect_uri, int32_t redirect_uri_len,
                                                      RustCallStatus *status) {
    RustBuffer list = linktor_text(scopes, scopes_len, status);
    RustBuffer text = linktor_text(redirect_uri, redirect_uri_len, status);
    if (status->code != 0) return text;
    uint64_t self = uniffi_linktor_ffi_fn_clone_client(handle, status);
    return uniffi_linktor_ffi_fn_method_client_authorize_url(self, list, text, status);
}

static inline void linktor_client_cancel(uint64_t handle, uint64_t id, RustCallStatus *status) {
    uint64_t self = uniffi_linktor_ffi_fn_clone_client(handle, status);
    uniffi_linktor_ffi_fn_method_client_cancel(self, id, status);
}

static inline void linktor_client_close(uint64_t handle, RustCallStatus *status) {
    uint64_t self = uniffi_linktor_ffi_fn_clone_client(handle, status);
    uniffi_linktor_ffi_fn_method_client_close(self, status);
}

static inline void linktor_client_invalidate(uint64_t handle, RustCallStatus *status) {
    uint64_t self = uniffi_linktor_ffi_fn_clone_client(handle, status);
    uniffi_linktor_ffi_fn_method_client_invalidate(self, status);
}

static inline RustBuffer linktor_client_rate_limit(uint64_t handle, const void *class_name, int32_t class_name_len,
                                                   RustCallStatus *status) {
    RustBuffer option = linktor_text(class_name, class_name_len, status);
    if (status->code != 0) return option;
    uint64_t self = uniffi_linktor_ffi_fn_clone_client(handle, status);
    return uniffi_linktor_ffi_fn_method_client_rate_limit(self, option, status);
}

static inline RustBuffer linktor_client_session(uint64_t handle, RustCallStatus *status) {
    uint64_t self = uniffi_linktor_ffi_fn_clone_client(handle, status);
    return uniffi_linktor_ffi_fn_method_client_session(self, status);
}

static inline RustBuffer linktor_client_payload(uint64_t handle, uint16_t http_status, const void *body,
                                                int32_t body_len, RustCallStatus *status) {
    ForeignBytes bytes = {body_len, body};
    uint64_t self = uniffi_linktor_ffi_fn_clone_client(handle, status);
    return uniffi_linktor_ffi_fn_method_client_payload(self, http_status, bytes, status);
}

static inline uint64_t linktor_client_submit(uint64_t handle, const void *method, int32_t method_len,
                                             const void *path, int32_t path_len, const void *options,
                                             int32_t options_len, const void *body, int32_t body_len,
                                             RustCallStatus *status) {
    RustBuffer method_text = linktor_text(method, method_len, status);
    RustBuffer path_text = linktor_text(path, path_len, status);
    RustBuffer options_text = linktor_text(options, options_len, status);
    if (status->code != 0) return 0;
    ForeignBytes bytes = {body_len, body};
    uint64_t self = uniffi_linktor_ffi_fn_clone_client(handle, status);
    return uniffi_linktor_ffi_fn_method_client_submit(self, method_text, path_text, options_text, bytes, status);
}

static inline uint64_t linktor_client_submit_auth(uint64_t handle, const void *call, int32_t call_len,
                                                  RustCallStatus *status) {
    RustBuffer text = linktor_text(call, call_len, status);
    if (status->code != 0) return 0;
    uint64_t self = uniffi_linktor_ffi_fn_clone_client(handle, status);
    return uniffi_linktor_ffi_fn_method_client_submit_auth(self, text, status);
}

static inline RustBuffer linktor_webhook_sign(const void *options, int32_t options_len, const void *body,
                                              int32_t body_len, const void *secrets, int32_t secrets_len,
                                              RustCallStatus *status) {
    RustBuffer text = linktor_text(options, options_len, status);
    if (status->code != 0) return text;
    ForeignBytes body_bytes = {body_len, body}, secrets_bytes = {secrets_len, secrets};
    return uniffi_linktor_ffi_fn_func_webhook_sign(text, body_bytes, secrets_bytes, status);
}

static inline uint64_t linktor_verifier_new(const void *options, int32_t options_len, const void *secrets,
                                            int32_t secrets_len, RustCallStatus *status) {
    RustBuffer text = linktor_text(options, options_len, status);
    if (status->code != 0) return 0;
    ForeignBytes bytes = {secrets_len, secrets};
    return uniffi_linktor_ffi_fn_constructor_verifier_new(text, bytes, status);
}

static inline void linktor_verifier_free(uint64_t handle) {
    RustCallStatus status = {0};
    uniffi_linktor_ffi_fn_free_verifier(handle, &status);
}

static inline RustBuffer linktor_verifier_header_names(uint64_t handle, RustCallStatus *status) {
    uint64_t self = uniffi_linktor_ffi_fn_clone_verifier(handle, status);
    return uniffi_linktor_ffi_fn_method_verifier_header_names(self, status);
}

static inline RustBuffer linktor_verifier_verify(uint64_t handle, const void *body, int32_t body_len,
                                                 const void *headers, int32_t headers_len, RustCallStatus *status) {
    ForeignBytes body_bytes = {body_len, body}, headers_bytes = {headers_len, headers};
    uint64_t self = uniffi_linktor_ffi_fn_clone_verifier(handle, status);
    return uniffi_linktor_ffi_fn_method_verifier_verify(self, body_bytes, headers_bytes, status);
}

static inline void linktor_verifier_verify_signature(uint64_t handle, const void *body, int32_t body_len,
                                                     const void *headers, int32_t headers_len,
                                                     RustCallStatus *status) {
    ForeignBytes body_bytes = {body_len, body}, headers_bytes = {headers_len, headers};
    uint64_t self = uniffi_linktor_ffi_fn_clone_verifier(handle, status);
    uniffi_linktor_ffi_fn_method_verifier_verify_signature(self, body_bytes, headers_bytes, status);
}

static inline uint64_t linktor_deduplicator_new(const void *capacity, int32_t capacity_len, RustCallStatus *status) {
    RustBuffer option = linktor_text(capacity, capacity_len, status);
    return status->code == 0 ? uniffi_linktor_ffi_fn_constructor_deduplicator_new(option, status) : 0;
}

static inline void linktor_deduplicator_free(uint64_t handle) {
    RustCallStatus status = {0};
    uniffi_linktor_ffi_fn_free_deduplicator(handle, &status);
}

static inline RustBuffer linktor_deduplicator_begin(uint64_t handle, const void *id, int32_t id_len,
                                                    RustCallStatus *status) {
    RustBuffer text = linktor_text(id, id_len, status);
    if (status->code != 0) return text;
    uint64_t self = uniffi_linktor_ffi_fn_clone_deduplicator(handle, status);
    return uniffi_linktor_ffi_fn_method_deduplicator_begin(self, text, status);
}

static inline void linktor_deduplicator_commit(uint64_t handle, const void *id, int32_t id_len,
                                               RustCallStatus *status) {
    RustBuffer text = linktor_text(id, id_len, status);
    if (status->code != 0) return;
    uint64_t self = uniffi_linktor_ffi_fn_clone_deduplicator(handle, status);
    uniffi_linktor_ffi_fn_method_deduplicator_commit(self, text, status);
}

static inline void linktor_deduplicator_release(uint64_t handle, const void *id, int32_t id_len,
                                                RustCallStatus *status) {
    RustBuffer text = linktor_text(id, id_len, status);
    if (status->code != 0) return;
    uint64_t self = uniffi_linktor_ffi_fn_clone_deduplicator(handle, status);
    uniffi_linktor_ffi_fn_method_deduplicator_release(self, text, status);
}

#endif
