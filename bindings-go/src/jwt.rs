//! JSON Web Tokens.

use crate::client::{Failure, text};

/// Signs a token: see `linktor_bridge::jwt_sign`.
#[uniffi::export]
pub fn jwt_sign(arguments: &[u8]) -> Result<String, Failure> {
    Ok(linktor_bridge::jwt_sign(text("the arguments", arguments)?)?)
}

/// Verifies a token, and gives its claims as JSON: see `linktor_bridge::jwt_verify`.
#[uniffi::export]
pub fn jwt_verify(arguments: &[u8]) -> Result<String, Failure> {
    Ok(linktor_bridge::jwt_verify(text("the arguments", arguments)?)?)
}
