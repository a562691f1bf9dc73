//! Wrong input comes back with a word beside its field, and with what was typed.

use rstest::rstest;
use ticketing_contracts::{ids::TicketId, money::MajorUnits};

use crate::harness::{App, Browser, Neighbours, Page, User, client, unique};

/// The form again: 400, the field marked and described, nothing lost.
fn wrong(page: &Page, field: &str) {
    assert_eq!(page.status, 400, "{field}: {}", page.body);
    let input = format!("[name={field}]");
    let described = page.attributes(&input, "aria-describedby").concat();
    let message = described
        .split(' ')
        .filter(|id| !id.is_empty())
        .map(|id| page.texts(&format!("#{id}")).concat())
        .collect::<String>();
    assert!(!message.is_empty(), "{field} has no message: {}", page.body);
    assert_eq!(page.attributes(&input, "aria-invalid"), ["true"], "{field}");
}

#[rstest]
#[case::no_address("", "correct horse", "email")]
#[case::no_address_at_all("ann", "correct horse", "email")]
#[case::a_short_password("ann@example.com", "1234567", "password")]
#[case::no_password("ann@example.com", "", "password")]
#[tokio::test(flavor = "multi_thread")]
async fn signing_up(#[case] email: &str, #[case] password: &str, #[case] field: &str) {
    let browser = App::start().browser();
    let form = browser.open("/auth/signup").await.form("/auth/signup");
    let form = form.with("email", email).with("password", password);
    let page = browser.submit(&form).await;
    wrong(&page, field);
    assert_eq!(page.attributes("[name=email]", "value"), [email]);
    if !password.is_empty() {
        assert!(!page.body.contains(password), "a password comes back");
    }
    assert_eq!(browser.cookie("session"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_with_a_wrong_password() {
    let browser = App::start().browser();
    let form = browser.open("/auth/signin").await.form("/auth/signin");
    let form = form.with("email", "nobody@example.com");
    let page = browser.submit(&form.with("password", "wrong horse")).await;
    assert_eq!(page.status, 400);
    assert!(page.has("[role=alert]"), "{}", page.body);
    assert_eq!(
        page.attributes("[name=email]", "value"),
        ["nobody@example.com"]
    );
    assert!(!page.body.contains("wrong horse"));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_with_an_address_in_use() {
    let browser = App::start().browser();
    let email = format!("{}@example.com", unique("ann").replace(' ', "."));
    let form = browser.open("/auth/signup").await.form("/auth/signup");
    let form = form.with("email", &email).with("password", "correct horse");
    assert_eq!(browser.submit(&form).await.status, 303);
    let other = App::start().browser();
    let form = other.open("/auth/signup").await.form("/auth/signup");
    let form = form.with("email", &email).with("password", "correct horse");
    let page = other.submit(&form).await;
    assert_eq!(page.status, 400, "{}", page.body);
    assert!(page.words().contains("Sign in instead"), "{}", page.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_too_often() {
    let browser = App::start().browser();
    let form = browser.open("/auth/signin").await.form("/auth/signin");
    let email = format!("{}@example.com", unique("busy").replace(' ', "."));
    let form = form.with("email", &email).with("password", "wrong horse");
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(browser.submit(&form).await.status);
    }
    assert_eq!(statuses, [400, 400, 400, 400, 400, 429]);
}

#[rstest]
#[case::no_title("title", "")]
#[case::a_long_title("title", &"x".repeat(201))]
#[case::no_price("price", "")]
#[case::words("price", "ten")]
#[case::nothing("price", "0")]
#[case::less("price", "-1")]
#[case::too_fine("price", "10.505")]
#[case::too_much("price", "99999999")]
#[case::none("capacity", "0")]
#[case::a_part("capacity", "1.5")]
#[case::too_many("capacity", "1000001")]
#[case::far_too_many("capacity", "99999999999999999999")]
#[case::no_limit_of_none("max_per_order", "0")]
#[case::no_words("max_per_person", "few")]
#[case::no_currency("currency", "XXX")]
#[tokio::test(flavor = "multi_thread")]
async fn selling(#[case] field: &str, #[case] value: &str) {
    let browser = App::start().browser_of(&User::new());
    let form = browser.open("/tickets/new").await.form("/tickets/new");
    let form = form
        .with("title", "Row <7> & \"8\"")
        .with("price", "10.50")
        .with("capacity", "20");
    let page = browser.submit(&form.clone().with(field, value)).await;
    wrong(&page, field);
    if field != "title" {
        let titles = page.attributes("[name=title]", "value");
        assert_eq!(titles, ["Row <7> & \"8\""], "what was typed is lost");
    }
    if field != "currency" {
        let input = format!("[name={field}]");
        assert_eq!(page.attributes(&input, "value"), [value]);
    }
    // Mended, the same form is taken, once.
    let again = browser.submit(&form).await;
    assert_eq!(again.status, 303, "{}", again.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_puts_up_one_ticket() {
    let user = User::new();
    let browser = App::start().browser_of(&user);
    let title = unique("Once");
    let form = browser.open("/tickets/new").await.form("/tickets/new");
    let form = form.with("title", &title).with("price", "10,50");
    let (first, second) = tokio::join!(browser.submit(&form), browser.submit(&form));
    for page in [&first, &second] {
        assert!([303, 409].contains(&page.status), "{}", page.body);
    }
    let page = browser.open("/selling").await;
    let tickets = page.attributes("main a[href$='/edit']", "href");
    assert_eq!(tickets.len(), 1, "{tickets:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn editing() {
    let user = User::new();
    let browser = App::start().browser_of(&user);
    let ticket = user.offers(&unique("Edit"), 10).await;
    let path = format!("/selling/{}/edit", ticket.id);
    let form = browser.open(&path).await.form(&path);
    for (field, value) in [("title", ""), ("price", "0"), ("capacity", "x")] {
        let page = browser.submit(&form.clone().with(field, value)).await;
        wrong(&page, field);
    }
    let page = browser.submit(&form.clone().with("price", "12.25")).await;
    assert_eq!(page.status, 303, "{}", page.body);
    // What was shown is no longer how it stands.
    let page = browser.submit(&form.with("price", "13")).await;
    assert_eq!(page.status, 409, "{}", page.body);
    assert!(page.has("[role=alert]"), "{}", page.body);
    assert_eq!(page.attributes("[name=price]", "value").len(), 1);
    assert_eq!(shown(ticket.id).await.to_string(), "12.25");
}

async fn shown(id: TicketId) -> MajorUnits {
    let url = format!("{}/api/tickets/{id}", Neighbours::shared().tickets);
    let answer = client().get(url).send().await.unwrap();
    let ticket: ticketing_contracts::api::tickets::Ticket = answer.json().await.unwrap();
    ticket.price
}

#[rstest]
#[case("0")]
#[case("-1")]
#[case("1.5")]
#[case("two")]
#[case("")]
#[case("1000001")]
#[case("99999999999999999999")]
#[tokio::test(flavor = "multi_thread")]
async fn buying_an_odd_number(#[case] quantity: &str) {
    let (seller, buyer) = (User::new(), User::new());
    let ticket = seller.offers(&unique("Odd"), 10).await;
    let browser = App::start().browser_of(&buyer);
    let page = order(&browser, ticket.id, quantity).await;
    assert!([400, 409].contains(&page.status), "{}", page.body);
    assert!(page.has("[role=alert]"), "{}", page.body);
    assert!(page.has("form[action$='/orders']"), "{}", page.body);
}

async fn order(browser: &Browser, ticket: TicketId, quantity: &str) -> Page {
    let form = browser.open(&format!("/tickets/{ticket}")).await;
    let form = form.form(&format!("/tickets/{ticket}/orders"));
    browser.submit(&form.with("quantity", quantity)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn buying_more_than_there_is() {
    let (seller, buyer) = (User::new(), User::new());
    let ticket = seller.offers(&unique("Rare"), 2).await;
    let browser = App::start().browser_of(&buyer);
    let page = order(&browser, ticket.id, "3").await;
    assert_eq!(page.status, 409, "{}", page.body);
    assert!(
        page.text("[role=alert]").contains("Only 2"),
        "{}",
        page.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn buying_at_a_price_that_is_no_more() {
    let (seller, buyer) = (User::new(), User::new());
    let app = App::start();
    let ticket = seller.offers(&unique("Dear"), 2).await;
    let browser = app.browser_of(&buyer);
    let path = format!("/tickets/{}", ticket.id);
    let form = browser.open(&path).await.form(&format!("{path}/orders"));
    let page = browser.submit(&form.with("price", "9")).await;
    assert_eq!(page.status, 409, "{}", page.body);
    assert!(
        page.text("[role=alert]").contains("$10.50"),
        "{}",
        page.body
    );
}
