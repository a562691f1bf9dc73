//! The signature of a webhook (<https://docs.stripe.com/webhooks#verify-manually>).

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The header `Stripe-Signature` of `body` at the time `now`, in seconds since 1970.
#[must_use]
pub fn sign(secret: &SecretString, now: i64, body: &str) -> String {
    let secret = secret.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
    mac.update(format!("{now}.{body}").as_bytes());
    format!("t={now},v1={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_openssl_signs() {
        // printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_1
        let signed = sign(
            &"whsec_1".to_owned().into(),
            1_700_000_000,
            r#"{"id":"evt_1"}"#,
        );
        assert_eq!(
            signed,
            "t=1700000000,v1=86d9cb9088d7cce050b0134e2d515d0fc05e8c00073612d3451480c6291f4dcd"
        );
    }
}
