//! How a stream's events are declared.

/// Declares the events of a stream: an enum with one variant per type, and its
/// [`Event`](crate::events::Event).
///
/// The one place that says which type carries which [`Snapshot`](crate::events::Snapshot), and who
/// hears it. The payload's types are `Serialize` and `DeserializeOwned`. As a whole an event serialises
/// as `{"type": …, "data": …}`.
///
/// ```
/// use ticketing_contracts::{events::{Event, Snapshot}, stream};
/// use uuid::Uuid;
///
/// #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
/// pub struct Lamp {
///     id: Uuid,
///     version: i64,
///     lit: bool,
/// }
///
/// impl Snapshot for Lamp {
///     fn subject(&self) -> Uuid {
///         self.id
///     }
///     fn version(&self) -> i64 {
///         self.version
///     }
/// }
///
/// stream! {
///     /// What lamps do.
///     pub enum LampEvent: stream "lamps", groups ["moths"] {
///         /// It was switched on or off.
///         Switched(Lamp): "lamp:switched", heard by ["moths", "web"],
///     }
/// }
///
/// let lamp = Lamp { id: Uuid::nil(), version: 1, lit: true };
/// let event = LampEvent::Switched(lamp);
/// let data = event.data().unwrap();
/// assert_eq!(LampEvent::decode("lamp:switched", &data).unwrap(), event);
/// ```
#[macro_export]
macro_rules! stream {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident: stream $stream:literal, groups [$($group:literal),* $(,)?] {
            $(
                $(#[$variant_attribute:meta])*
                $variant:ident($payload:ty): $kind:literal, heard by [$($listener:literal),* $(,)?]
            ),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        $visibility enum $name {
            $(
                $(#[$variant_attribute])*
                $variant($payload),
            )+
        }

        impl $crate::events::Event for $name {
            const STREAM: &'static str = $stream;
            const GROUPS: &'static [&'static str] = &[$($group),*];
            const TYPES: &'static [&'static str] = &[$($kind),+];
            const HEARD_BY: &'static [(&'static str, &'static [&'static str])] =
                &[$(($kind, &[$($listener),*])),+];

            fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $kind,)+
                }
            }

            fn subject(&self) -> $crate::__private::Uuid {
                match self {
                    $(Self::$variant(data) => $crate::events::Snapshot::subject(data),)+
                }
            }

            fn version(&self) -> i64 {
                match self {
                    $(Self::$variant(data) => $crate::events::Snapshot::version(data),)+
                }
            }

            fn data(&self) -> ::core::result::Result<
                ::std::string::String,
                $crate::__private::serde_json::Error,
            > {
                match self {
                    $(Self::$variant(data) => $crate::__private::serde_json::to_string(data),)+
                }
            }

            fn decode(
                kind: &str,
                data: &str,
            ) -> ::core::result::Result<Self, $crate::events::DecodeError> {
                match kind {
                    $($kind => $crate::__private::decode(kind, data).map(Self::$variant),)+
                    _ => $crate::__private::unknown(kind),
                }
            }
        }

        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(data) => {
                        $crate::__private::serialize($kind, data, serializer)
                    })+
                }
            }
        }
    };
}

/// What [`stream!`](crate::stream) writes calls of. Not for others.
#[doc(hidden)]
pub mod __private {
    pub use serde;
    pub use serde_json;
    pub use uuid::Uuid;

    use serde::{Serialize, Serializer, de::DeserializeOwned, ser::SerializeStruct};

    use crate::events::DecodeError;

    pub fn decode<T: DeserializeOwned>(kind: &str, data: &str) -> Result<T, DecodeError> {
        serde_json::from_str(data).map_err(|source| DecodeError::Unreadable {
            kind: kind.to_owned(),
            source,
        })
    }

    pub fn unknown<T>(kind: &str) -> Result<T, DecodeError> {
        Err(DecodeError::UnknownType(kind.to_owned()))
    }

    pub fn serialize<T: Serialize, S: Serializer>(
        kind: &'static str,
        data: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut event = serializer.serialize_struct("Event", 2)?;
        event.serialize_field("type", kind)?;
        event.serialize_field("data", data)?;
        event.end()
    }
}
