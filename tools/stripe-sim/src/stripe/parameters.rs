//! Parameters as Stripe takes them: form-encoded, with brackets, `card[token]=tok_visa`. What is not known
//! is refused.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::domain::error::StripeError;

/// Stripe's limits of metadata.
const METADATA_KEYS: usize = 50;
const METADATA_KEY_LENGTH: usize = 40;
const METADATA_VALUE_LENGTH: usize = 500;

/// The parameters that have not been read yet.
#[derive(Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Parses a query or a body.
    ///
    /// # Errors
    /// When it is not form-encoded.
    pub fn parse(text: &[u8]) -> Result<Self, StripeError> {
        let pairs = serde_urlencoded::from_bytes(text).map_err(|_| Self::not_a_form())?;
        Ok(Self(pairs))
    }

    /// The body is something else.
    pub fn not_a_form() -> StripeError {
        StripeError::request(
            "parameter_unknown",
            "Invalid request (check that your POST content type is \
             application/x-www-form-urlencoded). If you have any questions, we can help at \
             https://support.stripe.com/.",
        )
    }

    /// A digest of the route and all parameters. Their order does not matter: clients shuffle maps.
    pub fn fingerprint(&self, route: &str, path: &str) -> String {
        let mut pairs: Vec<_> = self.0.iter().collect();
        pairs.sort_unstable();
        let mut digest = Sha256::new();
        for text in [route, path] {
            digest.update(text);
            digest.update([0]);
        }
        for (name, value) in pairs {
            for text in [name, value] {
                digest.update(text);
                digest.update([0]);
            }
        }
        hex::encode(&digest.finalize()[..16])
    }

    /// A text that may be missing.
    ///
    /// # Errors
    /// When it is empty.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, StripeError> {
        let Some(place) = self.0.iter().position(|(key, _)| key == name) else {
            return Ok(None);
        };
        let (_, value) = self.0.remove(place);
        if value.is_empty() {
            let message = format!(
                "You passed an empty string for '{name}'. We assume empty values are an attempt to \
                 unset a parameter; however '{name}' cannot be unset. You should remove '{name}' from \
                 your request or supply a non-empty value."
            );
            return Err(StripeError::parameter(
                "parameter_invalid_empty",
                message,
                name.to_owned(),
            ));
        }
        Ok(Some(value))
    }

    /// A text that has to be there.
    ///
    /// # Errors
    /// When it is missing or empty.
    pub fn required(&mut self, name: &str) -> Result<String, StripeError> {
        self.text(name)?.ok_or_else(|| Self::missing(name))
    }

    /// A parameter that has to be there is not.
    pub fn missing(name: &str) -> StripeError {
        let message = format!("Missing required param: {name}.");
        StripeError::parameter("parameter_missing", message, name.to_owned())
    }

    /// A whole number that may be missing.
    ///
    /// # Errors
    /// When it is none.
    pub fn integer(&mut self, name: &str) -> Result<Option<i64>, StripeError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            let message = format!("Invalid integer: {text}");
            StripeError::parameter("parameter_invalid_integer", message, name.to_owned())
        })
    }

    /// An amount that may be missing: above 0, and eight digits at most.
    ///
    /// # Errors
    /// When it is none.
    pub fn amount(&mut self) -> Result<Option<i64>, StripeError> {
        match self.integer("amount")? {
            Some(..1) => {
                let message = "This value must be greater than or equal to 1.";
                let code = "parameter_invalid_integer";
                Err(StripeError::parameter(code, message, "amount"))
            }
            Some(100_000_000..) => {
                let message = "Amount must be no more than 99999999.";
                Err(StripeError::parameter(
                    "amount_too_large",
                    message,
                    "amount",
                ))
            }
            amount => Ok(amount),
        }
    }

    /// `true` or `false`, which may be missing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn boolean(&mut self, name: &str) -> Result<Option<bool>, StripeError> {
        match self.text(name)?.as_deref() {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(other) => {
                let message = format!("Invalid boolean: {other}");
                Err(StripeError::invalid(message, name.to_owned()))
            }
        }
    }

    /// One of a few words, which may be missing.
    ///
    /// # Errors
    /// When it is another.
    pub fn choice(&mut self, name: &str, words: &[&str]) -> Result<Option<String>, StripeError> {
        let text = self.text(name)?;
        if let Some(text) = text.as_deref().filter(|text| !words.contains(text)) {
            let message = format!(
                "Invalid {name}: must be one of {}; was {text}",
                words.join(", ")
            );
            return Err(StripeError::invalid(message, name.to_owned()));
        }
        Ok(text)
    }

    /// `metadata[KEY]`, within Stripe's limits.
    ///
    /// # Errors
    /// When there is too much of it.
    pub fn metadata(&mut self) -> Result<BTreeMap<String, String>, StripeError> {
        let mut metadata = BTreeMap::new();
        self.0.retain(|(name, value)| {
            let key = name
                .strip_prefix("metadata[")
                .and_then(|rest| rest.strip_suffix(']'));
            if let Some(key) = key {
                metadata.insert(key.to_owned(), value.clone());
            }
            key.is_none()
        });
        // Without a value there is no such key.
        metadata.retain(|_, value| !value.is_empty());
        let length = |text: &str| text.chars().count();
        let message = if metadata.len() > METADATA_KEYS {
            format!("Metadata can have up to {METADATA_KEYS} keys.")
        } else if metadata.keys().any(|key| length(key) > METADATA_KEY_LENGTH) {
            format!("Metadata keys can be up to {METADATA_KEY_LENGTH} characters.")
        } else if metadata
            .values()
            .any(|value| length(value) > METADATA_VALUE_LENGTH)
        {
            format!("Metadata values can be up to {METADATA_VALUE_LENGTH} characters.")
        } else {
            return Ok(metadata);
        };
        Err(StripeError::invalid(message, "metadata"))
    }

    /// Lets pass what changes nothing here: every parameter that begins so.
    pub fn ignore(&mut self, prefix: &str) {
        self.0.retain(|(name, _)| !name.starts_with(prefix));
    }

    /// All that is known has been read.
    ///
    /// # Errors
    /// When there is something else.
    pub fn finish(mut self) -> Result<(), StripeError> {
        // Which ids are to be shown as objects; ids are what is shown.
        self.ignore("expand[");
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => {
                let message = format!("Received unknown parameter: {name}");
                Err(StripeError::parameter("parameter_unknown", message, name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Parameters {
        Parameters::parse(text.as_bytes()).unwrap()
    }

    fn code<T: std::fmt::Debug>(outcome: Result<T, StripeError>) -> String {
        outcome.unwrap_err().code.unwrap_or_default().into_owned()
    }

    #[test]
    fn the_order_of_parameters_is_no_difference() {
        let print = |text| parsed(text).fingerprint("POST /v1/x", "");
        assert_eq!(print("a=1&b=2"), print("b=2&a=1"));
        assert_ne!(print("a=1&b=2"), print("a=2&b=1"));
        assert_ne!(print("a=1"), parsed("a=1").fingerprint("POST /v1/y", ""));
        assert_ne!(print("a=1"), parsed("a=1").fingerprint("POST /v1/x", "1"));
    }

    #[test]
    fn amounts() {
        let amount = |text| parsed(text).amount();
        assert_eq!(amount("amount=1050"), Ok(Some(1050)));
        assert_eq!(amount(""), Ok(None));
        for text in ["amount=0", "amount=-5", "amount=1.5", "amount=x"] {
            assert_eq!(code(amount(text)), "parameter_invalid_integer", "{text}");
        }
        assert_eq!(code(amount("amount=")), "parameter_invalid_empty");
        assert_eq!(code(amount("amount=100000000")), "amount_too_large");
    }

    #[test]
    fn metadata_is_taken_out() {
        let mut parameters = parsed("metadata%5BorderId%5D=1&metadata[b]=&amount=1");
        let metadata = parameters.metadata().unwrap();
        assert_eq!(metadata, BTreeMap::from([("orderId".into(), "1".into())]));
        assert_eq!(code(parameters.finish()), "parameter_unknown");
        let long = format!("metadata[a]={}", "x".repeat(501));
        assert!(parsed(&long).metadata().is_err());
    }

    #[test]
    fn words() {
        let choice = |text| parsed(text).choice("reason", &["duplicate", "fraudulent"]);
        assert_eq!(choice("reason=duplicate"), Ok(Some("duplicate".into())));
        assert!(choice("reason=boredom").is_err());
        assert_eq!(parsed("a=true").boolean("a"), Ok(Some(true)));
        assert!(parsed("a=maybe").boolean("a").is_err());
    }
}
