//! A stream can be declared outside of the contracts, with nothing imported.

use serde::{Deserialize, Serialize};
use ticketing_contracts::events::{DecodeError, Event, Snapshot};

ticketing_contracts::stream! {
    pub(crate) enum LampEvent: stream "lamps", groups ["moths", "bats"] {
        Lit(Lamp): "lamp:lit", heard by ["moths", "bats"],
        Moved(Place): "lamp:moved", heard by ["moths"],
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lamp {
    id: uuid::Uuid,
    version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    lamp: Lamp,
    room: String,
}

impl Snapshot for Lamp {
    fn subject(&self) -> uuid::Uuid {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Snapshot for Place {
    fn subject(&self) -> uuid::Uuid {
        self.lamp.id
    }

    fn version(&self) -> i64 {
        self.lamp.version
    }
}

#[test]
fn what_is_declared_is_there() {
    assert_eq!(LampEvent::STREAM, "lamps");
    assert_eq!(LampEvent::GROUPS, ["moths", "bats"]);
    assert_eq!(LampEvent::TYPES, ["lamp:lit", "lamp:moved"]);
    assert_eq!(LampEvent::HEARD_BY[1], ("lamp:moved", &["moths"][..]));

    let lamp = Lamp {
        id: uuid::Uuid::from_u128(7),
        version: 3,
    };
    let room = "hall".to_owned();
    let event = LampEvent::Moved(Place { lamp, room });
    assert_eq!(event.kind(), "lamp:moved");
    assert_eq!((event.subject().as_u128(), event.version()), (7, 3));
    let data =
        r#"{"lamp":{"id":"00000000-0000-0000-0000-000000000007","version":3},"room":"hall"}"#;
    assert_eq!(event.data().unwrap(), data);
    assert_eq!(LampEvent::decode("lamp:moved", data).unwrap(), event);
    let whole = format!(r#"{{"type":"lamp:moved","data":{data}}}"#);
    assert_eq!(serde_json::to_string(&event).unwrap(), whole);
}

#[test]
fn what_is_not_is_told_apart() {
    let unknown = LampEvent::decode("lamp:broken", "{}").unwrap_err();
    assert!(matches!(&unknown, DecodeError::UnknownType(kind) if kind == "lamp:broken"));
    assert_eq!(unknown.to_string(), "unknown event type lamp:broken");

    let unreadable = LampEvent::decode("lamp:lit", "dark").unwrap_err();
    assert!(matches!(&unreadable, DecodeError::Unreadable { kind, .. } if kind == "lamp:lit"));
    assert_eq!(unreadable.to_string(), "unreadable data of a lamp:lit");
    assert!(std::error::Error::source(&unreadable).is_some());
}
