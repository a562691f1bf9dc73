//! The commands and their arguments.

use std::{ffi::OsString, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{
    build::Profile,
    commands::{
        demo, dev, dlq, down, exec, fsck, logs, plan, restart, rotate, scale, status, up, watch,
    },
    stack::Stack,
};

/// Brings the platform up on this machine: Consul, Nomad, and everything else as Nomad jobs.
#[derive(Debug, Parser)]
#[command(name = "stack", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything, or bring what runs up to date, and leave it running
    Up(BuildOptions),
    /// Start everything and end it on Ctrl-C
    Dev(BuildOptions),
    /// End everything that was started
    Down,
    /// Show every job: exit 1 when one is not healthy
    Status,
    /// Show the output of a job's instances
    Logs {
        /// postgres, redis, traefik or a service
        job: String,
        /// Keep showing what comes
        #[arg(short, long)]
        follow: bool,
    },
    /// Rebuild and redeploy a service, or restart it when nothing changed
    Restart {
        /// The service, or postgres, redis, traefik
        job: String,
        #[command(flatten)]
        options: BuildOptions,
    },
    /// Rebuild and redeploy on every save
    Watch {
        /// Only this service; all of them otherwise
        service: Option<String>,
    },
    /// Run this many instances of a service, now and after every redeployment
    Scale {
        /// The service
        service: String,
        /// How many instances; 0 stops it until it is scaled up again
        #[arg(value_parser = clap::value_parser!(u16).range(0..=50), allow_negative_numbers = true)]
        count: u16,
    },
    /// End everything and remove its data, secrets and logs
    Reset,
    /// Sign sessions with a new key from now on; the old keys' sessions stay valid
    RotateSessionKey {
        /// Instead, end every session that was signed with an old key
        #[arg(long)]
        withdraw_old: bool,
    },
    /// Let the running Nomad check every job file with production's variables
    PlanProduction {
        /// The variables, relative to the root
        #[arg(long, default_value = "nomad/production.vars.hcl.example")]
        vars: OsString,
    },
    /// Show or redrive events that a service could not handle
    Dlq {
        #[command(subcommand)]
        command: dlq::DeadLetters,
    },
    /// Put up the demo seller's offers, those that are missing
    Demo,
    /// Prove that nothing is lost, oversold or stuck: exit non-zero on a breach
    Fsck {
        #[command(flatten)]
        options: BuildOptions,
        /// Given to fsck as they are
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Run a command beside a stack of its own, on free ports, which is thrown away afterwards
    Exec {
        #[command(flatten)]
        options: BuildOptions,
        /// The command and its arguments
        #[arg(trailing_var_arg = true, required = true)]
        command: Vec<OsString>,
    },
}

#[derive(Clone, Copy, Debug, clap::Args)]
struct BuildOptions {
    /// Build the services as production runs them
    #[arg(long)]
    release: bool,
}

impl From<BuildOptions> for Profile {
    fn from(options: BuildOptions) -> Self {
        if options.release {
            Self::Release
        } else {
            Self::Dev
        }
    }
}

impl Cli {
    /// Does what was asked for.
    ///
    /// # Errors
    /// One that a person can act on.
    pub async fn run(self) -> Result<ExitCode> {
        if let Command::Exec { options, command } = self.command {
            return exec::run(Stack::throwaway()?, options.into(), &command).await;
        }
        let stack = Stack::of_checkout()?;
        match self.command {
            Command::Up(options) => up::run(&stack, options.into()).await?,
            Command::Dev(options) => dev::run(&stack, options.into()).await?,
            Command::Down => down::run(&stack).await?,
            Command::Status => return status::run(&stack).await,
            Command::Logs { job, follow } => logs::run(&stack, &job, follow).await?,
            Command::Restart { job, options } => restart::run(&stack, &job, options.into()).await?,
            Command::Watch { service } => watch::run(&stack, service.as_deref()).await?,
            Command::Scale { service, count } => scale::run(&stack, &service, count).await?,
            Command::Reset => down::reset(&stack).await?,
            Command::RotateSessionKey { withdraw_old } => rotate::run(&stack, withdraw_old).await?,
            Command::PlanProduction { vars } => plan::run(&stack, &vars).await?,
            Command::Dlq { command } => dlq::run(&stack, command).await?,
            Command::Demo => demo::run(&stack).await?,
            Command::Fsck { options, arguments } => {
                return fsck::run(&stack, options.into(), &arguments).await;
            }
            Command::Exec { .. } => unreachable!("handled above"),
        }
        Ok(ExitCode::SUCCESS)
    }
}
