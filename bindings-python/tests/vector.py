"""One case of tests/vectors/wire: its placeholders, its client, and what it remembers between steps."""

from __future__ import annotations

import http.client
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from linktor import JWT, AsyncLinktor, AuthorizationRequest, Limit, Linktor, OAuth
from linktor.testing import Call
from linktor.webhooks import Deduplicator
from own import AsyncWire, Store, Wire, store
from sandbox import Sandbox

PLACEHOLDER = re.compile(r"\$([a-z_]+)")


class Case:
    def __init__(self, case: dict[str, Any], sandbox: Sandbox, folder: Path) -> None:
        self._case, self._sandbox = case, sandbox
        self.family: str = case["client"].get("provider", "linktor")
        self.consent: AuthorizationRequest | None = None
        self.seen = Deduplicator(**case.get("deduplicator", {}))
        self.store: Store | None = None
        self._known = {
            **sandbox.credentials.get(self.family, {}),
            "sandbox": sandbox.url,
            "folder": str(folder),
        }

    def fill(self, value: Any) -> Any:
        """A value with what its placeholders stand for by now."""
        if isinstance(value, dict):
            return {key: self.fill(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner) for inner in value]
        if isinstance(value, str):
            return PLACEHOLDER.sub(lambda found: self._known.get(found[1], found[0]), value)
        return value

    def client(self, kind: type[Linktor] | type[AsyncLinktor], **own: Any) -> Linktor | AsyncLinktor:
        given = credentials(self.fill(self._case["client"]))
        if isinstance(given.get("limits"), list):
            given["limits"] = [Limit(own["limit"], own["window"], own.get("class")) for own in given["limits"]]
        if "base_url" not in given and self.family in self._sandbox.base_urls:
            given["base_url"] = self._sandbox.base_urls[self.family]
            if self.family in self._sandbox.auth_urls:
                given.setdefault("auth_url", self._sandbox.auth_urls[self.family])
        if "token_source" in self._case:
            given["token_source"] = self._source(is_async=kind is AsyncLinktor)
        if "token_store_own" in self._case:
            self.store = self.store or store(self.fill(self._case["token_store_own"]), is_async=kind is AsyncLinktor)
            given["token_store"] = self.store
        if "transport_own" not in self._case:
            return kind(**given, **own)
        wire = (AsyncWire if kind is AsyncLinktor else Wire)(self.fill(self._case["transport_own"]))
        client = kind(**given, **own, transport=wire)
        wire.client = client
        return client

    def control(self, call: Call, arguments: dict[str, Any]) -> None:
        # The clock is everybody's.
        family = {} if call == "clock" else {"family": self.family}
        self._sandbox.control(call, **{**family, **arguments})

    def ask_consent(self, request: AuthorizationRequest) -> AuthorizationRequest:
        """From here on its values are known."""
        challenge = parse_qs(urlsplit(request.url).query)["code_challenge"][0]
        self._known |= {"state": request.state, "verifier": request.verifier, "challenge": challenge}
        self.consent = request
        return request

    def authorize(self) -> None:
        """The user agrees, and is sent back."""
        assert self.consent is not None
        url = urlsplit(self.consent.url)
        connection = http.client.HTTPConnection(url.netloc)
        connection.request("GET", f"{url.path}?{url.query}")
        location = connection.getresponse().getheader("Location")
        connection.close()
        assert location is not None, "nobody was sent back"
        self._known["callback"] = location

    def _source(self, *, is_async: bool) -> Any:
        results = self.fill(self._case["token_source"])

        def next_token() -> Any:
            result = results.pop(0) if len(results) > 1 else results[0]
            if isinstance(result, dict) and "error" in result:
                raise RuntimeError(result["error"])
            return result

        async def next_token_async() -> Any:
            return next_token()

        return next_token_async if is_async else next_token


def credentials(options: dict[str, Any]) -> dict[str, Any]:
    """Options with the value types of the package."""
    given = dict(options)
    if isinstance(given.get("oauth"), dict):
        given["oauth"] = OAuth(**{"client_id": None, "client_secret": None, **given["oauth"]})
    if isinstance(given.get("jwt"), dict):
        given["jwt"] = JWT(**{"secret": None, "subject": None, **given["jwt"]})
    return given
