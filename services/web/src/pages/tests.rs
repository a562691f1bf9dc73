//! Every page in every state, rendered from samples: what stands in `<main>` is kept as a snapshot.
//!
//! With `SAMPLES=FOLDER` they are also written there, to be looked at in a browser.

use actix_web::{HttpMessage, body, http::StatusCode, test::TestRequest};
use askama::Template;
use chrono::TimeDelta;
use rstest::rstest;
use ticketing_contracts::{
    api::{
        orders::{Order, OrderItem, OrderPaymentStatus},
        problem::ErrorItem,
        tickets::Ticket,
    },
    order::{CancelReason, OrderStatus},
};
use ticketing_runtime::telemetry::trace::TraceContext;

use super::{
    account::AccountPage,
    edit::EditPage,
    fields::{Fields, Typed},
    figures::{FiguresPage, FiguresPart},
    home::Home,
    order::{OrderPage, StatePart},
    orders::OrdersPage,
    parts::Stock,
    samples,
    sell::SellPage,
    selling::SellingPage,
    ticket::{OfferPart, TicketPage},
};
use crate::{
    clients::{ClientError, Paged},
    failure::{self, Failure},
    page::Page,
    visit::{
        Language::{self, English, German},
        ReturnTo,
    },
};

fn paged<T>(items: Vec<T>, next: Option<&str>) -> Paged<T> {
    Paged {
        items,
        next: next.map(ToOwned::to_owned),
    }
}

fn refused(status: StatusCode, message: &str, field: Option<&str>) -> ClientError {
    ClientError::Refused {
        status,
        errors: vec![ErrorItem {
            message: message.to_owned(),
            field: field.map(ToOwned::to_owned),
        }],
        retry_after: None,
    }
}

fn check(name: &str, view: &impl Template) {
    check_html(name, &view.render().unwrap());
}

/// Keeps what the page is about, without what is different every time.
fn check_html(name: &str, html: &str) {
    write_sample(name, html);
    let main = html
        .split_once("<main ")
        .and_then(|(_, rest)| rest.split_once("</main>"))
        .map(|(main, _)| format!("<main {main}</main>\n"))
        .expect("every page has a main part");
    insta::assert_snapshot!(name, without_keys(&main));
}

fn without_keys(html: &str) -> String {
    let mut parts = html.split(r#"name="key" value=""#);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (key, rest) = part.split_once('"').unwrap();
        assert!(super::is_key(key), "{key}");
        kept.push_str(r#"name="key" value="KEY""#);
        kept.push_str(rest);
    }
    kept
}

fn write_sample(name: &str, html: &str) {
    if let Some(folder) = std::env::var_os("SAMPLES") {
        let file = std::path::Path::new(&folder).join(format!("{name}.html"));
        std::fs::write(file, html).unwrap();
    }
}

fn home(page: Page, q: &str, later: bool, found: Option<Paged<Ticket>>) -> Home {
    Home::of(page, q.to_owned(), later, found.as_ref())
}

#[rstest]
#[case("home", English)]
#[case("home-de", German)]
fn what_is_on_sale(#[case] name: &str, #[case] language: Language) {
    let page = samples::page(language, "/", "Tickets while they last");
    check(
        name,
        &home(
            page,
            "",
            false,
            Some(paged(samples::tickets(), Some("abc"))),
        ),
    );
}

#[test]
fn nothing_is_on_sale() {
    let page = samples::page(English, "/", "Tickets while they last");
    check(
        "home-empty",
        &home(page, "", false, Some(paged(vec![], None))),
    );
}

#[test]
fn what_was_found() {
    let page = samples::own_page(English, "/?q=evensong&cursor=abc", "Tickets for “evensong”");
    let found = paged(vec![samples::ticket(1)], Some("d&f"));
    check("home-found", &home(page, "evensong", true, Some(found)));
}

#[test]
fn nothing_was_found() {
    let page = samples::page(English, "/?q=%3Cb%3E", "Tickets for “<b>”");
    check(
        "home-none",
        &home(page, "<b>", false, Some(paged(vec![], None))),
    );
}

#[test]
fn tickets_is_away() {
    let page = samples::page(English, "/", "Tickets while they last");
    check("home-down", &home(page, "", false, None));
}

#[test]
fn nobody_can_tell_who_is_signed_in() {
    let page = Page {
        certain: false,
        ..samples::page(English, "/", "Tickets while they last")
    };
    check(
        "home-uncertain",
        &home(page, "", false, Some(paged(vec![samples::ticket(2)], None))),
    );
}

fn ticket_page(page: Page, ticket: &Ticket, quantity: i32) -> TicketPage {
    let offer = OfferPart::of(&page, Some(ticket), quantity);
    TicketPage::of(page, ticket, offer)
}

fn ticket_at(language: Language, ticket: &Ticket) -> Page {
    samples::page(language, &format!("/tickets/{}", ticket.id), &ticket.title)
}

#[rstest]
#[case("ticket", English, 2)]
#[case("ticket-de", German, 2)]
#[case("ticket-seat", English, 3)]
#[case("ticket-few", English, 4)]
#[case("ticket-held", English, 6)]
#[case("ticket-sold", English, 8)]
#[case("ticket-dear", English, 7)]
fn a_ticket(#[case] name: &str, #[case] language: Language, #[case] number: u64) {
    let ticket = samples::ticket(number);
    check(name, &ticket_page(ticket_at(language, &ticket), &ticket, 2));
}

#[test]
fn ones_own_ticket() {
    let ticket = samples::ticket(1);
    let page = samples::own_page(English, &format!("/tickets/{}", ticket.id), &ticket.title);
    check("ticket-own", &ticket_page(page, &ticket, 1));
}

#[test]
fn nothing_was_reserved() {
    let ticket = samples::ticket(4);
    let path = format!("/tickets/{}/orders", ticket.id);
    let page = samples::own_page(English, &path, &ticket.title);
    let offer = OfferPart::of(&page, Some(&ticket), 4).refused("Only 3 are left.".to_owned());
    check("ticket-refused", &TicketPage::of(page, &ticket, offer));
}

#[test]
fn a_ticket_that_was_withdrawn() {
    let ticket = samples::ticket(2);
    let page = ticket_at(English, &ticket);
    let offer = OfferPart::of(&page, None, 1);
    check("ticket-withdrawn", &TicketPage::of(page, &ticket, offer));
}

fn order_page(language: Language, order: &Order, config: bool) -> OrderPage {
    let page = samples::own_page(language, &format!("/orders/{}", order.id), "Your order");
    let state = StatePart::of(page.t, order, samples::user().email, page.now);
    let config = config.then(samples::config);
    OrderPage::of(page, order, config.as_ref(), state)
}

fn cancelled(reason: CancelReason) -> Order {
    Order {
        reason: Some(reason),
        status: OrderStatus::Cancelled,
        ..samples::order()
    }
}

fn refund(payment: OrderPaymentStatus) -> Order {
    Order {
        reason: Some(CancelReason::Expired),
        ..samples::paid(OrderStatus::Cancelled, payment, "")
    }
}

fn of_several() -> Order {
    let mut order = samples::paid(OrderStatus::Complete, OrderPaymentStatus::Succeeded, "");
    let other = samples::ticket(3);
    order.items.push(OrderItem {
        ticket_id: other.id,
        title: other.title,
        price: other.price,
        quantity: 1,
    });
    order
}

const DECLINED: &str = "Your card has insufficient funds.";

#[rstest]
#[case("order", English, samples::order())]
#[case("order-de", German, samples::order())]
#[case(
    "order-failed",
    English,
    samples::paid(OrderStatus::Created, OrderPaymentStatus::Failed, DECLINED)
)]
#[case(
    "order-paying",
    English,
    samples::paid(OrderStatus::AwaitingPayment, OrderPaymentStatus::Pending, "")
)]
#[case(
    "order-complete",
    English,
    samples::paid(OrderStatus::Complete, OrderPaymentStatus::Succeeded, "")
)]
#[case("order-complete-several", German, of_several())]
#[case("order-cancelled", English, cancelled(CancelReason::Buyer))]
#[case("order-expired", English, cancelled(CancelReason::Expired))]
#[case("order-refunding", English, refund(OrderPaymentStatus::Refunding))]
#[case("order-refunded", English, refund(OrderPaymentStatus::Refunded))]
#[case("order-refunded-cancelled", German, Order { reason: Some(CancelReason::Buyer), ..refund(OrderPaymentStatus::Refunded) })]
fn an_order(#[case] name: &str, #[case] language: Language, #[case] order: Order) {
    check(name, &order_page(language, &order, true));
}

#[test]
fn payments_is_away() {
    check(
        "order-pay-down",
        &order_page(English, &samples::order(), false),
    );
}

fn orders(found: Option<Paged<Order>>) -> OrdersPage {
    let page = samples::own_page(English, "/orders", "My orders");
    OrdersPage::of(page, None, found.as_ref())
}

#[test]
fn ones_orders() {
    let all = vec![
        samples::order(),
        samples::paid(
            OrderStatus::AwaitingPayment,
            OrderPaymentStatus::Pending,
            "",
        ),
        of_several(),
        cancelled(CancelReason::Expired),
        refund(OrderPaymentStatus::Refunding),
    ];
    check("orders", &orders(Some(paged(all, Some("abc")))));
}

#[test]
fn no_orders_yet() {
    check("orders-empty", &orders(Some(paged(vec![], None))));
}

#[test]
fn orders_is_away() {
    check("orders-down", &orders(None));
}

fn account(path: &str, new: bool, return_to: &str) -> AccountPage {
    let title = if new { "Sign up" } else { "Sign in" };
    AccountPage::of(
        samples::page(English, path, title),
        new,
        ReturnTo::new(return_to),
    )
}

#[test]
fn signing_in() {
    check("sign-in", &account("/auth/signin", false, "/"));
}

#[test]
fn signing_in_on_the_way() {
    let back = "/tickets/1?quantity=2";
    check("sign-in-first", &account("/auth/signin", false, back));
}

#[test]
fn not_signed_in() {
    let view = account("/auth/signin", false, "/");
    let error = refused(StatusCode::BAD_REQUEST, "Invalid credentials", None);
    check(
        "sign-in-refused",
        &view.refused("ann@example.com".to_owned(), &error),
    );
}

#[test]
fn not_signed_up() {
    let view = account("/auth/signup", true, "/");
    let error = refused(StatusCode::BAD_REQUEST, "…", Some("password"));
    check(
        "sign-up-refused",
        &view.refused("ann@example.com".to_owned(), &error),
    );
}

fn sell(fields: Fields) -> SellPage {
    let page = samples::own_page(English, "/tickets/new", "Sell tickets");
    SellPage::of(page, fields)
}

#[test]
fn selling_something() {
    check("sell", &sell(Fields::empty()));
}

#[test]
fn selling_something_that_can_not_be() {
    let typed: Typed =
        serde_urlencoded::from_str("title=&price=ten&currency=USD&capacity=0").unwrap();
    let fields = typed
        .new_ticket(samples::page(English, "/", "").t)
        .unwrap_err();
    check("sell-wrong", &sell(*fields));
}

fn edit() -> EditPage {
    let ticket = samples::ticket(1);
    let path = format!("/selling/{}/edit", ticket.id);
    EditPage::of(samples::own_page(German, &path, "Bearbeiten"), &ticket)
}

#[test]
fn an_edit() {
    check("edit", &edit());
}

#[test]
fn an_edit_that_comes_late() {
    let error = refused(
        StatusCode::CONFLICT,
        "The ticket was edited meanwhile",
        None,
    );
    check("edit-stale", &edit().refused(&Typed::default(), &error));
}

#[test]
fn an_edit_of_what_is_reserved() {
    let error = refused(StatusCode::CONFLICT, "Cannot edit a reserved ticket", None);
    let typed: Typed =
        serde_urlencoded::from_str("title=Evensong&price=12&currency=USD&capacity=1").unwrap();
    check("edit-reserved", &edit().refused(&typed, &error));
}

fn selling(found: Option<Paged<Ticket>>) -> SellingPage {
    let page = samples::own_page(English, "/selling", "My tickets");
    SellingPage::of(page, found.as_ref())
}

#[test]
fn ones_tickets() {
    check("selling", &selling(Some(paged(samples::tickets(), None))));
}

#[test]
fn no_tickets_yet() {
    check("selling-empty", &selling(Some(paged(vec![], None))));
}

fn figures(
    sales: Option<ticketing_contracts::api::orders::Sales>,
    news: Option<&str>,
) -> FiguresPage {
    let ticket = samples::ticket(1);
    let path = format!("/selling/{}", ticket.id);
    let page = samples::own_page(English, &path, "Sales");
    let part = FiguresPart::of(page.t, ticket.id, sales);
    FiguresPage::of(page, &ticket, news, part)
}

#[test]
fn how_a_ticket_sells() {
    check("figures", &figures(Some(samples::sales()), None));
}

#[test]
fn how_a_ticket_does_not_sell_yet() {
    let sales = ticketing_contracts::api::orders::Sales {
        held: 0,
        sold: 0,
        revenue: ticketing_contracts::money::MajorUnits::from_minor(
            0,
            ticketing_contracts::money::Currency::USD,
        ),
        series: vec![],
        ..samples::sales()
    };
    check("figures-empty", &figures(Some(sales), Some("fresh")));
}

#[test]
fn the_figures_are_away() {
    check("figures-down", &figures(None, None));
}

/// Nothing that anybody can do leads there.
#[tokio::test]
async fn something_is_broken() {
    let request = TestRequest::default().to_http_request();
    let visit = samples::visit(English, "/orders");
    request.extensions_mut().insert(visit);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let trace: TraceContext = trace.parse().unwrap();
    let failed = trace.scope(failure::answer(&request, &Failure::Broken));
    let response = failed.await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let html = body::to_bytes(response.into_body()).await.unwrap();
    check_html("failure-broken", std::str::from_utf8(&html).unwrap());
}

#[test]
fn what_surrounds_a_page() {
    let page = samples::own_page(English, "/orders?cursor=abc", "My orders");
    let html = OrdersPage::of(page, None, Some(&paged(vec![], None)))
        .render()
        .unwrap();
    for expected in [
        r#"<html lang="en" data-now="2026-11-21T15:33:41.000Z">"#,
        r##"<a class="skip" href="#main">"##,
        r#"<a href="/orders" aria-current="page">"#,
        r#"data-user="018bcfe5-687b-7001-8000-000000000001""#,
        r#"name="return_to" value="/orders?cursor=abc""#,
        r#"aria-live="polite""#,
    ] {
        assert!(html.contains(expected), "{expected}: {html}");
    }
}

#[test]
fn nothing_is_styled_or_scripted_past_the_policy() {
    let order = samples::order();
    let html = order_page(English, &order, true).render().unwrap();
    assert!(!html.contains(" style="), "{html}");
    assert!(!html.contains(" onclick="), "{html}");
    assert!(!html.contains("javascript:"), "{html}");
}

#[test]
fn whoever_is_sent_to_sign_in_comes_back() {
    let home = home(
        samples::page(English, "/?q=a+b&cursor=c", "Home"),
        "a b",
        true,
        Some(paged(vec![], None)),
    );
    let html = home.render().unwrap();
    assert!(
        html.contains(r#"href="/auth/signin?return_to=%2F%3Fq%3Da%2Bb%26cursor%3Dc""#),
        "{html}"
    );
    // From one of the two forms to the other, it is still the same page.
    let sign_in = account("/auth/signin?return_to=%2Forders", false, "/orders");
    let html = sign_in.render().unwrap();
    assert!(
        html.contains(r#"href="/auth/signup?return_to=%2Forders""#),
        "{html}"
    );
    assert!(!html.contains("return_to=%2Fauth"), "{html}");
}

#[test]
fn what_was_typed_is_escaped() {
    let page = samples::page(English, "/?q=x", "x");
    let html = home(
        page,
        r#""><script>alert(1)</script>"#,
        false,
        Some(paged(vec![], None)),
    )
    .render()
    .unwrap();
    assert!(!html.contains("<script>alert"), "{html}");
}

#[test]
fn a_stock_that_comes_by_itself_is_the_one_of_the_page() {
    let ticket = samples::ticket(6);
    let inventory = ticketing_contracts::events::orders::Inventory {
        ticket_id: ticket.id,
        version: 9,
        ticket_version: ticket.version,
        capacity: ticket.capacity,
        held: ticket.held,
        sold: ticket.sold,
        next_release_at: ticket.next_release_at,
        order_id: None,
    };
    let page = Stock::of(samples::page(English, "/", "").t, &ticket, samples::now())
        .render()
        .unwrap();
    let live = Stock::live(&inventory, English);
    // What differs is the version, and the minutes, which the browser's clock tells.
    let same = |html: &str| {
        html.replace("data-version=\"0\"", "data-version=\"9\"")
            .replace("14 min</time>", "…</time>")
    };
    assert_eq!(same(&page), live);
    let later = samples::now() + TimeDelta::minutes(5);
    let later = Stock::of(samples::page(English, "/", "").t, &ticket, later);
    assert!(later.render().unwrap().contains("9 min</time>"));
}
