//! How an error looks on the wire: RFC 9457 with an `errors` list that is always there, because the
//! course's own client reads only that.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of every error, sent as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemBody {
    /// A URI that names the kind of problem; `about:blank` says that the status tells it all.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status, once more.
    pub status: u16,
    /// What is wrong, in words for a person. Never empty.
    pub errors: Vec<ErrorItem>,
    /// Names the request in the logs and traces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorItem {
    /// In words for a person.
    pub message: String,
    /// The field of the request's body that it is about, as a path (`items[0].quantity`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_form() {
        let body = ProblemBody {
            kind: "about:blank".into(),
            title: "Bad Request".into(),
            status: 400,
            errors: vec![
                ErrorItem {
                    message: "Email must be valid".into(),
                    field: Some("email".into()),
                },
                ErrorItem {
                    message: "Not JSON".into(),
                    field: None,
                },
            ],
            trace_id: Some("0af7651916cd43dd8448eb211c80319c".into()),
        };
        insta::assert_json_snapshot!(body);
    }
}
