"""A transport as a user writes one: the standard library's client, one connection a request."""

from __future__ import annotations

import asyncio
import http.client
from urllib.parse import urlsplit

from linktor import TransportRequest, TransportResponse


class Recorder:
    """Sends, and remembers what was sent."""

    def __init__(self) -> None:
        self.requests: list[TransportRequest] = []

    def __call__(self, request: TransportRequest) -> TransportResponse:
        self.requests.append(request)
        url = urlsplit(request.url)
        connection = http.client.HTTPConnection(url.netloc, timeout=request.timeout)
        try:
            path = f"{url.path}?{url.query}" if url.query else url.path
            connection.request(request.method, path, request.content or None, dict(request.headers))
            answer = connection.getresponse()
            return TransportResponse(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()


class AsyncRecorder(Recorder):
    async def __call__(self, request: TransportRequest) -> TransportResponse:  # type: ignore[override]
        return await asyncio.to_thread(super().__call__, request)
