//! The whole way, from two accounts to a ticket that is sold.

use reqwest::StatusCode;
use serde_json::{Value, json};
use ticketing_contracts::{
    api::{
        orders::OrderPaymentStatus,
        payments::{Payment, PaymentStatus},
        tickets::Ticket,
    },
    order::OrderStatus,
};

use crate::harness::{Stack, expect, payment_status, problem};

#[tokio::test]
async fn sign_up_sell_order_pay() {
    let stack = Stack::get();
    let seller = stack.signs_up("seller").await;
    let buyer = stack.signs_up("buyer").await;
    let other = stack.signs_up("other").await;
    let ticket = seller.sell("Psaltery recital, row 2, seat 5", 1).await;
    let order = buyer.gets(ticket.id, 1).await;

    let payment = buyer.paid(order.id, "tok_visa").await;

    assert_eq!(payment.status, PaymentStatus::Succeeded);
    assert_eq!(
        (payment.order_id, payment.user_id, payment.amount),
        (order.id, buyer.id, order.total)
    );
    // Nobody has to wait for an event.
    let bought = buyer.shows(order.id).await;
    assert_eq!(bought.status, OrderStatus::Complete);
    assert_eq!(payment_status(&bought), Some(OrderPaymentStatus::Succeeded));
    let intent = stack.simulator().intent(order.id).await.unwrap();
    assert_eq!(
        (intent.charges, intent.amount, intent.currency.as_str()),
        (1, 10_50, "usd")
    );
    assert_eq!(intent.status, "succeeded");
    assert_eq!(intent.metadata["orderId"], order.id.to_string());
    assert_eq!(intent.metadata["paymentId"], payment.id.to_string());
    assert_eq!(Some(&intent.id), payment.stripe_id.as_ref());

    // The seller and another buyer see it sold.
    let sold = stack
        .shown(ticket.id, "sold", |shown| shown.sold == 1)
        .await;
    assert_eq!((sold.held, sold.available), (0, 0));
    let sales = format!("/api/orders/sales?ticketId={}", ticket.id);
    let sales: Value = seller.get(&sales).await.json().await.unwrap();
    assert_eq!(
        (&sales["sold"], &sales["revenue"]),
        (&json!(1), &json!(10.5))
    );
    let listed: Vec<Ticket> = other
        .get("/api/tickets?q=psaltery")
        .await
        .json()
        .await
        .unwrap();
    assert!(listed.is_empty(), "{listed:?}");
    let late = expect(other.order(ticket.id, 1).await, StatusCode::CONFLICT).await;
    assert_eq!(problem(late).await, "Sold out");

    // And it stays so.
    let again = expect(buyer.pays(order.id, "tok_visa").await, StatusCode::CONFLICT).await;
    assert!(problem(again).await.contains("paid"));
    assert_eq!(buyer.cancels(order.id).await, StatusCode::CONFLICT);
    assert_eq!(stack.simulator().charges(order.id).await, 1);
    assert_eq!(stack.told(order.id, "payment:created").await, 1);
}

/// Stripe counts yen, and a client that counts in cents would charge a hundredfold.
#[tokio::test]
async fn a_currency_without_decimals_is_charged_as_it_is() {
    let stack = Stack::get();
    let [seller, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let body = json!({"title": "Biwa evening", "price": 4800, "currency": "JPY", "capacity": 3});
    let ticket = seller.post("/api/tickets", &body).await;
    let ticket: Ticket = expect(ticket, StatusCode::CREATED)
        .await
        .json()
        .await
        .unwrap();
    let order = buyer.gets(ticket.id, 2).await;
    let body = json!({"orderId": order.id, "paymentMethodId": "pm_card_visa"});
    let payment = buyer.post("/api/payments", &body).await;
    let payment: Payment = expect(payment, StatusCode::CREATED)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(payment.amount, order.total);
    let intent = stack.simulator().intent(order.id).await.unwrap();
    assert_eq!((intent.amount, intent.currency.as_str()), (9_600, "jpy"));
    buyer.sees_complete(order.id).await;
}

#[tokio::test]
async fn a_declined_card_can_be_followed_by_another() {
    let stack = Stack::get();
    let [seller, buyer, rival] = &stack.people(3).await[..] else {
        unreachable!("there are three");
    };
    let ticket = seller.sell("Second try", 1).await;
    let order = buyer.gets(ticket.id, 1).await;

    let declined = buyer
        .pays(order.id, "tok_chargeDeclinedInsufficientFunds")
        .await;
    let declined = expect(declined, StatusCode::PAYMENT_REQUIRED).await;
    assert_eq!(problem(declined).await, "Your card has insufficient funds.");

    // The lease was given back, and the hold was not.
    let payable = buyer.shows(order.id).await;
    assert_eq!(payable.status, OrderStatus::Created);
    assert_eq!(payable.expires_at, order.expires_at);
    let told = buyer.sees(order.id, "told of the decline", |order| {
        payment_status(order) == Some(OrderPaymentStatus::Failed)
    });
    assert!(
        told.await
            .payment
            .unwrap()
            .message
            .contains("Nothing was charged")
    );
    assert_eq!(
        rival.order(ticket.id, 1).await.status(),
        StatusCode::CONFLICT
    );

    buyer.paid(order.id, "tok_visa").await;
    buyer.sees_complete(order.id).await;
    assert_eq!(stack.simulator().charges(order.id).await, 1);
    assert_eq!(stack.told(order.id, "payment:failed").await, 1);
    assert_eq!(stack.told(order.id, "payment:created").await, 1);
}
