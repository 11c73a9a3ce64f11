//! A server that acts for many users: one pool of connections, a session for each, and
//! an organization where a request needs another one.

use std::error::Error;

use linktor::{Client, Credentials, Provider};
use linktor_sandbox::{Sandbox, fixtures};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start().await?;

    // Nobody by itself: every request goes through a user's handle.
    let pool = Client::builder()
        .provider(Provider::linkit())
        .credentials(Credentials::none())
        .base_url(sandbox.base_url("linkit"))
        .build()?;

    let mut calls = Vec::new();
    for number in 1..=50 {
        let user = pool.with_credentials(Credentials::password(fixtures::LINKIT_EMAIL, fixtures::LINKIT_PASSWORD))?;
        calls.push(tokio::spawn(async move {
            // The first call logs in, and later ones use its session and its organization.
            let customers: Vec<Value> = user.get("/customers").send().await?.data()?;
            let products: Vec<Value> = user.get("/products").send().await?.data()?;
            Ok::<_, linktor::Error>((number, customers.len(), products.len()))
        }));
    }
    for call in calls {
        let (number, customers, products) = call.await??;
        assert_eq!((customers, products), (2, 3), "user {number}");
    }

    let logins = sandbox.journal().iter().filter(|entry| entry.path.ends_with("/auth/login")).count();
    println!("50 users, {logins} logins, {} requests", sandbox.journal().len());

    let user = pool.with_credentials(Credentials::api_key(fixtures::LINKIT_API_KEY))?;
    let elsewhere = user.with_organization("org_elsewhere")?;
    match elsewhere.get("/customers").send().await {
        Ok(_) => println!("the user belongs to org_elsewhere too"),
        Err(error) => println!("in another organization: {error}"),
    }
    Ok(())
}
