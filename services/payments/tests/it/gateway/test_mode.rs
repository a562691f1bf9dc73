//! Against Stripe's test mode: run with `STRIPE_KEY=sk_test_…` set, counted as skipped otherwise.

use std::time::Duration;

use payments::gateway::{Fault, IntentState, NewIntent, Stripe, StripeSettings};
use secrecy::ExposeSecret;
use ticketing_contracts::ids::{OrderId, PaymentId};
use ticketing_runtime::Settings;

use crate::harness::now;

fn stripe() -> Stripe {
    let mut settings = Settings::from_env();
    let key = settings.secret("STRIPE_KEY").expect("STRIPE_KEY is set");
    let is_for_tests = key.expose_secret().starts_with("sk_test_");
    assert!(is_for_tests, "only Stripe's test mode is for tests");
    Stripe::new(&StripeSettings {
        api_base: "https://api.stripe.com".to_owned(),
        key,
        webhook_secret: "whsec_1".to_owned().into(),
        publishable_key: String::new(),
        js: String::new(),
        simulated: false,
        timeout: Duration::from_secs(30),
        concurrency: 8,
    })
    .unwrap()
}

fn new() -> NewIntent {
    NewIntent {
        payment_id: PaymentId::new(now()),
        attempt: 1,
        order_id: OrderId::new(now()),
        amount: 10_50,
        currency: "USD".parse().unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs STRIPE_KEY, a key of Stripe's test mode"]
async fn a_charge_its_repeat_and_its_refund() {
    let (stripe, new) = (stripe(), new());
    let intent = stripe.create(&new).await.unwrap();
    assert_eq!(
        stripe.create(&new).await.unwrap().id,
        intent.id,
        "the same key"
    );
    let key = format!("{}-method", new.payment_id);
    let method = stripe.payment_method("tok_visa", &key).await.unwrap();
    let key = format!("{}-confirm", new.payment_id);
    for _ in 0..2 {
        let confirmed = stripe.confirm(&intent.id, &method, &key).await.unwrap();
        assert_eq!(confirmed.state, IntentState::Succeeded);
    }
    assert_eq!(stripe.cancel(&intent.id).await, Err(Fault::AnotherState));
    assert_eq!(stripe.refunds(&intent.id).await.unwrap(), []);
    let refund = stripe
        .refund(&intent.id, &format!("{}-refund", new.payment_id))
        .await
        .unwrap();
    let listed = stripe.refunds(&intent.id).await.unwrap();
    assert_eq!(
        listed.iter().map(|refund| &refund.id).collect::<Vec<_>>(),
        [&refund.id]
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs STRIPE_KEY, a key of Stripe's test mode"]
async fn a_decline_3d_secure_and_a_cancellation() {
    let (stripe, new) = (stripe(), new());
    let intent = stripe.create(&new).await.unwrap();
    let confirm = async |method: &str, attempt: u8| {
        let key = format!("{}-{attempt}-confirm", new.payment_id);
        stripe.confirm(&intent.id, method, &key).await
    };
    let declined = confirm("pm_card_chargeDeclined", 1).await;
    assert!(
        matches!(
            declined,
            Err(Fault::Declined {
                authentication: false,
                ..
            })
        ),
        "{declined:?}"
    );
    let waiting = confirm("pm_card_authenticationRequired", 2).await.unwrap();
    assert_eq!(waiting.state, IntentState::RequiresAction);
    assert!(waiting.client_secret.starts_with(&intent.id));
    let found = stripe.retrieve(&intent.id).await.unwrap();
    assert_eq!(found.state, IntentState::RequiresAction);
    let canceled = stripe.cancel(&intent.id).await.unwrap();
    assert_eq!(canceled.state, IntentState::Canceled);
    let late = confirm("pm_card_visa", 3).await;
    assert_eq!(late, Err(Fault::AnotherState));
}
