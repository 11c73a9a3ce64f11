//! Sessions in a file that several processes share: written whole, and locked around a
//! renewal.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::store::{StoreLock, StoreResult, TokenStore};
use crate::error::Error;
use crate::secret::Secret;

/// How often a lock that somebody else holds is tried again.
const POLL: Duration = Duration::from_millis(10);
/// How long a lock is tried for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Keeps sessions in a JSON file of mode 0600, which several processes may share.
///
/// The file is written beside itself, synced and renamed, so that it is whole at every
/// moment; a file of the same name with `.lock` at its end is locked while a session is
/// renewed. A symbolic link in either's place is refused. The folder must exist.
///
/// ```no_run
/// use linktor::{Client, Credentials, FileStore};
///
/// let client = Client::builder()
///     .credentials(Credentials::password("agent@example.com", "invented"))
///     .token_store(FileStore::new("/var/lib/my-app/linktor.json")?)
///     .build()?;
/// # Ok::<(), linktor::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FileStore {
    path: PathBuf,
    /// The renewals of this process queue here, and one at a time polls the file's lock.
    queue: Arc<Mutex<()>>,
}

/// The file's content: a record per provider, base URL and principal.
#[derive(Default, Serialize, Deserialize)]
struct Content {
    sessions: BTreeMap<String, serde_json::Value>,
}

impl FileStore {
    /// A store in this file, which is made when the first session is saved. A path that
    /// names no file is a `config` error.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        match path.file_name() {
            Some(_) => Ok(Self { path, queue: Arc::default() }),
            None => Err(Error::config("token_store must be the path of a file")),
        }
    }

    fn beside(&self, end: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(end);
        path.into()
    }

    fn read(&self) -> StoreResult<Content> {
        let mut text = String::new();
        match open(OpenOptions::new().read(true), &self.path) {
            Ok(mut file) => file.read_to_string(&mut text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Content::default()),
            Err(error) => return Err(error.into()),
        };
        // The parser's own message is not shown: it may quote a token.
        serde_json::from_str(&text).map_err(|_| {
            format!("{} is not a token store; move it away to begin a new one", self.path.display()).into()
        })
    }

    fn write(&self, content: &Content) -> StoreResult<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        refuse_symlink(&self.path)?;
        let prefix = format!("{}.", self.path.file_name().unwrap_or_default().to_string_lossy());
        // Mode 0600, and removed again unless it is renamed.
        let mut file = tempfile::Builder::new().prefix(&prefix).suffix(".new").tempfile_in(folder)?;
        serde_json::to_writer_pretty(&mut file, content)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        // So that the new name survives a power cut; where folders cannot be synced, it may not.
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    }

    /// Removes what writers that were killed left behind. Call it with the lock held.
    fn sweep(&self) {
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else { return };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let prefix = format!("{}.", name.to_string_lossy());
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(&prefix) && name.ends_with(".new") {
                // Another process may have been faster.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    fn try_lock(&self) -> StoreResult<Attempt> {
        let path = self.beside(".lock");
        let file = open(OpenOptions::new().read(true).write(true).create(true), &path)?;
        match file.try_lock() {
            Ok(()) => {
                self.sweep();
                Ok(Attempt::Locked(Locked(file)))
            }
            Err(TryLockError::WouldBlock) => Ok(Attempt::Taken),
            Err(TryLockError::Error(error)) if is_unsupported(&error) => Ok(Attempt::Unsupported),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

impl TokenStore for FileStore {
    fn load(&self, key: &str) -> BoxFuture<'_, StoreResult<Option<Secret>>> {
        let (store, key) = (self.clone(), key.to_owned());
        Box::pin(blocking(move || Ok(store.read()?.sessions.get(&key).map(|record| Secret::from(record.to_string())))))
    }

    fn save(&self, key: &str, record: Secret) -> BoxFuture<'_, StoreResult<()>> {
        let (store, key) = (self.clone(), key.to_owned());
        Box::pin(blocking(move || {
            let record = serde_json::from_str(record.expose()).map_err(|_| "a record must be JSON")?;
            let mut content = store.read()?;
            content.sessions.insert(key, record);
            store.write(&content)
        }))
    }

    fn lock(&self, _: &str) -> BoxFuture<'_, StoreResult<StoreLock>> {
        Box::pin(async move {
            let turn = Arc::clone(&self.queue).lock_owned().await;
            let started = tokio::time::Instant::now();
            loop {
                let store = self.clone();
                match blocking(move || store.try_lock()).await? {
                    Attempt::Locked(file) => return Ok(StoreLock::held((file, turn))),
                    Attempt::Unsupported => return Ok(StoreLock::unsupported()),
                    Attempt::Taken => {}
                }
                if started.elapsed() > PATIENCE {
                    let path = self.beside(".lock");
                    return Err(format!("{} was locked for {} s", path.display(), PATIENCE.as_secs()).into());
                }
                tokio::time::sleep(POLL).await;
            }
        })
    }
}

/// What trying to lock comes to.
enum Attempt {
    Locked(Locked),
    /// Somebody else holds it.
    Taken,
    /// The file system has no locks.
    Unsupported,
}

/// A locked file. It is unlocked by word, and not only closed: a forked child may have it
/// open too.
struct Locked(File);

impl Drop for Locked {
    fn drop(&mut self) {
        // It fails only where it was never locked.
        let _ = self.0.unlock();
    }
}

/// Runs file work where it may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> StoreResult<T> + Send + 'static) -> StoreResult<T> {
    tokio::task::spawn_blocking(work).await?
}

/// Opens a file for its owner alone, and no symbolic link.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    refuse_symlink(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options.open(path)
}

fn refuse_symlink(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => {
            Err(io::Error::other(format!("{} is a symbolic link, which a token store must not be", path.display())))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether a file system has no locks at all.
fn is_unsupported(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error()) {
        return true;
    }
    error.kind() == io::ErrorKind::Unsupported
}
