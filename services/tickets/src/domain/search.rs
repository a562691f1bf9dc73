//! What somebody looks for in titles: the text of a search field as the database can take it.

/// The most characters that are looked at: no title is longer.
const LONGEST: usize = ticketing_contracts::api::tickets::TITLE_MAX_LENGTH;

/// Words to look for: all of them, in any order. `"quoted words"` stand together, `-word` must not be
/// there, `or` is either.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Search {
    text: String,
    words: String,
    typing: bool,
}

impl Search {
    /// Takes any text at all; `None` when there is nothing in it. One without words finds nothing.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().take(LONGEST).collect();
        let text = text.trim_end();
        if text.is_empty() {
            return None;
        }
        let mut words = String::with_capacity(text.len());
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            let begins_word = words.is_empty() || words.ends_with([' ', '"']);
            let before_word = letters.peek().is_some_and(|next| !separates(*next));
            words.push(match letter {
                '"' => '"',
                '-' if begins_word && before_word => '-',
                other if separates(other) => ' ',
                other => other,
            });
        }
        let typing = is_typing(&words);
        Some(Self {
            text: text.to_owned(),
            words,
            typing,
        })
    }

    /// What was asked for: looking for this is the same.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// For `websearch_to_tsquery`, which takes any text.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }

    /// Whether the last word may be the beginning of one.
    #[must_use]
    pub fn typing(&self) -> bool {
        self.typing
    }
}

/// What the function `ticket_words` takes out of titles, and what no text in the database can hold.
fn separates(letter: char) -> bool {
    letter.is_ascii_punctuation() || letter.is_whitespace() || letter.is_control()
}

/// It ends with a word that is neither excluded nor within quotes.
fn is_typing(words: &str) -> bool {
    let last = words.rsplit([' ', '"']).next().unwrap_or_default();
    let quotes = words.matches('"').count();
    !last.is_empty() && !last.starts_with('-') && quotes.is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("row", "row", true)]
    #[case("  row 7 ", "row 7", true)]
    #[case("AC/DC", "AC DC", true)]
    #[case("row-7", "row 7", true)]
    #[case("row -7", "row -7", false)]
    #[case("row - 7", "row   7", true)]
    #[case("row --7", "row  -7", false)]
    #[case("\"row 7\"", "\"row 7\"", false)]
    #[case("\"row 7", "\"row 7", false)]
    #[case("\"row 7\" sea", "\"row 7\" sea", true)]
    #[case("Zürich", "Zürich", true)]
    #[case("a\u{0}b", "a b", true)]
    #[case("a & b | !c:* <-> (d)", "a   b    c        d ", false)]
    #[case("?!", "  ", false)]
    fn texts(#[case] text: &str, #[case] words: &str, #[case] typing: bool) {
        let search = Search::new(text).unwrap();
        assert_eq!((search.words(), search.typing()), (words, typing));
    }

    #[rstest]
    #[case("")]
    #[case("  \t ")]
    fn nothing(#[case] text: &str) {
        assert_eq!(Search::new(text), None);
    }

    #[test]
    fn only_so_much_of_it() {
        let search = Search::new(&"ü".repeat(10_000)).unwrap();
        assert_eq!(search.words().chars().count(), LONGEST);
    }

    proptest! {
        #[test]
        fn any_text(text in any::<String>()) {
            if let Some(search) = Search::new(&text) {
                prop_assert_eq!(Search::new(search.text()), Some(search.clone()));
                let odd = |c: char| c.is_control() || (c.is_ascii_punctuation() && c != '"' && c != '-');
                prop_assert!(!search.words().contains(odd));
            }
        }
    }
}
