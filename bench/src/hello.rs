//! The least that an actix server can do: what a framework, not a service, costs.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Child, Command},
    time::{Duration, Instant},
};

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::ensure;

/// Answers `hello` to everything, with as many workers as a service has.
pub async fn serve(port: u16) -> anyhow::Result<()> {
    let app = || App::new().default_service(web::to(async || HttpResponse::Ok().body("hello")));
    let workers = std::thread::available_parallelism()?.get();
    HttpServer::new(app)
        .workers(workers)
        .bind((Ipv4Addr::LOCALHOST, port))?
        .run()
        .await?;
    Ok(())
}

/// The server as a process of its own, so that it competes for the cores as a service does.
pub struct Hello {
    process: Child,
    pub address: String,
}

impl Hello {
    pub fn start() -> anyhow::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let process = Command::new(std::env::current_exe()?)
            .args(["hello", &port.to_string()])
            .spawn()?;
        let hello = Self {
            process,
            address: format!("127.0.0.1:{port}"),
        };
        let started = Instant::now();
        while TcpStream::connect(&hello.address).is_err() {
            ensure!(
                started.elapsed() < Duration::from_secs(10),
                "the bare server does not start"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(hello)
    }
}

impl Drop for Hello {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
