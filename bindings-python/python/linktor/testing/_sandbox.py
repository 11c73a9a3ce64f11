"""The sandbox as tests drive it."""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Literal, TypeAlias, cast
from urllib.parse import urlsplit

from .._async_client import AsyncLinktor
from .._client import Linktor
from .._credentials import CredentialOptions
from .._options import ClientOptions
from ._deliveries import report
from ._journal import entry
from ._process import Process, SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self, Unpack

    from ._deliveries import DeliveryOptions, Report, WebhookFamily
    from ._journal import Entry
    from ._script import Answer

Family: TypeAlias = Literal["linktor", "linkit", "libromi", "api_v2", "api_v1"]
"""An API family."""

Call: TypeAlias = Literal["expire", "revoke", "clock", "sessions", "limits"]
"""A call of `Sandbox.control`."""


class SandboxOptions(ClientOptions, total=False):
    """The options of a client of the sandbox."""

    api_key: str
    """The API key. Default: the family's, unless there is another credential."""


class Sandbox:
    """A sandbox in a process of its own, on a free port of this machine.

    It runs from here on, and ends with `stop`, at the end of a ``with``, or with this process. Safe for use by many
    threads. What it keeps, it keeps until `reset`.

    >>> with Sandbox() as sandbox:
    ...     sandbox.client().post("/contacts", json={"name": "Ada"})
    ...     sandbox.client("libromi", max_retries=0).get("/contacts").data()
    """

    url: str
    """Where it is: ``http://127.0.0.1:40001``."""
    base_urls: Mapping[str, str]
    """Each family's ``base_url``."""
    auth_urls: Mapping[str, str]
    """Each family's ``auth_url``, of those that have OAuth."""
    credentials: Mapping[str, Mapping[str, str]]
    """What each family knows, invented and always the same.

    ``api_key``, ``read_only_key``, ``access_token``, ``expired_token``, ``refresh_token``, ``email``, ``password``,
    ``organization``, ``client_id``, ``client_secret``, ``redirect_uri``, ``jwt_secret``, ``webhook_secret``: those that
    it has. ``standard_webhooks`` and ``x_hub_signature_256`` have a ``webhook_secret`` too.
    """

    def __init__(self) -> None:
        """Start it, and wait until it is ready.

        The program is ``LINKTOR_SANDBOX`` of the environment, else that of the package ``linktor-sandbox``, else the
        one on the ``PATH``.

        Raises:
            SandboxError: It is not installed, of another version, or does not start; the message says what to do.
        """
        self._process = Process()
        ready = self._process.ready
        self.url, self.base_urls, self.auth_urls = ready["url"], ready["base_urls"], ready["auth_urls"]
        self.credentials = ready["credentials"]

    def client(self, family: Family = "linktor", **options: Unpack[SandboxOptions]) -> Linktor:
        """Make a client of a family, with its API key unless the options have another credential."""
        return Linktor(**self.options(family, **options))

    def async_client(self, family: Family = "linktor", **options: Unpack[SandboxOptions]) -> AsyncLinktor:
        """Make an async client of a family, as `client` does."""
        return AsyncLinktor(**self.options(family, **options))

    def options(self, family: Family = "linktor", **options: Unpack[SandboxOptions]) -> SandboxOptions:
        """Give the options of a client of a family: for presets, and for classes of one's own.

        >>> APIClient(**sandbox.options("api_v2", max_retries=0))

        Args:
            family: The API family.
            **options: See `ClientOptions`. What is given replaces the sandbox's own.

        Raises:
            SandboxError: There is no such family.
        """
        if family not in self.base_urls:
            raise SandboxError(f"there is no family {family!r}; there are {', '.join(self.base_urls)}")
        own: SandboxOptions = {"provider": family, "base_url": self.base_urls[family]}
        if family in self.auth_urls:
            own["auth_url"] = self.auth_urls[family]
        if not options.keys() & CredentialOptions.__optional_keys__:
            own["api_key"] = self.credentials[family]["api_key"]
        return cast("SandboxOptions", {**own, **options})

    def script(self, *answers: Answer) -> None:
        """Append answers: each request to a family takes the first one that matches it, and then its own again.

        >>> sandbox.script({"status": 503, "headers": {"Retry-After": "1"}}, {"reset": True})
        >>> sandbox.script({"json": {"data": []}, "match": {"path": "/api/v1/contacts"}})

        Raises:
            SandboxError: An answer contradicts itself; none is appended.
        """
        self._ask("script", {"answers": answers})

    def journal(self) -> list[Entry]:
        """Read all requests to the families, oldest first; the last 20,000 are kept."""
        return [entry(record) for record in self._ask("journal")["entries"]]

    def control(self, call: Call, **arguments: object) -> None:
        """Change how the sandbox behaves.

        >>> sandbox.control("expire", family="linktor")  # all access tokens so far
        >>> sandbox.control("clock", advance=3600)
        >>> sandbox.control("limits", family="api_v2", limits=[{"limit": 2, "window": 60}])

        Args:
            call: ``expire`` counts access tokens as expired, and ``revoke`` ends sessions: all of a ``family``, or
                those of one ``token``. ``clock`` moves the clock on by ``advance`` seconds. ``sessions`` says how those
                of a ``family`` behave: ``access_life``, ``refresh_life`` (seconds), ``rotation`` (``none``, ``soft``,
                ``strict``, ``overlap``), ``login_shape``, ``expires_at``. ``limits`` sets those of a ``family``:
                ``published`` (with a ``tier``), ``open``, or a list of ``limit``, ``window`` (seconds), ``class``.
            **arguments: The call's own.

        Raises:
            SandboxError: The call is malformed; nothing is changed.
        """
        self._ask(call, arguments)

    def deliver(
        self, url: str, event: str, *, family: WebhookFamily = "linktor", **options: Unpack[DeliveryOptions]
    ) -> Report:
        """Deliver an event to a receiver of webhooks, and wait until it is received, or given up.

        A delivery that is not answered with a 2xx in 10 seconds is made again at once, as often as the family would.
        Where the receiver is of the same event loop, it must not be blocked: ``await asyncio.to_thread(sandbox.deliver,
        …)``.

        >>> report = sandbox.deliver("http://127.0.0.1:8000/hooks", "message.received")
        >>> [delivery.status for delivery in report.deliveries]
        [200]

        Args:
            url: Where the receiver is, over plain http.
            event: The event's type.
            family: How it is signed and written.
            **options: See `DeliveryOptions`.

        Raises:
            SandboxError: The call is malformed; nothing is delivered. A receiver that is not there is no error.
        """
        return report(self._ask("webhooks", {"url": url, "event": event, "family": family, **options}, None))

    def reset(self) -> None:
        """Make it as new: journal, script, limits, sessions, settings, clock, and what was written."""
        self._ask("reset", {})

    def stop(self) -> None:
        """End it. Clients of it can connect no more."""
        self._process.stop()

    def _ask(self, call: str, body: object = None, seconds: float | None = 10) -> dict[str, Any]:
        # The proxies of the environment are not for it.
        with closing(HTTPConnection(urlsplit(self.url).netloc, timeout=seconds)) as connection:
            try:
                if body is None:
                    connection.request("GET", f"/_sandbox/{call}")
                else:
                    connection.request("POST", f"/_sandbox/{call}", json.dumps(body))
                answer = connection.getresponse()
                answered: dict[str, Any] = json.load(answer)
            except (OSError, HTTPException) as error:
                raise SandboxError(f"the sandbox does not answer ({error}); {self._process.state()}") from error
        if answer.status != 200:
            raise SandboxError(f"{call}: {answered['error']}")
        return answered

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        where = self.url if hasattr(self, "url") else "that did not start"
        return f"<{type(self).__name__} {where}>"
