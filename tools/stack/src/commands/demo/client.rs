//! The seller's side of the HTTP API, through Traefik.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, Result, bail};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, header};
use serde_json::json;
use ticketing_contracts::api::{
    problem::ProblemBody,
    tickets::{NewTicket, Ticket},
};

const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

/// One who is signed in.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    cookie: String,
}

impl Client {
    /// Signs up, or in where the account is there already.
    pub(super) async fn sign_in(base: &str, email: &str, password: &str) -> Result<Self> {
        let mut client = Self {
            http: reqwest::Client::builder()
                .no_proxy()
                .tls_certs_only([])
                .timeout(ANSWERS_WITHIN)
                .build()?,
            base: base.parse()?,
            cookie: String::new(),
        };
        let credentials = json!({"email": email, "password": password});
        let up = client.post("/api/users/signup")?.json(&credentials);
        let up = up.send().await?;
        let answer = if up.status() == StatusCode::BAD_REQUEST {
            client
                .post("/api/users/signin")?
                .json(&credentials)
                .send()
                .await?
        } else {
            up
        };
        let answer = accepted(answer)
            .await
            .with_context(|| format!("{email} can't sign up or in"))?;
        let cookie = answer.headers().get(header::SET_COOKIE);
        let cookie = cookie.context("signing in gave no session")?.to_str()?;
        client.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(client)
    }

    /// The titles of all that this seller offers.
    pub(super) async fn own_titles(&self) -> Result<BTreeSet<String>> {
        let mut titles = BTreeSet::new();
        let mut next = Some(self.base.join("/api/tickets?owner=me")?);
        while let Some(page) = next {
            let answer = accepted(self.request(Method::GET, page).send().await?).await?;
            next = match answer.headers().get(header::LINK) {
                Some(link) => next_page(link.to_str()?)
                    .map(|page| self.base.join(page))
                    .transpose()?,
                None => None,
            };
            let tickets: Vec<Ticket> = answer.json().await?;
            titles.extend(tickets.into_iter().map(|ticket| ticket.title));
        }
        Ok(titles)
    }

    /// Offers a ticket.
    pub(super) async fn put_up(&self, ticket: &NewTicket) -> Result<()> {
        let request = self.post("/api/tickets")?.json(ticket);
        accepted(request.send().await?).await.map(drop)
    }

    fn post(&self, path: &str) -> Result<RequestBuilder> {
        Ok(self.request(Method::POST, self.base.join(path)?))
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let request = self.http.request(method, url);
        request.header(header::COOKIE, &self.cookie)
    }
}

/// The service's own words, when it refuses.
async fn accepted(answer: Response) -> Result<Response> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let problem: Option<ProblemBody> = answer.json().await.ok();
    let message = problem.and_then(|problem| problem.errors.into_iter().next());
    match message {
        Some(error) => bail!("{status}: {}", error.message),
        None => bail!("{status}"),
    }
}

/// The target of `rel="next"` in a Link header (RFC 8288).
fn next_page(link: &str) -> Option<&str> {
    let mut rest = link;
    while let Some((target, after)) = rest.split_once('<')?.1.split_once('>') {
        let parameters = after.split('<').next().unwrap_or_default();
        if parameters.contains(r#"rel="next""#) {
            return Some(target);
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::the_only_one(
        r#"</api/tickets?cursor=a,b>; rel="next""#,
        Some("/api/tickets?cursor=a,b")
    )]
    #[case::the_second(r#"</a>; rel="first", </b>; title="x"; rel="next""#, Some("/b"))]
    #[case::none(r#"</a>; rel="prev""#, None)]
    #[case::nonsense("next", None)]
    fn the_next_page_is_found(#[case] link: &str, #[case] expected: Option<&str>) {
        assert_eq!(next_page(link), expected);
    }
}
