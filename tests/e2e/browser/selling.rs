//! A seller's forms.

use serde_json::json;

use super::chromium::Chromium;
use crate::harness::Stack;

#[tokio::test]
async fn an_edit_is_refused_while_the_ticket_is_reserved() {
    let stack = Stack::get();
    let [person, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = person.sell("Oboe solo", 1).await;
    let seller = Chromium::new().start(&stack).await;
    seller.belongs_to(person).await;
    // Answers with the form and what is wrong.
    seller.may_say("status of 409");
    let edit = format!("/selling/{}/edit", ticket.id);
    seller.opens(&edit).await;
    let order = buyer.gets(ticket.id, 1).await;
    seller.fills("Title", "Oboe solo, first row").await;
    seller.presses("Save").await;
    seller
        .sees("A ticket that is reserved or sold can’t be edited.")
        .await;
    // What was written is not lost.
    assert_eq!(seller.written_in("Title").await, "Oboe solo, first row");
    assert_eq!(stack.ticket(ticket.id).await.title, "Oboe solo");

    buyer.cancels(order.id).await;
    stack
        .shown(ticket.id, "free", |shown| shown.available == 1)
        .await;
    seller.opens(&edit).await;
    seller.fills("Title", "Oboe solo, first row").await;
    seller.presses("Save").await;
    seller.sees("Your changes are saved").await;
    assert_eq!(stack.ticket(ticket.id).await.title, "Oboe solo, first row");
    seller.ends().await;
}

/// Two tabs, and the older one is sent last.
#[tokio::test]
async fn an_edit_of_an_older_state_is_not_taken() {
    let stack = Stack::get();
    let person = stack.person().await;
    let ticket = person.sell("Spinet", 10).await;
    let seller = Chromium::new().start(&stack).await;
    seller.belongs_to(&person).await;
    seller.may_say("status of 409");
    seller.opens(&format!("/selling/{}/edit", ticket.id)).await;
    let edit = json!({"title": "Spinet and voice", "price": 10.5, "capacity": 10});
    person.edits(ticket.id, &edit).await;
    seller.fills("Price", "20").await;
    seller.presses("Save").await;
    seller.sees("It was changed meanwhile").await;
    assert_eq!(seller.written_in("Title").await, "Spinet and voice");
    assert_eq!(stack.ticket(ticket.id).await.price.to_string(), "10.5");
    seller.ends().await;
}

#[tokio::test]
async fn a_sale_is_ended_when_nobody_is_in_it() {
    let stack = Stack::get();
    let [person, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let ticket = person.sell("Clavichord", 3).await;
    let order = buyer.gets(ticket.id, 1).await;
    let seller = Chromium::new().start(&stack).await;
    seller.belongs_to(person).await;
    seller.may_say("status of 409");
    let edit = format!("/selling/{}/edit", ticket.id);
    seller.opens(&edit).await;
    seller.withdraws().await;
    seller.sees("It was not withdrawn").await;
    buyer.cancels(order.id).await;
    stack
        .shown(ticket.id, "free", |shown| shown.available == 3)
        .await;
    seller.opens(&edit).await;
    seller.withdraws().await;
    seller.sees("Nothing on sale yet").await;
    seller.ends().await;
}

/// What is wrong is said beside the field, and the rest stays.
#[tokio::test]
async fn a_form_says_what_is_wrong_with_it() {
    let stack = Stack::get();
    let person = stack.person().await;
    let seller = Chromium::new().start(&stack).await;
    seller.belongs_to(&person).await;
    seller.opens("/tickets/new").await;
    seller.fills("Title", "Theorbo").await;
    seller.fills("Price", "nothing").await;
    seller.fills("How many", "0").await;
    seller.presses("Put on sale").await;
    seller.sees("A price such as 12.50").await;
    seller.sees("A number from 1 to 1,000,000").await;
    assert_eq!(seller.is_described("Price").await, "A price such as 12.50");
    // The first that is wrong.
    seller.is_at("Price").await;
    seller.fills("Price", "12.50").await;
    seller.fills("How many", "2").await;
    seller.presses("Put on sale").await;
    seller.arrives_at("/selling/").await;
    seller.sees("It is on sale").await;
    seller.ends().await;
}
