"""The options of a client, as types."""

from __future__ import annotations

import os  # noqa: TC003
from collections.abc import Awaitable, Callable, Mapping, Sequence  # noqa: TC003
from typing import Literal

from ._credentials import CredentialOptions
from ._provider import Provider  # noqa: TC001
from ._rate_limit import Limit  # noqa: TC001
from ._token_store import TokenStore  # noqa: TC001
from ._transport import AnyResponse, TransportRequest  # noqa: TC001


class ClientOptions(CredentialOptions, total=False):
    """The options of a client, all of them keywords. What is left out, or `None`, has its default."""

    provider: str | Provider | Mapping[str, object] | None
    """The API family: ``linktor``, ``linkit``, ``libromi``, ``api_v1``, ``api_v2``, or a `Provider` of your own.

    A `ProviderDocument` is taken too.
    """
    base_url: str | None
    """Where the API is. Default: ``<FAMILY>_BASE_URL`` from the environment, else the family's own."""
    auth_url: str | None
    """Where the OAuth endpoints are. Default: the family's own; with a ``base_url`` of your own there is none."""
    token_store: str | os.PathLike[str] | TokenStore | None
    """What keeps the session's tokens beyond this process. Default: memory.

    A file that its owner alone can read (on Windows, whoever its folder allows), and processes share; or a store of
    your own: see `TokenStore`.
    """
    transport: Callable[[TransportRequest], AnyResponse | Awaitable[AnyResponse]] | None
    """What sends requests, for mocks and recorders: see `Transport`. Default: the client's own."""
    organization: str | None
    """The organization of all calls that name none.

    Default: ``<FAMILY>_ORGANIZATION_ID`` from the environment, else the one that the first login names, if any.
    """
    timeout: float | None
    """Seconds that one attempt may take. Default: 30."""
    connect_timeout: float | None
    """Seconds that a connection may take to be made. Default: 10."""
    deadline: float | None
    """Seconds that a whole call may take, renewals and waits included. Default: no limit."""
    max_retries: int | None
    """How often a call is tried again at most. Default: 3, so that there are at most 4 attempts.

    With 0 each is sent at most once. GET, HEAD, OPTIONS, PUT and DELETE are tried again after a failed connection, a
    timeout, and a 408, 429, 500, 502, 503 or 504; POST and PATCH only where the server cannot have acted, unless the
    call says that it is ``idempotent``.
    """
    max_retry_wait: float | None
    """Seconds that the wait for a server's hint, or in the queue for a rate limit, may take. Default: 60.

    What asks for longer is an error at once, whose ``retry_after`` says for how long; 0 waits for none. A wait without
    a hint is no longer either.
    """
    retry_budget: int | None
    """How many tokens there are for trying again, shared by all handles. Default: 500; 0 allows no retry that costs.

    A retry costs 14, unless a 429 said when to come; a success gives back 1, or what its retry cost. When they are used
    up nothing is tried again, so that an outage is not multiplied.
    """
    pacing: Literal["reactive", "proactive", "off"] | None
    """Whether calls wait for a rate limit before they meet it. Default: ``reactive``.

    ``reactive`` obeys what the server has said: where it named no room until its reset, calls queue for it, and after
    a 429 all wait for its hint. ``proactive``, besides, never sends more than ``limits`` in any window, so that a
    process that is alone with its credential meets no 429. ``off`` sends at once, and each call waits for its own 429s.
    """
    limits: str | Sequence[Limit] | None
    """What ``pacing="proactive"`` keeps to: a tier of the provider's, or limits of your own, which all hold at once.

    The other kinds of pacing do not look at it.

    Tiers: ``published`` of ``linktor``; ``free`` and ``paid`` of ``libromi``; ``free``, ``pro`` and ``enterprise`` of
    ``api_v1``; ``api_key``, ``jwt``, ``oauth`` and ``anonymous`` of ``api_v2``. Default: the first of them; for
    ``api_v2`` that of the credential. ``linkit`` has none, and is proactive only with limits of your own.
    """
    max_connections: int | None
    """How many attempts may be under way at once; the rest queue in order. Default: 128."""
    headers: Mapping[str, str] | None
    """Headers of every call, besides the client's own."""
    client_version: str | None
    """What families that ask for the client's version are told. Default: this package's."""
    proxy: str | None
    """A proxy for everything but loopback. Default: from the environment, for https only."""
    root_certificates: str | bytes | None
    """Certificates in PEM that are trusted besides the machine's own."""
    allow_insecure_http: bool | None
    """Allow plain http to hosts that are not loopback, in a network of your own."""
