//! `demo`: a seller with offers to look at and to buy, put up as any client would.

mod client;
mod offers;

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use self::{client::Client, offers::OFFERS};
use crate::{secrets::Secrets, stack::Stack, terminal};

/// The demo seller's address; the password is among the stack's secrets.
const EMAIL: &str = "demo@ticketing.dev";

/// Puts up what the demo seller does not offer yet, known by its title. Called again, it changes
/// nothing.
///
/// # Errors
/// When the stack does not run, or refuses something.
pub async fn run(stack: &Stack) -> Result<()> {
    stack.require_running().await?;
    let new = put_up(stack).await?;
    for offer in &new {
        terminal::answer(format_args!("+ {offer}"));
    }
    terminal::answer(format_args!(
        "{EMAIL} offers {} tickets, {} of them new: {}",
        OFFERS.len(),
        new.len(),
        stack.url()
    ));
    Ok(())
}

/// The same without a word. Returns what is new.
///
/// # Errors
/// When the stack refuses something.
pub async fn put_up(stack: &Stack) -> Result<Vec<String>> {
    let secrets = Secrets::load_or_create(&stack.state.secrets())?;
    let client = Client::sign_in(&stack.url(), EMAIL, &secrets.demo_password).await?;
    let there: BTreeSet<String> = client.own_titles().await?;
    let mut new = Vec::new();
    for offer in OFFERS.iter().filter(|offer| !there.contains(offer.title)) {
        let ticket = offer.ticket()?;
        client
            .put_up(&ticket)
            .await
            .with_context(|| format!("{:?} can't be put up", offer.title))?;
        new.push(offer.to_string());
    }
    Ok(new)
}
