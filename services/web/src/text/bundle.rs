//! The texts themselves: read once, and there in every language.

use std::{borrow::Cow, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use rust_embed::Embed;
use unic_langid::LanguageIdentifier;

use super::count;
use crate::visit::Language;

type Bundle = fluent_bundle::concurrent::FluentBundle<FluentResource>;

/// `en/home.ftl`, say.
#[derive(Embed)]
#[folder = "locales/"]
#[include = "*.ftl"]
struct Files;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| read(Language::English));
static GERMAN: LazyLock<Bundle> = LazyLock::new(|| read(Language::German));

/// The text of `id`.
pub(super) fn say(
    language: Language,
    id: &str,
    arguments: Option<&FluentArgs<'_>>,
) -> Cow<'static, str> {
    let bundle: &'static Bundle = match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
    };
    let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
        tracing::error!(id, language = language.tag(), "there is no such text");
        return Cow::Owned(id.to_owned());
    };
    let mut errors = Vec::new();
    let text = match arguments {
        None => bundle.format_pattern(pattern, None, &mut errors),
        Some(_) => {
            let text = bundle.format_pattern(pattern, arguments, &mut errors);
            Cow::Owned(text.into_owned())
        }
    };
    if !errors.is_empty() {
        tracing::error!(id, ?errors, "a text could not be made");
    }
    text
}

/// Every file of the language. What is wrong with one is found by a test; at run time the rest is used.
fn read(language: Language) -> Bundle {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // The marks around arguments, for text that runs both ways, would end up in attributes.
    bundle.set_use_isolating(false);
    match language {
        Language::English => bundle.set_formatter(Some(english_number)),
        Language::German => bundle.set_formatter(Some(german_number)),
    }
    for (name, resource) in resources(language) {
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(file = name, ?errors, "texts are there twice");
        }
    }
    bundle
}

fn resources(language: Language) -> impl Iterator<Item = (String, FluentResource)> {
    let folder = format!("{}/", language.tag());
    let names = Files::iter().filter(move |name| name.starts_with(&folder));
    names.filter_map(|name| {
        let file = Files::get(&name)?;
        let text = String::from_utf8_lossy(&file.data).into_owned();
        let resource = FluentResource::try_new(text).unwrap_or_else(|(resource, errors)| {
            tracing::error!(file = %name, ?errors, "a file of texts is wrong");
            resource
        });
        Some((name.into_owned(), resource))
    })
}

fn english_number<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    number(Language::English, value)
}

fn german_number<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    number(Language::German, value)
}

/// Whole numbers are all there are: amounts and times are put in as text.
fn number(language: Language, value: &FluentValue<'_>) -> Option<String> {
    let FluentValue::Number(number) = value else {
        return None;
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it was made from a whole number"
    )]
    let whole = number.value as i64;
    Some(count::text(language, whole))
}
