//! The types of events that the families publish.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! event_types {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// An event's type: one that a family publishes, or any other as it came.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum EventType {
            $($(#[$doc])* $variant,)+
            /// One that this version does not know by name.
            Other(String),
        }

        impl EventType {
            /// Every type that has a name here.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The type as the sender writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Other(name) => name,
                }
            }
        }

        impl From<String> for EventType {
            fn from(name: String) -> Self {
                match name.as_str() {
                    $($name => Self::$variant,)+
                    _ => Self::Other(name),
                }
            }
        }
    };
}

event_types! {
    /// A contact wrote (Linktor, Libromi Connect).
    MessageReceived = "message.received",
    /// A message was sent (Linktor, Libromi Connect).
    MessageSent = "message.sent",
    /// A message reached the contact (Linktor).
    MessageDelivered = "message.delivered",
    /// The contact read a message (Linktor).
    MessageRead = "message.read",
    /// A message could not be sent (Linktor).
    MessageFailed = "message.failed",
    /// A conversation began (Linktor).
    ConversationCreated = "conversation.created",
    /// A conversation changed (Linktor).
    ConversationUpdated = "conversation.updated",
    /// A conversation was resolved (Linktor).
    ConversationResolved = "conversation.resolved",
    /// A conversation was given to somebody (Linktor).
    ConversationAssigned = "conversation.assigned",
    /// A contact was made (Linktor, Libromi Connect).
    ContactCreated = "contact.created",
    /// A contact changed (Linktor, Libromi Connect).
    ContactUpdated = "contact.updated",
    /// A contact was deleted (Linktor).
    ContactDeleted = "contact.deleted",
    /// A channel is connected (Linktor).
    ChannelConnected = "channel.connected",
    /// A channel is connected no more (Linktor).
    ChannelDisconnected = "channel.disconnected",
    /// A channel failed (Linktor).
    ChannelError = "channel.error",
    /// A bot began to answer (Linktor).
    BotStarted = "bot.started",
    /// A bot stopped answering (Linktor).
    BotStopped = "bot.stopped",
    /// A flow began (Linktor).
    FlowStarted = "flow.started",
    /// A flow came to its end (Linktor).
    FlowCompleted = "flow.completed",
    /// A flow failed (Linktor).
    FlowFailed = "flow.failed",
    /// A chatbot was triggered (Libromi Connect).
    ChatbotTriggered = "chatbot.triggered",
}

impl From<&str> for EventType {
    fn from(name: &str) -> Self {
        name.to_owned().into()
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
