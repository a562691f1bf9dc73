//! Redis' answers, as far as reading streams needs them: RESP2, looked at where they lie.
//!
//! Source: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

/// The longest text and the longest array that is believed: Redis' own limit for the former.
const MOST: usize = 512 << 20;

/// What is no answer. Whoever gets one has lost its place in what Redis sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what Redis sent is no answer: {0}")]
pub(crate) struct Malformed(&'static str);

/// Looks for the end of an answer while it comes in.
#[derive(Debug)]
pub(crate) struct Scan {
    /// Up to where it has been looked at.
    at: usize,
    /// So many values begin from there on.
    missing: usize,
}

impl Scan {
    /// At the beginning of an answer.
    pub fn new() -> Self {
        Self { at: 0, missing: 1 }
    }

    /// How long the answer is at the beginning of `bytes`, once all of it is there. Called again with
    /// more, it goes on from where it was.
    pub fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        while self.missing > 0 {
            let Some(line) = line(&bytes[self.at..])? else {
                return Ok(None);
            };
            let mut next = bytes.len() - line.rest.len();
            let mut within = 0;
            match line.kind {
                b'+' | b'-' | b':' => {}
                b'$' => {
                    if let Some(length) = length(line.text)? {
                        next += length + CRLF.len();
                        if next > bytes.len() {
                            return Ok(None);
                        }
                    }
                }
                b'*' => within = length(line.text)?.unwrap_or_default(),
                _ => return Err(Malformed("a value of an unknown kind")),
            }
            self.at = next;
            self.missing = self.missing - 1 + within;
        }
        Ok(Some(self.at))
    }
}

/// A whole answer, read from its beginning on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply<'a> {
    rest: &'a [u8],
}

impl<'a> Reply<'a> {
    /// `bytes` are as many as [`Scan::end`] found.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What Redis refuses a command with, if that is what comes next.
    pub fn refusal(&self) -> Option<&'a [u8]> {
        match line(self.rest) {
            Ok(Some(line)) if line.kind == b'-' => Some(line.text),
            _ => None,
        }
    }

    /// The number of values of the array that comes next, which follow; `None` when there is none.
    pub fn array(&mut self) -> Result<Option<usize>, Malformed> {
        match self.line()? {
            (b'*', count) => length(count),
            (b'$', b"-1") => Ok(None),
            _ => Err(Malformed("something else than an array")),
        }
    }

    /// The text that comes next; `None` when there is none.
    pub fn text(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        match self.line()? {
            (b'+' | b':', text) => Ok(Some(text)),
            (b'$', text) => {
                let Some(length) = length(text)? else {
                    return Ok(None);
                };
                let (text, rest) = self
                    .rest
                    .split_at_checked(length)
                    .ok_or(Malformed("a text that is cut off"))?;
                self.rest = rest
                    .strip_prefix(CRLF)
                    .ok_or(Malformed("a text that goes on after its end"))?;
                Ok(Some(text))
            }
            _ => Err(Malformed("something else than a text")),
        }
    }

    fn line(&mut self) -> Result<(u8, &'a [u8]), Malformed> {
        let line = line(self.rest)?.ok_or(Malformed("less than a value"))?;
        self.rest = line.rest;
        Ok((line.kind, line.text))
    }
}

const CRLF: &[u8] = b"\r\n";

/// The first line of a value.
struct Line<'a> {
    /// What the value is.
    kind: u8,
    text: &'a [u8],
    /// What comes after the line.
    rest: &'a [u8],
}

/// The line at the beginning of `bytes`; `None` when it is not whole yet.
fn line(bytes: &[u8]) -> Result<Option<Line<'_>>, Malformed> {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\r') else {
        return Ok(None);
    };
    let (text, rest) = bytes.split_at(end);
    let rest = match rest.strip_prefix(CRLF) {
        Some(rest) => rest,
        None if rest.len() < CRLF.len() => return Ok(None),
        None => return Err(Malformed("a line that goes on after its end")),
    };
    let (kind, text) = text.split_first().ok_or(Malformed("an empty line"))?;
    Ok(Some(Line {
        kind: *kind,
        text,
        rest,
    }))
}

/// A length, or `-1` for what is not there.
fn length(text: &[u8]) -> Result<Option<usize>, Malformed> {
    if text == b"-1" {
        return Ok(None);
    }
    let digits = str::from_utf8(text).ok();
    let length = digits.and_then(|digits| digits.parse().ok());
    match length {
        Some(length) if length <= MOST => Ok(Some(length)),
        _ => Err(Malformed("a length that is none")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use redis::Value;
    use rstest::rstest;

    use super::*;

    /// As Redis would send it.
    fn sent(value: &Value) -> Vec<u8> {
        match value {
            Value::Nil => b"$-1\r\n".to_vec(),
            Value::Int(number) => format!(":{number}\r\n").into_bytes(),
            Value::SimpleString(text) => format!("+{text}\r\n").into_bytes(),
            Value::BulkString(bytes) => {
                let head = format!("${}\r\n", bytes.len());
                [head.as_bytes(), bytes, CRLF].concat()
            }
            Value::Array(values) => {
                let mut all = format!("*{}\r\n", values.len()).into_bytes();
                all.extend(values.iter().flat_map(sent));
                all
            }
            other => panic!("{other:?} is not of RESP2"),
        }
    }

    /// As it is read here.
    fn read(reply: &mut Reply<'_>) -> Value {
        match reply.rest.first() {
            Some(b'*') => {
                let count = reply.array().unwrap().unwrap();
                Value::Array((0..count).map(|_| read(reply)).collect())
            }
            Some(b':') => {
                let digits = reply.text().unwrap().unwrap();
                Value::Int(str::from_utf8(digits).unwrap().parse().unwrap())
            }
            Some(b'+') => {
                let text = reply.text().unwrap().unwrap();
                Value::SimpleString(str::from_utf8(text).unwrap().to_owned())
            }
            _ => match reply.text().unwrap() {
                Some(bytes) => Value::BulkString(bytes.to_vec()),
                None => Value::Nil,
            },
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let one = prop_oneof![
            Just(Value::Nil),
            any::<i64>().prop_map(Value::Int),
            "[^\r\n]{0,20}".prop_map(Value::SimpleString),
            prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::BulkString),
        ];
        one.prop_recursive(4, 64, 8, |inner| {
            prop::collection::vec(inner, 0..8).prop_map(Value::Array)
        })
    }

    proptest! {
        #[test]
        fn it_reads_what_the_client_library_reads(value in value(), behind in any::<Vec<u8>>()) {
            let bytes = sent(&value);
            prop_assert_eq!(redis::parse_redis_value(&bytes).unwrap(), value.clone());
            let all = [bytes.as_slice(), &behind].concat();
            let end = Scan::new().end(&all).unwrap();
            prop_assert_eq!(end, Some(bytes.len()));
            let mut reply = Reply::new(&bytes);
            prop_assert_eq!(read(&mut reply), value);
            prop_assert!(reply.rest.is_empty());
        }

        #[test]
        fn it_finds_the_end_however_the_bytes_come(value in value(), pieces in prop::collection::vec(1..9_usize, 1..50)) {
            let bytes = sent(&value);
            let (mut scan, mut there) = (Scan::new(), 0);
            for piece in pieces.iter().cycle() {
                there = (there + piece).min(bytes.len());
                let end = scan.end(&bytes[..there]).unwrap();
                if there == bytes.len() {
                    prop_assert_eq!(end, Some(bytes.len()));
                    break;
                }
                prop_assert_eq!(end, None);
            }
        }

        #[test]
        fn whatever_comes_nothing_panics(bytes in any::<Vec<u8>>()) {
            if let Ok(Some(end)) = Scan::new().end(&bytes) {
                prop_assert!(end <= bytes.len());
                let mut reply = Reply::new(&bytes[..end]);
                while reply.text().is_ok() || reply.array().is_ok() {}
            }
        }
    }

    #[rstest]
    #[case::another_protocol(b"%1\r\n")]
    #[case::no_kind(b"\r\n")]
    #[case::not_a_length(b"$three\r\n")]
    #[case::below_nothing(b"*-2\r\n")]
    #[case::absurd(b"$99999999999\r\n")]
    #[case::overflow(b"*99999999999999999999\r\n")]
    #[case::no_line_feed(b"+OK\r\r")]
    fn what_is_no_answer(#[case] bytes: &[u8]) {
        assert!(Scan::new().end(bytes).is_err());
    }

    #[test]
    fn a_refusal_is_told_apart() {
        let refused = Reply::new(b"-NOGROUP No such key\r\n");
        assert_eq!(refused.refusal(), Some(&b"NOGROUP No such key"[..]));
        assert_eq!(Reply::new(b"*0\r\n").refusal(), None);
        assert!(Reply::new(b"*1\r\n").text().is_err());
        assert!(Reply::new(b"+OK\r\n").array().is_err());
    }
}
