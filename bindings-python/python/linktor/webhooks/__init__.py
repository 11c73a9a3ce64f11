"""Webhooks: whether a delivery is what its sender signed, and signing as a sender does, for tests.

>>> from linktor import webhooks
>>> body = b'{"id": "evt_1", "type": "message.received", "data": {"content": "Hello"}}'
>>> headers = webhooks.sign("linktor", body, "invented-secret")
>>> event = webhooks.verify("linktor", body, headers, "invented-secret")
>>> event.type, event.data()["content"]
('message.received', 'Hello')

A `Verifier` keeps its keys, and a `Deduplicator` knows redeliveries; a `Receiver` does all of it, in Flask, FastAPI,
Starlette, Django, AWS Lambda, and anywhere else.
"""

from __future__ import annotations

from .._native import Deduplicator, Event
from .._scheme import (
    AnyScheme,
    EventFields,
    EventType,
    HmacSignature,
    Scheme,
    SchemeName,
    StandardWebhooksSignature,
)
from ._delivery import AnyDeduplicator, Begun, Delivery
from ._receiver import Receiver
from ._verifier import Body, Headers, Secret, Verifier, sign, verify, verify_signature

__all__ = [
    "AnyDeduplicator",
    "AnyScheme",
    "Begun",
    "Body",
    "Deduplicator",
    "Delivery",
    "Event",
    "EventFields",
    "EventType",
    "Headers",
    "HmacSignature",
    "Receiver",
    "Scheme",
    "SchemeName",
    "Secret",
    "StandardWebhooksSignature",
    "Verifier",
    "sign",
    "verify",
    "verify_signature",
]
