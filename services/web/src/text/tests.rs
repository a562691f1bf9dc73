//! That every text is there in every language, and that nobody asks for another.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::*;

/// By id: the names of the arguments.
type Texts = BTreeMap<String, BTreeSet<String>>;

fn texts(language: Language) -> Texts {
    let folder = format!("{}/locales/{}", env!("CARGO_MANIFEST_DIR"), language.tag());
    let mut texts = Texts::new();
    let mut id = None;
    for (_, file) in files(Path::new(&folder)) {
        for line in file.lines() {
            if line.starts_with(|first: char| first.is_ascii_lowercase()) {
                let (name, _) = line.split_once(" =").expect(line);
                let known = texts.insert(name.to_owned(), BTreeSet::new());
                assert!(known.is_none(), "{name} is there twice in {folder}");
                id = Some(name.to_owned());
            } else if line.starts_with('#') {
                continue;
            }
            let arguments = line.split('$').skip(1).map(|rest| word(rest).to_owned());
            if let Some(known) = id.as_ref().and_then(|id| texts.get_mut(id)) {
                known.extend(arguments);
            }
        }
    }
    texts
}

/// Everything in which texts are asked for.
fn code() -> Vec<(String, String)> {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut code = files(Path::new(&format!("{root}/templates")));
    code.extend(files(Path::new(&format!("{root}/src"))));
    code.retain(|(name, _)| !name.ends_with("text/tests.rs"));
    code
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.display().to_string(), text));
        }
    }
    found.sort();
    found
}

/// What an id may be made of.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

fn words(code: &[(String, String)]) -> BTreeSet<&str> {
    let pieces = |text| str::split(text, |c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    code.iter().flat_map(|(_, text)| pieces(text)).collect()
}

#[test]
fn every_language_has_every_text_with_the_same_arguments() {
    let english = texts(Language::English);
    assert!(english.len() > 10, "{english:?}");
    for language in Language::ALL {
        let others = texts(language);
        let ids = |texts: &Texts| texts.keys().cloned().collect::<BTreeSet<_>>();
        let missing: Vec<_> = ids(&english).difference(&ids(&others)).cloned().collect();
        assert!(missing.is_empty(), "not in {language:?}: {missing:?}");
        let more: Vec<_> = ids(&others).difference(&ids(&english)).cloned().collect();
        assert!(more.is_empty(), "only in {language:?}: {more:?}");
        for (id, arguments) in &english {
            assert_eq!(&others[id], arguments, "{id} in {language:?}");
        }
    }
}

#[test]
fn every_text_is_used() {
    let code = code();
    let words = words(&code);
    let unused: Vec<_> = texts(Language::English)
        .into_keys()
        .filter(|id| {
            // Those of failures are put together from the failure's name.
            let name = ["-title", "-text"]
                .iter()
                .find_map(|end| id.strip_suffix(end))
                .filter(|_| id.starts_with("failure-"));
            !words.contains(name.unwrap_or(id))
        })
        .collect();
    assert!(unused.is_empty(), "nobody uses {unused:?}");
}

#[test]
fn no_other_text_is_asked_for() {
    let known = texts(Language::English);
    for (file, text) in code() {
        for said in ["text", "with", "with2", "with3"] {
            for asking in [format!("t.{said}(\""), format!("text().{said}(\"")] {
                for rest in text.split(&asking).skip(1) {
                    let id = word(rest);
                    assert!(known.contains_key(id), "{id} in {file}");
                }
            }
        }
    }
}

#[test]
fn fluent_takes_every_text() {
    for language in Language::ALL {
        let t = Text::new(language);
        for (id, arguments) in texts(language) {
            let mut values = FluentArgs::new();
            for argument in arguments {
                values.set(argument, 7);
            }
            let text = bundle::say(t.language(), &id, Some(&values));
            assert!(
                text != id && !text.contains(['{', '}', '$']) && !text.is_empty(),
                "{id} in {language:?}: {text}"
            );
        }
    }
}

#[test]
fn plurals_and_figures_are_the_languages() {
    let mut one = FluentArgs::new();
    one.set("day", 1);
    one.set("month", 3);
    one.set("year", "2026");
    one.set("time", "00:05");
    let said = bundle::say(Language::German, "moment", Some(&one));
    assert_eq!(said, "1. März 2026, 00:05 UTC");
}

#[test]
fn every_file_that_a_page_names_is_there() {
    for (file, text) in code() {
        for rest in text.split("asset(\"").skip(1) {
            let (name, _) = rest.split_once('"').expect(&file);
            let url = crate::assets::url(name);
            assert!(url.len() > name.len(), "{name} in {file}");
        }
    }
}
