//! The gateway inside the window's process, switched in Settings.

use api::gateway::{GatewaySwitch, Starting};
use engine::Engine;
use gateway::Server;
use std::{
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The server, while it is on.
#[derive(Default)]
pub(crate) struct Switch(Mutex<Option<Server>>);

impl Switch {
    fn server(&self) -> MutexGuard<'_, Option<Server>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GatewaySwitch for Switch {
    fn start<'a>(&'a self, engine: &'a Engine, port: u16) -> Starting<'a> {
        Box::pin(async move {
            if let Some(address) = self.address() {
                return Ok(address);
            }
            let server = gateway::start(engine.clone(), port).await?;
            let address = server.address();
            *self.server() = Some(server);
            Ok(address)
        })
    }

    fn stop(&self) {
        *self.server() = None;
    }

    fn address(&self) -> Option<SocketAddr> {
        self.server().as_ref().map(Server::address)
    }
}
