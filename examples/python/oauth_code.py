"""The OAuth authorization code flow with PKCE: a user agrees in a browser, comes back, and the client is theirs.

Run: python examples/python/oauth_code.py
"""

import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

from linktor import APIClient, AuthorizationRequest, OAuth, PermissionDeniedError
from linktor.testing import Sandbox


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
    with Sandbox() as sandbox:
        known = sandbox.credentials["api_v2"]
        oauth = OAuth(client_id=known["client_id"], client_secret=known["client_secret"])
        with APIClient(
            oauth=oauth, base_url=sandbox.base_urls["api_v2"], auth_url=sandbox.auth_urls["api_v2"]
        ) as client:
            log_in(client)
            users = client.get("/users").data()
            print(f"the user lets us read {len(users)} users")
            try:
                client.post("/users", json={"name": "Ada"})
                raise AssertionError("the user never agreed to that")
            except PermissionDeniedError as error:
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


if __name__ == "__main__":
    main()
