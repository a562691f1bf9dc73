//! Hashing passwords: argon2id, on threads of its own, behind a bounded queue.
//!
//! A hash takes some 20 ms of a core and 19 MiB. On the async threads it would stall every other
//! request; on an unbounded pool a rush of sign-ins would take all memory. Each thread keeps its
//! memory from hash to hash: allocating it anew costs a tenth of the time.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

use crate::{config::Hashing, error::Error};

/// OWASP's first choice: 19 MiB, two passes, one lane.
/// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
fn params() -> Params {
    Params::new(19 * 1024, 2, 1, None).unwrap_or_default()
}

/// Hashes and verifies. Cheap to clone; the threads end with the last clone.
#[derive(Debug, Clone)]
pub struct Passwords {
    queue: SyncSender<Job>,
    /// Verified against when there is no account, so that the answer takes as long.
    nobody: Arc<str>,
}

type Job = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

impl Passwords {
    /// Starts the threads.
    ///
    /// # Errors
    /// When they can't be started.
    pub fn start(settings: Hashing) -> anyhow::Result<Self> {
        let (queue, jobs) = sync_channel(settings.queue);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..settings.threads {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new()
                .name(format!("hashing-{number}"))
                .spawn(move || work(&jobs))?;
        }
        let nobody = hash(b"nobody has this password", &mut Vec::new());
        let nobody = nobody.map_err(|error| anyhow::anyhow!("hashing does not work: {error}"))?;
        Ok(Self {
            queue,
            nobody: nobody.into(),
        })
    }

    /// A new password's hash, as a PHC string.
    ///
    /// # Errors
    /// [`Error::HashingBusy`] when the queue is full.
    pub async fn hash(&self, password: SecretString) -> Result<String, Error> {
        self.run(move |memory| hash(password.expose_secret().as_bytes(), memory))
            .await
    }

    /// Whether the password is the one that `stored` was made from. Without `stored` it takes as long
    /// and is false.
    ///
    /// # Errors
    /// [`Error::HashingBusy`] when the queue is full.
    pub async fn verify(
        &self,
        password: SecretString,
        stored: Option<String>,
    ) -> Result<bool, Error> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.to_string());
        let right = self
            .run(move |memory| verify(password.expose_secret().as_bytes(), &stored, memory))
            .await?;
        Ok(right && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> Result<T, String> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, result) = oneshot::channel();
        let job = move |memory: &mut Vec<Block>| {
            // Nobody waits any more: the client has gone, so the work can be left.
            if !answer.is_closed() {
                _ = answer.send(work(memory));
            }
        };
        self.queue
            .try_send(Box::new(job))
            .map_err(|error| match error {
                TrySendError::Full(_) => Error::HashingBusy,
                TrySendError::Disconnected(_) => Error::Internal("hashing has ended".to_owned()),
            })?;
        let result = result
            .await
            .map_err(|_| Error::Internal("a hash was dropped".to_owned()))?;
        result.map_err(Error::Internal)
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    let mut memory = Vec::new();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(&mut memory),
            Err(_) => return,
        }
    }
}

fn hash(password: &[u8], memory: &mut Vec<Block>) -> Result<String, String> {
    let (params, salt) = (params(), Salt::generate());
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    compute(&params, password, &salt, &mut output, memory)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|error| error.to_string())?,
        salt: Some(salt),
        hash: Some(Output::new(&output).map_err(|error| error.to_string())?),
    };
    Ok(hash.to_string())
}

/// Uses the parameters of the stored hash: they may be those of an earlier release.
fn verify(password: &[u8], stored: &str, memory: &mut Vec<Block>) -> Result<bool, String> {
    let stored = PasswordHash::new(stored).map_err(|error| error.to_string())?;
    let params = Params::try_from(&stored).map_err(|error| error.to_string())?;
    let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else {
        return Err("a stored hash has no salt or no output".to_owned());
    };
    let mut output = vec![0; expected.len()];
    compute(&params, password, &salt, &mut output, memory)?;
    Ok(output.ct_eq(expected.as_ref()).into())
}

fn compute(
    params: &Params,
    password: &[u8],
    salt: &[u8],
    output: &mut [u8],
    memory: &mut Vec<Block>,
) -> Result<(), String> {
    memory.resize(params.block_count(), Block::default());
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(password, salt, output, memory)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier;

    use super::*;

    fn passwords(threads: usize, queue: usize) -> Passwords {
        Passwords::start(Hashing { threads, queue }).unwrap()
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = passwords(1, 4);
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(
            passwords
                .verify("correct horse".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("Correct horse".into(), Some(hash))
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn the_hash_is_what_the_crates_own_verifier_expects() {
        let hash = passwords(1, 4).hash("correct horse".into()).await.unwrap();
        let parsed = PasswordHash::new(&hash).unwrap();
        Argon2::default()
            .verify_password(b"correct horse", &parsed)
            .unwrap();
    }

    #[tokio::test]
    async fn hashes_of_an_earlier_release_still_fit() {
        let old = "$argon2id$v=19$m=512,t=1,p=1$c29tZXNhbHQ$";
        let params = Params::new(512, 1, 1, Some(32)).unwrap();
        let mut output = [0; 32];
        compute(
            &params,
            b"correct horse",
            b"somesalt",
            &mut output,
            &mut Vec::new(),
        )
        .unwrap();
        let stored = format!("{old}{}", Output::new(&output).unwrap());
        assert!(
            passwords(1, 4)
                .verify("correct horse".into(), Some(stored))
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn nobody_has_the_password_of_nobody() {
        let passwords = passwords(1, 4);
        assert!(
            !passwords
                .verify("nobody has this password".into(), None)
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn a_full_queue_is_told_at_once() {
        let passwords = passwords(1, 1);
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let (started, starting) = oneshot::channel();
        let blocking = passwords.clone();
        let first = tokio::spawn(async move {
            let wait = move |_: &mut Vec<Block>| {
                _ = started.send(());
                _ = held.recv();
                Ok(())
            };
            blocking.run(wait).await
        });
        starting.await.unwrap();
        let waiting = passwords.clone();
        let second = tokio::spawn(async move { waiting.run(|_| Ok(())).await });
        // The second takes the one place in the queue as soon as it is polled.
        tokio::task::yield_now().await;
        let third = passwords.hash("correct horse".into()).await;
        assert!(matches!(third, Err(Error::HashingBusy)), "{third:?}");
        hold.send(()).unwrap();
        first.await.unwrap().unwrap();
        second.await.unwrap().unwrap();
    }
}
