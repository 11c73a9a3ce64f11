//! Sessions that outlive the process: a file that several processes may share.

use std::error::Error;

use linktor::{Client, Credentials, FileStore};
use linktor_sandbox::{Sandbox, fixtures};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start().await?;
    let file = std::env::temp_dir().join(format!("linktor-example-{}.json", std::process::id()));

    for run in ["the first run", "the second run"] {
        let client = Client::builder()
            .credentials(Credentials::password(fixtures::LINKTOR_EMAIL, fixtures::LINKTOR_PASSWORD))
            .token_store(FileStore::new(&file)?)
            .base_url(sandbox.base_url("linktor"))
            .build()?;
        client.get("/me").send().await?;
        let logins = sandbox.journal().iter().filter(|entry| entry.path.ends_with("/auth/login")).count();
        println!("after {run}: {logins} login");
        client.close();
    }

    std::fs::remove_file(&file)?;
    std::fs::remove_file(file.with_extension("json.lock"))?;
    Ok(())
}
