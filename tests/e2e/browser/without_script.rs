//! JavaScript is off: forms and links do everything up to the card's number.

use super::{
    chromium::Chromium,
    steps::{RESERVE, TIME_LEFT},
};
use crate::harness::Stack;

#[tokio::test]
async fn everything_but_the_card_works() {
    let stack = Stack::get();
    let seller = stack.person().await;
    let ticket = seller.sell("Plainsong at dawn", 6).await;
    let buyer = Chromium::new().without_script().start(&stack).await;
    buyer.opens("/").await;
    assert!(!buyer.has_run_scripts().await);
    buyer.fills("Search", "plainsong").await;
    buyer.presses("Search").await;
    buyer.follows("Plainsong at dawn").await;
    buyer.sees("6 left").await;
    buyer.presses(RESERVE).await;
    buyer.arrives_at("/auth/").await;
    if buyer.path().await.starts_with("/auth/signin") {
        buyer.follows("Sign up").await;
    }
    buyer.creates_an_account("plain").await;
    buyer.arrives_at(&format!("/tickets/{}", ticket.id)).await;
    buyer.fills("Quantity", "2").await;
    let order = buyer.reserves().await;
    buyer.sees("$21.00").await;
    // The hold stays in view, and what can be done.
    buyer.sees("Paying needs JavaScript").await;
    buyer.sees(TIME_LEFT).await;
    buyer.is_seen_in_all_views("order-no-script").await;
    buyer.follows("My orders").await;
    buyer.sees("Plainsong at dawn").await;
    buyer.sees("Held: not paid yet").await;
    buyer.opens_order(order).await;
    buyer.presses("Cancel order").await;
    buyer.sees("Order cancelled").await;
    let free = stack.shown(ticket.id, "free", |shown| shown.available == 6);
    free.await;

    // Selling, too; what is wrong with a form is the server's to say.
    buyer.may_say("status of 400");
    buyer.opens("/tickets/new").await;
    buyer.checks_nothing_itself().await;
    buyer.fills("Title", "Theorbo").await;
    buyer.fills("Price", "nothing").await;
    buyer.fills("How many", "0").await;
    buyer.presses("Put on sale").await;
    buyer.sees("A price such as 12.50").await;
    buyer.sees("A number from 1 to 1,000,000").await;
    assert_eq!(buyer.written_in("Title").await, "Theorbo");
    assert_eq!(buyer.is_described("Price").await, "A price such as 12.50");
    let own = buyer.puts_up("Plain but mine", "3", "2").await;
    buyer.opens(&format!("/selling/{own}/edit")).await;
    buyer.fills("Price", "4").await;
    buyer.presses("Save").await;
    buyer.sees("Your changes are saved").await;
    buyer.presses("Sign out").await;
    buyer.sees_link("Sign in").await;
    buyer.ends().await;
}
