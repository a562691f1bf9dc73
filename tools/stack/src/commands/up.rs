//! `up`: from nothing, or from whatever runs, to everything healthy.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use backon::{ConstantBuilder, Retryable};
use tokio::task::JoinSet;

use super::{demo, down, interrupt::unless_interrupted};
use crate::{
    build::{self, Profile},
    deploy, jobs, leftovers,
    ports::Port,
    progress::step,
    secrets::Secrets,
    services::{self, ENGINES, Need, SERVICES, SIMULATOR, Service},
    stack::Stack,
    stripe::StripeKeys,
    task_logs, terminal,
    tools::Tools,
    variables,
};

/// Between two tries to reach a service that has just started.
const ROUTED_SOON: Duration = Duration::from_millis(250);

/// Whether the agents were running before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing ran.
    Nothing,
    /// Both agents ran already.
    Running,
}

/// Starts everything and tells where it is. Payments go to Stripe when its keys are in the environment, and
/// are simulated otherwise.
///
/// # Errors
/// Names what failed; nothing that this call started is left running.
pub async fn run(stack: &Stack, profile: Profile) -> Result<()> {
    let started = Instant::now();
    bring_up_with_offers(stack, profile).await?;
    tell_where(stack, started)?;
    terminal::answer("`just down` ends it");
    Ok(())
}

/// Starts everything, or brings what runs up to date. With Stripe's keys in the environment payments go to it.
/// Where there was no data before, the demo seller's offers are put up: whoever comes to look finds something
/// to buy.
///
/// # Errors
/// As [`bring_up`].
pub async fn bring_up_with_offers(stack: &Stack, profile: Profile) -> Result<Before> {
    let new = !database(stack).exists();
    let before = bring_up(stack, profile, keys_given()?).await?;
    // Traefik may hear of the last service some moments after it is healthy.
    let patience = ConstantBuilder::default()
        .with_delay(ROUTED_SOON)
        .with_max_times(20);
    let offers = || demo::put_up(stack);
    if new && let Err(error) = step("demo offers", offers.retry(patience)).await {
        terminal::note(format_args!(
            "no demo offers, `just demo` tries again: {error:#}"
        ));
    }
    Ok(before)
}

/// Where the data is.
fn database(stack: &Stack) -> PathBuf {
    stack.state.data("postgres").join("cluster")
}

/// Stripe's keys, as the user has set them.
///
/// # Errors
/// When some are missing or wrong.
fn keys_given() -> Result<Option<StripeKeys>> {
    StripeKeys::given(|setting| std::env::var_os(setting)?.into_string().ok())
}

/// Starts everything, or brings what runs up to date; without `stripe` payments are simulated.
///
/// # Errors
/// Names what failed; nothing that this call started is left running.
pub async fn bring_up(
    stack: &Stack,
    profile: Profile,
    stripe: Option<StripeKeys>,
) -> Result<Before> {
    let tools = Tools::find(&stack.checkout)?;
    let _lock = stack.state.lock().await?;
    let agents = stack.agents();
    if agents.are_complete() && stack.nomad.is_ready().await && stack.consul.is_ready().await {
        unless_interrupted(update(stack, &tools, profile, stripe)).await?;
        return Ok(Before::Running);
    }
    if agents.are_any() {
        terminal::note("an agent of the last start has died: starting from nothing");
        down::end(stack).await?;
    }
    leftovers::clear(&stack.state).await?;
    stack.ports.check_free()?;
    stack.state.create()?;
    stack.state.clear_logs()?;
    let result = unless_interrupted(start(stack, &tools, profile, stripe)).await;
    if result.is_err() {
        task_logs::keep_all(stack).await;
        terminal::note("ending what was started");
        down::end(stack).await?;
    }
    result.map(|()| Before::Nothing)
}

/// Tells a person where to look, and who takes the payments.
///
/// # Errors
/// When the stack's secrets can't be read.
pub fn tell_where(stack: &Stack, started: Instant) -> Result<()> {
    let local = |port| format!("http://127.0.0.1:{}", stack.ports.get(port));
    terminal::answer(format_args!(
        "ready after {:.1} s\n\
         \n  pages      {}\n  Nomad      {}/ui\n  Consul     {}/ui\n  Traefik    {}/dashboard/\n  \
         state      {}\n  logs       `just logs SERVICE`; the agents': {}\n\n{}\n",
        started.elapsed().as_secs_f64(),
        stack.url(),
        stack.nomad.url(),
        stack.consul.url(),
        local(Port::TraefikAdmin),
        stack.state.root().display(),
        stack.state.logs().display(),
        jobs::payments(stack)?,
    ));
    Ok(())
}

async fn start(
    stack: &Stack,
    tools: &Tools,
    profile: Profile,
    stripe: Option<StripeKeys>,
) -> Result<()> {
    let secrets = secrets(stack, stripe)?;
    tokio::try_join!(build_all(stack, profile), async {
        stack.start_agents(tools).await?;
        put_variables(stack, &secrets).await?;
        deploy_engines(stack, tools).await
    })?;
    deploy_services(stack, tools, profile).await
}

async fn update(
    stack: &Stack,
    tools: &Tools,
    profile: Profile,
    stripe: Option<StripeKeys>,
) -> Result<()> {
    stack.state.create()?;
    let secrets = secrets(stack, stripe)?;
    put_variables(stack, &secrets).await?;
    tokio::try_join!(build_all(stack, profile), deploy_engines(stack, tools))?;
    deploy_services(stack, tools, profile).await?;
    if secrets.payments().are_simulated() {
        return Ok(());
    }
    // Until Stripe's keys were given, payments may have been simulated.
    down::stop_simulator(stack).await
}

fn secrets(stack: &Stack, stripe: Option<StripeKeys>) -> Result<Secrets> {
    let file = stack.state.secrets();
    ensure!(
        file.exists() || !database(stack).exists(),
        "{} is gone, and the data can't be used without it: put it back, or `just reset`",
        file.display()
    );
    Secrets::with_payments(&file, stripe)
}

async fn put_variables(stack: &Stack, secrets: &Secrets) -> Result<()> {
    for job in services::jobs(secrets.payments()) {
        if let Some(items) = variables::of_job(job, secrets) {
            stack
                .nomad
                .put_variable(job, &items)
                .await
                .with_context(|| format!("job {job}"))?;
        }
    }
    Ok(())
}

async fn build_all(stack: &Stack, profile: Profile) -> Result<()> {
    let built = jobs::of_stack(stack)?.filter_map(services::built_here);
    let packages: Vec<_> = built.map(|program| program.package).collect();
    step("build", build::build(stack, &packages, profile)).await
}

async fn deploy_engines(stack: &Stack, tools: &Tools) -> Result<()> {
    let mut deployments = JoinSet::new();
    for engine in ENGINES {
        let (stack, tools) = (stack.clone(), tools.clone());
        deployments.spawn(async move { deploy_job(&stack, &tools, engine, None).await });
    }
    all(deployments).await
}

async fn deploy_services(stack: &Stack, tools: &Tools, profile: Profile) -> Result<()> {
    let mut deployments = JoinSet::new();
    let simulated = jobs::payments(stack)?.are_simulated();
    for service in &SERVICES {
        let (stack, tools) = (stack.clone(), tools.clone());
        deployments.spawn(async move {
            // Whoever is asked comes first.
            if simulated && service.needs.contains(&Need::Stripe) {
                deploy_service(&stack, &tools, &SIMULATOR, profile).await?;
            }
            deploy_service(&stack, &tools, service, profile).await
        });
    }
    all(deployments).await
}

/// Deploys the binary that was built last.
///
/// # Errors
/// Names what failed.
pub async fn deploy_service(
    stack: &Stack,
    tools: &Tools,
    service: &Service,
    profile: Profile,
) -> Result<()> {
    let binary = build::keep_binary(stack, service, profile)?;
    deploy_job(stack, tools, service.name, Some(&binary)).await
}

/// Deploys a job's file as it is now.
///
/// # Errors
/// Names what failed.
pub async fn deploy_job(
    stack: &Stack,
    tools: &Tools,
    job: &str,
    binary: Option<&std::path::Path>,
) -> Result<()> {
    step(job, async {
        let rendered = jobs::render(stack, tools, job, binary).await?;
        deploy::deploy(stack, &rendered).await
    })
    .await
}

/// The first failure ends the others' waiting.
async fn all(mut deployments: JoinSet<Result<()>>) -> Result<()> {
    while let Some(done) = deployments.join_next().await {
        done??;
    }
    Ok(())
}
