//! The buyer confirms a payment with the bank, and Stripe tells by webhook: nobody here asks payments
//! meanwhile.

use reqwest::StatusCode;
use ticketing_contracts::{
    api::{
        orders::{Order, OrderPaymentStatus},
        payments::{Payment, PaymentStatus},
    },
    order::OrderStatus,
};

use crate::harness::{Person, Stack, payment_status};

/// An order whose payment waits for the bank.
async fn waiting(stack: &Stack) -> (Person, Order, Payment) {
    let people = stack.people(2).await;
    let ticket = people[0].sell("By hand", 1).await;
    let buyer = people[1].clone();
    let order = buyer.gets(ticket.id, 1).await;
    let payment = buyer.paid(order.id, "tok_threeDSecure2Required").await;
    assert_eq!(payment.status, PaymentStatus::RequiresAction);
    let (secret, intent) = (payment.client_secret.as_ref(), payment.stripe_id.as_ref());
    assert!(secret.unwrap().starts_with(intent.unwrap()));
    let order = buyer.shows(order.id).await;
    assert_eq!(order.status, OrderStatus::AwaitingPayment);
    assert_eq!(stack.simulator().charges(order.id).await, 0);
    (buyer, order, payment)
}

#[tokio::test]
async fn the_bank_is_content() {
    let stack = Stack::get();
    let (buyer, order, payment) = waiting(&stack).await;
    assert_eq!(
        buyer.cancels(order.id).await,
        StatusCode::CONFLICT,
        "it is being paid"
    );
    let simulator = stack.simulator();
    let intent = payment.stripe_id.unwrap();
    assert!(simulator.authenticate(&intent, true).await.is_success());
    buyer.sees_complete(order.id).await;
    let payment = buyer.payment_of(order.id).await.unwrap();
    assert_eq!(
        (payment.status, payment.client_secret),
        (PaymentStatus::Succeeded, None)
    );
    assert_eq!(simulator.charges(order.id).await, 1);
    assert_eq!(stack.told(order.id, "payment:created").await, 1);
}

#[tokio::test]
async fn the_bank_is_not() {
    let stack = Stack::get();
    let (buyer, order, payment) = waiting(&stack).await;
    let simulator = stack.simulator();
    let intent = payment.stripe_id.unwrap();
    assert!(simulator.authenticate(&intent, false).await.is_success());
    buyer
        .sees(order.id, "payable again", |order| {
            order.status == OrderStatus::Created
                && payment_status(order) == Some(OrderPaymentStatus::Failed)
        })
        .await;
    buyer.paid(order.id, "tok_visa").await;
    buyer.sees_complete(order.id).await;
    assert_eq!(simulator.charges(order.id).await, 1);
}

/// The first card can't be charged any more once the second was.
#[tokio::test]
async fn a_second_card_while_the_first_waits() {
    let stack = Stack::get();
    let (buyer, order, first) = waiting(&stack).await;
    let second = buyer.paid(order.id, "tok_visa").await;
    assert_eq!(second.status, PaymentStatus::Succeeded);
    assert_eq!(second.id, first.id, "one payment for an order");
    assert_eq!(second.stripe_id, first.stripe_id);
    let simulator = stack.simulator();
    let too_late = simulator
        .authenticate(&first.stripe_id.unwrap(), true)
        .await;
    assert!(too_late.is_client_error(), "{too_late}");
    buyer.sees_complete(order.id).await;
    assert_eq!(simulator.charges(order.id).await, 1);
    assert_eq!(stack.told(order.id, "payment:created").await, 1);
}
