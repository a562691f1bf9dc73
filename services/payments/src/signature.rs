//! Stripe's signature of a webhook (<https://docs.stripe.com/webhooks#verify-manually>).
//!
//! `Stripe-Signature: t=1700000000,v1=…,v1=…`: each `v1` is the HMAC-SHA256 of `t.body`, in hex, by one of
//! the secrets that are valid while a secret is being changed; one that fits is enough.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How old an event may be, and how far ahead Stripe's clock: what is older is somebody's repeat.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// The most `v1` that are looked at.
const MOST: usize = 16;

/// The body is not from Stripe, or from another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is missing, wrong or too old")]
pub struct NotSigned;

/// Checks that Stripe has sent `body`, now.
///
/// # Errors
/// [`NotSigned`].
pub fn check(
    header: &str,
    body: &[u8],
    secret: &SecretString,
    now: DateTime<Utc>,
) -> Result<(), NotSigned> {
    let parts = || {
        header
            .split(',')
            .filter_map(|part| part.trim().split_once('='))
    };
    let (_, time) = parts().find(|(name, _)| *name == "t").ok_or(NotSigned)?;
    let seconds = time.parse().map_err(|_| NotSigned)?;
    let signed = DateTime::from_timestamp(seconds, 0).ok_or(NotSigned)?;
    if (now - signed).abs() > TOLERANCE {
        return Err(NotSigned);
    }
    let secret = secret.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| NotSigned)?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    let fits = |signature: &str| {
        let signature = hex::decode(signature);
        // In constant time.
        signature.is_ok_and(|signature| mac.clone().verify_slice(&signature).is_ok())
    };
    parts()
        .filter(|(name, _)| *name == "v1")
        .take(MOST)
        .any(|(_, signature)| fits(signature))
        .then_some(())
        .ok_or(NotSigned)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const NOW: i64 = 1_700_000_000;
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn signature(time: i64, secret: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{time}.").as_bytes());
        mac.update(BODY);
        hex::encode(mac.finalize().into_bytes())
    }

    fn checked(header: &str, body: &[u8]) -> bool {
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        check(header, body, &"whsec_1".to_owned().into(), now).is_ok()
    }

    #[test]
    fn what_stripe_signs_is_believed() {
        let right = signature(NOW, "whsec_1");
        let other = signature(NOW, "whsec_2");
        assert!(checked(&format!("t={NOW},v1={right}"), BODY));
        assert!(checked(
            &format!("t={NOW},v1={right},v1={other},v0=x"),
            BODY
        ));
        assert!(checked(&format!("t={NOW},v1={other},v1={right}"), BODY));
        for age in [-300, 300] {
            let time = NOW - age;
            let right = signature(time, "whsec_1");
            assert!(checked(&format!("t={time},v1={right}"), BODY), "{age}");
        }
    }

    #[rstest]
    #[case::nothing("")]
    #[case::no_time(&format!("v1={}", signature(NOW, "whsec_1")))]
    #[case::no_signature(&format!("t={NOW}"))]
    #[case::another_secret(&format!("t={NOW},v1={}", signature(NOW, "whsec_2")))]
    #[case::another_time(&format!("t={},v1={}", NOW + 1, signature(NOW, "whsec_1")))]
    #[case::too_old(&format!("t={},v1={}", NOW - 301, signature(NOW - 301, "whsec_1")))]
    #[case::from_the_future(&format!("t={},v1={}", NOW + 301, signature(NOW + 301, "whsec_1")))]
    #[case::another_scheme(&format!("t={NOW},v0={}", signature(NOW, "whsec_1")))]
    #[case::no_hex(&format!("t={NOW},v1=zz"))]
    #[case::no_number("t=x,v1=00")]
    #[case::the_end_of_time("t=9223372036854775807,v1=00")]
    fn others_are_not(#[case] header: &str) {
        assert!(!checked(header, BODY));
    }

    #[test]
    fn another_body_has_another_signature() {
        let header = format!("t={NOW},v1={}", signature(NOW, "whsec_1"));
        assert!(!checked(&header, br#"{"id":"evt_2"}"#));
    }
}
