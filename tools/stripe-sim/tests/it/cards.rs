//! The table of test cards: by token, by payment method, and by number as a browser gives it.

use rstest::rstest;
use stripe_sim::domain::card::CARDS;

use crate::harness::{Answer, Stripe};

const PUBLISHABLE: &str = "pk_test_simulated";

/// What confirming a payment comes to: its status, or the error's code, decline code and message.
fn outcome(answer: &Answer) -> (String, String, String) {
    if answer.status == 200 {
        return (
            answer.field("status").to_owned(),
            String::new(),
            String::new(),
        );
    }
    assert_eq!(answer.status, 402, "{}", answer.body);
    let error = |name: &str| answer.field(&format!("error.{name}")).to_owned();
    (error("code"), error("decline_code"), error("message"))
}

async fn charged(stripe: &Stripe, method: &str) -> (String, String, String) {
    let intent = stripe.intent().await;
    outcome(&stripe.confirm(&intent, method).await)
}

async fn by_token(stripe: &Stripe, token: &str) -> String {
    let parameters = [("type", "card"), ("card[token]", token)];
    let answer = stripe.post("/v1/payment_methods", &parameters).await.ok();
    answer.field("id").to_owned()
}

async fn by_number(stripe: &Stripe, number: &str) -> Answer {
    let parameters = [
        ("type", "card"),
        ("card[number]", number),
        ("card[exp_month]", "12"),
        ("card[exp_year]", "34"),
        ("card[cvc]", "123"),
        ("key", PUBLISHABLE),
    ];
    stripe.post("/v1/payment_methods", &parameters).await
}

const DECLINED: &str = "Your card was declined.";

#[rstest]
#[case("visa", "4242424242424242", "succeeded", "", "")]
#[case("mastercard", "5555 5555 5555 4444", "succeeded", "", "")]
#[case("amex", "3782 822463 10005", "succeeded", "", "")]
#[case(
    "chargeDeclined",
    "4000000000000002",
    "card_declined",
    "generic_decline",
    DECLINED
)]
#[case(
    "visa_chargeDeclined",
    "4000000000000002",
    "card_declined",
    "generic_decline",
    DECLINED
)]
#[case(
    "chargeDeclinedInsufficientFunds",
    "4000000000009995",
    "card_declined",
    "insufficient_funds",
    "Your card has insufficient funds."
)]
#[case(
    "chargeDeclinedLostCard",
    "4000000000009987",
    "card_declined",
    "lost_card",
    DECLINED
)]
#[case(
    "chargeDeclinedStolenCard",
    "4000000000009979",
    "card_declined",
    "stolen_card",
    DECLINED
)]
#[case(
    "chargeDeclinedExpiredCard",
    "4000000000000069",
    "expired_card",
    "",
    "Your card has expired."
)]
#[case(
    "chargeDeclinedIncorrectCvc",
    "4000000000000127",
    "incorrect_cvc",
    "",
    "Your card's security code is incorrect."
)]
#[case(
    "chargeDeclinedProcessingError",
    "4000000000000119",
    "processing_error",
    "",
    "An error occurred while processing your card. Try again in a little bit."
)]
#[case(
    "threeDSecure2Required",
    "4000 0000 0000 3220",
    "requires_action",
    "",
    ""
)]
#[case("threeDSecureRequired", "4000000000003063", "requires_action", "", "")]
#[case(
    "authenticationRequired",
    "4000 0027 6000 3184",
    "requires_action",
    "",
    ""
)]
#[tokio::test]
async fn each_does_what_stripe_documents(
    #[case] name: &str,
    #[case] number: &str,
    #[case] what: &str,
    #[case] decline_code: &str,
    #[case] message: &str,
) {
    let stripe = Stripe::start();
    let expected = (what.to_owned(), decline_code.to_owned(), message.to_owned());
    assert_eq!(charged(&stripe, &format!("pm_card_{name}")).await, expected);
    let method = by_token(&stripe, &format!("tok_{name}")).await;
    assert_eq!(charged(&stripe, &method).await, expected);

    let browser = Stripe::of(stripe.simulator).with_key(PUBLISHABLE);
    let method = by_number(&browser, number).await.ok();
    let stripe = Stripe::of(browser.simulator);
    assert_eq!(charged(&stripe, method.field("id")).await, expected);
}

#[tokio::test]
async fn every_card_can_be_tried() {
    let stripe = Stripe::start();
    for card in &CARDS {
        let (what, ..) = charged(&stripe, &format!("pm_card_{}", card.name)).await;
        assert!(!what.is_empty(), "{}", card.name);
    }
}

#[tokio::test]
async fn no_real_card_is_accepted() {
    let stripe = Stripe::start().with_key(PUBLISHABLE);
    let answer = by_number(&stripe, "4539578763621486").await;
    assert_eq!(answer.refusal(), (402, "card_declined"));
    assert_eq!(answer.field("error.decline_code"), "test_mode_live_card");
    let answer = by_number(&stripe, "4242424242424241").await;
    assert_eq!(answer.refusal(), (402, "incorrect_number"));
}

#[tokio::test]
async fn numbers_come_from_browsers_alone() {
    let stripe = Stripe::start();
    let parameters = [("type", "card"), ("card[number]", "4242424242424242")];
    let answer = stripe.post("/v1/payment_methods", &parameters).await;
    assert_eq!(answer.status, 400);
    assert!(answer.field("error.message").contains("unsafe"));
}

#[tokio::test]
async fn a_browsers_token_is_good_for_one_payment_method() {
    let browser = Stripe::start().with_key(PUBLISHABLE);
    let parameters = [
        ("card[number]", "4242 4242 4242 4242"),
        ("card[exp_month]", "1"),
        ("card[exp_year]", "2034"),
        ("card[cvc]", "123"),
        ("card[name]", "Ada Lovelace"),
    ];
    let token = browser.post("/v1/tokens", &parameters).await.ok();
    assert_eq!(token.body["card"]["last4"], "4242");
    let stripe = Stripe::of(browser.simulator);
    let token = token.field("id");
    let method = by_token(&stripe, token).await;
    assert_eq!(charged(&stripe, &method).await.0, "succeeded");

    let again = [("type", "card"), ("card[token]", token)];
    let again = stripe.post("/v1/payment_methods", &again).await;
    assert_eq!(again.refusal(), (400, "token_already_used"));
}

#[tokio::test]
async fn a_payment_method_is_charged_once() {
    let stripe = Stripe::start();
    let method = by_token(&stripe, "tok_visa").await;
    assert_eq!(charged(&stripe, &method).await.0, "succeeded");
    let intent = stripe.intent().await;
    assert_eq!(stripe.confirm(&intent, &method).await.status, 400);
    assert_eq!(stripe.charges(), 1);
}
