//! A machine without a certificate store still gets a client, for plain http and https.

#![allow(clippy::expect_used, clippy::panic)]

use std::process::Command;

use linktor::Client;

#[test]
fn a_machine_without_certificates_still_gets_a_client() {
    let nowhere = "/nonexistent/certificates";
    let status = Command::new(std::env::current_exe().expect("this test"))
        .args(["--ignored", "--exact", "on_such_a_machine"])
        .envs([("SSL_CERT_FILE", nowhere), ("SSL_CERT_DIR", nowhere)])
        .status()
        .expect("it starts");
    assert!(status.success());
}

#[test]
#[ignore = "run by the test above, in an environment without certificates"]
fn on_such_a_machine() {
    Client::builder().api_key("invented").base_url("http://127.0.0.1:1").build().expect("a client for loopback");
    Client::builder().api_key("invented").base_url("https://api.example.com").build().expect("a client for https");
}
