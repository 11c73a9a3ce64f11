//! Conversations and their messages. A contact has one open conversation on a channel.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::{Caller, Parameters, created, cut, invalid, listed, stamped, success, user, wrapped};
use crate::family::{Id, missing, object, store};
use crate::fixtures;
use crate::state::{Shared, lock};

pub(super) async fn list(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    listed(cut(&lock(&shared.store).linktor_conversations, &parameters))
}

/// Answers with the open conversation of the contact on the channel, if there is one, as if it were new.
pub(super) async fn create(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let sent = object(&body).unwrap_or_default();
    if !missing(&sent, &["contact_id", "channel_id"]).is_empty() {
        return invalid("contact_id and channel_id are required");
    }
    let conversations = &mut lock(&shared.store).linktor_conversations;
    let is_same = |row: &&Value| {
        row["contact_id"] == sent["contact_id"] && row["channel_id"] == sent["channel_id"] && row["status"] == "open"
    };
    if let Some(open) = conversations.iter().find(is_same) {
        return success(StatusCode::CREATED, open);
    }
    let mut conversation = store::fields(json!({"status": "open", "priority": "normal", "unread_count": 0}));
    conversation.extend(sent);
    created(store::write(conversations, "", stamped(conversation)))
}

pub(super) async fn read(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    match store::find(&lock(&shared.store).linktor_conversations, "id", &id) {
        Some(conversation) => success(StatusCode::OK, conversation),
        None => unknown(),
    }
}

pub(super) async fn update(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id, body: Bytes) -> Response {
    match object(&body) {
        Some(sent) => changed(&shared, &id, sent),
        None => invalid("Invalid request body"),
    }
}

pub(super) async fn assign(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id, body: Bytes) -> Response {
    let sent = object(&body).unwrap_or_default();
    match sent.get("user_id") {
        Some(user) if user.is_string() => changed(&shared, &id, store::fields(json!({"assigned_user_id": user}))),
        _ => invalid("user_id is required"),
    }
}

pub(super) async fn resolve(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    changed(&shared, &id, store::fields(json!({"status": "resolved", "resolved_at": fixtures::READ_AT})))
}

pub(super) async fn reopen(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    changed(&shared, &id, store::fields(json!({"status": "open"})))
}

pub(super) async fn escalate(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    changed(&shared, &id, store::fields(json!({"priority": "urgent"})))
}

pub(super) async fn messages(
    _: Caller,
    State(shared): State<Arc<Shared>>,
    Id(id): Id,
    parameters: Parameters,
) -> Response {
    let store = lock(&shared.store);
    if store::find(&store.linktor_conversations, "id", &id).is_none() {
        return unknown();
    }
    let messages = store.linktor_messages.iter().filter(|message| message["conversation_id"] == id.as_str());
    listed(cut(messages.collect::<Vec<_>>(), &parameters))
}

pub(super) async fn send(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id, body: Bytes) -> Response {
    let sent = object(&body).unwrap_or_default();
    if !missing(&sent, &["content_type", "content"]).is_empty() {
        return invalid("content_type and content are required");
    }
    let metadata = sent.get("metadata").map(|metadata| metadata.as_object().is_some_and(is_text));
    if metadata == Some(false) {
        return invalid("metadata must be an object of strings");
    }
    let mut store = lock(&shared.store);
    if store::find(&store.linktor_conversations, "id", &id).is_none() {
        return unknown();
    }
    let mut message = store::fields(json!({
        "conversation_id": id,
        "sender_type": "user",
        "sender_id": user()["id"],
        "status": "sent",
        "sent_at": fixtures::READ_AT,
    }));
    message.extend(sent);
    created(store::write(&mut store.linktor_messages, "", message))
}

pub(super) async fn message(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    match store::find(&lock(&shared.store).linktor_messages, "id", &id) {
        Some(message) => success(StatusCode::OK, message),
        None => wrapped(StatusCode::NOT_FOUND, "MESSAGE_NOT_FOUND", "Message not found"),
    }
}

fn changed(shared: &Shared, id: &str, fields: Map<String, Value>) -> Response {
    match store::merge(&mut lock(&shared.store).linktor_conversations, id, fields) {
        Some(conversation) => success(StatusCode::OK, conversation),
        None => unknown(),
    }
}

fn unknown() -> Response {
    wrapped(StatusCode::NOT_FOUND, "CONVERSATION_NOT_FOUND", "Conversation not found")
}

fn is_text(object: &Map<String, Value>) -> bool {
    object.values().all(Value::is_string)
}
