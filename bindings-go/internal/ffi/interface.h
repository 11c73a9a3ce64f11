/* Written by tests/interface.rs: see linktor.h. */

OBJECT(client)
OBJECT(deduplicator)
OBJECT(verifier)

uint64_t uniffi_linktor_ffi_fn_func_interface_hash(RustCallStatus *status);
static inline uint64_t linktor_interface_hash(RustCallStatus *status) {
    uint64_t result = uniffi_linktor_ffi_fn_func_interface_hash(status);
    linktor_ended(status);
    return result;
}

uint64_t uniffi_linktor_ffi_fn_func_ids(uint32_t count_, RustCallStatus *status);
static inline uint64_t linktor_ids(uint32_t count_, RustCallStatus *status) {
    uint64_t result = uniffi_linktor_ffi_fn_func_ids(count_, status);
    linktor_ended(status);
    return result;
}

RustBuffer uniffi_linktor_ffi_fn_func_provider(ForeignBytes document_, RustCallStatus *status);
static inline RustBuffer linktor_provider(LENT(document_), RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_func_provider(BYTES(document_), status), status);
}

RustBuffer uniffi_linktor_ffi_fn_func_jwt_sign(ForeignBytes arguments_, RustCallStatus *status);
static inline RustBuffer linktor_jwt_sign(LENT(arguments_), RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_func_jwt_sign(BYTES(arguments_), status), status);
}

RustBuffer uniffi_linktor_ffi_fn_func_jwt_verify(ForeignBytes arguments_, RustCallStatus *status);
static inline RustBuffer linktor_jwt_verify(LENT(arguments_), RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_func_jwt_verify(BYTES(arguments_), status), status);
}

RustBuffer uniffi_linktor_ffi_fn_func_drain(RustCallStatus *status);
static inline RustBuffer linktor_drain(RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_func_drain(status), status);
}

void uniffi_linktor_ffi_fn_func_wait(RustCallStatus *status);
static inline void linktor_wait(RustCallStatus *status) {
    uniffi_linktor_ffi_fn_func_wait(status);
    linktor_ended(status);
}

RustBuffer uniffi_linktor_ffi_fn_func_wake_fd(RustCallStatus *status);
static inline RustBuffer linktor_wake_fd(RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_func_wake_fd(status), status);
}

void uniffi_linktor_ffi_fn_func_answer(uint64_t id_, ForeignBytes json_, RustCallStatus *status);
static inline void linktor_answer(uint64_t id_, LENT(json_), RustCallStatus *status) {
    uniffi_linktor_ffi_fn_func_answer(id_, BYTES(json_), status);
    linktor_ended(status);
}

void uniffi_linktor_ffi_fn_func_answer_response(uint64_t id_, uint16_t status_, ForeignBytes headers_, ForeignBytes body_, RustCallStatus *status);
static inline void linktor_answer_response(uint64_t id_, uint16_t status_, LENT(headers_), LENT(body_), RustCallStatus *status) {
    uniffi_linktor_ffi_fn_func_answer_response(id_, status_, BYTES(headers_), BYTES(body_), status);
    linktor_ended(status);
}

void uniffi_linktor_ffi_fn_func_fail(uint64_t id_, ForeignBytes network_, ForeignBytes message_, RustCallStatus *status);
static inline void linktor_fail(uint64_t id_, LENT(network_), LENT(message_), RustCallStatus *status) {
    uniffi_linktor_ffi_fn_func_fail(id_, BYTES(network_), BYTES(message_), status);
    linktor_ended(status);
}

RustBuffer uniffi_linktor_ffi_fn_func_forgotten(RustBuffer questions_, RustCallStatus *status);
static inline RustBuffer linktor_forgotten(LENT(questions_), RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_func_forgotten(COPY(questions_), status), status);
}

RustBuffer uniffi_linktor_ffi_fn_func_webhook_answer(ForeignBytes begun_, RustCallStatus *status);
static inline RustBuffer linktor_webhook_answer(LENT(begun_), RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_func_webhook_answer(BYTES(begun_), status), status);
}

int8_t uniffi_linktor_ffi_fn_func_webhook_is_handled(uint16_t status_, RustCallStatus *status);
static inline int8_t linktor_webhook_is_handled(uint16_t status_, RustCallStatus *status) {
    int8_t result = uniffi_linktor_ffi_fn_func_webhook_is_handled(status_, status);
    linktor_ended(status);
    return result;
}

RustBuffer uniffi_linktor_ffi_fn_func_webhook_refusal(RustBuffer code_, RustCallStatus *status);
static inline RustBuffer linktor_webhook_refusal(LENT(code_), RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_func_webhook_refusal(COPY(code_), status), status);
}

RustBuffer uniffi_linktor_ffi_fn_func_webhook_sign(ForeignBytes options_, ForeignBytes body_, ForeignBytes secrets_, RustCallStatus *status);
static inline RustBuffer linktor_webhook_sign(LENT(options_), LENT(body_), LENT(secrets_), RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_func_webhook_sign(BYTES(options_), BYTES(body_), BYTES(secrets_), status), status);
}

uint64_t uniffi_linktor_ffi_fn_constructor_client_new(ForeignBytes options_, RustCallStatus *status);
static inline uint64_t linktor_client_new(LENT(options_), RustCallStatus *status) {
    uint64_t result = uniffi_linktor_ffi_fn_constructor_client_new(BYTES(options_), status);
    linktor_ended(status);
    return result;
}

RustBuffer uniffi_linktor_ffi_fn_method_client_authorize_url(uint64_t handle, RustBuffer scopes_, ForeignBytes redirect_uri_, RustCallStatus *status);
static inline RustBuffer linktor_client_authorize_url(uint64_t handle, LENT(scopes_), LENT(redirect_uri_), RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_method_client_authorize_url(CLONE(client), COPY(scopes_), BYTES(redirect_uri_), status), status);
}

RustBuffer uniffi_linktor_ffi_fn_method_client_call(uint64_t handle, uint64_t id_, ForeignBytes method_, ForeignBytes path_, ForeignBytes options_, ForeignBytes body_, RustCallStatus *status);
static inline RustBuffer linktor_client_call(uint64_t handle, uint64_t id_, LENT(method_), LENT(path_), LENT(options_), LENT(body_), RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_method_client_call(CLONE(client), id_, BYTES(method_), BYTES(path_), BYTES(options_), BYTES(body_), status), status);
}

void uniffi_linktor_ffi_fn_method_client_cancel(uint64_t handle, uint64_t id_, RustCallStatus *status);
static inline void linktor_client_cancel(uint64_t handle, uint64_t id_, RustCallStatus *status) {
    uniffi_linktor_ffi_fn_method_client_cancel(CLONE(client), id_, status);
    linktor_ended(status);
}

void uniffi_linktor_ffi_fn_method_client_close(uint64_t handle, RustCallStatus *status);
static inline void linktor_client_close(uint64_t handle, RustCallStatus *status) {
    uniffi_linktor_ffi_fn_method_client_close(CLONE(client), status);
    linktor_ended(status);
}

uint64_t uniffi_linktor_ffi_fn_method_client_id(uint64_t handle, RustCallStatus *status);
static inline uint64_t linktor_client_id(uint64_t handle, RustCallStatus *status) {
    uint64_t result = uniffi_linktor_ffi_fn_method_client_id(CLONE(client), status);
    linktor_ended(status);
    return result;
}

void uniffi_linktor_ffi_fn_method_client_invalidate(uint64_t handle, RustCallStatus *status);
static inline void linktor_client_invalidate(uint64_t handle, RustCallStatus *status) {
    uniffi_linktor_ffi_fn_method_client_invalidate(CLONE(client), status);
    linktor_ended(status);
}

void uniffi_linktor_ffi_fn_method_client_log(uint64_t handle, int8_t is_logged_, RustCallStatus *status);
static inline void linktor_client_log(uint64_t handle, int8_t is_logged_, RustCallStatus *status) {
    uniffi_linktor_ffi_fn_method_client_log(CLONE(client), is_logged_, status);
    linktor_ended(status);
}

RustBuffer uniffi_linktor_ffi_fn_method_client_payload(uint64_t handle, uint16_t status_, ForeignBytes body_, RustCallStatus *status);
static inline RustBuffer linktor_client_payload(uint64_t handle, uint16_t status_, LENT(body_), RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_method_client_payload(CLONE(client), status_, BYTES(body_), status), status);
}

RustBuffer uniffi_linktor_ffi_fn_method_client_rate_limit(uint64_t handle, RustBuffer class_, RustCallStatus *status);
static inline RustBuffer linktor_client_rate_limit(uint64_t handle, LENT(class_), RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_method_client_rate_limit(CLONE(client), COPY(class_), status), status);
}

RustBuffer uniffi_linktor_ffi_fn_method_client_session(uint64_t handle, RustCallStatus *status);
static inline RustBuffer linktor_client_session(uint64_t handle, RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_method_client_session(CLONE(client), status), status);
}

void uniffi_linktor_ffi_fn_method_client_submit(uint64_t handle, uint64_t id_, ForeignBytes method_, ForeignBytes path_, ForeignBytes options_, ForeignBytes body_, RustCallStatus *status);
static inline void linktor_client_submit(uint64_t handle, uint64_t id_, LENT(method_), LENT(path_), LENT(options_), LENT(body_), RustCallStatus *status) {
    uniffi_linktor_ffi_fn_method_client_submit(CLONE(client), id_, BYTES(method_), BYTES(path_), BYTES(options_), BYTES(body_), status);
    linktor_ended(status);
}

void uniffi_linktor_ffi_fn_method_client_submit_auth(uint64_t handle, uint64_t id_, ForeignBytes call_, RustCallStatus *status);
static inline void linktor_client_submit_auth(uint64_t handle, uint64_t id_, LENT(call_), RustCallStatus *status) {
    uniffi_linktor_ffi_fn_method_client_submit_auth(CLONE(client), id_, BYTES(call_), status);
    linktor_ended(status);
}

uint64_t uniffi_linktor_ffi_fn_method_client_with_credentials(uint64_t handle, ForeignBytes options_, RustCallStatus *status);
static inline uint64_t linktor_client_with_credentials(uint64_t handle, LENT(options_), RustCallStatus *status) {
    uint64_t result = uniffi_linktor_ffi_fn_method_client_with_credentials(CLONE(client), BYTES(options_), status);
    linktor_ended(status);
    return result;
}

uint64_t uniffi_linktor_ffi_fn_method_client_with_organization(uint64_t handle, ForeignBytes id_, RustCallStatus *status);
static inline uint64_t linktor_client_with_organization(uint64_t handle, LENT(id_), RustCallStatus *status) {
    uint64_t result = uniffi_linktor_ffi_fn_method_client_with_organization(CLONE(client), BYTES(id_), status);
    linktor_ended(status);
    return result;
}

uint64_t uniffi_linktor_ffi_fn_constructor_deduplicator_new(RustBuffer capacity_, RustCallStatus *status);
static inline uint64_t linktor_deduplicator_new(LENT(capacity_), RustCallStatus *status) {
    uint64_t result = uniffi_linktor_ffi_fn_constructor_deduplicator_new(COPY(capacity_), status);
    linktor_ended(status);
    return result;
}

RustBuffer uniffi_linktor_ffi_fn_method_deduplicator_begin(uint64_t handle, ForeignBytes id_, RustCallStatus *status);
static inline RustBuffer linktor_deduplicator_begin(uint64_t handle, LENT(id_), RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_method_deduplicator_begin(CLONE(deduplicator), BYTES(id_), status), status);
}

void uniffi_linktor_ffi_fn_method_deduplicator_commit(uint64_t handle, ForeignBytes id_, RustCallStatus *status);
static inline void linktor_deduplicator_commit(uint64_t handle, LENT(id_), RustCallStatus *status) {
    uniffi_linktor_ffi_fn_method_deduplicator_commit(CLONE(deduplicator), BYTES(id_), status);
    linktor_ended(status);
}

void uniffi_linktor_ffi_fn_method_deduplicator_release(uint64_t handle, ForeignBytes id_, RustCallStatus *status);
static inline void linktor_deduplicator_release(uint64_t handle, LENT(id_), RustCallStatus *status) {
    uniffi_linktor_ffi_fn_method_deduplicator_release(CLONE(deduplicator), BYTES(id_), status);
    linktor_ended(status);
}

uint64_t uniffi_linktor_ffi_fn_constructor_verifier_new(ForeignBytes options_, ForeignBytes secrets_, RustCallStatus *status);
static inline uint64_t linktor_verifier_new(LENT(options_), LENT(secrets_), RustCallStatus *status) {
    uint64_t result = uniffi_linktor_ffi_fn_constructor_verifier_new(BYTES(options_), BYTES(secrets_), status);
    linktor_ended(status);
    return result;
}

void uniffi_linktor_ffi_fn_method_verifier_admit(uint64_t handle, ForeignBytes method_, ForeignBytes headers_, RustCallStatus *status);
static inline void linktor_verifier_admit(uint64_t handle, LENT(method_), LENT(headers_), RustCallStatus *status) {
    uniffi_linktor_ffi_fn_method_verifier_admit(CLONE(verifier), BYTES(method_), BYTES(headers_), status);
    linktor_ended(status);
}

RustBuffer uniffi_linktor_ffi_fn_method_verifier_facts(uint64_t handle, RustCallStatus *status);
static inline RustBuffer linktor_verifier_facts(uint64_t handle, RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_method_verifier_facts(CLONE(verifier), status), status);
}

RustBuffer uniffi_linktor_ffi_fn_method_verifier_receive(uint64_t handle, ForeignBytes body_, ForeignBytes headers_, RustCallStatus *status);
static inline RustBuffer linktor_verifier_receive(uint64_t handle, LENT(body_), LENT(headers_), RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_method_verifier_receive(CLONE(verifier), BYTES(body_), BYTES(headers_), status), status);
}

RustBuffer uniffi_linktor_ffi_fn_method_verifier_verify(uint64_t handle, ForeignBytes body_, ForeignBytes headers_, RustCallStatus *status);
static inline RustBuffer linktor_verifier_verify(uint64_t handle, LENT(body_), LENT(headers_), RustCallStatus *status) {
    return linktor_taken(uniffi_linktor_ffi_fn_method_verifier_verify(CLONE(verifier), BYTES(body_), BYTES(headers_), status), status);
}

void uniffi_linktor_ffi_fn_method_verifier_verify_signature(uint64_t handle, ForeignBytes body_, ForeignBytes headers_, RustCallStatus *status);
static inline void linktor_verifier_verify_signature(uint64_t handle, LENT(body_), LENT(headers_), RustCallStatus *status) {
    uniffi_linktor_ffi_fn_method_verifier_verify_signature(CLONE(verifier), BYTES(body_), BYTES(headers_), status);
    linktor_ended(status);
}

/* The name of what is not as in interface.txt, or NULL. */
uint16_t uniffi_linktor_ffi_checksum_func_interface_hash(void);
uint16_t uniffi_linktor_ffi_checksum_func_ids(void);
uint16_t uniffi_linktor_ffi_checksum_func_provider(void);
uint16_t uniffi_linktor_ffi_checksum_func_jwt_sign(void);
uint16_t uniffi_linktor_ffi_checksum_func_jwt_verify(void);
uint16_t uniffi_linktor_ffi_checksum_func_drain(void);
uint16_t uniffi_linktor_ffi_checksum_func_wait(void);
uint16_t uniffi_linktor_ffi_checksum_func_wake_fd(void);
uint16_t uniffi_linktor_ffi_checksum_func_answer(void);
uint16_t uniffi_linktor_ffi_checksum_func_answer_response(void);
uint16_t uniffi_linktor_ffi_checksum_func_fail(void);
uint16_t uniffi_linktor_ffi_checksum_func_forgotten(void);
uint16_t uniffi_linktor_ffi_checksum_func_webhook_answer(void);
uint16_t uniffi_linktor_ffi_checksum_func_webhook_is_handled(void);
uint16_t uniffi_linktor_ffi_checksum_func_webhook_refusal(void);
uint16_t uniffi_linktor_ffi_checksum_func_webhook_sign(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_authorize_url(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_call(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_cancel(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_close(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_id(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_invalidate(void);
uint16_t uniffi_linktor_ffi_checksum_method_client_log(void);
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
uint16_t uniffi_linktor_ffi_checksum_method_verifier_admit(void);
uint16_t uniffi_linktor_ffi_checksum_method_verifier_facts(void);
uint16_t uniffi_linktor_ffi_checksum_method_verifier_receive(void);
uint16_t uniffi_linktor_ffi_checksum_method_verifier_verify(void);
uint16_t uniffi_linktor_ffi_checksum_method_verifier_verify_signature(void);
uint16_t uniffi_linktor_ffi_checksum_constructor_client_new(void);
uint16_t uniffi_linktor_ffi_checksum_constructor_deduplicator_new(void);
uint16_t uniffi_linktor_ffi_checksum_constructor_verifier_new(void);
static inline const char *linktor_mismatch(void) {
    if (ffi_linktor_ffi_uniffi_contract_version() != 30) return "uniffi's contract version";
    if (uniffi_linktor_ffi_checksum_func_interface_hash() != 55247) return "func_interface_hash";
    if (uniffi_linktor_ffi_checksum_func_ids() != 58896) return "func_ids";
    if (uniffi_linktor_ffi_checksum_func_provider() != 61910) return "func_provider";
    if (uniffi_linktor_ffi_checksum_func_jwt_sign() != 49551) return "func_jwt_sign";
    if (uniffi_linktor_ffi_checksum_func_jwt_verify() != 49853) return "func_jwt_verify";
    if (uniffi_linktor_ffi_checksum_func_drain() != 53087) return "func_drain";
    if (uniffi_linktor_ffi_checksum_func_wait() != 42719) return "func_wait";
    if (uniffi_linktor_ffi_checksum_func_wake_fd() != 59451) return "func_wake_fd";
    if (uniffi_linktor_ffi_checksum_func_answer() != 22141) return "func_answer";
    if (uniffi_linktor_ffi_checksum_func_answer_response() != 61990) return "func_answer_response";
    if (uniffi_linktor_ffi_checksum_func_fail() != 2138) return "func_fail";
    if (uniffi_linktor_ffi_checksum_func_forgotten() != 51340) return "func_forgotten";
    if (uniffi_linktor_ffi_checksum_func_webhook_answer() != 24794) return "func_webhook_answer";
    if (uniffi_linktor_ffi_checksum_func_webhook_is_handled() != 3655) return "func_webhook_is_handled";
    if (uniffi_linktor_ffi_checksum_func_webhook_refusal() != 9812) return "func_webhook_refusal";
    if (uniffi_linktor_ffi_checksum_func_webhook_sign() != 20168) return "func_webhook_sign";
    if (uniffi_linktor_ffi_checksum_method_client_authorize_url() != 9006) return "method_client_authorize_url";
    if (uniffi_linktor_ffi_checksum_method_client_call() != 27649) return "method_client_call";
    if (uniffi_linktor_ffi_checksum_method_client_cancel() != 6949) return "method_client_cancel";
    if (uniffi_linktor_ffi_checksum_method_client_close() != 33620) return "method_client_close";
    if (uniffi_linktor_ffi_checksum_method_client_id() != 810) return "method_client_id";
    if (uniffi_linktor_ffi_checksum_method_client_invalidate() != 9163) return "method_client_invalidate";
    if (uniffi_linktor_ffi_checksum_method_client_log() != 25365) return "method_client_log";
    if (uniffi_linktor_ffi_checksum_method_client_payload() != 30198) return "method_client_payload";
    if (uniffi_linktor_ffi_checksum_method_client_rate_limit() != 16311) return "method_client_rate_limit";
    if (uniffi_linktor_ffi_checksum_method_client_session() != 12812) return "method_client_session";
    if (uniffi_linktor_ffi_checksum_method_client_submit() != 23868) return "method_client_submit";
    if (uniffi_linktor_ffi_checksum_method_client_submit_auth() != 52932) return "method_client_submit_auth";
    if (uniffi_linktor_ffi_checksum_method_client_with_credentials() != 22960) return "method_client_with_credentials";
    if (uniffi_linktor_ffi_checksum_method_client_with_organization() != 6806) return "method_client_with_organization";
    if (uniffi_linktor_ffi_checksum_method_deduplicator_begin() != 52358) return "method_deduplicator_begin";
    if (uniffi_linktor_ffi_checksum_method_deduplicator_commit() != 16558) return "method_deduplicator_commit";
    if (uniffi_linktor_ffi_checksum_method_deduplicator_release() != 1712) return "method_deduplicator_release";
    if (uniffi_linktor_ffi_checksum_method_verifier_admit() != 4527) return "method_verifier_admit";
    if (uniffi_linktor_ffi_checksum_method_verifier_facts() != 7816) return "method_verifier_facts";
    if (uniffi_linktor_ffi_checksum_method_verifier_receive() != 47415) return "method_verifier_receive";
    if (uniffi_linktor_ffi_checksum_method_verifier_verify() != 36970) return "method_verifier_verify";
    if (uniffi_linktor_ffi_checksum_method_verifier_verify_signature() != 64109) return "method_verifier_verify_signature";
    if (uniffi_linktor_ffi_checksum_constructor_client_new() != 31677) return "constructor_client_new";
    if (uniffi_linktor_ffi_checksum_constructor_deduplicator_new() != 46468) return "constructor_deduplicator_new";
    if (uniffi_linktor_ffi_checksum_constructor_verifier_new() != 21301) return "constructor_verifier_new";
    return NULL;
}
