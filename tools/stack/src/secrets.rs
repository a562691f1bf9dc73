//! The secrets of a local stack: generated on its first start, kept in one file.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, Result};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde::{Deserialize, Serialize};

use crate::{
    services::{Need, SERVICES, with_database},
    stripe::{Payments, StripeKeys},
};

/// What precedes the 32 bytes of an Ed25519 private key in PKCS#8 v1, DER (RFC 8410, section 7).
const ED25519_PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Every secret of one stack. It is no `Debug`, so that none can end up in a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// Ed25519 private keys (PKCS#8 DER, base64). The first signs; the others are still accepted.
    pub session_keys: Vec<String>,
    /// What Traefik shows to prove that it wrote X-Forwarded-*.
    pub forwarded_token: String,
    /// Redis' password.
    pub redis_password: String,
    /// The password of Postgres' superuser.
    pub superuser_password: String,
    /// The password of the role that may read every schema.
    pub readonly_password: String,
    /// The passwords of each service's two roles.
    #[serde(default)]
    pub roles: BTreeMap<String, RolePasswords>,
    /// What each service shows when it calls another.
    #[serde(default)]
    pub service_tokens: BTreeMap<String, String>,
    /// What web signs its forms with.
    #[serde(default)]
    pub form_key: String,
    /// The password of the demo seller.
    #[serde(default)]
    pub demo_password: String,
    /// What the payment simulator is used with.
    #[serde(default)]
    pub simulator_keys: StripeKeys,
    /// Those of a Stripe account, while payments go there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripe_keys: Option<StripeKeys>,
}

/// The passwords of a service's roles in Postgres.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolePasswords {
    /// Of the role that migrates.
    pub owner: String,
    /// Of the role that serves.
    pub app: String,
}

impl Secrets {
    /// New ones, for every service that there is.
    #[must_use]
    pub fn generate() -> Self {
        let mut secrets = Self {
            session_keys: vec![session_key()],
            forwarded_token: password(),
            redis_password: password(),
            superuser_password: password(),
            readonly_password: password(),
            roles: BTreeMap::new(),
            service_tokens: BTreeMap::new(),
            form_key: String::new(),
            demo_password: String::new(),
            simulator_keys: StripeKeys::default(),
            stripe_keys: None,
        };
        secrets.complete();
        secrets
    }

    /// Those in the file, generated where there are none yet (for a new service, say).
    ///
    /// # Errors
    /// When the file can't be read, understood or written.
    pub fn load_or_create(file: &Path) -> Result<Self> {
        let secrets = match Self::load(file)? {
            Some(mut known) => {
                if !known.complete() {
                    return Ok(known);
                }
                known
            }
            None => Self::generate(),
        };
        secrets.save(file)?;
        Ok(secrets)
    }

    /// The same, with payments made by `stripe_keys` from now on, or simulated without them.
    ///
    /// # Errors
    /// When the file can't be read, understood or written.
    pub fn with_payments(file: &Path, stripe_keys: Option<StripeKeys>) -> Result<Self> {
        let mut secrets = Self::load_or_create(file)?;
        if secrets.stripe_keys != stripe_keys {
            secrets.stripe_keys = stripe_keys;
            secrets.save(file)?;
        }
        Ok(secrets)
    }

    /// Those in the file; `None` when there is no file.
    ///
    /// # Errors
    /// When the file can't be read or understood.
    pub fn load(file: &Path) -> Result<Option<Self>> {
        let text = match fs::read(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("can't read {}", file.display()));
            }
        };
        // The parser's own message quotes what it read.
        serde_json::from_slice(&text)
            .ok()
            .map(Some)
            .with_context(|| {
                format!(
                    "{} is damaged; `just reset` starts over, without its data",
                    file.display()
                )
            })
    }

    /// Replaces the file as a whole; only its owner can ever read it.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn save(&self, file: &Path) -> Result<()> {
        let unfinished = file.with_extension("json.new");
        let write = || -> std::io::Result<()> {
            match fs::remove_file(&unfinished) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut out = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&unfinished)?;
            out.write_all(&serde_json::to_vec_pretty(self)?)?;
            out.sync_all()?;
            fs::rename(&unfinished, file)
        };
        write().with_context(|| format!("can't write {}", file.display()))
    }

    /// Who takes the payments.
    #[must_use]
    pub fn payments(&self) -> Payments {
        match self.stripe_keys {
            Some(_) => Payments::ByStripe,
            None => Payments::Simulated,
        }
    }

    /// What payments asks Stripe, or the simulator, with.
    #[must_use]
    pub fn payment_keys(&self) -> &StripeKeys {
        self.stripe_keys.as_ref().unwrap_or(&self.simulator_keys)
    }

    /// Makes a key that does not sign yet: every instance must accept it before one signs with it.
    pub fn add_session_key(&mut self) {
        self.session_keys.push(session_key());
    }

    /// The key that was added last signs from now on; the others are accepted until they are
    /// withdrawn.
    pub fn sign_with_added_session_key(&mut self) {
        self.session_keys.rotate_right(1);
    }

    /// Sessions signed by any key but the one that signs end now. Answers how many keys went.
    pub fn withdraw_old_session_keys(&mut self) -> usize {
        let withdrawn = self.session_keys.len().saturating_sub(1);
        self.session_keys.truncate(1);
        withdrawn
    }

    /// Generates what is missing (for a new service, say); answers whether anything was.
    fn complete(&mut self) -> bool {
        let known = self.clone();
        for service in with_database() {
            self.roles
                .entry(service.name.to_owned())
                .or_insert_with(|| RolePasswords {
                    owner: password(),
                    app: password(),
                });
        }
        for caller in callers() {
            self.service_tokens
                .entry(caller.to_owned())
                .or_insert_with(password);
        }
        for single in [&mut self.form_key, &mut self.demo_password] {
            if single.is_empty() {
                *single = password();
            }
        }
        if self.simulator_keys.secret.is_empty() {
            self.simulator_keys = StripeKeys::generate();
        }
        *self != known
    }
}

/// Every service that has a token, or that another one expects to call: both must start, in whichever
/// order they are built.
fn callers() -> impl Iterator<Item = &'static str> {
    SERVICES.iter().flat_map(|service| {
        service.needs.iter().filter_map(|need| match need {
            Need::ServiceToken => Some(service.name),
            Need::CallerToken(caller) => Some(*caller),
            _ => None,
        })
    })
}

/// 256 random bits in characters that need no quoting anywhere.
fn password() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn session_key() -> String {
    BASE64_STANDARD.encode([&ED25519_PKCS8_PREFIX[..], &rand::random::<[u8; 32]>()].concat())
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, path::PathBuf};

    use rstest::{fixture, rstest};

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn file(&self) -> PathBuf {
            self.0.join("secrets.json")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[fixture]
    fn folder() -> Folder {
        let path = std::env::temp_dir().join(format!("stack-secrets-{:x}", rand::random::<u64>()));
        fs::create_dir(&path).expect("a folder");
        Folder(path)
    }

    #[rstest]
    fn only_the_owner_can_read_them(folder: Folder) {
        Secrets::load_or_create(&folder.file()).expect("created");
        let mode = fs::metadata(folder.file())
            .expect("the file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[rstest]
    fn they_stay_the_same(folder: Folder) {
        let first = Secrets::load_or_create(&folder.file()).expect("created");
        let again = Secrets::load_or_create(&folder.file()).expect("loaded");
        assert!(first == again);
    }

    #[rstest]
    fn a_new_service_gets_its_own_and_the_rest_stays(folder: Folder) {
        let first = Secrets::load_or_create(&folder.file()).expect("created");
        Secrets {
            roles: BTreeMap::new(),
            service_tokens: BTreeMap::new(),
            form_key: String::new(),
            simulator_keys: StripeKeys::default(),
            ..first.clone()
        }
        .save(&folder.file())
        .expect("saved");
        let again = Secrets::load_or_create(&folder.file()).expect("completed");
        assert!(again.session_keys == first.session_keys);
        assert!(again.demo_password == first.demo_password);
        assert!(again.roles.contains_key("auth"));
        assert!(again.service_tokens.contains_key("orders"));
        assert!(again.simulator_keys.secret.starts_with("sk_test_"));
        assert!(!again.form_key.is_empty());
        assert!(Secrets::load(&folder.file()).expect("loaded") == Some(again));
    }

    #[test]
    fn every_token_that_is_expected_is_made() {
        let secrets = Secrets::generate();
        let tokens: Vec<_> = secrets.service_tokens.keys().collect();
        assert_eq!(tokens, ["orders", "payments", "tickets"]);
        let different: std::collections::BTreeSet<_> = secrets.service_tokens.values().collect();
        assert_eq!(different.len(), tokens.len());
    }

    #[rstest]
    fn payments_are_simulated_unless_there_are_stripes_keys(folder: Folder) {
        let keys = StripeKeys::generate();
        let given = Secrets::with_payments(&folder.file(), Some(keys.clone())).expect("made");
        assert_eq!(given.payments(), Payments::ByStripe);
        let later = Secrets::load(&folder.file())
            .expect("loaded")
            .expect("there");
        assert!(
            *later.payment_keys() == keys,
            "they last until the next start"
        );
        let without = Secrets::with_payments(&folder.file(), None).expect("made");
        assert_eq!(without.payments(), Payments::Simulated);
        assert!(*without.payment_keys() == given.simulator_keys);
        assert!(Secrets::load(&folder.file()).expect("loaded") == Some(without));
    }

    #[rstest]
    fn a_damaged_file_is_reported_without_its_content(folder: Folder) {
        fs::write(folder.file(), r#"{"session_keys": "hunter2"}"#).expect("written");
        let error = Secrets::load_or_create(&folder.file())
            .err()
            .expect("an error");
        let message = format!("{error:#}");
        assert!(message.contains("secrets.json is damaged"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn an_added_key_is_accepted_first_and_signs_later() {
        let mut secrets = Secrets::generate();
        let old = secrets.session_keys[0].clone();
        secrets.add_session_key();
        let new = secrets.session_keys[1].clone();
        assert!(secrets.session_keys == [old.clone(), new.clone()] && new != old);
        secrets.sign_with_added_session_key();
        assert!(secrets.session_keys == [new.clone(), old]);
        assert_eq!(secrets.withdraw_old_session_keys(), 1);
        assert!(secrets.session_keys == [new]);
    }

    #[test]
    fn a_rotation_that_was_cut_short_is_made_up_for_by_the_next() {
        let mut secrets = Secrets::generate();
        let signing = secrets.session_keys[0].clone();
        secrets.add_session_key();
        let unused = secrets.session_keys[1].clone();
        secrets.add_session_key();
        secrets.sign_with_added_session_key();
        assert!(secrets.session_keys[1..] == [signing, unused]);
    }

    #[test]
    fn a_session_key_is_pkcs8() {
        let der = BASE64_STANDARD.decode(session_key()).expect("base64");
        assert_eq!(der.len(), 48);
        assert_eq!(der[..16], ED25519_PKCS8_PREFIX);
    }
}
