//! What a visitor finds.

use std::collections::HashSet;

use ticketing_contracts::api::tickets::Ticket;

use crate::harness::{Stack, next_page};

/// Every page, by the `Link` header.
async fn all(stack: &Stack, first: &str) -> Vec<Ticket> {
    let mut found = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(path) = next {
        let page = stack.get_path(&path).await;
        next = next_page(&page);
        found.extend(page.json::<Vec<Ticket>>().await.unwrap());
    }
    found
}

#[tokio::test]
async fn a_search_has_pages_without_gaps_or_repeats() {
    let stack = Stack::get();
    let seller = stack.person().await;
    // A word that no other title has.
    let word = seller.id.0.simple();
    let mut put_up = HashSet::new();
    for number in 0..7 {
        let title = format!("Zarzuela {word}, night {number}");
        put_up.insert(seller.sell(&title, 10).await.id);
    }
    seller.sell("Something else", 10).await;
    let found = all(&stack, &format!("/api/tickets?q=zarzuela+{word}&limit=3")).await;
    assert_eq!(found.len(), put_up.len());
    let found: HashSet<_> = found.iter().map(|ticket| ticket.id).collect();
    assert_eq!(found, put_up);
}

#[tokio::test]
async fn what_is_all_held_is_for_its_seller_to_see_alone() {
    let stack = Stack::get();
    let [seller, buyer] = &stack.people(2).await[..] else {
        unreachable!("there are two");
    };
    let word = seller.id.0.simple();
    let ticket = seller.sell(&format!("Quodlibet {word}"), 2).await;
    buyer.gets(ticket.id, 2).await;
    stack
        .shown(ticket.id, "held", |shown| shown.held == 2)
        .await;
    assert!(
        all(&stack, &format!("/api/tickets?q={word}"))
            .await
            .is_empty()
    );
    let own: Vec<Ticket> = seller
        .get("/api/tickets?owner=me")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(own.len(), 1);
    assert_eq!((own[0].id, own[0].available), (ticket.id, 0));
}
