//! `SERVICE dlq …`: what an operator does about dead letters.

use std::io::{self, Write};

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Subcommand;
use diesel_async::AsyncPgConnection;
use ticketing_postgres::DatabaseSettings;

use crate::{
    dead_letter::{self, Buried},
    stamp::Stamp,
};

/// The most that `list` shows.
const SHOWN: i64 = 1000;

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum DeadLetters {
    /// One line for each, oldest first.
    List,
    /// All about one.
    Show {
        /// As `list` shows it.
        id: i64,
    },
    /// Try again: one, or all. Those that take effect now are removed.
    #[command(group(clap::ArgGroup::new("which").required(true)))]
    Redrive {
        /// As `list` shows it.
        #[arg(group = "which")]
        id: Option<i64>,
        /// Every one there is.
        #[arg(long, group = "which")]
        all: bool,
    },
}

/// Does it, and prints the outcome.
///
/// # Errors
/// When Postgres does not answer or there is no such dead letter.
pub async fn run(command: DeadLetters, database: &DatabaseSettings) -> anyhow::Result<()> {
    let mut connection = database.connect().await?;
    let schema = &database.schema;
    let text = match command {
        DeadLetters::List => list(&dead_letter::list(&mut connection, SHOWN).await?, schema),
        DeadLetters::Show { id } => show(&find(&mut connection, id, schema).await?),
        DeadLetters::Redrive { id: Some(id), .. } => {
            find(&mut connection, id, schema).await?;
            match dead_letter::redrive(&mut connection, Some(id)).await? {
                0 => format!("dead letter {id} in {schema} is waiting for another try already\n"),
                _ => format!("dead letter {id} in {schema} will be tried again\n"),
            }
        }
        DeadLetters::Redrive { id: None, .. } => {
            match dead_letter::redrive(&mut connection, None).await? {
                0 => format!("nothing to try again in {schema}\n"),
                some => format!("{} in {schema} will be tried again\n", counted(some)),
            }
        }
    };
    Ok(io::stdout().write_all(text.as_bytes())?)
}

async fn find(connection: &mut AsyncPgConnection, id: i64, schema: &str) -> anyhow::Result<Buried> {
    dead_letter::show(connection, id)
        .await?
        .with_context(|| format!("there is no dead letter {id} in {schema}"))
}

fn counted(letters: usize) -> String {
    match letters {
        0 => "no dead letters".to_owned(),
        1 => "1 dead letter".to_owned(),
        more => format!("{more} dead letters"),
    }
}

/// One line for each of `letters`, and how many there are in `place`.
#[must_use]
pub fn list(letters: &[Buried], place: &str) -> String {
    let all = i64::try_from(letters.len()).is_ok_and(|shown| shown < SHOWN);
    let rest = if all { "" } else { "; there may be more" };
    let count = format!("{} in {place}{rest}\n", counted(letters.len()));
    if letters.is_empty() {
        return count;
    }
    let titles = [
        "id",
        "buried at (UTC)",
        "event",
        "subject",
        "group",
        "tries",
        "error",
    ];
    let mut rows = vec![titles.map(str::to_owned)];
    rows.extend(letters.iter().map(row));
    table(&rows) + &count
}

fn row(letter: &Buried) -> [String; 7] {
    let error = letter.error.lines().next().unwrap_or_default();
    let waiting = letter.redrive_at.map_or("", |_| " (to be tried again)");
    [
        letter.id.to_string(),
        letter.buried_at.format("%F %T").to_string(),
        letter.kind.clone().unwrap_or_else(|| "no event".to_owned()),
        text(letter.subject),
        letter.consumer_group.clone(),
        letter.attempts.to_string(),
        format!("{error}{waiting}"),
    ]
}

/// Columns as wide as what is in them, but for the last.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(widths);
            let line: Vec<_> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            line.join("  ").trim_end().to_owned() + "\n"
        })
        .collect()
}

/// All about one.
#[must_use]
pub fn show(letter: &Buried) -> String {
    let facts = [
        ("id", letter.id.to_string()),
        ("stream", letter.stream.clone()),
        ("entry", Stamp::from_number(letter.stamp).to_string()),
        ("group", letter.consumer_group.clone()),
        ("event", text(letter.event_id)),
        ("type", text(letter.kind.as_ref())),
        ("subject", text(letter.subject)),
        ("version", text(letter.version)),
        ("time", text(letter.time.map(moment))),
        ("traceparent", text(letter.traceparent.as_ref())),
        ("buried at", moment(letter.buried_at)),
        ("tries", letter.attempts.to_string()),
        (
            "next try",
            letter
                .redrive_at
                .map_or("when it is asked for", |_| "soon")
                .to_owned(),
        ),
        ("error", letter.error.clone()),
        ("data", letter.data.clone()),
    ];
    facts
        .into_iter()
        // What has several lines stays within its column.
        .map(|(name, value)| format!("{name:<12} {}\n", value.replace('\n', "\n             ")))
        .collect()
}

fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A value that an entry which is no event does not have.
fn text(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
