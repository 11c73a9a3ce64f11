"""The OAuth authorization code flow with PKCE: a user agrees in a browser, comes back, and the client is theirs.

Run: python examples/python/oauth_code.py
"""

import json
import os
import subprocess
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

from linktor import APIClient, AuthorizationRequest, LinktorError, OAuth


class CameBack(BaseHTTPRequestHandler):
    """Where the user comes back to."""

    urls: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.urls.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"You may close this window.")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


def main() -> None:
    with subprocess.Popen([sandbox()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        ready = json.loads(server.stdout.readline())
        known = ready["credentials"]["api_v2"]
        oauth = OAuth(client_id=known["client_id"], client_secret=known["client_secret"])
        urls = {"base_url": ready["base_urls"]["api_v2"], "auth_url": ready["auth_urls"]["api_v2"]}
        with APIClient(oauth=oauth, **urls) as client:
            log_in(client)
            print(f"the user lets us read {len(client.get('/users').data())} users")
            try:
                client.post("/users", json={"name": "Ada"})
                print("and write them")
            except LinktorError as error:
                print(f"but not write them: {error}")


def log_in(client: APIClient) -> None:
    with HTTPServer(("127.0.0.1", 0), CameBack) as receiver:
        redirect_uri = f"http://127.0.0.1:{receiver.server_port}/callback"
        # Another process may take the request up, so it goes into a session as JSON.
        kept = client.auth.authorize_url(["read:users", "read:projects"], redirect_uri).to_json()
        request = AuthorizationRequest.from_json(kept)
        print(f"send the user to {request.url.partition('?')[0]}")
        browser = threading.Thread(target=browse, args=(request.url,))
        browser.start()
        receiver.handle_request()
        browser.join()
    client.auth.exchange_code(CameBack.urls[0], request)


def browse(url: str) -> None:
    """Stands in for the user's browser: follows redirects until a page comes."""
    urllib.request.urlopen(url).close()


def sandbox() -> Path:
    """The sandbox's binary: `cargo build -p linktor-sandbox` makes it."""
    target = Path(__file__).resolve().parents[2] / "target"
    places = [os.environ.get("LINKTOR_SANDBOX"), target / "release/linktor-sandbox", target / "debug/linktor-sandbox"]
    return next(Path(place) for place in places if place and Path(place).is_file())


if __name__ == "__main__":
    main()
