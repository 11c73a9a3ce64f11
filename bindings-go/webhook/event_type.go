package webhook

import "slices"

// EventType is an event's type: one that a sender publishes, or any other as it came.
type EventType string

// The types of events that are published.
const (
	// MessageReceived: a contact wrote (Linktor, Libromi Connect).
	MessageReceived EventType = "message.received"
	// MessageSent: a message was sent (Linktor, Libromi Connect).
	MessageSent EventType = "message.sent"
	// MessageDelivered: a message reached the contact (Linktor).
	MessageDelivered EventType = "message.delivered"
	// MessageRead: the contact read a message (Linktor).
	MessageRead EventType = "message.read"
	// MessageFailed: a message could not be sent (Linktor).
	MessageFailed EventType = "message.failed"
	// ConversationCreated: a conversation began (Linktor).
	ConversationCreated EventType = "conversation.created"
	// ConversationUpdated: a conversation changed (Linktor).
	ConversationUpdated EventType = "conversation.updated"
	// ConversationResolved: a conversation was resolved (Linktor).
	ConversationResolved EventType = "conversation.resolved"
	// ConversationAssigned: a conversation was given to somebody (Linktor).
	ConversationAssigned EventType = "conversation.assigned"
	// ContactCreated: a contact was made (Linktor, Libromi Connect).
	ContactCreated EventType = "contact.created"
	// ContactUpdated: a contact changed (Linktor, Libromi Connect).
	ContactUpdated EventType = "contact.updated"
	// ContactDeleted: a contact was deleted (Linktor).
	ContactDeleted EventType = "contact.deleted"
	// ChannelConnected: a channel is connected (Linktor).
	ChannelConnected EventType = "channel.connected"
	// ChannelDisconnected: a channel is connected no more (Linktor).
	ChannelDisconnected EventType = "channel.disconnected"
	// ChannelError: a channel failed (Linktor).
	ChannelError EventType = "channel.error"
	// BotStarted: a bot began to answer (Linktor).
	BotStarted EventType = "bot.started"
	// BotStopped: a bot stopped answering (Linktor).
	BotStopped EventType = "bot.stopped"
	// FlowStarted: a flow began (Linktor).
	FlowStarted EventType = "flow.started"
	// FlowCompleted: a flow came to its end (Linktor).
	FlowCompleted EventType = "flow.completed"
	// FlowFailed: a flow failed (Linktor).
	FlowFailed EventType = "flow.failed"
	// ChatbotTriggered: a chatbot was triggered (Libromi Connect).
	ChatbotTriggered EventType = "chatbot.triggered"
)

// EventTypes are all types that have a constant here, sorted.
func EventTypes() []EventType {
	return slices.Sorted(slices.Values([]EventType{
		MessageReceived,
		MessageSent,
		MessageDelivered,
		MessageRead,
		MessageFailed,
		ConversationCreated,
		ConversationUpdated,
		ConversationResolved,
		ConversationAssigned,
		ContactCreated,
		ContactUpdated,
		ContactDeleted,
		ChannelConnected,
		ChannelDisconnected,
		ChannelError,
		BotStarted,
		BotStopped,
		FlowStarted,
		FlowCompleted,
		FlowFailed,
		ChatbotTriggered,
	}))
}
