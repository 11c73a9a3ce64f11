"""A sixth API: described once as data, by keywords or JSON, and spoken to like the built-in ones.

The API itself, a parcel service, is invented and runs in this process.

Run: python examples/python/own_provider.py
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from linktor import APIError, Linktor, Provider

PARCELS = Provider(
    name="parcels",
    credentials=["api_key", "password"],
    headers={"api_key": "raw", "organization": "x-depot", "request_id": "x-trace"},
    auth={
        "login": "/login",
        "test": {"path": "/whoami"},
        "grant": {
            "access_token": ["/session/token"],
            "expires_in": ["/session/seconds"],
            "organization": ["/depot"],
            "user": ["/clerk"],
        },
    },
    refreshable={"codes": ["SESSION_OVER"]},
    envelope={"keys": ["data", "more"], "list_keys": ["more"]},
    paging={"page_parameter": "p", "size_parameter": "n", "max_size": 50, "has_next": ["/more"]},
    errors={"code": ["/fault"], "message": ["/reason"]},
)


def main() -> None:
    # The document works in every language.
    document = Path(__file__).resolve().parents[1] / "rust" / "sixth_api.json"
    assert Provider.from_json(document.read_bytes()) == PARCELS, "the same, said twice"

    with ThreadingHTTPServer(("127.0.0.1", 0), ParcelService) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            use(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()


def use(base_url: str) -> None:
    with Linktor(provider=PARCELS, base_url=base_url, email="clerk@example.com", password="invented") as client:
        test = client.auth.test()
        session = client.auth.session()
        assert test.valid
        assert session is not None
        print(f"valid: {test.valid}, {test.data}")
        print(f"depot: {session.organization}")
        parcels = list(client.paginate("/parcels", params={"n": 2}))
        print(f"parcels {', '.join(parcels)}")
        assert len(parcels) == 5
        try:
            client.get("/lost")
            raise AssertionError("nothing is lost")
        except APIError as error:
            print(f"{error.kind}, code {error.code}: {error.message}")


class ParcelService(BaseHTTPRequestHandler):
    """The invented API."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        session = {"token": "parcel-token", "seconds": 600}
        self.answer(200, {"session": session, "depot": "north", "clerk": {"email": given["email"]}})

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if (self.headers["Authorization"], self.headers["X-Depot"]) != ("Bearer parcel-token", "north"):
            self.answer(401, {"fault": "SESSION_OVER", "reason": "log in again"})
        elif url.path == "/whoami":
            self.answer(200, {"name": "Clerk"})
        elif url.path == "/parcels":
            asked = parse_qs(url.query)
            page, size = int(asked["p"][0]), int(asked["n"][0])
            rows = ["P-1", "P-2", "P-3", "P-4", "P-5"]
            self.answer(200, {"data": rows[(page - 1) * size : page * size], "more": page * size < len(rows)})
        else:
            self.answer(404, {"fault": "NO_SUCH_PARCEL", "reason": "it is lost"})

    def answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


if __name__ == "__main__":
    main()
