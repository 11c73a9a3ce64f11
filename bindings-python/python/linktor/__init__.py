"""Client for the Linktor, Linkit and Libromi Connect APIs, sync and async.

>>> from linktor import Linktor
>>> client = Linktor(api_key="YOUR_API_KEY")
>>> client.get("/contacts", params={"limit": 20}).data()
"""

from ._async_client import AsyncAPIClient, AsyncLibromiConnect, AsyncLinkit, AsyncLinktor
from ._client import APIClient, LibromiConnect, Linkit, Linktor
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
    ValidationError,
)
from ._headers import Headers
from ._native import VERSION, Response
from ._options import ClientOptions, Token, TokenSource
from ._request import RequestOptions

__version__ = VERSION

__all__ = [
    "APIClient",
    "APIConnectionError",
    "APIError",
    "AsyncAPIClient",
    "AsyncLibromiConnect",
    "AsyncLinkit",
    "AsyncLinktor",
    "AuthenticationError",
    "CallbackError",
    "ClientClosedError",
    "ClientOptions",
    "ConfigError",
    "ConflictError",
    "DecodeError",
    "Headers",
    "InvalidRequestError",
    "LibromiConnect",
    "Linkit",
    "Linktor",
    "LinktorError",
    "NotFoundError",
    "PermissionDeniedError",
    "ProtocolError",
    "QuotaExceededError",
    "RateLimitError",
    "RequestOptions",
    "RequestTimeoutError",
    "Response",
    "ServerError",
    "Token",
    "TokenSource",
    "ValidationError",
    "__version__",
]
