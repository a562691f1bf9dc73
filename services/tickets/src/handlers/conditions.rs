//! Conditional requests (RFC 9110, section 13).

use actix_web::http::header::{HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};

/// The ticket versions that `If-Match` names; `None` when any will do. Of a tag only the first number
/// counts, the ticket's version: what others buy does not make an edit stale. `"3"` is as good as `"3-17"`.
pub(super) fn expected_versions(headers: &HeaderMap) -> Option<Vec<i64>> {
    if !headers.contains_key(IF_MATCH) || tags(headers, IF_MATCH).any(|tag| tag == "*") {
        return None;
    }
    // What is no tag of a ticket matches none.
    Some(tags(headers, IF_MATCH).filter_map(version).collect())
}

/// Whether `If-None-Match` names this tag, so that the client has what would be sent.
pub(super) fn has(headers: &HeaderMap, tag: &[u8]) -> bool {
    tags(headers, IF_NONE_MATCH).any(|known| known == "*" || opaque(known).as_bytes() == tag)
}

fn tags(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

/// A proxy that compresses makes a tag weak.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

fn version(tag: &str) -> Option<i64> {
    let quoted = opaque(tag).strip_prefix('"')?.strip_suffix('"')?;
    let (version, _) = quoted.split_once('-').unwrap_or((quoted, ""));
    version.parse().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use rstest::rstest;

    use super::*;

    fn headers(name: HeaderName, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        headers
    }

    #[rstest]
    #[case::none(&[], None)]
    #[case::any(&["*"], None)]
    #[case::ours(&["\"3-17\""], Some(vec![3]))]
    #[case::the_version_alone(&["\"3\""], Some(vec![3]))]
    #[case::weak(&["W/\"3-17\""], Some(vec![3]))]
    #[case::some(&["\"3\", \"4-0\"", "\"5\""], Some(vec![3, 4, 5]))]
    #[case::not_quoted(&["3"], Some(vec![]))]
    #[case::another_servers(&["\"abc\""], Some(vec![]))]
    #[case::empty(&[""], Some(vec![]))]
    fn if_match(#[case] values: &[&'static str], #[case] expected: Option<Vec<i64>>) {
        assert_eq!(expected_versions(&headers(IF_MATCH, values)), expected);
    }

    #[rstest]
    #[case(&[], false)]
    #[case(&["*"], true)]
    #[case(&["\"3-17\""], true)]
    #[case(&["W/\"3-17\""], true)]
    #[case(&["\"1-1\", \"3-17\""], true)]
    #[case(&["\"3-18\""], false)]
    #[case(&["\"3\""], false)]
    fn if_none_match(#[case] values: &[&'static str], #[case] expected: bool) {
        assert_eq!(has(&headers(IF_NONE_MATCH, values), b"\"3-17\""), expected);
    }
}
