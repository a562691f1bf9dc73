//! The fixed ports of a stack: `ports.env` at the root, overridden by the environment.

use std::{
    collections::{BTreeMap, HashMap},
    net::{Ipv4Addr, TcpListener, UdpSocket},
    ops::RangeInclusive,
};

use anyhow::{Context, Result, bail, ensure};

/// The file, relative to the checkout.
pub const FILE: &str = "ports.env";

/// Ports that a stack gives out to its services, besides the fixed ones, when it chooses its own.
const DYNAMIC: u16 = 150;

/// A port with a setting of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Port {
    /// The platform.
    TraefikWeb,
    /// Traefik's dashboard, ping and metrics.
    TraefikAdmin,
    /// The database.
    Postgres,
    /// The streams.
    Redis,
    /// The payment simulator.
    StripeSim,
    /// Consul's API and UI.
    ConsulHttp,
    /// Consul's server RPC.
    ConsulServer,
    /// Consul's gossip.
    ConsulSerf,
    /// Nomad's API and UI.
    NomadHttp,
    /// Nomad's RPC.
    NomadRpc,
    /// Nomad's gossip.
    NomadSerf,
}

impl Port {
    /// Every port, with the name of its setting.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::TraefikWeb, "TRAEFIK_WEB_PORT"),
        (Self::TraefikAdmin, "TRAEFIK_ADMIN_PORT"),
        (Self::Postgres, "POSTGRES_PORT"),
        (Self::Redis, "REDIS_PORT"),
        (Self::StripeSim, "STRIPE_SIM_PORT"),
        (Self::ConsulHttp, "CONSUL_HTTP_PORT"),
        (Self::ConsulServer, "CONSUL_SERVER_PORT"),
        (Self::ConsulSerf, "CONSUL_SERF_PORT"),
        (Self::NomadHttp, "NOMAD_HTTP_PORT"),
        (Self::NomadRpc, "NOMAD_RPC_PORT"),
        (Self::NomadSerf, "NOMAD_SERF_PORT"),
    ];
}

const DYNAMIC_MIN: &str = "DYNAMIC_PORT_MIN";
const DYNAMIC_MAX: &str = "DYNAMIC_PORT_MAX";

/// All ports of one stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports {
    fixed: BTreeMap<Port, u16>,
    /// Where Nomad takes the services' ports from.
    pub dynamic: RangeInclusive<u16>,
}

impl Ports {
    /// Reads the file's text; a variable that `environment` knows wins over the file.
    ///
    /// # Errors
    /// Names the setting or the line: one that is missing, unknown, no port, or used twice.
    pub fn parse(text: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let file = parse_lines(text)?;
        let value = |setting: &str| -> Result<u16> {
            let (source, value) = match environment(setting) {
                Some(value) => ("the environment", value),
                None => (
                    FILE,
                    file.get(setting)
                        .with_context(|| format!("{FILE} does not set {setting}"))?
                        .clone(),
                ),
            };
            match value.parse() {
                Ok(port) if port > 0 => Ok(port),
                _ => bail!("{setting}={value} in {source} is no port (1 to 65535)"),
            }
        };
        let fixed = Port::ALL
            .into_iter()
            .map(|(port, setting)| Ok((port, value(setting)?)))
            .collect::<Result<_>>()?;
        let ports = Self {
            fixed,
            dynamic: value(DYNAMIC_MIN)?..=value(DYNAMIC_MAX)?,
        };
        ports.validate()?;
        Ok(ports)
    }

    /// The number of one port.
    #[must_use]
    pub fn get(&self, port: Port) -> u16 {
        self.fixed[&port]
    }

    /// Every setting with its value, as `ports.env` would hold it.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, u16)> {
        let mut settings: Vec<_> = Port::ALL
            .into_iter()
            .map(|(port, setting)| (setting, self.get(port)))
            .collect();
        settings.push((DYNAMIC_MIN, *self.dynamic.start()));
        settings.push((DYNAMIC_MAX, *self.dynamic.end()));
        settings
    }

    /// Free ports for a stack that nobody has to find by its numbers.
    ///
    /// # Errors
    /// When no block of ports between 22000 and 32000 is free.
    pub fn choose_free() -> Result<Self> {
        // Below 32768, where outgoing connections take theirs from; above what `ports.env` uses;
        // and each stack in a block of its own: two that start at once rarely meet.
        const BLOCK: u16 = 200;
        const BLOCKS: u16 = 50;
        let first: u16 = rand::random_range(0..BLOCKS);
        for offset in 0..BLOCKS {
            let base = 22_000 + (first + offset) % BLOCKS * BLOCK;
            let fixed = Port::ALL
                .into_iter()
                .map(|(port, _)| port)
                .zip(base..)
                .collect();
            let ports = Self {
                fixed,
                dynamic: base + BLOCK - DYNAMIC..=base + BLOCK - 1,
            };
            if ports.check_free().is_ok() {
                return Ok(ports);
            }
        }
        bail!("no 200 ports in a row are free between 22000 and 32000")
    }

    /// Checks that nobody listens on any of them.
    ///
    /// # Errors
    /// Names the first taken port and its setting.
    pub fn check_free(&self) -> Result<()> {
        for (setting, port) in self.settings().into_iter().take(Port::ALL.len()) {
            ensure!(
                is_free(port),
                "port {port} is taken: stop what listens there, or change {setting} in {FILE} \
                 (or for one call: {setting}=… in the environment)"
            );
        }
        if let Some(port) = self.dynamic.clone().find(|port| !is_free(*port)) {
            bail!(
                "port {port} of the services' range is taken: stop what listens there, or move \
                 {DYNAMIC_MIN} and {DYNAMIC_MAX} in {FILE}"
            );
        }
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        ensure!(
            self.dynamic.end().saturating_sub(*self.dynamic.start()) >= 99,
            "{DYNAMIC_MIN} to {DYNAMIC_MAX} must hold at least 100 ports"
        );
        let mut seen = HashMap::new();
        for (port, setting) in Port::ALL {
            let number = self.get(port);
            if let Some(other) = seen.insert(number, setting) {
                bail!("{setting} and {other} are both {number}");
            }
            ensure!(
                !self.dynamic.contains(&number),
                "{setting}={number} lies within {DYNAMIC_MIN} to {DYNAMIC_MAX}"
            );
        }
        Ok(())
    }
}

fn parse_lines(text: &str) -> Result<HashMap<&str, String>> {
    let mut file = HashMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (setting, value) = line
            .split_once('=')
            .map(|(setting, value)| (setting.trim(), value.trim()))
            .with_context(|| format!("{FILE} line {number} is not NAME=PORT: {line}"))?;
        let known = Port::ALL.iter().any(|(_, name)| *name == setting)
            || [DYNAMIC_MIN, DYNAMIC_MAX].contains(&setting);
        ensure!(known, "{FILE} line {number}: there is no setting {setting}");
        ensure!(
            file.insert(setting, value.to_owned()).is_none(),
            "{FILE} line {number} sets {setting} again"
        );
    }
    Ok(file)
}

/// Gossip is UDP as well as TCP.
fn is_free(port: u16) -> bool {
    let address = (Ipv4Addr::LOCALHOST, port);
    TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const FILE_TEXT: &str = include_str!("../../../ports.env");

    fn parse(text: &str) -> Result<Ports> {
        Ports::parse(text, |_| None)
    }

    #[test]
    fn the_checked_in_file_is_valid() {
        let ports = parse(FILE_TEXT).expect("ports.env");
        assert_eq!(ports.get(Port::TraefikWeb), 8080);
        assert_eq!(ports.settings().len(), 13);
    }

    #[test]
    fn the_environment_wins() {
        let environment = |name: &str| (name == "TRAEFIK_WEB_PORT").then(|| "9090".to_owned());
        let ports = Ports::parse(FILE_TEXT, environment).expect("ports");
        assert_eq!(ports.get(Port::TraefikWeb), 9090);
    }

    #[rstest]
    #[case::no_number("8080", "http", "TRAEFIK_WEB_PORT=http in ports.env is no port")]
    #[case::too_large("8080", "65536", "TRAEFIK_WEB_PORT=65536 in ports.env is no port")]
    #[case::zero("8080", "0", "TRAEFIK_WEB_PORT=0 in ports.env is no port")]
    #[case::empty("8080", "", "TRAEFIK_WEB_PORT= in ports.env is no port")]
    #[case::negative("8080", "-1", "TRAEFIK_WEB_PORT=-1 in ports.env is no port")]
    #[case::twice("8080", "15432", "POSTGRES_PORT and TRAEFIK_WEB_PORT are both 15432")]
    #[case::in_range("8080", "21000", "lies within DYNAMIC_PORT_MIN to DYNAMIC_PORT_MAX")]
    #[case::unknown("TRAEFIK_WEB_PORT", "WEB", "there is no setting WEB")]
    #[case::no_pair("TRAEFIK_WEB_PORT=", "", "is not NAME=PORT: 8080")]
    #[case::missing("REDIS_PORT=16379\n", "", "ports.env does not set REDIS_PORT")]
    #[case::again("REDIS_PORT=", "POSTGRES_PORT=", "sets POSTGRES_PORT again")]
    #[case::range("21499", "21000", "must hold at least 100 ports")]
    fn a_bad_file_is_refused_by_name(#[case] from: &str, #[case] to: &str, #[case] expected: &str) {
        let text: String = FILE_TEXT
            .lines()
            .filter(|line| !line.starts_with('#'))
            .flat_map(|line| [line, "\n"])
            .collect();
        let error = parse(&text.replace(from, to))
            .expect_err("a bad file")
            .to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_taken_port_is_named_with_its_setting() {
        let mut ports = Ports::choose_free().expect("free ports");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
        let taken = listener.local_addr().expect("its address").port();
        ports.fixed.insert(Port::Redis, taken);
        let error = ports.check_free().expect_err("a taken port").to_string();
        assert!(error.contains(&format!("port {taken} is taken")), "{error}");
        assert!(error.contains("REDIS_PORT"), "{error}");
    }
}
