//! Sessions as auth makes them. How they are verified is `ticketing_http::session`'s.

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash},
};
use secrecy::ExposeSecret;
use serde::Serialize;
use ticketing_contracts::api::auth::User;
use ticketing_http::session::keys::{Claims, ISSUER};
use ticketing_runtime::Settings;

/// How long a session lasts. It is not renewed: signing in again begins a new one.
pub const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// A signed session, ready for a cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The JWT in its compact form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The private keys. The first signs; all are published, so that a session signed before a
/// rotation is valid until its key is withdrawn.
#[derive(Clone)]
pub struct SigningKeys {
    newest: EncodingKey,
    newest_id: String,
    public: JwkSet,
}

/// A text that holds no usable keys. Says which one is wrong, never what it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is none.
    #[error("there is no key")]
    None,
    /// The key at this place (from 1) can't be used.
    #[error("key {0} is not an Ed25519 key in PKCS#8 (DER, base64)")]
    NotUsable(usize),
}

#[derive(Serialize)]
struct Signed<'a> {
    iss: &'static str,
    #[serde(flatten)]
    claims: &'a Claims,
}

impl SigningKeys {
    /// Reads the secret `SESSION_KEYS`: PKCS#8 in base64, separated by commas. The first signs; all are published.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let keys = settings.secret("SESSION_KEYS")?;
        match Self::parse(keys.expose_secret()) {
            Ok(keys) => Some(keys),
            Err(error) => {
                settings.wrong("SESSION_KEYS", error);
                None
            }
        }
    }

    /// Parses the form that [`Self::read`] describes.
    ///
    /// # Errors
    /// When there is no key, or one can't be used.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut pairs = Vec::new();
        let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty());
        for (index, key) in keys.enumerate() {
            pairs.push(parse_one(key).ok_or(KeyError::NotUsable(index + 1))?);
        }
        let public = JwkSet {
            keys: pairs.iter().map(|(_, public)| public.clone()).collect(),
        };
        let (newest, published) = pairs.into_iter().next().ok_or(KeyError::None)?;
        let newest_id = published.common.key_id.ok_or(KeyError::None)?;
        Ok(Self {
            newest,
            newest_id,
            public,
        })
    }

    /// A session for `user` that begins now.
    ///
    /// # Errors
    /// When signing fails, which a key that was parsed does not.
    pub fn sign(
        &self,
        user: &User,
        now: DateTime<Utc>,
    ) -> Result<Token, jsonwebtoken::errors::Error> {
        let claims = Claims {
            sub: user.id,
            email: user.email.clone(),
            iat: now.timestamp(),
            exp: (now + LIFETIME).timestamp(),
        };
        let header = Header {
            kid: Some(self.newest_id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        let signed = Signed {
            iss: ISSUER,
            claims: &claims,
        };
        jsonwebtoken::encode(&header, &signed, &self.newest).map(Token)
    }

    /// What others verify with.
    #[must_use]
    pub fn public(&self) -> &JwkSet {
        &self.public
    }
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeys")
            .field("newest_id", &self.newest_id)
            .finish_non_exhaustive()
    }
}

/// A key and its public half, named by its thumbprint (RFC 7638), so that a name never means two
/// keys.
fn parse_one(text: &str) -> Option<(EncodingKey, Jwk)> {
    let private = EncodingKey::from_ed_der(&BASE64_STANDARD.decode(text).ok()?);
    let mut public = Jwk::from_encoding_key(&private, Algorithm::EdDSA).ok()?;
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256).ok()?);
    Some((private, public))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use ticketing_contracts::ids::UserId;
    use ticketing_http::session::keys::{KeySet, Refused};

    use super::*;
    use crate::test_keys::{A, B};

    fn user(now: DateTime<Utc>) -> User {
        User {
            id: UserId::new(now),
            email: "ann@example.com".into(),
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_700_000_000_123).unwrap()
    }

    #[test]
    fn what_is_signed_is_verified() {
        let keys = SigningKeys::parse(A).unwrap();
        let user = user(now());
        let token = keys.sign(&user, now()).unwrap();
        let claims = KeySet::new(keys.public().clone())
            .verify(token.as_str())
            .unwrap();
        assert_eq!(
            (claims.sub, claims.email.as_str()),
            (user.id, "ann@example.com")
        );
        assert_eq!(
            (claims.iat, claims.exp),
            (1_700_000_000, 1_700_000_000 + 24 * 3600)
        );
    }

    #[test]
    fn a_session_outlives_a_rotation_but_not_its_key() {
        let before = SigningKeys::parse(A).unwrap();
        let rotated = SigningKeys::parse(&format!("{B}, {A}")).unwrap();
        let withdrawn = SigningKeys::parse(B).unwrap();
        let old = before.sign(&user(now()), now()).unwrap();
        let new = rotated.sign(&user(now()), now()).unwrap();
        let set = |keys: &SigningKeys| KeySet::new(keys.public().clone());
        assert!(set(&rotated).verify(old.as_str()).is_ok());
        assert!(set(&rotated).verify(new.as_str()).is_ok());
        assert_eq!(
            set(&withdrawn).verify(old.as_str()),
            Err(Refused::UnknownKey)
        );
        assert!(set(&withdrawn).verify(new.as_str()).is_ok());
        assert_eq!(set(&before).verify(new.as_str()), Err(Refused::UnknownKey));
    }

    #[rstest]
    #[case("", KeyError::None)]
    #[case(" , ", KeyError::None)]
    #[case("hunter2", KeyError::NotUsable(1))]
    #[case("aHVudGVyMg==", KeyError::NotUsable(1))]
    fn unusable_keys(#[case] text: &str, #[case] expected: KeyError) {
        assert_eq!(SigningKeys::parse(text).unwrap_err(), expected);
    }

    #[test]
    fn the_key_that_is_wrong_is_counted() {
        assert_eq!(
            SigningKeys::parse(&format!("{A},x")).unwrap_err(),
            KeyError::NotUsable(2)
        );
    }

    #[test]
    fn nothing_private_is_published_or_printed() {
        let keys = SigningKeys::parse(A).unwrap();
        let published = serde_json::to_value(keys.public()).unwrap();
        let key = published["keys"][0].as_object().unwrap();
        assert!(
            key.contains_key("x") && !key.contains_key("d"),
            "{published}"
        );
        let token = keys.sign(&user(now()), now()).unwrap();
        assert!(!format!("{keys:?} {token:?}").contains(&A[20..]));
        assert_eq!(format!("{token:?}"), "Token(…)");
    }
}
