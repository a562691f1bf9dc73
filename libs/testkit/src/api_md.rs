//! `docs/API.md`, for the tests that keep it true.

use serde_json::Value;

/// The document.
pub const TEXT: &str = include_str!("../../../docs/API.md");

/// What its tables list below `prefix` (`/api/users`, say), as `METHOD /path`, sorted.
#[must_use]
pub fn listed_routes(prefix: &str) -> Vec<String> {
    let rows = TEXT.lines().filter_map(|line| {
        let (route, _) = line.strip_prefix("| `")?.split_once('`')?;
        let (_, path) = route.split_once(' ')?;
        let rest = path.strip_prefix(prefix)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| route.to_owned())
    });
    let mut listed: Vec<_> = rows.collect();
    listed.sort();
    listed
}

/// What an OpenAPI document describes, in the same form.
#[must_use]
pub fn described_routes(document: &Value) -> Vec<String> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let mut described: Vec<_> = paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods
                .map(|(method, _)| method)
                .filter(|method| *method != "parameters")
                .map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    described.sort();
    described
}

/// The examples: every command in a block of `sh`, with the status that it promises.
#[must_use]
pub fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    let mut lines = TEXT.lines();
    while lines.by_ref().any(|line| line == "```sh") {
        let mut command = String::new();
        for line in lines.by_ref().take_while(|line| *line != "```") {
            command.push_str(line);
            command.push('\n');
            if !line.ends_with('\\') && !line.trim().is_empty() {
                examples.push(Example::new(std::mem::take(&mut command)));
            }
        }
    }
    examples
}

/// A command of an example, as it stands in the document.
#[derive(Debug, PartialEq, Eq)]
pub struct Example {
    /// Its lines.
    pub command: String,
    /// The HTTP status of its answer: the comment behind it.
    pub status: Option<u16>,
}

impl Example {
    fn new(command: String) -> Self {
        let comment = command.trim_end().rsplit_once("# ");
        let status = comment.and_then(|(_, comment)| comment.parse().ok());
        Self { command, status }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_the_comment_at_the_end() {
        let status = |command: &str| Example::new(command.to_owned()).status;
        assert_eq!(
            status("curl http://x \\\n  --json '{}'   # 201\n"),
            Some(201)
        );
        assert_eq!(status("api=x   # where it is\n"), None);
        assert_eq!(status("curl 'http://x#201'\n"), None);
    }

    #[test]
    fn every_request_promises_its_status() {
        let examples = examples();
        assert!(examples.len() > 4, "{examples:?}");
        for example in examples {
            let asks = example.command.contains("curl ");
            assert_eq!(asks, example.status.is_some(), "{}", example.command);
        }
    }
}
