//! `/v1/payment_methods` and `/v1/tokens`: cards are handed over, by browsers mostly.

use std::sync::Arc;

use actix_web::HttpResponse;

use super::{
    call::{About, Call},
    caller::Caller,
    parameters::Parameters,
};
use crate::{
    domain::{
        card::Card,
        entry::{Entry, Outcome},
        error::StripeError,
        payment_method::{CardDetails, PaymentMethod, Token},
    },
    operation::Operation,
    store::books::Books,
};

/// A card, as it is handed over.
#[derive(Debug)]
enum Given {
    Token(String),
    Typed {
        number: String,
        exp_month: i64,
        exp_year: i64,
        cvc: Option<String>,
    },
}

/// Makes a payment method of a token or of a card.
pub async fn create(mut call: Call) -> Result<HttpResponse, StripeError> {
    let fingerprint = call.fingerprint(Operation::PaymentMethod, "");
    let mut parameters = std::mem::take(&mut call.parameters);
    let kind = parameters.required("type")?;
    if kind != "card" {
        let message = format!("Invalid type: must be card here; was {kind}");
        return Err(StripeError::invalid(message, "type"));
    }
    let given = given(&mut parameters, call.caller)?;
    let name = parameters.text("billing_details[name]")?;
    parameters.ignore("billing_details[");
    parameters.ignore("metadata[");
    parameters.finish()?;
    let operation = Operation::PaymentMethod;
    Ok(call
        .change(operation, About::Nothing, fingerprint, move |books, now| {
            let (mut details, token) = details(books, given, now.now)?;
            details.name = name.or(details.name);
            let entry = Entry::new(now.now, Outcome::Method);
            let entry = match token {
                Some(token) => entry.token(token),
                None => entry,
            };
            Ok(entry.method(PaymentMethod::new(details, now.now)))
        })
        .await)
}

/// Makes a token of a card, as Stripe.js does.
pub async fn tokenize(mut call: Call) -> Result<HttpResponse, StripeError> {
    let fingerprint = call.fingerprint(Operation::Token, "");
    let mut parameters = std::mem::take(&mut call.parameters);
    let given = given(&mut parameters, call.caller)?;
    let name = parameters.text("card[name]")?;
    // The course's client asks for an e-mail address, and an address if it is told to.
    for ignored in ["card[address_", "email", "validation_type"] {
        parameters.ignore(ignored);
    }
    parameters.finish()?;
    Ok(call
        .change(
            Operation::Token,
            About::Nothing,
            fingerprint,
            move |books, now| {
                let (mut details, _) = details(books, given, now.now)?;
                details.name = name;
                let token = Token::new(details, now.now);
                Ok(Entry::new(now.now, Outcome::Token).token(token))
            },
        )
        .await)
}

fn given(parameters: &mut Parameters, caller: Caller) -> Result<Given, StripeError> {
    if let Some(token) = parameters.text("card[token]")? {
        return Ok(Given::Token(token));
    }
    let number = parameters.text("card[number]")?;
    let number = number.ok_or_else(|| Parameters::missing("card"))?;
    if caller == Caller::Server {
        return Err(StripeError::request(
            "parameter_invalid",
            "Sending credit card numbers directly to the Stripe API is generally unsafe. To continue \
             processing use Stripe.js, the Stripe mobile bindings, or Stripe Elements.",
        ));
    }
    let mut part = |name| {
        let name = format!("card[{name}]");
        parameters
            .integer(&name)?
            .ok_or_else(|| Parameters::missing(&name))
    };
    Ok(Given::Typed {
        number,
        exp_month: part("exp_month")?,
        exp_year: part("exp_year")?,
        cvc: parameters.text("card[cvc]")?,
    })
}

/// What a card is made of, and the token, used up, if it came by one.
fn details(
    books: &Books,
    given: Given,
    now: i64,
) -> Result<(CardDetails, Option<Token>), StripeError> {
    match given {
        Given::Typed {
            number,
            exp_month,
            exp_year,
            cvc,
        } => {
            let details = CardDetails::typed(&number, exp_month, exp_year, cvc.as_deref(), now)?;
            Ok((details, None))
        }
        Given::Token(id) => {
            if let Some(card) = id.strip_prefix("tok_").and_then(Card::named) {
                return Ok((CardDetails::named(card), None));
            }
            let token = books.token(&id);
            let token = token.ok_or_else(|| StripeError::missing("token", &id, "card[token]"))?;
            if token.used {
                let message = format!("You cannot use a Stripe token more than once: {id}.");
                return Err(StripeError::request("token_already_used", message));
            }
            let used = Token {
                used: true,
                ..Token::clone(token)
            };
            Ok((used.details.clone(), Some(used)))
        }
    }
}

/// The payment method with the id, if it can be charged; a new one for a test id such as `pm_card_visa`.
pub fn payable(books: &Books, id: &str, now: i64) -> Result<Arc<PaymentMethod>, StripeError> {
    if let Some(card) = id.strip_prefix("pm_card_").and_then(Card::named) {
        return Ok(Arc::new(PaymentMethod::new(CardDetails::named(card), now)));
    }
    let method = books.method(id);
    let method =
        method.ok_or_else(|| StripeError::missing("PaymentMethod", id, "payment_method"))?;
    if method.used {
        let message = "The provided PaymentMethod was previously used with a PaymentIntent without \
                       Customer attachment. It may not be used again.";
        return Err(StripeError::invalid(message, "payment_method"));
    }
    Ok(method.clone())
}
