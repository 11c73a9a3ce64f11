/* Every function that the library exports, called as Go calls it: to succeed, to fail, and to be
 * left in the middle. Under valgrind this says that the boundary reads and writes what it may, and
 * keeps nothing: .ci/go-boundary runs it. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINKTOR_COUNT_BUFFERS
#include "linktor.h"

_Atomic int64_t linktor_buffers;

static void check(int is, int line, const char *what) {
    if (is) return;
    fprintf(stderr, "boundary.c:%d: not so: %s\n", line, what);
    exit(1);
}
#define CHECK(is) check((is) != 0, __LINE__, #is)

/* A text, as it is lent. */
#define TEXT(text) (const uint8_t *)(text), (int32_t)strlen(text)
/* What was packed, as it is lent. */
#define PACKED(packed) (packed).data, (packed).len
static const char BAD[] = "\xff";

/* ---- What is laid out here ---- */

typedef struct {
    uint8_t data[4096];
    int32_t len;
} Packed;

static void pack_bytes(Packed *packed, const void *data, size_t len) {
    CHECK(packed->len + len <= sizeof packed->data);
    if (len > 0) memcpy(packed->data + packed->len, data, len);
    packed->len += (int32_t)len;
}

static void pack_number(Packed *packed, uint64_t number, int size) {
    for (int i = size - 1; i >= 0; i--) {
        uint8_t byte = (uint8_t)(number >> (8 * i));
        pack_bytes(packed, &byte, 1);
    }
}

static void pack_text(Packed *packed, const char *text) {
    pack_number(packed, strlen(text), 4);
    pack_bytes(packed, text, strlen(text));
}

static Packed none(void) {
    Packed packed = {{0}, 0};
    pack_number(&packed, 0, 1);
    return packed;
}

static Packed some(const char *text) {
    Packed packed = {{0}, 0};
    pack_number(&packed, 1, 1);
    pack_text(&packed, text);
    return packed;
}

static Packed list(const char *text) {
    Packed packed = {{0}, 0};
    pack_number(&packed, 1, 4);
    pack_text(&packed, text);
    return packed;
}

static Packed secrets(const char *first, const char *second) {
    Packed packed = {{0}, 0};
    pack_text(&packed, first);
    pack_text(&packed, second);
    return packed;
}

/* ---- What comes back ---- */

typedef struct {
    const uint8_t *data;
    uint64_t len;
} Reader;

static const uint8_t *data_of(RustBuffer buffer) { return (const uint8_t *)buffer.data; }

static Reader reader(RustBuffer buffer) { return (Reader){data_of(buffer), buffer.len}; }

static const uint8_t *take(Reader *reader, uint64_t len) {
    CHECK(len <= reader->len);
    const uint8_t *taken = reader->data;
    reader->data += len;
    reader->len -= len;
    return taken;
}

static uint64_t number(Reader *reader, int size) {
    const uint8_t *bytes = take(reader, (uint64_t)size);
    uint64_t number = 0;
    for (int i = 0; i < size; i++) number = number << 8 | bytes[i];
    return number;
}

static void skip_text(Reader *reader) { take(reader, number(reader, 4)); }

static int is_some(Reader *reader) { return number(reader, 1) == 1; }

/* Whether bytes hold a text: both are read to their end. */
static int holds(const uint8_t *data, uint64_t len, const char *text) {
    uint64_t size = strlen(text);
    int found = 0;
    for (uint64_t i = 0; i + size <= len; i++) found |= memcmp(data + i, text, size) == 0;
    return found;
}

/* The call succeeded. */
#define good(status) check((status)->code == 0, __LINE__, "the call succeeded")

/* The call failed with an error of this kind, which is given back. */
#define bad(status, kind) check(is_error(status, kind), __LINE__, "the call failed, and was " kind)

static int is_error(RustCallStatus *status, const char *kind) {
    if (status->code != 1) return 0;
    char expected[64];
    snprintf(expected, sizeof expected, "\"kind\":\"%s\"", kind);
    int is = holds(data_of(status->error), status->error.len, expected);
    /* Its number, and the length of its text, come first. */
    if (!is) fprintf(stderr, "%.*s\n", (int)status->error.len - 8, (const char *)data_of(status->error) + 8);
    linktor_buffer_free(status->error);
    *status = (RustCallStatus){0};
    return is;
}

/* The call gave something that holds a text, which is given back. */
#define gives(buffer, status, text) check(is_given(buffer, status, text), __LINE__, "the call gave " #text)

static int is_given(RustBuffer buffer, RustCallStatus *status, const char *text) {
    if (status->code != 0) return 0;
    int is = holds(data_of(buffer), buffer.len, text);
    linktor_buffer_free(buffer);
    return is;
}

/* ---- What comes up ---- */

enum { RESPONSE = 1, VALUE, FAILED, TOKEN, LOAD, SAVE, LOCK, SEND, ABANDONED, TOLD };

typedef struct {
    uint64_t kind, id;
} Item;

static void skip_rate_limit(Reader *reader) {
    if (!is_some(reader)) return;
    skip_text(reader);
    if (is_some(reader)) number(reader, 8);
    if (is_some(reader)) number(reader, 8);
    if (is_some(reader)) take(reader, 12);
}

static Item read_item(Reader *reader) {
    Item item = {number(reader, 4), 0};
    if (item.kind != TOLD) item.id = number(reader, 8);
    switch (item.kind) {
    case RESPONSE:
        number(reader, 2);
        skip_text(reader);
        skip_text(reader);
        skip_text(reader);
        skip_text(reader);
        take(reader, 4 + 12);
        skip_rate_limit(reader);
        if (is_some(reader)) take(reader, 16);
        if (is_some(reader)) number(reader, 8);
        break;
    case VALUE:
    case FAILED:
        skip_text(reader);
        break;
    case SAVE:
        number(reader, 8);
        skip_text(reader);
        skip_text(reader);
        break;
    case LOAD:
    case LOCK:
        number(reader, 8);
        skip_text(reader);
        break;
    case TOKEN:
        number(reader, 8);
        break;
    case SEND:
        number(reader, 8);
        if (is_some(reader)) number(reader, 8);
        for (int i = 0; i < 5; i++) skip_text(reader);
        number(reader, 8);
        break;
    case ABANDONED:
        break;
    case TOLD:
        number(reader, 8);
        if (is_some(reader)) number(reader, 8);
        skip_text(reader);
        break;
    default:
        CHECK(!"an item of a kind that there is");
    }
    return item;
}

/* The descriptor, once it was asked for. */
static int wake_fd = -1;

static void await_anything(void) {
    RustCallStatus status = {0};
    if (wake_fd < 0) {
        linktor_wait(&status);
        good(&status);
        return;
    }
    struct pollfd waited = {wake_fd, POLLIN, 0};
    CHECK(poll(&waited, 1, 60000) == 1);
    uint64_t count;
    CHECK(read(wake_fd, &count, sizeof count) == sizeof count);
}

/* What came up and was not asked for yet. */
static Item items[256];
static int item_count;

/* Waits for an item of this kind, and gives its id. */
static uint64_t next(uint64_t kind) {
    for (;;) {
        for (int i = 0; i < item_count; i++) {
            if (items[i].kind != kind) continue;
            uint64_t id = items[i].id;
            items[i] = items[--item_count];
            return id;
        }
        await_anything();
        RustCallStatus status = {0};
        RustBuffer buffer = linktor_drain(&status);
        good(&status);
        Reader batch = reader(buffer);
        for (uint64_t count = number(&batch, 4); count > 0; count--) {
            CHECK(item_count < (int)(sizeof items / sizeof *items));
            items[item_count++] = read_item(&batch);
        }
        CHECK(batch.len == 0);
        linktor_buffer_free(buffer);
    }
}

/* ---- The functions ---- */

static void texts(void) {
    RustCallStatus status = {0};
    gives(linktor_provider(TEXT("\"linkit\""), &status), &status, "x-organization-id");
    linktor_provider(TEXT("\"parcels\""), &status);
    bad(&status, "config");
    linktor_provider(TEXT(BAD), &status);
    bad(&status, "invalid_request");
    linktor_provider(NULL, 0, &status);
    bad(&status, "config");

    RustBuffer token = linktor_jwt_sign(TEXT("{\"claims\":{\"sub\":\"user-1\"},\"secret\":\"invented\"}"), &status);
    good(&status);
    char arguments[1024];
    snprintf(arguments, sizeof arguments, "{\"token\":\"%.*s\",\"secret\":\"invented\"}", (int)token.len,
             (const char *)data_of(token));
    linktor_buffer_free(token);
    gives(linktor_jwt_verify(TEXT(arguments), &status), &status, "user-1");
    linktor_jwt_verify(TEXT("{\"token\":\"a.b.c\",\"secret\":\"invented\"}"), &status);
    bad(&status, "authentication");
    linktor_jwt_sign(TEXT("{\"claims\":[],\"secret\":\"invented\"}"), &status);
    bad(&status, "invalid_request");
    linktor_jwt_sign(TEXT(BAD), &status);
    bad(&status, "invalid_request");
}

static uint64_t client(const char *options) {
    RustCallStatus status = {0};
    char all[1024];
    snprintf(all, sizeof all, "{\"base_url\":\"http://127.0.0.1:9\",\"timeout\":30,\"max_retries\":0,%s}", options);
    uint64_t handle = linktor_client_new(TEXT(all), &status);
    good(&status);
    return handle;
}

static void clients(void) {
    RustCallStatus status = {0};
    linktor_client_new(TEXT("{\"nonsense\":1}"), &status);
    bad(&status, "config");
    linktor_client_new(TEXT(BAD), &status);
    bad(&status, "invalid_request");
    linktor_client_new(NULL, 0, &status);
    bad(&status, "config");

    uint64_t root = client("\"api_key\":\"key-1\"");
    CHECK(linktor_client_id(root, &status) > 0);
    linktor_client_log(root, 1, &status);
    linktor_client_log(root, 0, &status);
    gives(linktor_client_session(root, &status), &status, "null");
    linktor_client_invalidate(root, &status);
    good(&status);
    Packed class = none();
    gives(linktor_client_rate_limit(root, PACKED(class), &status), &status, "");
    class = some("messages");
    gives(linktor_client_rate_limit(root, PACKED(class), &status), &status, "");
    class = some("massages");
    linktor_client_rate_limit(root, PACKED(class), &status);
    bad(&status, "config");

    gives(linktor_client_payload(root, 200, TEXT("{\"success\":true,\"data\":{\"a\":1}}"), &status), &status, "");
    gives(linktor_client_payload(root, 200, TEXT("{\"success\":true,\"data\":null}"), &status), &status, "");
    gives(linktor_client_payload(root, 204, NULL, 0, &status), &status, "");
    linktor_client_payload(root, 200, TEXT("{\"success\":false,\"error\":{\"message\":\"no\"}}"), &status);
    bad(&status, "api");

    uint64_t organization = linktor_client_with_organization(root, TEXT("org_1"), &status);
    good(&status);
    linktor_client_with_organization(root, TEXT(""), &status);
    bad(&status, "config");
    linktor_client_with_organization(root, TEXT(BAD), &status);
    bad(&status, "invalid_request");
    uint64_t credentials = linktor_client_with_credentials(organization, TEXT("{\"api_key\":\"key-2\"}"), &status);
    good(&status);
    linktor_client_with_credentials(organization, TEXT("{}"), &status);
    bad(&status, "config");

    uint64_t consent = client("\"provider\":\"api_v2\",\"auth_url\":\"https://auth.example.com\","
                              "\"oauth\":{\"client_id\":\"client-1\",\"client_secret\":\"invented\"}");
    Packed scopes = list("read:users");
    gives(linktor_client_authorize_url(consent, PACKED(scopes), TEXT("https://app.example.com/"), &status), &status, "verifier");
    scopes = list("");
    linktor_client_authorize_url(consent, PACKED(scopes), TEXT("https://app.example.com/"), &status);
    bad(&status, "invalid_request");
    linktor_client_authorize_url(consent, PACKED(scopes), TEXT(BAD), &status);
    bad(&status, "invalid_request");

    linktor_client_close(organization, &status);
    linktor_client_close(root, &status);
    linktor_client_close(root, &status);
    good(&status);
    /* The root first: its handles outlive it. */
    linktor_client_free(root);
    linktor_client_free(organization);
    gives(linktor_client_session(credentials, &status), &status, "null");
    linktor_client_free(credentials);
    linktor_client_free(consent);
}

static uint64_t fresh_id(void) {
    RustCallStatus status = {0};
    uint64_t id = linktor_ids(1, &status);
    good(&status);
    return id;
}

/* Begins a call, and gives its id. */
static uint64_t submit(uint64_t handle) {
    RustCallStatus status = {0};
    uint64_t id = fresh_id();
    linktor_client_submit(handle, id, TEXT("POST"), TEXT("/me"), TEXT("{\"query\":[[\"a\",\"b\"]]}"), TEXT("{}"), &status);
    good(&status);
    return id;
}

/* Calls to where nobody listens. */
static void calls(void) {
    RustCallStatus status = {0};
    uint64_t handle = client("\"email\":\"ada@example.com\",\"password\":\"invented\"");
    uint64_t key = client("\"api_key\":\"key-1\"");
    linktor_client_log(key, 1, &status);
    uint64_t id = submit(key);
    CHECK(next(FAILED) == id);
    next(TOLD);
    linktor_client_log(key, 0, &status);

    linktor_client_submit(key, fresh_id(), TEXT("GET"), TEXT("/me"), TEXT("{"), NULL, 0, &status);
    bad(&status, "invalid_request");
    linktor_client_submit(key, fresh_id(), TEXT(BAD), TEXT("/me"), NULL, 0, NULL, 0, &status);
    bad(&status, "invalid_request");
    linktor_client_submit(key, fresh_id(), TEXT("GET"), TEXT(BAD), NULL, 0, NULL, 0, &status);
    bad(&status, "invalid_request");
    linktor_client_submit(key, fresh_id(), TEXT("GET"), TEXT("/me"), TEXT(BAD), NULL, 0, &status);
    bad(&status, "invalid_request");

    /* This thread drives it, if only for a while. */
    for (int i = 0; i < 5; i++) {
        id = fresh_id();
        RustBuffer buffer = linktor_client_call(key, id, TEXT("GET"), TEXT("/me"), NULL, 0, NULL, 0, &status);
        good(&status);
        Reader driven = reader(buffer);
        if (is_some(&driven)) {
            Item item = read_item(&driven);
            CHECK(item.kind == FAILED && item.id == id && driven.len == 0);
        } else {
            CHECK(next(FAILED) == id);
        }
        linktor_buffer_free(buffer);
    }
    linktor_client_call(key, fresh_id(), TEXT("GET"), TEXT("/me"), TEXT("{"), NULL, 0, &status);
    bad(&status, "invalid_request");

    id = fresh_id();
    linktor_client_submit_auth(handle, id, TEXT("{\"call\":\"login\"}"), &status);
    good(&status);
    CHECK(next(FAILED) == id);
    linktor_client_submit_auth(handle, fresh_id(), TEXT("{\"call\":\"dance\"}"), &status);
    bad(&status, "invalid_request");
    linktor_client_submit_auth(handle, fresh_id(), TEXT(BAD), &status);
    bad(&status, "invalid_request");

    /* Cancelled, cancelled again, and never begun. */
    id = submit(key);
    linktor_client_cancel(key, id, &status);
    linktor_client_cancel(key, id, &status);
    linktor_client_cancel(key, fresh_id(), &status);
    good(&status);
    CHECK(next(FAILED) == id);

    /* Closed, and freed, in mid-call. */
    submit(key);
    linktor_client_close(key, &status);
    next(FAILED);
    submit(key);
    next(FAILED);
    submit(handle);
    linktor_client_free(handle);
    next(FAILED);
    linktor_client_free(key);
}

static void answer(uint64_t question, const char *json) {
    RustCallStatus status = {0};
    linktor_answer(question, TEXT(json), &status);
    good(&status);
}

static void fail(uint64_t question, const char *network, const char *message) {
    RustCallStatus status = {0};
    linktor_fail(question, TEXT(network), TEXT(message), &status);
    good(&status);
}

static void answer_response(uint64_t question, uint16_t http, const Packed *headers, const char *body) {
    RustCallStatus status = {0};
    linktor_answer_response(question, http, PACKED(*headers), TEXT(body), &status);
    good(&status);
}

/* How many of two questions are forgotten. */
static uint64_t forgotten(uint64_t first, uint64_t second) {
    RustCallStatus status = {0};
    Packed questions = {{0}, 0};
    pack_number(&questions, 2, 4);
    pack_number(&questions, first, 8);
    pack_number(&questions, second, 8);
    RustBuffer buffer = linktor_forgotten(PACKED(questions), &status);
    good(&status);
    Reader left = reader(buffer);
    uint64_t count = number(&left, 4);
    linktor_buffer_free(buffer);
    return count;
}

/* Questions that are answered, failed and left alone: to a token source and a transport. */
static void questions(void) {
    RustCallStatus status = {0};
    Packed nothing = {{0}, 0}, headers = secrets("X-Team", "blue"), cut = secrets("X-Team", "blue");
    cut.len -= 2;
    Packed odd = secrets(BAD, "blue");
    uint64_t handle = client("\"token_source\":true,\"transport\":true");
    submit(handle);
    uint64_t question = next(TOKEN);
    fail(question, "", "the vault is sealed \xff");
    next(FAILED);
    forgotten(question, 0);
    /* A failure is shared for a second. */
    sleep(1);
    usleep(200000);
    submit(handle);
    question = next(TOKEN);
    answer(question, "{\"token\":\"token-1\"}");
    answer(question, "{\"token\":\"token-1\"}");
    answer(question, BAD);
    fail(question, "", "late");
    question = next(SEND);
    answer_response(question, 200, &headers, "{}");
    answer_response(question, 200, &headers, "{}");
    next(RESPONSE);
    CHECK(forgotten(question, question + 1000000) == 2);

    const struct {
        uint16_t http;
        const Packed *headers;
        const char *body;
        uint64_t becomes;
    } answers[] = {
        {200, &nothing, "\xfe", RESPONSE}, {204, &nothing, "", RESPONSE}, {404, &headers, "{}", FAILED},
        {503, &nothing, "<html>", FAILED}, {200, &cut, "{}", FAILED}, {200, &odd, "{}", FAILED}, {99, &nothing, "", FAILED},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        submit(handle);
        answer_response(next(SEND), answers[i].http, answers[i].headers, answers[i].body);
        next(answers[i].becomes);
    }
    const char *networks[] = {"", "connect", "connect_timeout", "timeout", "interrupted", "truncated", "body_too_large", BAD};
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        submit(handle);
        fail(next(SEND), networks[i], "the network is gone");
        next(FAILED);
    }
    /* Left alone: cancelled while it is asked, closed, and freed with a question that nobody answers. */
    uint64_t id = submit(handle);
    question = next(SEND);
    linktor_client_cancel(handle, id, &status);
    CHECK(next(ABANDONED) == question);
    next(FAILED);
    submit(handle);
    question = next(SEND);
    linktor_client_close(handle, &status);
    CHECK(next(ABANDONED) == question);
    next(FAILED);
    linktor_client_free(handle);

    handle = client("\"token_source\":true");
    submit(handle);
    question = next(TOKEN);
    linktor_client_free(handle);
    answer(question, "{\"token\":\"\"}");
    next(FAILED);
}

/* Questions to a token store: nothing is there, all that comes is saved, and there is a lock. */
static void store(void) {
    RustCallStatus status = {0};
    Packed headers = secrets("Content-Type", "application/json");
    uint64_t handle = client("\"email\":\"ada@example.com\",\"password\":\"invented\",\"token_store\":true,\"transport\":true");
    submit(handle);
    answer(next(LOAD), "null");
    uint64_t lock = next(LOCK);
    answer(lock, "true");
    answer(next(LOAD), "null");
    answer_response(next(SEND), 200, &headers,
                    "{\"success\":true,\"data\":{\"access_token\":\"a\",\"refresh_token\":\"r\",\"expires_in\":900,\"user\":{\"id\":\"u\"}}}");
    fail(next(SAVE), "", "the disk is full");
    /* The renewal is over, and its lock with it. */
    CHECK(next(ABANDONED) == lock);
    answer_response(next(SEND), 200, &headers, "{}");
    next(RESPONSE);
    gives(linktor_client_session(handle, &status), &status, "user");
    linktor_client_invalidate(handle, &status);
    good(&status);
    linktor_client_close(handle, &status);
    linktor_client_free(handle);
}

static void webhooks(void) {
    RustCallStatus status = {0};
    const char *body = "{\"id\":\"evt_1\",\"type\":\"message.received\",\"data\":{}}", *scheme = "{\"scheme\":\"linktor\"}";
    Packed one = {{0}, 0}, two = secrets("another", "invented"), nothing = {{0}, 0}, headers = {{0}, 0};
    pack_text(&one, "invented");
    RustBuffer signed_with = linktor_webhook_sign(TEXT(scheme), TEXT(body), PACKED(one), &status);
    good(&status);
    Reader pairs = reader(signed_with);
    number(&pairs, 4);
    pack_bytes(&headers, pairs.data, pairs.len);
    linktor_buffer_free(signed_with);
    linktor_webhook_sign(TEXT("{\"scheme\":\"acme\"}"), TEXT(body), PACKED(one), &status);
    bad(&status, "config");
    linktor_webhook_sign(TEXT(BAD), TEXT(body), PACKED(one), &status);
    bad(&status, "invalid_request");
    linktor_webhook_sign(TEXT(scheme), TEXT(body), (const uint8_t *)"\0", 1, &status);
    bad(&status, "internal");

    uint64_t verifier = linktor_verifier_new(TEXT(scheme), PACKED(two), &status);
    good(&status);
    linktor_verifier_new(TEXT(scheme), PACKED(nothing), &status);
    bad(&status, "config");
    linktor_verifier_new(TEXT(BAD), PACKED(one), &status);
    bad(&status, "invalid_request");
    gives(linktor_verifier_facts(verifier, &status), &status, "x-linktor-signature");
    linktor_verifier_admit(verifier, TEXT("POST"), PACKED(headers), &status);
    good(&status);
    linktor_verifier_admit(verifier, TEXT(BAD), PACKED(headers), &status);
    bad(&status, "webhook_verification");
    gives(linktor_verifier_verify(verifier, TEXT(body), PACKED(headers), &status), &status, "message.received");
    linktor_verifier_verify(verifier, TEXT("{}"), PACKED(headers), &status);
    bad(&status, "webhook_verification");
    linktor_verifier_verify(verifier, NULL, 0, PACKED(nothing), &status);
    bad(&status, "webhook_verification");
    gives(linktor_verifier_receive(verifier, TEXT(body), PACKED(headers), &status), &status, "evt_1");
    linktor_verifier_receive(verifier, TEXT(body), headers.data, headers.len - 1, &status);
    bad(&status, "internal");
    linktor_verifier_verify_signature(verifier, TEXT(body), PACKED(headers), &status);
    good(&status);
    linktor_verifier_verify_signature(verifier, TEXT(BAD), PACKED(headers), &status);
    bad(&status, "webhook_verification");
    linktor_verifier_free(verifier);

    gives(linktor_webhook_answer(TEXT("in_progress"), &status), &status, "");
    linktor_webhook_answer(TEXT(BAD), &status);
    bad(&status, "callback");
    Packed code = none();
    gives(linktor_webhook_refusal(PACKED(code), &status), &status, "");
    code = some("signature_mismatch");
    gives(linktor_webhook_refusal(PACKED(code), &status), &status, "");
    CHECK(linktor_webhook_is_handled(200, &status) == 1 && linktor_webhook_is_handled(500, &status) == 0);
    good(&status);
}

static void deduplicators(void) {
    RustCallStatus status = {0};
    Packed capacity = {{0}, 0};
    pack_number(&capacity, 1, 1);
    pack_number(&capacity, 0, 8);
    linktor_deduplicator_new(PACKED(capacity), &status);
    bad(&status, "config");
    capacity = none();
    uint64_t handle = linktor_deduplicator_new(PACKED(capacity), &status);
    good(&status);
    gives(linktor_deduplicator_begin(handle, TEXT("evt_1"), &status), &status, "new");
    gives(linktor_deduplicator_begin(handle, TEXT("evt_1"), &status), &status, "in_progress");
    linktor_deduplicator_release(handle, TEXT("evt_1"), &status);
    gives(linktor_deduplicator_begin(handle, TEXT("evt_1"), &status), &status, "new");
    linktor_deduplicator_commit(handle, TEXT("evt_1"), &status);
    gives(linktor_deduplicator_begin(handle, TEXT("evt_1"), &status), &status, "done");
    linktor_deduplicator_begin(handle, NULL, 0, &status);
    bad(&status, "invalid_request");
    linktor_deduplicator_commit(handle, TEXT(BAD), &status);
    bad(&status, "invalid_request");
    linktor_deduplicator_release(handle, TEXT(BAD), &status);
    bad(&status, "invalid_request");
    linktor_deduplicator_free(handle);
}

static void ask_for_descriptor(void) {
    RustCallStatus status = {0};
    RustBuffer buffer = linktor_wake_fd(&status);
    good(&status);
    Reader fd = reader(buffer);
    CHECK(is_some(&fd));
    wake_fd = (int)number(&fd, 4);
    linktor_buffer_free(buffer);
}

int main(void) {
    RustCallStatus status = {0};
    const char *mismatch = linktor_mismatch();
    if (mismatch != NULL) {
        fprintf(stderr, "the library is of another version: %s\n", mismatch);
        return 1;
    }
    CHECK(linktor_interface_hash(&status) != 0);
    texts();
    clients();
    /* By a thread that waits, and then by the descriptor. */
    for (int round = 0; round < 2; round++) {
        calls();
        questions();
        store();
        if (round == 0) ask_for_descriptor();
    }
    webhooks();
    deduplicators();
    if (linktor_buffers != 0) {
        fprintf(stderr, "%lld buffers are not given back\n", (long long)linktor_buffers);
        return 1;
    }
    printf("every function was called, and every buffer given back\n");
    return 0;
}
