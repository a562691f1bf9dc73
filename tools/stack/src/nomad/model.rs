//! What Nomad answers, as far as a stack reads it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Job {
    /// Counts its changes.
    pub version: u64,
    /// Its groups; ours have one.
    pub task_groups: Vec<TaskGroup>,
}

/// A group of tasks that run together.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskGroup {
    /// How many instances should run.
    pub count: usize,
    /// Its tasks.
    pub tasks: Vec<Task>,
}

/// A task, as its job file has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Task {
    /// Its name.
    pub name: String,
    /// The driver's settings.
    pub config: serde_json::Value,
}

impl Job {
    /// How many instances should run.
    #[must_use]
    pub fn desired(&self) -> usize {
        self.task_groups.iter().map(|group| group.count).sum()
    }

    /// What a task runs.
    #[must_use]
    pub fn command(&self, task: &str) -> Option<&str> {
        let mut tasks = self.task_groups.iter().flat_map(|group| &group.tasks);
        tasks.find(|candidate| candidate.name == task)?.config["command"].as_str()
    }
}

/// A scheduling decision.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Evaluation {
    /// `complete` when it was made.
    pub status: String,
    /// Groups that found no place, with the reasons.
    #[serde(rename = "FailedTGAllocs", default)]
    pub unplaced: Option<BTreeMap<String, Unplaced>>,
}

/// Why a group found no place.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Unplaced {
    /// Constraints, with the number of nodes that each ruled out.
    #[serde(default)]
    pub constraint_filtered: Option<BTreeMap<String, u64>>,
    /// Resources that ran out, likewise.
    #[serde(default)]
    pub dimension_exhausted: Option<BTreeMap<String, u64>>,
}

impl Unplaced {
    /// The reasons, in Nomad's words.
    #[must_use]
    pub fn reasons(&self) -> String {
        let maps = [&self.constraint_filtered, &self.dimension_exhausted];
        let reasons: Vec<_> = maps
            .into_iter()
            .flatten()
            .flat_map(BTreeMap::keys)
            .map(String::as_str)
            .collect();
        reasons.join(", ")
    }
}

/// The rollout of one version of a job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Deployment {
    /// The version that is rolled out.
    pub job_version: u64,
    /// `running`, `successful`, `failed`, `cancelled`, …
    pub status: String,
    /// The same, for people.
    pub status_description: String,
}

/// An instance of a job.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Allocation {
    /// Its id; the first eight characters tell it apart.
    #[serde(rename = "ID")]
    pub id: String,
    /// The version of the job that it runs.
    pub job_version: u64,
    /// `run` or `stop`.
    pub desired_status: String,
    /// `pending`, `running`, `complete`, `failed` or `lost`.
    pub client_status: String,
    /// By task.
    #[serde(default)]
    pub task_states: Option<BTreeMap<String, TaskState>>,
}

impl Allocation {
    /// The short form of its id.
    #[must_use]
    pub fn short_id(&self) -> &str {
        &self.id[..8.min(self.id.len())]
    }

    /// Whether it runs, and shall.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.client_status == "running" && self.desired_status == "run"
    }

    /// Whether nothing of it runs any more.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.client_status.as_str(), "complete" | "failed" | "lost")
    }

    /// When a task was started last, RFC 3339.
    #[must_use]
    pub fn started_at(&self, task: &str) -> Option<&str> {
        self.task_states.as_ref()?.get(task)?.started_at.as_deref()
    }

    /// How often Nomad has started its tasks again.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.tasks().map(|(_, task)| task.restarts).sum()
    }

    /// Its tasks.
    pub fn tasks(&self) -> impl Iterator<Item = (&str, &TaskState)> {
        self.task_states
            .iter()
            .flatten()
            .map(|(name, state)| (name.as_str(), state))
    }
}

/// What became of a task.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskState {
    /// `pending`, `running` or `dead`.
    pub state: String,
    /// Whether it ended for good, and badly.
    pub failed: bool,
    /// How often Nomad has started it again.
    pub restarts: u64,
    /// When it was started last, RFC 3339.
    #[serde(default)]
    pub started_at: Option<String>,
    /// What happened to it.
    #[serde(default)]
    pub events: Option<Vec<TaskEvent>>,
}

impl TaskState {
    /// The last event that tells why it does not run.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        let mut events = self.events.iter().flatten().rev();
        events
            .find(|event| event.fails_task || event.kind == "Terminated")
            .map(|event| event.display_message.as_str())
    }
}

/// Something that happened to a task.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskEvent {
    /// Its kind.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Whether it ended the task for good.
    #[serde(default)]
    pub fails_task: bool,
    /// What it says.
    #[serde(default)]
    pub display_message: String,
}
