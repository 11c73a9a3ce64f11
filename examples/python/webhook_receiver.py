"""A receiver of webhooks without a framework: verified events, none of them handled twice. The sandbox delivers.

Run: python examples/python/webhook_receiver.py
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from linktor import webhooks
from linktor.testing import Sandbox

SIZE_LIMIT = 64 * 1024


class Hooks(BaseHTTPRequestHandler):
    """Where the sender delivers to."""

    receiver: ClassVar[webhooks.Receiver]
    contents: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        # One byte too many is enough to refuse it.
        body = self.rfile.read(max(0, min(length, SIZE_LIMIT + 1)))
        with self.receiver.receive(body, self.headers.items()) as delivery:
            if delivery.event is not None:
                self.contents.append(delivery.event.data()["content"])
        self.send_response(delivery.status)
        for name, value in delivery.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(delivery.body.encode())

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


def main() -> None:
    with Sandbox() as sandbox, ThreadingHTTPServer(("127.0.0.1", 0), Hooks) as server:
        secret = sandbox.credentials["linktor"]["webhook_secret"]
        Hooks.receiver = webhooks.Receiver("linktor", secret, size_limit=SIZE_LIMIT)
        threading.Thread(target=server.serve_forever).start()
        try:
            deliver(sandbox, f"http://127.0.0.1:{server.server_port}/webhooks")
        finally:
            server.shutdown()


def deliver(sandbox: Sandbox, url: str) -> None:
    report = sandbox.deliver(url, "message.received", data={"content": "Hello"}, times=2)
    statuses = [delivery.status for delivery in report.deliveries]
    print(f"delivered twice: answered {statuses}, handled {Hooks.contents}")
    assert (statuses, Hooks.contents) == ([200, 200], ["Hello"])

    report = sandbox.deliver(url, "message.received", data={"content": "Hello, Eve"}, tamper="body")
    refusals = {(delivery.status, delivery.body) for delivery in report.deliveries}
    print(f"tampered with: answered {refusals}, handled {Hooks.contents}")
    assert (refusals, Hooks.contents) == ({(401, "signature_mismatch")}, ["Hello"])


if __name__ == "__main__":
    main()
