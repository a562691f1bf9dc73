//! Payments against the orders that they are for: nobody has paid for nothing, and nothing is had unpaid.

use ticketing_contracts::money::{Currency, at_stripe};

use super::{Fault, Finding, shown};
use crate::{
    invariant::Invariant as I,
    store::{
        payments::{Copy, Counts, Odd, Paid, Shared, Takings, UnderWay},
        simulator::{Sums, Totals},
    },
};

/// What is so in every snapshot: orders takes a payment before payments writes it down.
#[must_use]
pub fn always(
    counts: &Counts,
    paid: &[Paid],
    shared: &[Shared],
    odd: &[Odd],
    copies: &[Copy],
) -> Vec<Finding> {
    let payments = number(counts.payments);
    vec![
        Finding::of_each(I::Paid, number(counts.paid), paid, |paid| {
            wrongly_paid(paid).map(|text| Fault::about(paid.order_id, text))
        }),
        Finding::of_each(I::OnePayment, payments, shared, |shared| {
            let (what, count) = (&shared.what, shared.count);
            Some(Fault::about(what, format!("{count} payments have it")))
        }),
        Finding::of_each(I::Settled, payments, odd, |payment| {
            let text = match payment.settled.as_deref() {
                Some("complete") if !payment.completed => "settled, and its order is not complete",
                Some("refund-due") if !payment.refund => "to be given back, without a refund",
                _ => return None,
            };
            Some(Fault::about(payment.id, text))
        }),
        Finding::of_each(I::Refunds, number(counts.refunds), odd, |payment| {
            (payment.refund && !payment.given_up).then(|| {
                Fault::about(
                    payment.id,
                    "given back, though its order did not give it up",
                )
            })
        }),
        Finding::of_each(I::PaymentCopy, payments, copies, |copy| {
            let text = match (copy.version, copy.copied) {
                (None, Some(_)) => "a copy of a payment that there is not".to_owned(),
                (Some(version), Some(copied)) if copied > version => {
                    format!("version {version}, its copy is of {copied}")
                }
                (version, copied) if version == copied && copy.differs => {
                    "its copy tells of something else".to_owned()
                }
                _ => return None,
            };
            Some(Fault::about(copy.order_id, text))
        }),
    ]
}

fn wrongly_paid(paid: &Paid) -> Option<String> {
    let payment = shown(paid.payment_id);
    let (Some(order), Some(amount), Some(currency)) =
        (paid.paid_order, paid.paid_amount, &paid.paid_currency)
    else {
        return Some(format!("paid by {payment}, which there is not"));
    };
    if order != paid.order_id {
        return Some(format!("paid by {payment}, which is for order {order}"));
    }
    ((amount, currency) != (paid.total, &paid.currency)).then(|| {
        let (total, wanted) = (paid.total, &paid.currency);
        format!("costs {total} {wanted}, paid were {amount} {currency}")
    })
}

/// What is so once payments has written down what orders took, and has done what it has to.
#[must_use]
pub fn at_rest(
    counts: &Counts,
    paid: &[Paid],
    under_way: &[UnderWay],
    copies: &[Copy],
    takings: &[Takings],
) -> Vec<Finding> {
    let payments = number(counts.payments);
    vec![
        Finding::of_each(I::Charged, number(counts.paid), paid, |paid| {
            let status = paid.payment_status.as_ref()?;
            (status != "succeeded").then(|| {
                let payment = shown(paid.payment_id);
                let text = format!("paid by {payment}, which is {status}");
                Fault::about(paid.order_id, text).while_at(status)
            })
        }),
        Finding::of_each(I::UnderWay, payments, under_way, |payment| {
            let (text, state) = (left_undone(payment), &payment.attempted_at);
            Some(Fault::about(payment.id, text).while_at(format!("{} {state}", payment.status)))
        }),
        Finding::of_each(I::PaymentsCurrent, payments, copies, |copy| {
            let (version, copied) = (copy.version.filter(|version| *version > 0)?, copy.copied);
            (copied < Some(version)).then(|| {
                let copied = shown(copied);
                let text = format!("version {version}, its copy is of {copied}");
                Fault::about(copy.order_id, text).while_at(copied)
            })
        }),
        Finding::of_each(I::Takings, takings.len(), takings, |takings| {
            let (sold, kept) = (takings.sold, takings.kept);
            (sold != kept).then(|| {
                let text = format!("complete orders cost {sold}, paid and kept were {kept}");
                Fault::about(&takings.currency, text).while_at(format!("{sold} {kept}"))
            })
        }),
    ]
}

fn left_undone(payment: &UnderWay) -> String {
    let (status, at) = (&payment.status, payment.attempted_at);
    match (status.as_str(), payment.refund.as_deref()) {
        ("attempting", None) => format!("attempted at {at}, and nothing has come of it"),
        ("succeeded", None) => "made, and its order has not said what becomes of it".to_owned(),
        ("succeeded", Some(refund)) => format!("its refund is {refund} still"),
        (_, Some(_)) => format!("{status}, though it is given back"),
        (_, None) if payment.over => format!("{status}, though its order is over"),
        (_, None) => format!("{status} still"),
    }
}

/// What payments believes to have charged, against the simulator's books.
#[must_use]
pub fn simulator(takings: &[Takings], totals: &Totals) -> Finding {
    let sum = |figure: fn(&Takings) -> i64| takings.iter().map(figure).sum::<i64>();
    let counted = [
        ("charges", sum(|t| t.charges), totals.charges),
        ("refunds", sum(|t| t.refunds), totals.refunds),
    ];
    let mut figures: Vec<_> = counted
        .map(|(name, ours, theirs)| (name.to_owned(), ours, theirs))
        .into();
    let mut theirs = totals.currencies.clone();
    for takings in takings {
        let code = takings.currency.to_lowercase();
        let Sums { charged, refunded } = theirs.remove(&code).unwrap_or_default();
        let ours = |amount| stripes(amount, &takings.currency);
        figures.push((format!("{code} charged"), ours(takings.charged), charged));
        figures.push((format!("{code} refunded"), ours(takings.refunded), refunded));
    }
    for (code, Sums { charged, refunded }) in theirs {
        figures.push((format!("{code} charged"), 0, charged));
        figures.push((format!("{code} refunded"), 0, refunded));
    }
    Finding::of_each(
        I::Simulator,
        figures.len(),
        &figures,
        |(name, ours, theirs)| {
            (ours != theirs).then(|| {
                let text = format!("{ours} by payments, {theirs} at the simulator");
                Fault::about(name, text).while_at(format!("{ours} {theirs}"))
            })
        },
    )
}

/// As Stripe counts it. What can't be said so was never charged.
fn stripes(amount: i64, currency: &str) -> i64 {
    let currency: Option<Currency> = currency.parse().ok();
    currency
        .and_then(|currency| at_stripe(amount, currency).ok())
        .unwrap_or(amount)
}

fn number(count: i64) -> usize {
    usize::try_from(count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;

    const COUNTS: Counts = Counts {
        paid: 1,
        payments: 1,
        refunds: 1,
    };

    fn broken(findings: impl IntoIterator<Item = Finding>) -> Vec<I> {
        let wrong = |finding: Finding| (!finding.faults.is_empty()).then_some(finding.invariant);
        findings.into_iter().filter_map(wrong).collect()
    }

    fn paid() -> Paid {
        Paid {
            order_id: Uuid::nil(),
            payment_id: Some(Uuid::max()),
            total: 30,
            currency: "USD".into(),
            paid_order: Some(Uuid::nil()),
            paid_amount: Some(30),
            paid_currency: Some("USD".into()),
            payment_status: Some("succeeded".into()),
        }
    }

    #[rstest]
    #[case(|_: &mut Paid| {}, &[])]
    #[case(|p: &mut Paid| (p.paid_order, p.paid_amount, p.payment_status) = (None, None, None), &[I::Paid])]
    #[case(|p: &mut Paid| p.paid_order = Some(Uuid::max()), &[I::Paid])]
    #[case(|p: &mut Paid| p.paid_amount = Some(29), &[I::Paid])]
    #[case(|p: &mut Paid| p.paid_currency = Some("EUR".into()), &[I::Paid])]
    #[case(|p: &mut Paid| p.payment_status = Some("attempting".into()), &[I::Charged])]
    fn an_orders_payment(#[case] hurt: fn(&mut Paid), #[case] expected: &[I]) {
        let mut paid = paid();
        hurt(&mut paid);
        let paid = [paid];
        let findings = [
            always(&COUNTS, &paid, &[], &[], &[]),
            at_rest(&COUNTS, &paid, &[], &[], &[]),
        ];
        assert_eq!(broken(findings.concat()), expected);
    }

    #[rstest]
    #[case::in_order(Some("complete"), false, true, false, &[])]
    #[case::not_complete(Some("complete"), false, false, false, &[I::Settled])]
    #[case::given_back(Some("refund-due"), true, false, true, &[])]
    #[case::not_given_back(Some("refund-due"), false, false, true, &[I::Settled])]
    #[case::not_written_down_yet(None, true, false, true, &[])]
    #[case::both(Some("complete"), true, true, false, &[I::Refunds])]
    #[case::for_no_reason(None, true, false, false, &[I::Refunds])]
    fn a_payments_order(
        #[case] settled: Option<&str>,
        #[case] refund: bool,
        #[case] completed: bool,
        #[case] given_up: bool,
        #[case] expected: &[I],
    ) {
        let odd = [Odd {
            id: Uuid::nil(),
            settled: settled.map(Into::into),
            refund,
            completed,
            given_up,
        }];
        assert_eq!(broken(always(&COUNTS, &[], &[], &odd, &[])), expected);
    }

    /// Version, the copy's, and whether they differ.
    #[rstest]
    #[case(Some(2), Some(2), false, &[])]
    #[case(Some(2), Some(2), true, &[I::PaymentCopy])]
    #[case(Some(2), Some(1), true, &[I::PaymentsCurrent])]
    #[case(Some(2), None, false, &[I::PaymentsCurrent])]
    #[case(Some(0), None, false, &[])]
    #[case(Some(2), Some(3), false, &[I::PaymentCopy])]
    #[case(Some(0), Some(1), false, &[I::PaymentCopy])]
    #[case(None, Some(1), false, &[I::PaymentCopy])]
    fn copies(
        #[case] version: Option<i64>,
        #[case] copied: Option<i64>,
        #[case] differs: bool,
        #[case] expected: &[I],
    ) {
        let copies = [Copy {
            order_id: Uuid::nil(),
            version,
            copied,
            differs,
        }];
        let findings = [
            always(&COUNTS, &[], &[], &[], &copies),
            at_rest(&COUNTS, &[], &[], &copies, &[]),
        ];
        assert_eq!(broken(findings.concat()), expected);
    }

    fn takings(currency: &str, charged: i64, refunded: i64) -> Takings {
        Takings {
            currency: currency.into(),
            sold: charged - refunded,
            kept: charged - refunded,
            charges: 2,
            charged,
            refunds: 1,
            refunded,
        }
    }

    #[test]
    fn what_is_paid_is_sold() {
        let mut usd = takings("USD", 50, 20);
        let look = |takings: &Takings| {
            broken(at_rest(
                &COUNTS,
                &[],
                &[],
                &[],
                std::slice::from_ref(takings),
            ))
        };
        assert_eq!(look(&usd), []);
        usd.kept += 1;
        assert_eq!(look(&usd), [I::Takings]);
    }

    /// Stripe counts some currencies otherwise.
    #[test]
    fn the_simulators_books() {
        let ours = [takings("USD", 50, 20), takings("ISK", 5, 0)];
        let totals: Totals = serde_json::from_str(
            r#"{"charges": 4, "refunds": 2, "currencies": {
                "usd": {"charged": 50, "refunded": 20}, "isk": {"charged": 500, "refunded": 0}}}"#,
        )
        .unwrap();
        assert_eq!(simulator(&ours, &totals).faults, []);
        let faults = |ours: &[Takings], totals: &Totals| -> Vec<_> {
            let faults = simulator(ours, totals).faults.into_iter();
            faults.map(|fault| fault.text).collect()
        };
        assert_eq!(
            faults(&ours[..1], &totals),
            [
                "charges: 2 by payments, 4 at the simulator",
                "refunds: 1 by payments, 2 at the simulator",
                "isk charged: 0 by payments, 500 at the simulator",
            ]
        );
        let nothing = Totals {
            charges: 4,
            refunds: 2,
            currencies: Default::default(),
        };
        let missing = faults(&ours, &nothing);
        assert_eq!(missing.len(), 3, "{missing:?}");
        assert_eq!(
            missing[0],
            "usd charged: 50 by payments, 0 at the simulator"
        );
    }
}
