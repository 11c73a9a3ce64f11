"""Providers of one's own: an API family as data, checked when it is made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from . import _native
from ._errors import ConfigError
from ._json import written
from ._scheme import Scheme  # noqa: TC001

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack


class Provider(Mapping[str, Any]):
    """An API of your own, as data: for a client's ``provider``, and for webhooks if it has a ``webhook``.

    It reads as a mapping, which holds the defaults too, and is never changed. Two that say the same are equal.

    >>> from linktor import Linktor, Provider
    >>> parcels = Provider(
    ...     name="parcels",
    ...     base_url="https://api.parcels.example/v3",
    ...     credentials=["api_key", "password"],
    ...     headers={"api_key": "raw", "organization": "x-depot"},
    ...     auth={"login": "/login", "grant": {"access_token": ["/session/token"]}},
    ...     paging={"size_parameter": "limit", "has_next": ["/more"]},
    ... )
    >>> Linktor("YOUR_API_KEY", provider=parcels)
    Linktor(provider='parcels')
    >>> parcels["paging"]["max_size"]
    100
    """

    __slots__ = ("_document",)

    _document: str

    def __init__(self, **fields: Unpack[ProviderDocument]) -> None:
        """Make a provider.

        Args:
            **fields: See `ProviderDocument`; ``name`` and ``credentials`` must be there.

        Raises:
            ConfigError: A field is unknown, missing, not of its type, or contradicts another; the message names it.
        """
        self._document = _native.provider(written(fields))

    @classmethod
    def from_json(cls, document: str | bytes | Mapping[str, object]) -> Self:
        """Read a provider from its JSON, in UTF-8, or from what was parsed of it: see `ProviderDocument`.

        >>> Provider.from_json('{"name": "parcels", "credentials": ["api_key"]}')
        <Provider 'parcels'>

        Raises:
            ConfigError: It is no JSON object, or no provider, as in `Provider`.
        """
        return cls._read(_text(document))

    @classmethod
    def named(cls, name: str) -> Self:
        """Give a built-in family as data: ``linktor``, ``linkit``, ``libromi``, ``api_v1`` or ``api_v2``.

        >>> Provider.named("linkit")["headers"]["organization"]
        'x-organization-id'

        Raises:
            ConfigError: There is no such family.
        """
        return cls._read(json.dumps(str(name)))

    def replace(self, **changes: Unpack[ProviderChanges]) -> Self:
        """Make another provider, that differs in some fields. Each is replaced as a whole.

        >>> api_v1 = Provider.named("api_v1")
        >>> mine = api_v1.replace(base_url="https://api.example.org/v1", paging=api_v1["paging"] | {"max_size": 50})
        >>> mine["paging"]["max_size"], mine["paging"]["total"]
        (50, ['/pagination/total'])

        Raises:
            ConfigError: The outcome is no provider, as in `Provider`.
        """
        return self.from_json({**self, **changes})

    def to_json(self) -> str:
        """Write it as JSON, with the defaults of what it left out: other languages read it too."""
        return self._document

    @classmethod
    def _read(cls, document: str) -> Self:
        provider = cls.__new__(cls)
        provider._document = _native.provider(document)
        return provider

    def __getitem__(self, field: str) -> Any:
        # Parsed anew each time, so that nobody holds a part of it that can be changed.
        return json.loads(self._document)[field]

    def __iter__(self) -> Iterator[str]:
        return iter(json.loads(self._document))

    def __len__(self) -> int:
        return len(json.loads(self._document))

    def __eq__(self, other: object) -> bool:
        return self._document == other._document if isinstance(other, Provider) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._document)

    def __repr__(self) -> str:
        return f"<Provider {self['name']!r}>"


CredentialKind: TypeAlias = Literal["api_key", "bearer", "password", "oauth", "jwt", "source"]
"""A kind of credential, by the option that gives it.

``api_key``; ``bearer``: ``access_token``; ``password``: ``email`` and ``password``; ``oauth``; ``jwt``; ``source``:
``token_source``.
"""

Written: TypeAlias = Literal["bearer", "raw"]
"""How a credential is written into ``Authorization``: after ``Bearer`` (RFC 6750), or alone."""


class Environment(TypedDict, total=False):
    """Names of environment variables that are read for options left out. Without a name none is read."""

    api_key: str
    """That of the API key."""
    base_url: str
    """That of the base URL."""
    organization: str
    """That of the organization."""
    allow_insecure_http: str
    """That which allows plain http to hosts that are not loopback, if its value is ``1``."""


class HeaderRules(TypedDict, total=False):
    """The headers of every request that carries a credential."""

    api_key: Written
    """How an API key is written. Default: ``bearer``."""
    token: Written
    """How every other credential is written. Default: ``bearer``."""
    organization: str
    """The header that names the organization. Default: none."""
    request_id: str
    """The header that carries the request id, both ways. Default: none."""
    client_version: str
    """The header that carries the client's version. Default: none."""
    fixed: dict[str, str]
    """Headers that are always the same, by name. Default: none."""
    always_json: bool
    """Whether requests without a body say ``Content-Type: application/json`` too. Default: they do not."""


class Codes(TypedDict):
    """The 401 that is worth a renewal, by its error's code."""

    codes: list[str]
    """Its codes, of which the error has one."""


class OAuthRules(TypedDict, total=False):
    """The OAuth 2.0 endpoints (RFC 6749). The token endpoint takes JSON."""

    url: str
    """What the paths are under. Default: the root of the base URL's host."""
    authorize: str
    """Where a user agrees. Default: ``/oauth/authorize``."""
    token: str
    """Where codes and refresh tokens are exchanged. Default: ``/oauth/token``."""


class _TestCallOptions(TypedDict, total=False):
    query: list[tuple[str, str]]
    """Query parameters, as names and values. Default: none."""
    valid: list[str]
    """JSON pointers to a boolean of the answer that says the same. Default: none."""


class TestCall(_TestCallOptions):
    """A GET that succeeds if the credential is good, and answers 401 if it is not."""

    path: str
    """The path under the base URL."""


class GrantFields(TypedDict, total=False):
    """JSON pointers (RFC 6901) into a token endpoint's answer; the first that finds something is taken."""

    access_token: list[str]
    """The access token. Default: ``/access_token``."""
    refresh_token: list[str]
    """The refresh token. Default: ``/refresh_token``."""
    expires_in: list[str]
    """Seconds that the access token lives. Default: ``/expires_in``."""
    expires_at: list[str]
    """When the access token ends: RFC 3339, or seconds since 1970. Default: ``/expires_at``."""
    organization: list[str]
    """The user's organization. Default: none."""
    user: list[str]
    """The user. Default: ``/user``."""


class AuthRules(TypedDict, total=False):
    """The endpoints that give and test credentials. Without them there are API keys and ready-made tokens only."""

    login: str
    """Takes ``{"email", "password"}`` by POST; a path under the base URL. Default: there is no login."""
    refresh: str
    """Takes ``{"refresh_token"}`` by POST; a path under the base URL. Default: there is no refresh."""
    oauth: OAuthRules
    """The OAuth 2.0 endpoints. Default: there are none; ``{}`` is those of most."""
    jwt_issuer: str
    """The ``iss`` of tokens that the client mints. Default: the user must say."""
    test: TestCall
    """The call of ``client.auth.test()``. Default: there is none."""
    grant: GrantFields
    """Where an answer of these endpoints keeps what."""


class _RouteOptions(TypedDict, total=False):
    method: str
    """The method, in upper case. Default: every one."""


class Route(_RouteOptions):
    """Requests by method and path."""

    path: str
    """The path under the base URL. ``*`` stands for one segment, ``**`` at the end for one or more."""


class RateClass(TypedDict):
    """Requests that the server counts together."""

    name: str
    """Its name; ``other`` is that of all requests that no class has."""
    routes: list[Route]
    """Its requests."""


_TierLimitOptions = TypedDict("_TierLimitOptions", {"class": str}, total=False)


class TierLimit(_TierLimitOptions):
    """So many requests in a window of time; of one ``class``, or by default of all together."""

    limit: int
    """How many requests, at least 1."""
    window: float
    """In how many seconds: more than zero, and at most a year."""


class NamedTier(TypedDict):
    """The tier of a client that names none, by its name."""

    named: str
    """One of ``tiers``."""


class RateRules(TypedDict, total=False):
    """How requests are counted, and what is published of their limits."""

    classes: list[RateClass]
    """The classes, of which the first that has the request takes it. Default: one class, ``other``."""
    tiers: dict[str, list[TierLimit]]
    """Published limits by the name of their tier, for the option ``limits``. Default: none."""
    default_tier: Literal["none", "credential"] | NamedTier
    """The tier of a client that names none. Default: ``none``, so that it must, or give limits of its own.

    ``credential`` is the tier called as the credential's kind: ``api_key``, ``jwt``, ``anonymous``, and ``oauth`` for
    every other token.
    """


class Paging(TypedDict, total=False):
    """How lists are asked for by pages, and where an answer says that there are more.

    Places are JSON pointers (RFC 6901), of which the first that finds something is taken. There is a next page if any
    of ``has_next``, ``pages`` and ``total`` says so, the page is not empty, and is the one that was asked for.
    """

    page_parameter: str
    """The query parameter that counts pages, from 1. Default: ``page``."""
    size_parameter: str
    """The query parameter for a page's size. Default: ``per_page``."""
    max_size: int
    """The largest size that is asked for. Default: 100."""
    items: list[str]
    """The list. Default: ``/data``, or the whole body, which is the empty pointer."""
    current: list[str]
    """The number of this page. Default: nowhere."""
    size: list[str]
    """The size of a page. Default: nowhere."""
    has_next: list[str]
    """A boolean: is there a next page? Default: nowhere."""
    pages: list[str]
    """The number of pages. Default: nowhere."""
    total: list[str]
    """The number of items in all pages. Default: nowhere."""


class Envelope(TypedDict, total=False):
    """How a success carries its payload.

    An object whose keys are all among ``keys``, and that has ``data`` or a boolean ``success``, is an envelope around
    ``data``.
    """

    keys: list[str]
    """The keys that an envelope may have. Default: there are no envelopes."""
    list_keys: list[str]
    """Those of them that mark a list, so that ``"data": null`` beside one is an empty list. Default: none."""
    failed_status: list[str]
    """Values of a text field ``status`` that mean failure, in lower case. Default: none."""


class ErrorFields(TypedDict, total=False):
    """JSON pointers (RFC 6901) into an error's body; the first that finds a text is taken. Default: nowhere."""

    code: list[str]
    """The machine's word for it."""
    message: list[str]
    """The sentence for people."""
    details: list[str]
    """Any JSON besides."""
    retry_after: list[str]
    """Seconds to wait, on a 429."""


class _ProviderOptions(TypedDict, total=False):
    base_url: str | None
    """Where the API is. Default: the user must say."""
    environment: Environment
    """The environment variables that are read for options left out. Default: none."""
    headers: HeaderRules
    """How a request is marked and signed."""
    refreshable: Literal["never", "always"] | Codes
    """Which 401 is worth one renewal of a renewable token. Default: ``never``."""
    auth: AuthRules
    """Where sessions come from."""
    unsafe_routes: list[Route]
    """Requests that are not tried again though their method is: reads that write, writes that fail when done twice.

    Default: none.
    """
    rate: RateRules
    """How requests are counted and limited."""
    paging: Paging
    """How lists are paged."""
    envelope: Envelope
    """How a success carries its payload."""
    errors: ErrorFields
    """Where an error's body says what."""
    webhook: Scheme | None
    """How its webhook deliveries are signed. Default: it is not known, and there is nothing to verify."""


class ProviderDocument(_ProviderOptions):
    """What a provider says: the keywords of `Provider`, and the fields of its JSON."""

    name: str
    """The family's name, in errors and in the token store: printable ASCII without spaces."""
    credentials: list[CredentialKind]
    """The kinds of credential that it knows."""


class ProviderChanges(_ProviderOptions, total=False):
    """What is to be another in a provider: any of the fields of a `ProviderDocument`."""

    name: str
    """Another name."""
    credentials: list[CredentialKind]
    """Other kinds of credential."""


def _text(document: str | bytes | Mapping[str, object]) -> str:
    if isinstance(document, Mapping):
        return written(document)
    try:
        text = document if isinstance(document, str) else str(document, "utf-8")
        text.encode()
    except (TypeError, UnicodeError):
        raise ConfigError("a provider must be JSON, as text or in UTF-8, or a mapping") from None
    return text
