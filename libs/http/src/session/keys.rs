//! The keys that sessions are verified with.

use std::{collections::HashMap, sync::Arc};

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{AlgorithmParameters, EllipticCurve, JwkSet},
};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use ticketing_contracts::ids::UserId;

/// How many verified tokens are remembered: a signature costs more than the rest of a request.
const REMEMBERED: usize = 10_000;

/// A session is a few hundred bytes. What is longer is not parsed at all.
const LONGEST_TOKEN: usize = 4096;

/// Who may have made the tokens, so that a key shared by mistake can't be used across deployments.
pub const ISSUER: &str = "ticketing/auth";

/// What a session says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The user.
    pub sub: UserId,
    /// The user's address.
    pub email: String,
    /// When it began, in seconds since 1970.
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
}

/// Why a token is not a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Broken, of another algorithm, or with a signature that does not fit.
    Invalid,
    /// Signed with a key that is not known (yet).
    UnknownKey,
}

/// A set of public keys by `kid`, with the tokens they have verified.
///
/// The memory of verified tokens belongs to the set: when a key is withdrawn the set is replaced,
/// and what the old one remembered is forgotten.
#[derive(Debug)]
pub struct KeySet {
    source: JwkSet,
    keys: HashMap<String, DecodingKey>,
    verified: Cache<String, Arc<Claims>>,
}

impl KeySet {
    /// The Ed25519 keys of a JWKS; others are left out.
    #[must_use]
    pub fn new(source: JwkSet) -> Self {
        let keys = source.keys.iter().filter_map(|key| {
            let AlgorithmParameters::OctetKeyPair(parameters) = &key.algorithm else {
                return None;
            };
            if parameters.curve != EllipticCurve::Ed25519 {
                return None;
            }
            Some((key.common.key_id.clone()?, DecodingKey::from_jwk(key).ok()?))
        });
        Self {
            keys: keys.collect(),
            source,
            verified: Cache::new(REMEMBERED),
        }
    }

    /// Whether this set was made from `source`.
    #[must_use]
    pub fn is_from(&self, source: &JwkSet) -> bool {
        self.source == *source
    }

    /// How many keys it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// What the token says, if one of these keys signed it. The caller checks `exp`.
    ///
    /// # Errors
    /// When it is no session, or its key is not in this set.
    pub fn verify(&self, token: &str) -> Result<Arc<Claims>, Refused> {
        if token.len() > LONGEST_TOKEN {
            return Err(Refused::Invalid);
        }
        if let Some(claims) = self.verified.get(token) {
            return Ok(claims);
        }
        let header = decode_header(token).map_err(|_| Refused::Invalid)?;
        if header.alg != Algorithm::EdDSA {
            return Err(Refused::Invalid);
        }
        let kid = header.kid.ok_or(Refused::Invalid)?;
        let key = self.keys.get(&kid).ok_or(Refused::UnknownKey)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        // The clock is the caller's.
        validation.validate_exp = false;
        let claims = decode::<Claims>(token, key, &validation)
            .map_err(|_| Refused::Invalid)?
            .claims;
        let claims = Arc::new(claims);
        self.verified.insert(token.to_owned(), Arc::clone(&claims));
        Ok(claims)
    }
}
