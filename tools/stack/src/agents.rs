//! The two agents, Consul and Nomad, as processes that outlive the command that starts them.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use serde_json::json;

use crate::{
    leftovers, ports::Port, process::Process, progress::step, stack::Stack, state::State,
    tools::Tools,
};

const READY_WITHIN: Duration = Duration::from_secs(30);
const ENDED_WITHIN: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(50);

/// The agents that were started and still run.
#[derive(Debug)]
pub struct Agents {
    consul: Option<Process>,
    nomad: Option<Process>,
}

impl Agents {
    /// Those that the state folder knows of.
    #[must_use]
    pub fn recorded(state: &State) -> Self {
        let recorded = |agent| Process::recorded(&state.pid(agent));
        Self {
            consul: recorded("consul"),
            nomad: recorded("nomad"),
        }
    }

    /// Whether both run.
    #[must_use]
    pub fn are_complete(&self) -> bool {
        self.consul.is_some() && self.nomad.is_some()
    }

    /// Whether one runs, at least.
    #[must_use]
    pub fn are_any(&self) -> bool {
        self.consul.is_some() || self.nomad.is_some()
    }

    /// Ends those that run: Nomad first, it still has to tell Consul.
    pub async fn end(&self, state: &State) {
        for (name, agent) in [("nomad", self.nomad), ("consul", self.consul)] {
            if let Some(agent) = agent {
                agent.end(Signal::SIGTERM, ENDED_WITHIN).await;
            }
            // It may never have been there.
            let _ = fs::remove_file(state.pid(name));
        }
    }
}

/// Starts Consul, then Nomad, which looks for Consul once, when it starts.
pub(crate) async fn start(stack: &Stack, tools: &Tools) -> Result<()> {
    let consul = step("consul", async {
        let agent = launch(stack, "consul", consul_command(stack, &tools.consul))?;
        ready(stack, "consul", agent, async || {
            stack.consul.is_ready().await
        })
        .await
    });
    consul.await?;
    step("nomad", async {
        let agent = launch(stack, "nomad", nomad_command(stack, &tools.nomad)?)?;
        ready(stack, "nomad", agent, async || stack.nomad.is_ready().await).await
    })
    .await
}

fn consul_command(stack: &Stack, consul: &Path) -> Command {
    let mut command = detached(stack, consul);
    command.args(["agent", "-dev", "-node=local"]);
    command.arg(format!(
        "-config-file={}",
        stack.checkout.join("consul/agent-dev.hcl").display()
    ));
    for (flag, port) in [
        ("-http-port", Port::ConsulHttp),
        ("-server-port", Port::ConsulServer),
        ("-serf-lan-port", Port::ConsulSerf),
    ] {
        command.arg(format!("{flag}={}", stack.ports.get(port)));
    }
    command
}

fn nomad_command(stack: &Stack, nomad: &Path) -> Result<Command> {
    let own = stack.state.root().join("nomad-agent.json");
    fs::write(&own, nomad_config(stack).to_string())
        .with_context(|| format!("can't write {}", own.display()))?;
    let mut command = detached(stack, nomad);
    command.args(["agent", "-dev", "-node=local"]);
    for file in [&stack.checkout.join("nomad/agent-dev.hcl"), &own] {
        command.arg(format!("-config={}", file.display()));
    }
    Ok(command)
}

/// What differs from stack to stack.
fn nomad_config(stack: &Stack) -> serde_json::Value {
    json!({
        "data_dir": stack.state.nomad(),
        "ports": {
            "http": stack.ports.get(Port::NomadHttp),
            "rpc": stack.ports.get(Port::NomadRpc),
            "serf": stack.ports.get(Port::NomadSerf),
        },
        "client": {
            // Its default lies beside the data folder.
            "alloc_mounts_dir": stack.state.nomad().join("alloc_mounts"),
            "min_dynamic_port": stack.ports.dynamic.start(),
            "max_dynamic_port": stack.ports.dynamic.end(),
        },
        "consul": { "address": format!("127.0.0.1:{}", stack.ports.get(Port::ConsulHttp)) },
    })
}

/// A command in a session of its own: neither Ctrl-C nor a closed terminal reaches it. Its
/// environment is what every task inherits under raw_exec, so it is nearly empty: what the user has
/// set for other agents, or keeps there as a secret, is none of theirs.
fn detached(stack: &Stack, program: &Path) -> Command {
    let mut command = Command::new("setsid");
    command
        .arg(program)
        .stdin(Stdio::null())
        .current_dir("/")
        .env_clear();
    for name in ["HOME", "LANG", "PATH", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env(leftovers::MARK, stack.state.root());
    command
}

fn launch(stack: &Stack, name: &str, mut command: Command) -> Result<Process> {
    let path = stack.state.logs().join(format!("{name}.log"));
    let log = File::create(&path).with_context(|| format!("can't write {}", path.display()))?;
    let child = command
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("{name} can't be started"))?;
    // setsid becomes the agent, under the same number and start time.
    let process = Process::running(i32::try_from(child.id())?)
        .with_context(|| format!("{name} ended at once; see {}", path.display()))?;
    process.record(&stack.state.pid(name))?;
    Ok(process)
}

async fn ready(
    stack: &Stack,
    name: &str,
    agent: Process,
    is_ready: impl AsyncFn() -> bool,
) -> Result<()> {
    let log = stack.state.logs().join(format!("{name}.log"));
    let started = Instant::now();
    while !is_ready().await {
        if !agent.is_alive() {
            bail!(
                "{name} ended while starting: {}; see {}",
                last_error(&log),
                log.display()
            );
        }
        if started.elapsed() > READY_WITHIN {
            bail!(
                "{name} was not ready within {READY_WITHIN:?}; see {}",
                log.display()
            );
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// What an agent said last about why it could not start.
fn last_error(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let telling = |line: &&str| line.contains("rror");
    text.lines()
        .rev()
        .find(telling)
        .or_else(|| text.lines().next_back())
        .unwrap_or("it said nothing")
        .trim()
        .to_owned()
}
