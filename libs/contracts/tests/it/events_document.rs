//! docs/EVENTS.md says what the code does.

use serde::Serialize;
use serde_json::Value;
use ticketing_contracts::events::{Event, ExpirationEvent, OrderEvent, PaymentEvent, TicketEvent};

const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/EVENTS.md"));

/// The rows of every table with these headings, cells without their backticks.
fn rows(document: &str, headings: &[&str]) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim_start_matches('|').trim_end_matches('|');
        line.split('|')
            .map(|cell| cell.trim().replace('`', ""))
            .collect()
    };
    let mut lines = document.lines();
    let mut rows = Vec::new();
    while let Some(line) = lines.next() {
        if line.starts_with('|') && cells(line) == headings {
            let table = lines
                .by_ref()
                .skip(1)
                .take_while(|line| line.starts_with('|'));
            rows.extend(table.map(cells));
        }
    }
    rows
}

fn audience<E: Event>() -> Vec<[String; 3]> {
    let row = |(kind, by): &(&str, &[&str])| [(*kind).into(), E::STREAM.into(), by.join(", ")];
    E::HEARD_BY.iter().map(row).collect()
}

#[test]
fn every_type_is_in_the_table_and_nothing_else() {
    let documented: Vec<_> = rows(DOCUMENT, &["event", "stream", "when", "data", "heard by"])
        .into_iter()
        .map(|row| [row[0].clone(), row[1].clone(), row[4].clone()])
        .collect();
    let declared = [
        audience::<TicketEvent>(),
        audience::<OrderEvent>(),
        audience::<ExpirationEvent>(),
        audience::<PaymentEvent>(),
    ];
    assert_eq!(documented, declared.concat());
}

#[test]
fn every_stream_has_its_groups() {
    let documented: Vec<_> = rows(DOCUMENT, &["stream", "published by", "consumer groups"])
        .into_iter()
        .map(|row| (row[0].clone(), row[2].clone()))
        .collect();
    let declared = [
        (TicketEvent::STREAM, TicketEvent::GROUPS),
        (OrderEvent::STREAM, OrderEvent::GROUPS),
        (PaymentEvent::STREAM, PaymentEvent::GROUPS),
        (ExpirationEvent::STREAM, ExpirationEvent::GROUPS),
    ]
    .map(|(stream, groups)| (stream.to_owned(), groups.join(", ")));
    assert_eq!(documented, declared);
}

/// Reads an example and writes it again.
fn rewritten(kind: &str, data: &str) -> Value {
    fn of<E: Event + Serialize>(kind: &str, data: &str) -> Option<Value> {
        let known = E::TYPES.contains(&kind);
        let event = known.then(|| E::decode(kind, data).expect("of the type's form"))?;
        serde_json::to_value(event).ok()
    }
    of::<TicketEvent>(kind, data)
        .or_else(|| of::<OrderEvent>(kind, data))
        .or_else(|| of::<PaymentEvent>(kind, data))
        .or_else(|| of::<ExpirationEvent>(kind, data))
        .unwrap_or_else(|| panic!("no such type: {kind}"))
}

#[test]
fn every_example_can_be_read_and_its_fields_are_described() {
    let mut examples = 0;
    for section in DOCUMENT.split("\n### ").skip(1) {
        let Some((_, block)) = section.split_once("```json\n") else {
            continue;
        };
        let json = block.split("```").next().unwrap();
        let example: Value = serde_json::from_str(json).unwrap();
        let kind = example["type"].as_str().unwrap();
        assert_eq!(rewritten(kind, &example["data"].to_string()), example);

        let mut described: Vec<_> = rows(section, &["field", ""])
            .into_iter()
            .map(|row| row[0].clone())
            .collect();
        described.sort();
        let fields = example["data"].as_object().unwrap().keys();
        let mut fields: Vec<_> = fields.cloned().collect();
        fields.sort();
        assert_eq!(described, fields, "{kind}");
        examples += 1;
    }
    assert_eq!(examples, 5);
}
