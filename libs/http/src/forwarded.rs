//! Who is at the other end, as told by the proxy in front.
//!
//! `X-Forwarded-For` and `X-Forwarded-Proto` count only beside the secret that Traefik (and web, when
//! it calls for a visitor) sends in `X-Forwarded-Token`. From anybody else they are noise.

use std::{
    future::{Ready, ready},
    net::{IpAddr, Ipv4Addr},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::HeaderMap};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::Problem;

/// What makes forwarded headers believable. Put it into the app's data.
#[derive(Debug, Clone)]
pub struct TrustedProxy {
    /// The secret shared with the proxy.
    pub token: SecretString,
    /// How many proxies of ours stand in front of Traefik (a load balancer: 1). Each appends one
    /// address to `X-Forwarded-For`; what lies left of those was written by the client.
    pub hops: usize,
}

/// The client of this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor {
    /// Its address. Unspecified (0.0.0.0) when there is none, as on a Unix socket.
    pub address: IpAddr,
    /// Whether it came by HTTPS.
    pub https: bool,
}

impl Visitor {
    /// The visitor behind `request`.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        let peer = request
            .peer_addr()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        Self::told(request.app_data::<TrustedProxy>(), request.headers(), peer)
    }

    fn told(proxy: Option<&TrustedProxy>, headers: &HeaderMap, peer: IpAddr) -> Self {
        let direct = Self {
            address: peer,
            https: false,
        };
        let Some(proxy) = proxy.filter(|proxy| proxy.vouches(headers)) else {
            return direct;
        };
        let hops: Vec<_> = headers
            .get_all("x-forwarded-for")
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let address = hops
            .iter()
            .rev()
            .nth(proxy.hops)
            .and_then(|address| address.trim().parse().ok())
            .unwrap_or(peer);
        let https = headers
            .get("x-forwarded-proto")
            .is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"));
        Self { address, https }
    }

    /// What a limit per address counts by: an IPv6 visitor is its /64, since it has all of that.
    #[must_use]
    pub fn network(&self) -> IpAddr {
        match self.address.to_canonical() {
            IpAddr::V6(address) => {
                let prefix = address.to_bits() & (u128::MAX << 64);
                IpAddr::V6(prefix.into())
            }
            address @ IpAddr::V4(_) => address,
        }
    }
}

impl TrustedProxy {
    fn vouches(&self, headers: &HeaderMap) -> bool {
        let mut tokens = headers.get_all("x-forwarded-token");
        let (Some(token), None) = (tokens.next(), tokens.next()) else {
            return false;
        };
        token
            .as_bytes()
            .ct_eq(self.token.expose_secret().as_bytes())
            .into()
    }
}

impl FromRequest for Visitor {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use rstest::rstest;

    use super::*;

    const PEER: &str = "127.0.0.1";

    fn visitor(hops: usize, pairs: &[(&'static str, &'static str)]) -> Visitor {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let proxy = TrustedProxy {
            token: "secret".into(),
            hops,
        };
        Visitor::told(Some(&proxy), &headers, PEER.parse().unwrap())
    }

    #[rstest]
    #[case::no_token(0, &[("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https")], PEER, false)]
    #[case::wrong_token(0, &[("x-forwarded-token", "guess"), ("x-forwarded-for", "1.2.3.4")], PEER, false)]
    #[case::two_tokens(
        0,
        &[("x-forwarded-token", "secret"), ("x-forwarded-token", "secret"), ("x-forwarded-for", "1.2.3.4")],
        PEER, false
    )]
    #[case::traefik(
        0,
        &[("x-forwarded-token", "secret"), ("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https")],
        "1.2.3.4", true
    )]
    #[case::a_client_wrote_the_left(
        0,
        &[("x-forwarded-token", "secret"), ("x-forwarded-for", "6.6.6.6, 1.2.3.4")],
        "1.2.3.4", false
    )]
    #[case::behind_a_load_balancer(
        1,
        &[("x-forwarded-token", "secret"), ("x-forwarded-for", "6.6.6.6, 1.2.3.4"), ("x-forwarded-for", "10.0.0.1")],
        "1.2.3.4", false
    )]
    #[case::garbage(0, &[("x-forwarded-token", "secret"), ("x-forwarded-for", "unknown")], PEER, false)]
    fn who_is_believed(
        #[case] hops: usize,
        #[case] headers: &[(&'static str, &'static str)],
        #[case] address: &str,
        #[case] https: bool,
    ) {
        let expected = Visitor {
            address: address.parse().unwrap(),
            https,
        };
        assert_eq!(visitor(hops, headers), expected);
    }

    #[rstest]
    #[case("1.2.3.4", "1.2.3.4")]
    #[case("::ffff:1.2.3.4", "1.2.3.4")]
    #[case("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    fn an_ipv6_visitor_is_its_network(#[case] address: &str, #[case] network: &str) {
        let visitor = Visitor {
            address: address.parse().unwrap(),
            https: false,
        };
        assert_eq!(visitor.network(), network.parse::<IpAddr>().unwrap());
    }
}
