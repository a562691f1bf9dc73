//! What a command answers goes to stdout, and how it gets there goes to stderr, so that answers can
//! be piped.

/// One line of a command's answer.
#[expect(
    clippy::print_stdout,
    reason = "the only place that answers on the terminal"
)]
pub fn answer(line: impl std::fmt::Display) {
    println!("{line}");
}

/// One line about what is going on.
pub fn note(line: impl std::fmt::Display) {
    eprintln!("{line}");
}
