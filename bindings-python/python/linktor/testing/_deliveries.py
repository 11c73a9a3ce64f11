"""Webhook deliveries that the sandbox makes, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from typing import Any

WebhookFamily: TypeAlias = Literal[
    "linktor", "linktor_body", "libromi", "api_v1", "api_v2", "standard_webhooks", "x_hub_signature_256"
]
"""How a delivery is signed and written."""


class DeliveryOptions(TypedDict, total=False):
    """What else a delivery may be told."""

    data: object
    """The event's data, as JSON can express it. Default: an invented object."""
    secret: str
    """The receiver's secret. Default: the ``webhook_secret`` among the sandbox's credentials."""
    tamper: Literal["body", "signature", "timestamp", "stale", "secret", "unsigned"]
    """How it is spoilt: a byte of the body, of the signature, or the time is another after signing; it was signed an
    hour ago, or with another secret; it is not signed. Default: it is genuine."""
    times: int
    """Deliver the same event so many times, though it was received; at most 1,000. Default: once."""


@dataclass(frozen=True)
class Delivery:
    """One delivery of an event."""

    after: float
    """After how many seconds the sender would have made it; the sandbox waits for none."""
    status: int | None
    """What the receiver answered; `None` if it did not."""
    body: str | None = field(repr=False)
    """The first 64 KiB of its answer."""
    error: str | None
    """Why there was no answer."""


@dataclass(frozen=True)
class Report:
    """An event, and its deliveries until one was answered with a 2xx, or the sender gave up."""

    id: str | None
    """The event's id; `None` for ``libromi``, whose events have none."""
    deliveries: tuple[Delivery, ...]
    """The deliveries, in order."""


def report(record: dict[str, Any]) -> Report:
    """Read a report as the sandbox writes it."""
    deliveries = (
        Delivery(made["after"], made.get("status"), made.get("body"), made.get("error"))
        for made in record["deliveries"]
    )
    return Report(record["id"], tuple(deliveries))
