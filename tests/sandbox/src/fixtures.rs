//! The invented credentials and times that every sandbox knows.

/// API key of `linktor`, sent as `Bearer`.
pub const LINKTOR_API_KEY: &str = "lk_sandbox_000000000000000000000000000000000000000000000001";
/// Session token of `linktor`.
pub const LINKTOR_ACCESS_TOKEN: &str = "sandbox-linktor-access-token";
/// Session token of `linktor` that is refused with `TOKEN_INVALID`.
pub const LINKTOR_EXPIRED_TOKEN: &str = "sandbox-linktor-expired-token";

/// API key of `linkit`, sent raw, without a scheme word.
pub const LINKIT_API_KEY: &str = "sandbox-linkit-api-key";
/// Session token of `linkit`, sent as `Bearer`.
pub const LINKIT_ACCESS_TOKEN: &str = "sandbox-linkit-access-token";
/// Session token of `linkit` that is refused with "Invalid or expired token".
pub const LINKIT_EXPIRED_TOKEN: &str = "sandbox-linkit-expired-token";
/// The only organization that `linkit` knows.
pub const LINKIT_ORGANIZATION: &str = "org_sandbox";

/// API token of `libromi`: its one kind of credential, with a vertical bar in it.
pub const LIBROMI_API_KEY: &str = "12|sandbox-libromi-token";

/// API key of `api_v2`, sent as `Bearer`.
pub const API_V2_API_KEY: &str = "sandbox-api-v2-key";
/// OAuth access token of `api_v2`.
pub const API_V2_ACCESS_TOKEN: &str = "sandbox-api-v2-access-token";
/// OAuth access token of `api_v2` that is refused with `UNAUTHORIZED`.
pub const API_V2_EXPIRED_TOKEN: &str = "sandbox-api-v2-expired-token";

/// API key of `api_v1`, sent as `Bearer`.
pub const API_V1_API_KEY: &str = "sandbox-api-v1-key";
/// OAuth access token of `api_v1`.
pub const API_V1_ACCESS_TOKEN: &str = "sandbox-api-v1-access-token";
/// OAuth access token of `api_v1` that is refused with `token_expired`.
pub const API_V1_EXPIRED_TOKEN: &str = "sandbox-api-v1-expired-token";

/// When every object was made, with nanoseconds, as `linktor` writes it on create.
pub const CREATED_AT: &str = "2026-01-02T03:04:05.123456789Z";
/// The same moment with microseconds, as `linktor` writes it on read.
pub const READ_AT: &str = "2026-01-02T03:04:05.123456Z";
