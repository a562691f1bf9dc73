//! What a request's cookies say.

use actix_web::{HttpRequest, http::header};

/// The value of the first cookie of this name, as it stands there: ours, tokens among them, have no
/// character that a cookie would encode.
#[must_use]
pub fn cookie<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    let lines = request.headers().get_all(header::COOKIE);
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], None)]
    #[case(&["session=abc"], Some("abc"))]
    #[case(&["visit=1; session=abc"], Some("abc"))]
    #[case(&["visit=1", "session=abc"], Some("abc"))]
    #[case(&["session=abc; session=def"], Some("abc"))]
    #[case(&["session=a=b"], Some("a=b"))]
    #[case(&["session="], Some(""))]
    #[case(&["sessions=abc; my-session=abc; Session=abc; session"], None)]
    fn which_value(#[case] lines: &[&str], #[case] expected: Option<&str>) {
        let request = lines.iter().fold(TestRequest::default(), |request, line| {
            request.append_header((header::COOKIE, *line))
        });
        let request = request.to_http_request();
        assert_eq!(cookie(&request, "session"), expected);
    }

    #[test]
    fn a_line_that_is_no_text_hides_no_other() {
        let request = TestRequest::default()
            .append_header((header::COOKIE, &b"visit=\xff"[..]))
            .append_header((header::COOKIE, "session=abc"))
            .to_http_request();
        assert_eq!(cookie(&request, "session"), Some("abc"));
    }
}
