"""Client for the Linktor, Linkit and Libromi Connect APIs, sync and async.

>>> from linktor import Linktor
>>> client = Linktor(api_key="YOUR_API_KEY")
>>> client.get("/contacts", params={"limit": 20}).data()
"""

from ._native import VERSION, Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import jwt, webhooks
    from ._async_client import AsyncAPIClient, AsyncLibromiConnect, AsyncLinkit, AsyncLinktor
    from ._auth import AsyncAuth, Auth, AuthorizationRequest, AuthTest, Session
    from ._client import APIClient, LibromiConnect, Linkit, Linktor
    from ._credentials import JWT, CredentialOptions, OAuth, Token, TokenSource
    from ._errors import (
        APIConnectionError,
        APIError,
        AuthenticationError,
        CallbackError,
        ClientClosedError,
        ConfigError,
        ConflictError,
        DecodeError,
        InvalidRequestError,
        LinktorError,
        NotFoundError,
        PermissionDeniedError,
        ProtocolError,
        QuotaExceededError,
        RateLimitError,
        RequestTimeoutError,
        ServerError,
        TokenStoreError,
        ValidationError,
        WebhookVerificationError,
    )
    from ._headers import Headers
    from ._options import ClientOptions
    from ._pages import AsyncPaginator, Page, Paginator
    from ._provider import Provider, ProviderDocument
    from ._rate_limit import Limit, RateLimit
    from ._request import PageOptions, RequestOptions
    from ._token_store import LockingTokenStore, TokenStore
    from ._transport import Transport, TransportRequest, TransportResponse

__version__ = VERSION

__all__ = [
    "JWT",
    "APIClient",
    "APIConnectionError",
    "APIError",
    "AsyncAPIClient",
    "AsyncAuth",
    "AsyncLibromiConnect",
    "AsyncLinkit",
    "AsyncLinktor",
    "AsyncPaginator",
    "Auth",
    "AuthTest",
    "AuthenticationError",
    "AuthorizationRequest",
    "CallbackError",
    "ClientClosedError",
    "ClientOptions",
    "ConfigError",
    "ConflictError",
    "CredentialOptions",
    "DecodeError",
    "Headers",
    "InvalidRequestError",
    "LibromiConnect",
    "Limit",
    "Linkit",
    "Linktor",
    "LinktorError",
    "LockingTokenStore",
    "NotFoundError",
    "OAuth",
    "Page",
    "PageOptions",
    "Paginator",
    "PermissionDeniedError",
    "ProtocolError",
    "Provider",
    "ProviderDocument",
    "QuotaExceededError",
    "RateLimit",
    "RateLimitError",
    "RequestOptions",
    "RequestTimeoutError",
    "Response",
    "ServerError",
    "Session",
    "Token",
    "TokenSource",
    "TokenStore",
    "TokenStoreError",
    "Transport",
    "TransportRequest",
    "TransportResponse",
    "ValidationError",
    "WebhookVerificationError",
    "__version__",
    "jwt",
    "webhooks",
]

_MODULES = {
    "AsyncAPIClient": "_async_client",
    "AsyncLibromiConnect": "_async_client",
    "AsyncLinkit": "_async_client",
    "AsyncLinktor": "_async_client",
    "AsyncAuth": "_auth",
    "Auth": "_auth",
    "AuthorizationRequest": "_auth",
    "AuthTest": "_auth",
    "Session": "_auth",
    "APIClient": "_client",
    "LibromiConnect": "_client",
    "Linkit": "_client",
    "Linktor": "_client",
    "JWT": "_credentials",
    "CredentialOptions": "_credentials",
    "OAuth": "_credentials",
    "Token": "_credentials",
    "TokenSource": "_credentials",
    "APIConnectionError": "_errors",
    "APIError": "_errors",
    "AuthenticationError": "_errors",
    "CallbackError": "_errors",
    "ClientClosedError": "_errors",
    "ConfigError": "_errors",
    "ConflictError": "_errors",
    "DecodeError": "_errors",
    "InvalidRequestError": "_errors",
    "LinktorError": "_errors",
    "NotFoundError": "_errors",
    "PermissionDeniedError": "_errors",
    "ProtocolError": "_errors",
    "QuotaExceededError": "_errors",
    "RateLimitError": "_errors",
    "RequestTimeoutError": "_errors",
    "ServerError": "_errors",
    "TokenStoreError": "_errors",
    "ValidationError": "_errors",
    "WebhookVerificationError": "_errors",
    "Headers": "_headers",
    "ClientOptions": "_options",
    "AsyncPaginator": "_pages",
    "Page": "_pages",
    "Paginator": "_pages",
    "Provider": "_provider",
    "ProviderDocument": "_provider",
    "Limit": "_rate_limit",
    "RateLimit": "_rate_limit",
    "PageOptions": "_request",
    "RequestOptions": "_request",
    "LockingTokenStore": "_token_store",
    "TokenStore": "_token_store",
    "Transport": "_transport",
    "TransportRequest": "_transport",
    "TransportResponse": "_transport",
}
"""Where a name is: a program loads what it uses."""

if not TYPE_CHECKING:
    # A checker that saw this would find any name here.

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name in {"jwt", "webhooks"}:
            return import_module(f"{__name__}.{name}")
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
