//! JSON Web Tokens.

use crate::client::Failure;

/// Signs a token: see `linktor_bridge::jwt_sign`.
#[uniffi::export]
pub fn jwt_sign(arguments: &str) -> Result<String, Failure> {
    Ok(linktor_bridge::jwt_sign(arguments)?)
}

/// Verifies a token, and gives its claims as JSON: see `linktor_bridge::jwt_verify`.
#[uniffi::export]
pub fn jwt_verify(arguments: &str) -> Result<String, Failure> {
    Ok(linktor_bridge::jwt_verify(arguments)?)
}
