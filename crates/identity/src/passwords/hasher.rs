//! Argon2id, off the async threads and never more at once than the machine can bear.

use super::argon2id;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many log-ins may wait for a free thread; more are refused at once.
const QUEUE_MAX: usize = 64;

/// Verified for a user who does not exist, so that the answer takes as long as for one who does. No password has this hash.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$ZGF5ZW5kLW5vYm9keS0wMQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes passwords with a bounded queue before a bounded number of threads.
pub(crate) struct Hasher {
    threads: Arc<Semaphore>,
    /// One permit for each log-in that is hashed or waits for it.
    admitted: Arc<Semaphore>,
}

/// Too many passwords are being hashed already.
#[derive(Debug)]
pub(crate) struct Busy;

impl Hasher {
    /// A hasher that keeps at most `threads` cores busy.
    pub(crate) fn new(threads: usize) -> Self {
        let threads = threads.max(1);
        Self {
            threads: Arc::new(Semaphore::new(threads)),
            admitted: Arc::new(Semaphore::new(threads + QUEUE_MAX)),
        }
    }

    /// Whether the password belongs to the hash; without a hash it takes as long and is false.
    pub(crate) async fn verify(
        &self,
        phc: Option<String>,
        password: SecretString,
    ) -> Result<bool, Busy> {
        self.run(move || {
            let phc = phc.as_deref().unwrap_or(NOBODY);
            argon2id::verify(phc, password.expose_secret().as_bytes())
        })
        .await
    }

    /// A new salted hash in PHC form.
    pub(crate) async fn hash(&self, password: SecretString) -> Result<String, Busy> {
        self.run(move || {
            argon2id::hash(password.expose_secret().as_bytes())
                .expect("the length of the password has been checked")
        })
        .await
    }

    /// The permits go into the thread: a client that hangs up does not make room for a second hash beside its first.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| Busy)?;
        let thread = Arc::clone(&self.threads).acquire_owned().await.map_err(|_| Busy)?;
        let working = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((admitted, thread));
            result
        });
        working.await.map_err(|_| Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_names_its_parameters_and_verifies_only_its_password() {
        let hasher = Hasher::new(1);
        let phc = hasher.hash("correct horse battery".into()).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(hasher.verify(Some(phc.clone()), "correct horse battery".into()).await.unwrap());
        assert!(!hasher.verify(Some(phc), "correct horse batterY".into()).await.unwrap());
    }

    #[tokio::test]
    async fn the_hash_of_nobody_is_a_real_one_that_no_password_has() {
        let hasher = Hasher::new(1);
        assert!(!hasher.verify(None, "".into()).await.unwrap());
        let parsed = argon2::password_hash::phc::PasswordHash::new(NOBODY).unwrap();
        assert_eq!(argon2::Params::try_from(&parsed).unwrap().m_cost(), argon2id::MEMORY_KIB);
        assert_eq!(parsed.hash.unwrap().len(), 32, "a verification goes all the way");
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let hasher = Hasher::new(1);
        let all =
            hasher.admitted.acquire_many(1 + u32::try_from(QUEUE_MAX).unwrap()).await.unwrap();
        assert!(hasher.hash("correct horse battery".into()).await.is_err());
        drop(all);
        assert!(hasher.hash("correct horse battery".into()).await.is_ok());
    }
}
