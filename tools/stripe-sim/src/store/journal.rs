//! The journal: a line of JSON for each entry, appended before its request is answered.
//!
//! It is not synced to the disk: it survives the end of the process, not the machine's. A last line that
//! was cut short is of a request that nobody has had an answer to, and is dropped.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::Path,
    sync::Arc,
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::domain::entry::Entry;

/// The file, in the folder of the settings.
const FILE: &str = "journal.jsonl";

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// A request was done.
    Entry(Arc<Entry>),
    /// An endpoint has taken an event.
    Delivered(String),
}

/// The open journal.
#[derive(Debug)]
pub struct Journal {
    file: File,
}

impl Journal {
    /// Opens the journal in `folder`, which is made if need be; calls `each` with what is in it.
    ///
    /// # Errors
    /// When it can't be read or written, or a line makes no sense.
    pub fn open(folder: &Path, mut each: impl FnMut(Line)) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let named = || format!("the journal {}", path.display());
        fs::create_dir_all(folder).with_context(named)?;
        let mut options = OpenOptions::new();
        let options = options.read(true).append(true).create(true);
        let file = options.open(&path).with_context(named)?;
        let whole = read(&file, &mut each).with_context(named)?;
        file.set_len(whole).with_context(named)?;
        Ok(Self { file })
    }

    /// Appends a line, in one write.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn append(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text)
    }
}

/// Reads all lines that were written in full, and returns how many bytes these are.
fn read(file: &File, each: &mut impl FnMut(Line)) -> anyhow::Result<u64> {
    let mut reader = BufReader::new(file);
    let (mut text, mut whole, mut number) = (Vec::new(), 0, 0);
    loop {
        text.clear();
        let length = reader.read_until(b'\n', &mut text)?;
        if text.last() != Some(&b'\n') {
            return Ok(whole);
        }
        number += 1;
        each(serde_json::from_slice(&text).with_context(|| format!("line {number}"))?);
        whole += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(folder: &Path) -> (Journal, Vec<String>) {
        let mut ids = Vec::new();
        let journal = Journal::open(folder, |line| match line {
            Line::Delivered(id) => ids.push(id),
            Line::Entry(entry) => panic!("{entry:?}"),
        });
        (journal.unwrap(), ids)
    }

    #[test]
    fn what_was_cut_short_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, ids) = delivered(folder.path());
        assert!(ids.is_empty());
        journal.append(&Line::Delivered("evt_1".into())).unwrap();
        journal.file.write_all(br#"{"delivered": "evt_2"#).unwrap();

        let (mut journal, ids) = delivered(folder.path());
        assert_eq!(ids, ["evt_1"]);
        journal.append(&Line::Delivered("evt_3".into())).unwrap();
        assert_eq!(delivered(folder.path()).1, ["evt_1", "evt_3"]);
    }

    #[test]
    fn a_line_that_makes_no_sense_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "{\"delivered\":\"evt_1\"}\n{}\n").unwrap();
        let error = Journal::open(folder.path(), drop).unwrap_err();
        assert!(format!("{error:#}").contains("line 2"), "{error:#}");
    }
}
