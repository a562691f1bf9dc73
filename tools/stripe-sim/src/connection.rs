//! A client's connection, to be closed in the middle of a request.

use std::{
    any::Any,
    net::{Shutdown, TcpStream},
    os::fd::AsFd,
    sync::Arc,
};

use actix_web::dev::Extensions;

/// A second handle of a connection. Goes with it.
#[derive(Debug, Clone)]
pub struct Connection(Arc<TcpStream>);

impl Connection {
    /// Keeps a handle of a connection beside it, for `HttpServer::on_connect`.
    pub fn keep(stream: &dyn Any, extensions: &mut Extensions) {
        let stream = stream.downcast_ref::<tokio::net::TcpStream>();
        let handle = stream.and_then(|stream| stream.as_fd().try_clone_to_owned().ok());
        if let Some(handle) = handle {
            extensions.insert(Self(Arc::new(handle.into())));
        }
    }

    /// Closes it: the client gets no answer.
    pub fn close(&self) {
        // It may be closed already.
        _ = self.0.shutdown(Shutdown::Both);
    }
}
