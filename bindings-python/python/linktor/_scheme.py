"""How webhooks are signed and what their events hold, as types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from ._provider import Provider, ProviderDocument

SchemeName: TypeAlias = Literal[
    "linktor",
    "linktor_body",
    "libromi",
    "api_v1",
    "api_v2",
    "standard_webhooks",
    "standard_webhooks_v1a",
    "x_hub_signature_256",
]
"""A scheme by name.

``linktor`` is the HMAC of ``<X-Linktor-Timestamp>.<body>``: a captured delivery is good for the tolerance only.
``linktor_body``, ``libromi``, ``api_v1``, ``api_v2`` and ``x_hub_signature_256`` (GitHub, Meta) sign the body alone, so
that whoever captures a delivery can send it again at any time; only a `Deduplicator` that remembers the event stops
that. ``standard_webhooks`` is Standard Webhooks 1.0 with a shared secret (``whsec_…``), ``standard_webhooks_v1a`` that
with a key pair (``whpk_…``).
"""


class _HmacOptions(TypedDict, total=False):
    prefix: str
    """What stands before the hex digits. Default: nothing."""
    prefix_optional: bool
    """Whether the prefix may be missing. Default: it may not."""
    timestamp_header: str
    """The header that holds the time of the delivery in epoch seconds; it is signed too, as ``<time>.<body>``.

    Default: no time is signed, and nothing says when a delivery was made.
    """


class HmacSignature(_HmacOptions):
    """Hex HMAC-SHA256 (RFC 2104) of the body, or of ``<timestamp>.<body>``."""

    kind: Literal["hmac"]
    """Which kind of signature it is."""
    header: str
    """The header that holds the signature."""


class _StandardWebhooksOptions(TypedDict, total=False):
    version: Literal["v1", "v1a"]
    """Which of the listed signatures count: ``v1``, HMAC-SHA256, which is the default; ``v1a``, Ed25519."""
    id_header: str
    """The header that holds the event's id. Default: ``webhook-id``."""
    timestamp_header: str
    """The header that holds the time of the delivery in epoch seconds. Default: ``webhook-timestamp``."""
    signature_header: str
    """The header that holds the signatures. Default: ``webhook-signature``."""


class StandardWebhooksSignature(_StandardWebhooksOptions):
    """Standard Webhooks 1.0 (https://www.standardwebhooks.com): the signature of ``<id>.<timestamp>.<body>``."""

    kind: Literal["standard_webhooks"]
    """Which kind of signature it is."""


class EventFields(TypedDict, total=False):
    """Where an event's fields are: the first of several places that holds something.

    A place that is empty or begins with ``/`` is a JSON pointer (RFC 6901) into the body; any other is the name of a
    header, which can be anything unless the scheme signs it.
    """

    id: list[str]
    """The event's id. Default: ``/id``, or for Standard Webhooks the signed id."""
    type: list[str]
    """Its type. Default: ``/type``."""
    timestamp: list[str]
    """When it happened. Default: ``/timestamp``, ``/created_at``."""
    organization: list[str]
    """The organization or tenant that it belongs to. Default: nowhere."""
    data: list[str]
    """Its data, which is in the body. Default: ``/data``, or the whole body."""


class _SchemeOptions(TypedDict, total=False):
    event: EventFields
    """Where an event's fields are. Default: where most have them."""


class Scheme(_SchemeOptions):
    """A scheme of your own."""

    signature: HmacSignature | StandardWebhooksSignature
    """How a delivery is signed."""


AnyScheme: TypeAlias = "SchemeName | str | Scheme | Provider | ProviderDocument"
"""A scheme's name, a `Scheme` of your own, or a `linktor.Provider` that has one as its ``webhook``, or its document."""

EventType: TypeAlias = Literal[
    "message.received",
    "message.sent",
    "message.delivered",
    "message.read",
    "message.failed",
    "conversation.created",
    "conversation.updated",
    "conversation.resolved",
    "conversation.assigned",
    "contact.created",
    "contact.updated",
    "contact.deleted",
    "channel.connected",
    "channel.disconnected",
    "channel.error",
    "bot.started",
    "bot.stopped",
    "flow.started",
    "flow.completed",
    "flow.failed",
    "chatbot.triggered",
]
"""The types of events that the systems publish: ``typing.get_args(EventType)`` lists them. Others are as they come."""
