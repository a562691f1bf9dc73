//! auth: users and sessions.

use garde::Validate;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::UserId;

/// The fewest and the most characters of a password.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=128;

/// The most characters of an e-mail address (RFC 5321, section 4.5.3.1.3, less the brackets).
pub const EMAIL_MAX_LENGTH: usize = 254;

/// `POST /api/users/signup`.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct SignUp {
    /// The address to sign in with; letter case and surrounding space don't count.
    #[garde(custom(valid_email))]
    #[schema(format = "email", max_length = 254)]
    pub email: String,
    /// 8 to 128 characters.
    #[garde(custom(valid_new_password))]
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 128)]
    pub password: SecretString,
}

/// `POST /api/users/signin`.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct SignIn {
    /// The address given at sign-up.
    #[garde(custom(valid_email))]
    #[schema(format = "email", max_length = 254)]
    pub email: String,
    /// The password given at sign-up.
    #[garde(custom(some_password))]
    #[schema(value_type = String, format = "password")]
    pub password: SecretString,
}

/// A user as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// Never changes.
    pub id: UserId,
    /// As given at sign-up, without surrounding space.
    pub email: String,
}

/// `GET /api/users/currentuser`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrentUser {
    /// Null when the request has no valid session.
    pub current_user: Option<SessionUser>,
}

/// Who a session belongs to and how long it lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionUser {
    /// The user.
    pub id: UserId,
    /// The user's address.
    pub email: String,
    /// When the session began, in seconds since 1970.
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
}

/// `POST /api/users/signout`: an empty object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedOut {}

/// The address as it was meant: without surrounding space.
#[must_use]
pub fn trimmed_email(email: &str) -> &str {
    email.trim()
}

/// The form under which an address is unique: trimmed, in lower case.
#[must_use]
pub fn normalised_email(email: &str) -> String {
    trimmed_email(email).to_lowercase()
}

fn valid_email(value: &str, _: &()) -> garde::Result {
    let value = trimmed_email(value);
    let valid = value.len() <= EMAIL_MAX_LENGTH
        && !value.chars().any(char::is_control)
        && garde::rules::email::parse_email(value).is_ok();
    if valid {
        Ok(())
    } else {
        Err(garde::Error::new("Email must be valid"))
    }
}

fn valid_new_password(value: &SecretString, _: &()) -> garde::Result {
    if PASSWORD_LENGTH.contains(&value.expose_secret().chars().count()) {
        Ok(())
    } else {
        Err(garde::Error::new(format!(
            "Password must be between {} and {} characters",
            PASSWORD_LENGTH.start(),
            PASSWORD_LENGTH.end()
        )))
    }
}

fn some_password(value: &SecretString, _: &()) -> garde::Result {
    if value.expose_secret().is_empty() {
        Err(garde::Error::new("You must supply a password"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn sign_up(email: &str, password: &str) -> SignUp {
        SignUp {
            email: email.into(),
            password: password.into(),
        }
    }

    #[rstest]
    #[case("a@example.com")]
    #[case("  A.B+c@Example.COM ")]
    #[case("o'hara@example.co.uk")]
    fn accepted_addresses(#[case] email: &str) {
        assert!(sign_up(email, "12345678").validate().is_ok(), "{email}");
    }

    #[rstest]
    #[case("")]
    #[case(" ")]
    #[case("a")]
    #[case("a@")]
    #[case("@example.com")]
    #[case("a@b@example.com")]
    #[case("a b@example.com")]
    #[case("a@example.com\nBcc: b@example.com")]
    #[case("a\0@example.com")]
    #[case("<a@example.com>")]
    #[case("a@-example.com")]
    fn refused_addresses(#[case] email: &str) {
        assert!(sign_up(email, "12345678").validate().is_err(), "{email}");
    }

    #[test]
    fn an_address_of_255_characters_is_refused() {
        let local = "a".repeat(60);
        let domain = format!(
            "{}.{}.{}.com",
            "b".repeat(62),
            "c".repeat(62),
            "d".repeat(63)
        );
        let email = format!("{local}@{domain}");
        assert_eq!(email.len(), 254);
        assert!(sign_up(&email, "12345678").validate().is_ok());
        assert!(
            sign_up(&format!("a{email}"), "12345678")
                .validate()
                .is_err()
        );
    }

    #[rstest]
    #[case(7, false)]
    #[case(8, true)]
    #[case(128, true)]
    #[case(129, false)]
    fn password_length_counts_characters(#[case] length: usize, #[case] accepted: bool) {
        let password = "\u{fc}".repeat(length);
        assert_eq!(
            sign_up("a@example.com", &password).validate().is_ok(),
            accepted
        );
    }

    #[test]
    fn one_person_has_one_address() {
        assert_eq!(normalised_email(" Ann@Example.COM "), "ann@example.com");
    }

    #[test]
    fn a_password_is_not_printed() {
        assert!(!format!("{:?}", sign_up("a@example.com", "correct horse")).contains("horse"));
    }

    #[test]
    fn forms() {
        let id = UserId("018bcfe5-687b-7000-8000-000000000001".parse().unwrap());
        let email = "ann@example.com".to_owned();
        insta::assert_json_snapshot!(
            "user",
            User {
                id,
                email: email.clone()
            }
        );
        let session = SessionUser {
            id,
            email,
            iat: 1_700_000_000,
            exp: 1_700_086_400,
        };
        insta::assert_json_snapshot!(
            "current_user",
            CurrentUser {
                current_user: Some(session)
            }
        );
        insta::assert_json_snapshot!("nobody", CurrentUser { current_user: None });
        insta::assert_json_snapshot!("signed_out", SignedOut {});
    }
}
