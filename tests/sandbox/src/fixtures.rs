//! The invented credentials and times that every sandbox knows.

/// API key of `linktor`, sent as `Bearer`.
pub const LINKTOR_API_KEY: &str = "lk_sandbox_000000000000000000000000000000000000000000000001";
/// API key of `linktor` whose role is Viewer: every write is a 403.
pub const LINKTOR_READ_ONLY_KEY: &str = "lk_sandbox_000000000000000000000000000000000000000000000002";
/// Session token of `linktor`, of the session of [`LINKTOR_REFRESH_TOKEN`].
pub const LINKTOR_ACCESS_TOKEN: &str = "sandbox-linktor-access-token";
/// Session token of `linktor` that is refused with `TOKEN_INVALID`.
pub const LINKTOR_EXPIRED_TOKEN: &str = "sandbox-linktor-expired-token";
/// Refresh token of a `linktor` session that exists after every reset.
pub const LINKTOR_REFRESH_TOKEN: &str = "sandbox-linktor-refresh-token";
/// E-mail of `linktor`'s user.
pub const LINKTOR_EMAIL: &str = "agent@example.com";
/// Password of `linktor`'s user, until `PUT /me/password` changes it.
pub const LINKTOR_PASSWORD: &str = "sandbox-linktor-password";
/// What `linktor` signs its webhooks with, in both of its schemes.
pub const LINKTOR_WEBHOOK_SECRET: &str = "sandbox-linktor-webhook-secret";

/// API key of `linkit`, sent raw, without a scheme word.
pub const LINKIT_API_KEY: &str = "sandbox-linkit-api-key";
/// Session token of `linkit`, sent as `Bearer`.
pub const LINKIT_ACCESS_TOKEN: &str = "sandbox-linkit-access-token";
/// Session token of `linkit` that is refused with "Invalid or expired token".
pub const LINKIT_EXPIRED_TOKEN: &str = "sandbox-linkit-expired-token";
/// The only organization that `linkit` knows.
pub const LINKIT_ORGANIZATION: &str = "org_sandbox";
/// E-mail of `linkit`'s user.
pub const LINKIT_EMAIL: &str = "clerk@example.com";
/// Password of `linkit`'s user.
pub const LINKIT_PASSWORD: &str = "sandbox-linkit-password";

/// API token of `libromi`: its one kind of credential, with a vertical bar in it.
pub const LIBROMI_API_KEY: &str = "12|sandbox-libromi-token";
/// API token of `libromi` with the permission Read Only: every write is a 403.
pub const LIBROMI_READ_ONLY_KEY: &str = "13|sandbox-libromi-read-only-token";
/// What `libromi` signs its webhooks with.
pub const LIBROMI_WEBHOOK_SECRET: &str = "sandbox-libromi-webhook-secret";

/// API key of `api_v2`, sent as `Bearer`.
pub const API_V2_API_KEY: &str = "sandbox-api-v2-key";
/// OAuth access token of `api_v2`, of the session of [`API_V2_REFRESH_TOKEN`].
pub const API_V2_ACCESS_TOKEN: &str = "sandbox-api-v2-access-token";
/// OAuth access token of `api_v2` that is refused with `UNAUTHORIZED`.
pub const API_V2_EXPIRED_TOKEN: &str = "sandbox-api-v2-expired-token";
/// Refresh token of an `api_v2` session that exists after every reset, of scope `admin:all`.
pub const API_V2_REFRESH_TOKEN: &str = "sandbox-api-v2-refresh-token";
/// The only OAuth client that `api_v2` knows.
pub const API_V2_CLIENT_ID: &str = "sandbox-api-v2-client";
/// The secret of [`API_V2_CLIENT_ID`].
pub const API_V2_CLIENT_SECRET: &str = "sandbox-api-v2-client-secret";
/// What [`API_V2_CLIENT_ID`] registered; any port of it is accepted (RFC 8252, 7.3).
pub const API_V2_REDIRECT_URI: &str = "http://127.0.0.1/callback";
/// The secret that `api_v2`'s callers sign their JWTs with.
pub const API_V2_JWT_SECRET: &str = "sandbox-api-v2-jwt-secret-of-32-bytes-and-more";
/// What `api_v2` signs its webhooks with.
pub const API_V2_WEBHOOK_SECRET: &str = "sandbox-api-v2-webhook-secret";

/// API key of `api_v1`, sent as `Bearer`.
pub const API_V1_API_KEY: &str = "sandbox-api-v1-key";
/// OAuth access token of `api_v1`, of the session of [`API_V1_REFRESH_TOKEN`].
pub const API_V1_ACCESS_TOKEN: &str = "sandbox-api-v1-access-token";
/// OAuth access token of `api_v1` that is refused with `token_expired`.
pub const API_V1_EXPIRED_TOKEN: &str = "sandbox-api-v1-expired-token";
/// Refresh token of an `api_v1` session that exists after every reset.
pub const API_V1_REFRESH_TOKEN: &str = "sandbox-api-v1-refresh-token";
/// The only OAuth client that `api_v1` knows.
pub const API_V1_CLIENT_ID: &str = "sandbox-api-v1-client";
/// The secret of [`API_V1_CLIENT_ID`].
pub const API_V1_CLIENT_SECRET: &str = "sandbox-api-v1-client-secret";
/// What [`API_V1_CLIENT_ID`] registered; any port of it is accepted (RFC 8252, 7.3).
pub const API_V1_REDIRECT_URI: &str = "http://127.0.0.1/callback";
/// What `api_v1` signs its webhooks with.
pub const API_V1_WEBHOOK_SECRET: &str = "sandbox-api-v1-webhook-secret";

/// What deliveries of `standard_webhooks` are signed with: 32 bytes in base64.
pub const STANDARD_WEBHOOKS_SECRET: &str = "whsec_c2FuZGJveC1zdGFuZGFyZC13ZWJob29rcy1zZWNyZXQ=";
/// What deliveries of `x_hub_signature_256` are signed with.
pub const X_HUB_SIGNATURE_256_SECRET: &str = "sandbox-x-hub-webhook-secret";

/// When every object was made, with nanoseconds, as `linktor` writes it on create.
pub const CREATED_AT: &str = "2026-01-02T03:04:05.123456789Z";
/// The same moment with microseconds, as `linktor` writes it on read.
pub const READ_AT: &str = "2026-01-02T03:04:05.123456Z";
