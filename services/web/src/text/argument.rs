//! What can be put into a text. Templates pass references, and references to references.

use std::borrow::Cow;

use fluent_bundle::FluentValue;

/// A text, or a number that plurals go by and that is written as the language does.
pub trait Argument {
    /// For fluent.
    fn value(&self) -> FluentValue<'_>;
}

impl<T: Argument + ?Sized> Argument for &T {
    fn value(&self) -> FluentValue<'_> {
        (**self).value()
    }
}

impl Argument for str {
    fn value(&self) -> FluentValue<'_> {
        self.into()
    }
}

impl Argument for String {
    fn value(&self) -> FluentValue<'_> {
        self.as_str().into()
    }
}

impl Argument for Cow<'_, str> {
    fn value(&self) -> FluentValue<'_> {
        self.as_ref().into()
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Argument for $number {
            fn value(&self) -> FluentValue<'_> {
                self.into()
            }
        })*
    };
}

numbers!(i32 i64 u16 u32 u64 usize);
