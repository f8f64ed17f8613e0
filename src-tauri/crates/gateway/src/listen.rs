//! The address: bound once, on this machine alone, for as long as the gateway is on.

use crate::{AT_ONCE, Shared, guard, patient::Patient, rates, serve};
use domain::{ErrorKind, Failure};
use engine::Engine;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

/// Connections at once; others wait to be taken.
const CONNECTIONS: u32 = 256;
/// Longest time for the head of a request, and for a connection that asks nothing.
const HEAD_PATIENCE: Duration = Duration::from_secs(60);
/// Headers of a request.
const HEADERS_MOST: usize = 64;
/// Room for its head.
const HEAD_MOST: usize = 64 * 1024;
/// Pause after the system could give no connection.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(50);

/// A gateway that is on. Dropping it switches it off.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    places: Arc<Semaphore>,
    stop: watch::Sender<bool>,
}

/// Binds the address and begins to answer. Port 0 takes any that is free.
///
/// Error `net.connect` when another program is at this port: nothing is moved to another port by itself, since
/// programs would send their keys to whoever is there.
pub async fn start(engine: Engine, port: u16) -> Result<Server, Failure> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| taken(port, &error))?;
    let address = listener.local_addr().map_err(|error| taken(port, &error))?;
    let shared = Arc::new(Shared {
        engine,
        port: address.port(),
        at_once: Arc::new(Semaphore::new(AT_ONCE)),
        rates: Arc::new(rates::Rates::default()),
        answers: Arc::default(),
        guesses: guard::Guesses::default(),
        handled: AtomicU64::new(0),
    });
    let places = Arc::new(Semaphore::new(CONNECTIONS as usize));
    let (stop, stopped) = watch::channel(false);
    spawn(accept(listener, Arc::clone(&shared), Arc::clone(&places), stopped));
    Ok(Server { address, shared, places, stop })
}

fn taken(port: u16, error: &std::io::Error) -> Failure {
    Failure::new(
        ErrorKind::NetConnect,
        domain::say!(
            "The gateway cannot listen at 127.0.0.1:{port} ({error}). Another program may be there: stop it, or choose \
             another port.",
            port,
            error = error.kind()
        ),
    )
}

#[allow(
    clippy::disallowed_methods,
    reason = "connections are the gateway's own; what they ask is the engine's"
)]
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    // What is dropped while all ends has nothing to run on.
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(task);
    }
}

async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    places: Arc<Semaphore>,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let place = tokio::select! {
            biased;
            _ = stopped.changed() => return,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(place) = place else { return };
        let taken = tokio::select! {
            biased;
            _ = stopped.changed() => return,
            taken = listener.accept() => taken,
        };
        match taken {
            Ok((stream, _)) => spawn(connection(stream, Arc::clone(&shared), stopped.clone(), place)),
            Err(_) => tokio::time::sleep(OUT_OF_SOCKETS).await,
        }
    }
}

async fn connection(
    stream: TcpStream,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
    place: OwnedSemaphorePermit,
) {
    // Without it every event would wait for the reader's acknowledgement of the one before.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(serve(shared, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_headers(HEADERS_MOST)
        .max_buf_size(HEAD_MOST)
        .serve_connection(TokioIo::new(Patient::new(stream)), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // A client that hangs up is nobody's fault.
        tracing::debug!(%error, "a connection to the gateway ended");
    }
    drop(place);
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests that came past the guard since it was switched on.
    pub fn handled(&self) -> u64 {
        self.shared.handled.load(Ordering::Relaxed)
    }

    /// Waits until no connection is open any more, or so long.
    pub async fn closed(&self, most: Duration) {
        // Who does not close in time is cut off.
        let _ = tokio::time::timeout(most, self.places.acquire_many(CONNECTIONS)).await;
    }

    /// Takes no more connections, and ends those that are open once they have their answers.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
