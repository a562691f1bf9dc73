//! The whole purchase at 390 px.

use super::{
    chromium::Chromium,
    steps::{COMPLETE, RESERVE, card},
};
use crate::harness::Stack;

#[tokio::test]
async fn a_purchase_by_thumb() {
    let stack = Stack::get();
    let seller = stack.person().await;
    let title = "Saxophones on the roof, with a title as long as sellers like to make them";
    let ticket = seller.sell(title, 3).await;
    let buyer = Chromium::new().on_a_phone().start(&stack).await;
    buyer.opens("/?q=saxophones").await;
    buyer.fits().await;
    buyer.follows(title).await;
    buyer.fits().await;
    buyer.presses(RESERVE).await;
    buyer.arrives_at("/auth/").await;
    buyer.fits().await;
    if buyer.path().await.starts_with("/auth/signin") {
        buyer.follows("Sign up").await;
    }
    buyer.creates_an_account("thumb").await;
    buyer.arrives_at(&format!("/tickets/{}", ticket.id)).await;
    buyer.reserves().await;
    buyer.fits().await;
    buyer.pays_with(card::GOOD).await;
    buyer.sees_heading(COMPLETE).await;
    buyer.fits().await;
    buyer.ends().await;
}
