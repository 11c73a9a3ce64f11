//! Sessions in a file that several processes share: written whole, and locked around a
//! renewal.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
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
const PATIENCE: Duration = Duration::from_mins(5);

/// The names of files that are being written: so many random letters, and this end.
const RANDOM: usize = 6;
const SUFFIX: &str = ".new";

/// Keeps sessions in a JSON file of mode 0600, which several processes may share.
/// Windows has no modes: there, who can read the file is what its folder allows.
///
/// The file is written beside itself, synced and renamed, so that it is whole at every
/// moment; a file of the same name with `.lock` at its end is locked while a session is
/// renewed, one at a time. A symbolic link in either's place is refused. The folder must
/// exist.
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
    /// Held from reading the file until it is written, for where there are no locks.
    writing: Arc<std::sync::Mutex<()>>,
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
            Some(_) => Ok(Self { path, queue: Arc::default(), writing: Arc::default() }),
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
        refuse_symlink(&self.path)?;
        // Mode 0600 (Unix), and removed again unless it is renamed.
        let mut file = tempfile::Builder::new()
            .prefix(&self.prefix())
            .rand_bytes(RANDOM)
            .suffix(SUFFIX)
            .tempfile_in(self.folder())?;
        let mut text = serde_json::to_vec_pretty(content)?;
        text.push(b'\n');
        file.write_all(&text)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        // So that the new name survives a power cut, where the folder can be synced at all.
        #[cfg(unix)]
        match File::open(self.folder()).and_then(|folder| folder.sync_all()) {
            Err(error) if !is_unsyncable(&error) => return Err(error.into()),
            _ => {}
        }
        Ok(())
    }

    fn folder(&self) -> &Path {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// How the names of files that are being written begin.
    fn prefix(&self) -> String {
        format!("{}.", self.path.file_name().unwrap_or_default().to_string_lossy())
    }

    /// Removes what writers that were killed left behind. Call it with the lock held.
    fn sweep(&self) {
        let prefix = self.prefix();
        let Ok(entries) = std::fs::read_dir(self.folder()) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let random = name.to_str().and_then(|name| name.strip_prefix(&prefix)?.strip_suffix(SUFFIX));
            if random.is_some_and(|it| it.len() == RANDOM && it.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
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
            let _writing = store.writing.lock().unwrap_or_else(PoisonError::into_inner);
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

/// Opens a file, on Unix for its owner alone, and no symbolic link.
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

/// Whether a folder cannot be synced, or not by us.
#[cfg(unix)]
fn is_unsyncable(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied)
}

/// Whether a file system has no locks at all.
fn is_unsupported(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error()) {
        return true;
    }
    error.kind() == io::ErrorKind::Unsupported
}
