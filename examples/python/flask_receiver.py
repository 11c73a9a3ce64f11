"""A receiver of webhooks in Flask, a URL for each tenant: an event that could not be handled is, when it comes again.

Run: python examples/python/flask_receiver.py
"""

import logging
import threading
from itertools import count

from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.serving import make_server

from linktor import webhooks
from linktor.testing import Sandbox


def create_app(secret: str, handled: list[str]) -> Flask:
    app = Flask(__name__)
    receiver = webhooks.Receiver("linktor", secret)
    deliveries = count(1)

    @app.post("/webhooks/<tenant>")
    @receiver.flask
    def on_event(event: webhooks.Event, tenant: str) -> ResponseReturnValue | None:
        if next(deliveries) == 1:
            return "the database is away", 503
        handled.append(f"{tenant}: {event.type} of {event.organization}")
        return None

    return app


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    handled: list[str] = []
    with Sandbox() as sandbox:
        app = create_app(sandbox.credentials["linktor"]["webhook_secret"], handled)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.port}/webhooks/north"
            # The sandbox does not wait, as the sender would, before it delivers again.
            report = sandbox.deliver(url, "conversation.created", times=2)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
    for delivery in report.deliveries:
        print(f"after {delivery.after:.0f} s: {delivery.status} {delivery.body}")
    print(f"handled: {handled}")
    assert [delivery.status for delivery in report.deliveries] == [503, 200, 200]
    assert len(handled) == 1


if __name__ == "__main__":
    main()
