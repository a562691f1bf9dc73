//! Money that comes about when the order's time is over, or after it: the tickets, or the money back.

use reqwest::StatusCode;
use ticketing_contracts::{
    api::{
        orders::{Order, OrderPaymentStatus},
        tickets::Ticket,
    },
    order::{CancelReason, OrderStatus},
};
use ticketing_runtime::Clock;
use ticketing_testkit::eventually;

use crate::harness::{Fault, Person, Stack, expect, finally, payment_status, placed};

/// A seller's only ticket, a buyer who holds it, and another who wants it.
async fn held(stack: &Stack) -> (Ticket, Person, Order, Person) {
    let people = stack.people(3).await;
    let ticket = people[0].sell("On the last minute", 1).await;
    let order = people[1].gets(ticket.id, 1).await;
    (ticket, people[1].clone(), order, people[2].clone())
}

/// Begun at 14:59, confirmed at 15:01.
#[tokio::test(flavor = "multi_thread")]
async fn begun_in_time_and_confirmed_after_it() {
    let stack = Stack::get();
    stack
        .with_settings("orders", &[("HOLD", "6s")], async || {
            let (ticket, buyer, order, rival) = held(&stack).await;
            let slow = Fault {
                seconds: 8,
                ..Fault::confirming(order.id, "hang-before")
            };
            stack
                .simulator()
                .with_faults(slow.once(), async || {
                    let paying = buyer.begins_to_pay(order.id, "tok_visa");
                    while !paying.is_finished() {
                        let refused = rival.order(ticket.id, 1).await;
                        assert_eq!(refused.status(), StatusCode::CONFLICT);
                    }
                    let answer = paying.await.unwrap().unwrap();
                    expect(answer, StatusCode::CREATED).await;
                })
                .await;
            assert!(Clock::system().now() > order.expires_at);
            let bought = buyer.sees_complete(order.id).await;
            assert_eq!(bought.reason, None, "it was never cancelled");
            assert_eq!(stack.simulator().charges(order.id).await, 1);
        })
        .await;
}

/// Stripe charges, and nobody here knows of it until the lease is over.
const SHORT: [(&str, &str); 2] = [("HOLD", "6s"), ("LEASE", "3s")];

#[tokio::test(flavor = "multi_thread")]
async fn after_its_lease_while_the_ticket_is_free() {
    let stack = Stack::get();
    stack
        .with_settings("orders", &SHORT, async || {
            let (ticket, buyer, order, _) = held(&stack).await;
            let unknown = Fault::confirming(order.id, "hang").once_untold();
            stack
                .simulator()
                .with_faults(unknown, async || {
                    let paying = buyer.begins_to_pay(order.id, "tok_visa");
                    buyer.sees_complete(order.id).await;
                    let _ = paying.await.unwrap();
                })
                .await;
            // It had expired before.
            assert_eq!(stack.told_by_orders(order.id, "order:cancelled").await, 1);
            let sold = stack
                .shown(ticket.id, "sold", |shown| shown.sold == 1)
                .await;
            assert_eq!(sold.available, 0);
            let intent = stack.simulator().intent(order.id).await.unwrap();
            assert_eq!((intent.charges, intent.refunded), (1, 0));
        })
        .await;
    stack.is_clean();
}

/// Whoever wants the ticket frees it: expiration is away, or the buyer's money might come first.
#[tokio::test(flavor = "multi_thread")]
async fn after_its_lease_when_the_ticket_is_another_buyers() {
    let stack = Stack::get();
    let back = async || drop(stack.scaled("expiration", 1).await);
    stack
        .with_settings("orders", &SHORT, async || {
            stack.scaled("expiration", 0).await;
            finally(too_late(&stack), back()).await;
        })
        .await;
    stack.is_clean();
}

async fn too_late(stack: &Stack) {
    let (ticket, buyer, order, rival) = held(stack).await;
    let unknown = Fault::confirming(order.id, "hang").once_untold();
    stack
        .simulator()
        .with_faults(unknown, async || {
            let paying = buyer.begins_to_pay(order.id, "tok_visa");
            stack.simulator().charged(order.id).await;
            let theirs = eventually("the ticket is another's", async || {
                let answer = rival.order(ticket.id, 1).await;
                match answer.status() {
                    StatusCode::CREATED => Some(placed(answer).await),
                    _ => None,
                }
            })
            .await;
            // Their hold is as short.
            rival.paid(theirs.id, "tok_visa").await;
            rival.sees_complete(theirs.id).await;
            let back = buyer.sees_refunded(order.id).await;
            assert_eq!(back.status, OrderStatus::Cancelled);
            assert_eq!(back.reason, Some(CancelReason::Expired));
            let message = back.payment.unwrap().message;
            assert!(message.contains("money back"), "{message}");
            let _ = paying.await.unwrap();
        })
        .await;
    let intent = stack.simulator().intent(order.id).await.unwrap();
    assert_eq!((intent.charges, intent.refunded), (1, intent.amount));
    assert_eq!(stack.told(order.id, "payment:refunded").await, 1);
}

/// The browser that has the client secret tries another card by itself, and the buyer cancels before
/// anybody here hears of it.
#[tokio::test(flavor = "multi_thread")]
async fn cancelled_by_the_buyer_first() {
    let stack = Stack::get();
    let (ticket, buyer, order, _) = held(&stack).await;
    let simulator = stack.simulator();
    simulator
        .with_faults(serde_json::json!({"webhooks": false}), async || {
            let declined = buyer.pays(order.id, "tok_chargeDeclined").await;
            expect(declined, StatusCode::PAYMENT_REQUIRED).await;
            let intent = simulator.intent(order.id).await.unwrap();
            simulator.confirm(&intent.id, "pm_card_visa").await;
            assert_eq!(buyer.cancels(order.id).await, StatusCode::NO_CONTENT);
            let back = buyer.sees_refunded(order.id).await;
            assert_eq!(back.reason, Some(CancelReason::Buyer));
        })
        .await;
    let intent = simulator.intent(order.id).await.unwrap();
    assert_eq!((intent.charges, intent.refunded), (1, intent.amount));
    stack
        .shown(ticket.id, "free", |shown| shown.available == 1)
        .await;
    stack.is_clean();
}

/// Stripe tells that the first card was declined while the second is being charged.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_is_told_late_does_not_undo_the_second_card() {
    let stack = Stack::get();
    let (_, buyer, order, _) = held(&stack).await;
    let simulator = stack.simulator();
    let declined = buyer.pays(order.id, "tok_chargeDeclined").await;
    expect(declined, StatusCode::PAYMENT_REQUIRED).await;
    let intent = simulator.intent(order.id).await.unwrap().id;
    let slow = Fault {
        seconds: 8,
        ..Fault::confirming(order.id, "hang-before")
    };
    simulator
        .with_faults(slow.once(), async || {
            let paying = buyer.begins_to_pay(order.id, "tok_visa");
            buyer
                .sees(order.id, "being paid", |order| {
                    order.status == OrderStatus::AwaitingPayment
                })
                .await;
            simulator
                .tell_again(&intent, "payment_intent.payment_failed", 1)
                .await;
            let answer = paying.await.unwrap().unwrap();
            expect(answer, StatusCode::CREATED).await;
        })
        .await;
    simulator
        .tell_again(&intent, "payment_intent.payment_failed", 1)
        .await;
    let paid = buyer.sees_complete(order.id).await;
    assert_eq!(payment_status(&paid), Some(OrderPaymentStatus::Succeeded));
    assert_eq!(simulator.charges(order.id).await, 1);
    assert_eq!(stack.told(order.id, "payment:created").await, 1);
}
