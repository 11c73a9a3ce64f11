//! Which versions this was built with.

use crate::Failure;

const LOCK: &str = include_str!("../../../Cargo.lock");

/// The versions of these packages, of each of which there is one in the lock file.
pub(crate) fn versions(packages: &[&str]) -> Result<String, Failure> {
    let versions: Result<Vec<_>, _> = packages.iter().map(|package| version(package)).collect();
    Ok(versions?.join(" + "))
}

fn version(package: &str) -> Result<&'static str, Failure> {
    LOCK.split_once(&format!("name = \"{package}\"\nversion = \""))
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(version, _)| version)
        .ok_or_else(|| format!("{package} is not in Cargo.lock").into())
}
