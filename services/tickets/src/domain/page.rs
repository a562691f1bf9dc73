//! Pages of a list: by key, so that they stay complete and without repeats while rows are added.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use ticketing_contracts::{
    api::problem::ErrorItem,
    ids::{TicketId, UserId},
};
use utoipa::IntoParams;
use uuid::Uuid;

use super::Search;

/// Tickets on a page, if nothing is said.
pub const DEFAULT_LIMIT: i64 = 50;

/// The most tickets on a page.
pub const MAX_LIMIT: i64 = 100;

/// The query of `GET /api/tickets`, as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// How many at the most: 1 to 100; 50 if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100)]
    pub limit: Option<String>,
    /// Where the page begins; from the `Link` header of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Words of the title. The last may be the beginning of one; `"words in quotes"` stand together,
    /// `-word` must not be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// `me`: all of one's own, sold out ones as well. Needs a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// Which page: newest first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageRequest {
    /// The most tickets on it.
    pub limit: i64,
    /// The ticket that ended the page before.
    pub after: Option<TicketId>,
    /// Only those with these words in the title.
    pub search: Option<Search>,
    /// All of this seller's, instead of everybody's with something left.
    pub owner: Option<UserId>,
}

impl ListQuery {
    /// Reads what stands after the `?`.
    ///
    /// # Errors
    /// When a name is there twice.
    pub fn parse(text: &str) -> Result<Self, ErrorItem> {
        serde_urlencoded::from_str(text).map_err(|_| ErrorItem {
            message: "The query can't be read".to_owned(),
            field: None,
        })
    }

    /// Whether it asks for the visitor's own.
    ///
    /// # Errors
    /// When it asks for another's.
    pub fn is_own(&self) -> Result<bool, ErrorItem> {
        match self.owner.as_deref() {
            None => Ok(false),
            Some("me") => Ok(true),
            Some(_) => Err(wrong("owner", "Owner can be \"me\" only")),
        }
    }

    /// The page that it asks for. `owner`: whose session it is, if it [asks for that](Self::is_own).
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn page(self, owner: Option<UserId>) -> Result<PageRequest, Vec<ErrorItem>> {
        let limit = match self.limit.as_deref().map(str::parse) {
            None => Ok(DEFAULT_LIMIT),
            Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
            Some(_) => {
                let message = format!("Limit must be between 1 and {MAX_LIMIT}");
                Err(wrong("limit", &message))
            }
        };
        let after = self.cursor.as_deref().map(cursor_to_id).transpose();
        match (limit, after) {
            (Ok(limit), Ok(after)) => Ok(PageRequest {
                limit,
                after,
                search: self.q.as_deref().and_then(Search::new),
                owner,
            }),
            (limit, after) => Err(limit.err().into_iter().chain(after.err()).collect()),
        }
    }
}

impl PageRequest {
    /// The path and query of the page after one that ended with `last`.
    #[must_use]
    pub fn next(&self, last: TicketId) -> String {
        let query = ListQuery {
            limit: Some(self.limit.to_string()),
            cursor: Some(BASE64_URL_SAFE_NO_PAD.encode(last.0.as_bytes())),
            q: self.search.as_ref().map(|search| search.text().to_owned()),
            owner: self.owner.map(|_| "me".to_owned()),
        };
        // Strings have a form in every query.
        let query = serde_urlencoded::to_string(query).unwrap_or_default();
        format!("/api/tickets?{query}")
    }
}

fn cursor_to_id(cursor: &str) -> Result<TicketId, ErrorItem> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| Uuid::from_slice(&bytes).ok())
        .map(TicketId)
        .ok_or_else(|| wrong("cursor", "Cursor must be one from a Link header"))
}

fn wrong(field: &str, message: &str) -> ErrorItem {
    ErrorItem {
        message: message.to_owned(),
        field: Some(field.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn page(query: &str) -> Result<PageRequest, Vec<ErrorItem>> {
        ListQuery::parse(query).unwrap().page(None)
    }

    #[test]
    fn by_default_the_newest_fifty() {
        let page = page("").unwrap();
        assert_eq!((page.limit, page.after, page.search), (50, None, None));
    }

    #[rstest]
    #[case("limit=0", &["limit"])]
    #[case("limit=101", &["limit"])]
    #[case("limit=-1", &["limit"])]
    #[case("limit=1.5", &["limit"])]
    #[case("limit=", &["limit"])]
    #[case("limit=99999999999999999999", &["limit"])]
    #[case("cursor=", &["cursor"])]
    #[case("cursor=x", &["cursor"])]
    #[case("cursor=AAAA", &["cursor"])]
    #[case("cursor=%00", &["cursor"])]
    #[case("limit=x&cursor=x", &["limit", "cursor"])]
    fn what_is_wrong_is_named(#[case] query: &str, #[case] fields: &[&str]) {
        let errors = page(query).unwrap_err();
        let named: Vec<_> = errors
            .iter()
            .filter_map(|error| error.field.as_deref())
            .collect();
        assert_eq!(named, fields);
    }

    #[test]
    fn only_ones_own() {
        let own = |query| ListQuery::parse(query).unwrap().is_own();
        assert_eq!((own(""), own("owner=me")), (Ok(false), Ok(true)));
        assert_eq!(
            own("owner=you").unwrap_err().field.as_deref(),
            Some("owner")
        );
        assert!(own("owner=").is_err());
    }

    #[test]
    fn twice_is_too_much() {
        assert!(ListQuery::parse("limit=1&limit=2").is_err());
    }

    proptest! {
        /// The next page's address asks for the same, from where this one ended.
        #[test]
        fn a_next_page_goes_on(
            limit in 1..=MAX_LIMIT,
            q in prop::option::of(any::<String>()),
            last in any::<u128>(),
            owner in prop::option::of(any::<u128>()),
        ) {
            let owner = owner.map(|id| UserId(Uuid::from_u128(id)));
            let query = ListQuery { limit: Some(limit.to_string()), q, ..ListQuery::default() };
            let page = query.page(owner).unwrap();
            let last = TicketId(Uuid::from_u128(last));
            let next = page.next(last);
            prop_assert!(next.is_ascii() && !next.contains(['<', '>', '"', ' ']));
            let query = ListQuery::parse(next.strip_prefix("/api/tickets?").unwrap()).unwrap();
            prop_assert_eq!(query.is_own(), Ok(owner.is_some()));
            let expected = PageRequest { after: Some(last), ..page };
            prop_assert_eq!(query.page(owner).unwrap(), expected);
        }
    }
}
