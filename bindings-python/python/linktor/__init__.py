"""Client for the Linktor, Linkit and Libromi Connect APIs, sync and async.

>>> from linktor import Linktor
>>> client = Linktor(api_key="YOUR_API_KEY")
>>> client.get("/contacts", params={"limit": 20}).data()
"""

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
from ._native import VERSION, Response
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
