//! Session keys are rotated while auth serves.

use serde_json::Value;
use ticketing_testkit::eventually;

use crate::harness::Stack;

async fn published(stack: &Stack) -> Option<usize> {
    let set = stack
        .client
        .get(format!("{}/api/users/.well-known/jwks.json", stack.base))
        .send();
    let set: Value = set.await.ok()?.json().await.ok()?;
    Some(set["keys"].as_array()?.len())
}

#[tokio::test]
async fn an_old_session_lasts_until_its_key_is_withdrawn() {
    let stack = Stack::get();
    let (_, old) = stack.sign_up("old").await;
    let before = published(&stack).await.unwrap();

    stack.stack(&["rotate-session-key"]);
    eventually("the new key is published", async || {
        (published(&stack).await? == before + 1).then_some(())
    })
    .await;
    assert!(stack.current_user(&old).await.is_object());
    let (_, new) = stack.sign_up("new").await;

    stack.stack(&["rotate-session-key", "--withdraw-old"]);
    eventually("the old keys are withdrawn", async || {
        (published(&stack).await? == 1).then_some(())
    })
    .await;
    assert_eq!(stack.current_user(&old).await, Value::Null);
    assert!(stack.current_user(&new).await.is_object());
}
