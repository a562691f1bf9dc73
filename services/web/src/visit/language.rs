//! In which language a visitor reads.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
    http::header::{AcceptLanguage, Header, Preference},
};
use serde::Deserialize;
use ticketing_http::{Visitor, cookie};

use super::{Form, return_to::ReturnTo};
use crate::{failure::Failure, page};

/// The cookie that holds a choice.
const COOKIE: &str = "language";

/// For how long a choice is remembered.
const REMEMBERED: Duration = Duration::days(365);

/// A language that the interface speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English, for whoever wants none of the others.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// All that there are.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// The BCP 47 tag, as in `<html lang>` and in the folders of `locales/`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Language and region, as `OpenGraph` writes them.
    #[must_use]
    pub fn locale(self) -> &'static str {
        match self {
            Self::English => "en_US",
            Self::German => "de_DE",
        }
    }

    /// Its name in itself.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The language of this tag, whatever the region: `de-AT` is German.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let all = Self::ALL.into_iter();
        all.into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// What the visitor has chosen, else what the browser prefers.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        cookie(request, COOKIE)
            .and_then(Self::of_tag)
            .or_else(|| preferred(request))
            .unwrap_or_default()
    }
}

fn preferred(request: &HttpRequest) -> Option<Language> {
    let accepted = AcceptLanguage::parse(request).ok()?;
    let ranked = accepted.ranked();
    ranked.iter().find_map(|preference| match preference {
        Preference::Any => Some(Language::default()),
        Preference::Specific(tag) => Language::of_tag(tag.as_str()),
    })
}

/// `POST /language`
#[derive(Debug, Deserialize)]
pub struct Choice {
    #[serde(default)]
    language: String,
    #[serde(default)]
    return_to: ReturnTo,
}

/// Remembers a choice and goes back to where it was made.
///
/// # Errors
/// [`Failure::BadRequest`] for a language that there is not.
pub async fn choose(visitor: Visitor, form: Form<Choice>) -> Result<HttpResponse, Failure> {
    let language = Language::of_tag(&form.values.language).ok_or(Failure::BadRequest)?;
    let mut response = page::see_other(form.values.return_to.path());
    let cookie = Cookie::build(COOKIE, language.tag())
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .secure(visitor.https)
        .max_age(REMEMBERED)
        .finish();
    response.add_cookie(&cookie).map_err(|_| Failure::Broken)?;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing_said(None, None, Language::English)]
    #[case::preferred(None, Some("de"), Language::German)]
    #[case::a_region(None, Some("de-AT,de;q=0.9,en;q=0.8"), Language::German)]
    #[case::by_weight(None, Some("en;q=0.3, de;q=0.7"), Language::German)]
    #[case::the_first_that_there_is(None, Some("fr, de;q=0.5, en;q=0.4"), Language::German)]
    #[case::any(None, Some("fr, *;q=0.5, de;q=0.1"), Language::English)]
    #[case::none_that_there_is(None, Some("fr, nl"), Language::English)]
    #[case::garbage(None, Some(";;;q=,"), Language::English)]
    #[case::chosen(Some("de"), Some("en"), Language::German)]
    #[case::chosen_by_nobody(Some("../../etc"), Some("de"), Language::German)]
    fn whoever_reads(
        #[case] chosen: Option<&str>,
        #[case] accepted: Option<&str>,
        #[case] expected: Language,
    ) {
        let mut request = TestRequest::default();
        if let Some(tag) = chosen {
            request = request.insert_header(("cookie", format!("a=b; language={tag}")));
        }
        if let Some(value) = accepted {
            request = request.insert_header(("accept-language", value));
        }
        assert_eq!(Language::of(&request.to_http_request()), expected);
    }
}
