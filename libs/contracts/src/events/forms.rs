//! What must hold for the events of every stream. Their tests call [`check`] with an example of each type.

use std::{collections::BTreeSet, fmt::Debug, str::FromStr};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{DecodeError, Event, WITHOUT_GROUP};

/// An id that is the same in every run.
pub fn id<T: FromStr<Err: Debug>>(number: u8) -> T {
    format!("018bcfe5-687b-7000-8000-0000000000{number:02}")
        .parse()
        .unwrap()
}

pub fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Takes one example of each type, in the order of the declaration, and the names of the fields that
/// may be absent, all of them present in some example.
pub fn check<E: Event + Serialize + PartialEq + Debug>(examples: &[E], optional: &[&str]) {
    groups_are_the_listeners::<E>();
    let kinds: Vec<_> = examples.iter().map(E::kind).collect();
    assert_eq!(kinds, E::TYPES);
    let mut seen = BTreeSet::new();
    for event in examples {
        insta::assert_json_snapshot!(event.kind().replace(':', "_"), event);
        reads_what_it_writes(event);
        may_grow(event);
        seen.extend(needs_every_field(event, optional));
    }
    assert_eq!(seen, optional.iter().copied().collect(), "optional fields");
    let unknown = E::decode("ticket:eaten", "{}").unwrap_err();
    assert!(matches!(unknown, DecodeError::UnknownType(kind) if kind == "ticket:eaten"));
}

fn groups_are_the_listeners<E: Event>() {
    let types: Vec<_> = E::HEARD_BY.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(types, E::TYPES);
    let mut listeners: BTreeSet<_> = E::HEARD_BY.iter().flat_map(|(_, by)| *by).collect();
    listeners.remove(&WITHOUT_GROUP);
    assert_eq!(E::GROUPS.iter().collect::<BTreeSet<_>>(), listeners);
    assert_eq!(
        E::GROUPS.len(),
        listeners.len(),
        "a group is declared twice"
    );
}

fn reads_what_it_writes<E: Event + PartialEq + Debug>(event: &E) {
    let read = E::decode(event.kind(), &event.data().unwrap()).unwrap();
    assert_eq!(&read, event);
}

/// A newer version of the producer says more.
fn may_grow<E: Event + PartialEq + Debug>(event: &E) {
    let mut data = fields(event);
    data["addedLater"] = serde_json::json!({"a": [1.5, null]});
    assert_eq!(&E::decode(event.kind(), &data.to_string()).unwrap(), event);
}

/// Returns the optional fields that the event has.
fn needs_every_field<'a, E: Event>(event: &E, optional: &[&'a str]) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for (field, without) in without_each_field(&fields(event)) {
        let result = E::decode(event.kind(), &without.to_string());
        match optional.iter().find(|name| **name == field) {
            Some(name) => {
                assert!(result.is_ok(), "{} without {field}", event.kind());
                seen.push(*name);
            }
            None => assert!(
                matches!(&result, Err(DecodeError::Unreadable { kind, .. }) if kind == event.kind()),
                "{} without {field}",
                event.kind()
            ),
        }
    }
    seen
}

fn fields(event: &impl Event) -> Value {
    serde_json::from_str(&event.data().unwrap()).unwrap()
}

/// The value once for each field in it, however deep, less that field.
fn without_each_field(value: &Value) -> Vec<(String, Value)> {
    let children: Vec<_> = match value {
        Value::Object(fields) => fields.keys().map(|key| format!("/{key}")).collect(),
        Value::Array(items) => (0..items.len()).map(|index| format!("/{index}")).collect(),
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for pointer in children {
        if value.is_object() {
            let name = pointer[1..].to_owned();
            let mut without = value.clone();
            without.as_object_mut().unwrap().remove(&name);
            all.push((name, without));
        }
        for (name, changed) in without_each_field(&value.pointer(&pointer).unwrap().clone()) {
            let mut whole = value.clone();
            *whole.pointer_mut(&pointer).unwrap() = changed;
            all.push((name, whole));
        }
    }
    all
}
