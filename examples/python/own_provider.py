"""A sixth API: described once as data, by keywords or JSON, and spoken to like the built-in ones.

The API itself, a parcel service, is invented: the sandbox answers as it would.

Run: python examples/python/own_provider.py
"""

from pathlib import Path

from linktor import Linktor, NotFoundError, Provider
from linktor.testing import Answer, Sandbox

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


LOGIN: Answer = {
    "json": {
        "session": {"token": "parcel-token", "seconds": 600},
        "depot": "north",
        "clerk": {"email": "clerk@example.com"},
    }
}


def main() -> None:
    # The document works in every language.
    document = Path(__file__).resolve().parents[1] / "rust" / "sixth_api.json"
    assert Provider.from_json(document.read_bytes()) == PARCELS, "the same, said twice"

    with Sandbox() as sandbox:
        base_url = sandbox.base_urls["linktor"]
        with Linktor(provider=PARCELS, base_url=base_url, email="clerk@example.com", password="invented") as client:
            use(client, sandbox)


def use(client: Linktor, sandbox: Sandbox) -> None:
    sandbox.script(LOGIN, {"json": {"name": "Clerk"}})
    test = client.auth.test()
    session = client.auth.session()
    print(f"valid: {test.valid}, {test.data}")
    assert test.valid
    assert session is not None
    print(f"depot: {session.organization}")

    sandbox.script(
        {"json": {"data": ["P-1", "P-2"], "more": True}},
        # The session ends between two pages.
        {"status": 401, "json": {"fault": "SESSION_OVER", "reason": "log in again"}},
        LOGIN,
        {"json": {"data": ["P-3"], "more": False}},
    )
    parcels = list(client.paginate("/parcels", params={"n": 2}))
    print(f"parcels {', '.join(parcels)}")
    assert parcels == ["P-1", "P-2", "P-3"]

    calls = [(entry.path.rpartition("/")[2], entry.query) for entry in sandbox.journal()]
    page_1, page_2 = ("parcels", "n=2&p=1"), ("parcels", "n=2&p=2")
    assert calls == [("login", None), ("whoami", None), page_1, page_2, ("login", None), page_2], calls
    sent = sandbox.journal()[-1].headers
    assert (sent["Authorization"], sent["X-Depot"]) == ("Bearer parcel-token", "north")

    sandbox.script({"status": 404, "json": {"fault": "NO_SUCH_PARCEL", "reason": "it is lost"}})
    try:
        client.get("/lost")
        raise AssertionError("nothing is lost")
    except NotFoundError as error:
        print(f"{error.kind}, code {error.code}: {error.message}")


if __name__ == "__main__":
    main()
