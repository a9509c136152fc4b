//! `archiver serve --config FILE`: opens the house, binds, starts the workers, runs until it is told to end.
//!
//! Also `archiver pair`, which pins a gateway's key after a person compared it.
//!
//! Not here: what workers and pages do.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::house::{House, HouseError};
use super::{admin, demo, link, work};
use crate::config::{Config, ConfigError};
use crate::gateways::{Gateway, GatewayError};

/// Why the archive does not run; the administrator's to put right.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("the desk's address {0} is in use; right would be a free one in [desk] listen")]
    InUse(SocketAddr),
    #[error("the desk's address {address} cannot be had")]
    Bind { address: SocketAddr, source: std::io::Error },
    #[error("the admin socket {path} cannot be had")]
    Admin { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    House(#[from] HouseError),
    #[error("signals cannot be heard")]
    Signal(#[source] std::io::Error),
    #[error("the gateway could not be asked")]
    Gateway(#[from] GatewayError),
    #[error("the gateway's key could not be pinned")]
    Pair(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the settings name no [[gateway]]")]
    NoGateway,
    #[error("compare this with what `gateway check-config` shows, then: archiver pair --key {0}")]
    Compare(String),
}

/// Runs until SIGINT or SIGTERM.
pub async fn run(config: Config) -> Result<(), ServeError> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Signal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Signal)?;
    let desk = bind(config.desk.listen).await?;
    let house = House::open(&config).await?;
    let admin = admin::bind(&house).await;
    let admin = admin.map_err(|source| ServeError::Admin { path: house.admin_socket(), source })?;
    if house.store_is_embedded() {
        tracing::warn!("DEMO STORE, no Object Lock: what lies in it is not safe against a lost disk");
    }
    let _ = std::fs::remove_file(house.data().join(demo::READY));
    let mut tasks = tokio::task::JoinSet::new();
    if let Some(of) = &config.demo {
        demo::prepare(&house, &of.title).await?;
        tasks.spawn(demo::say_ready(house.clone(), config.clone()));
    }
    for gateway in house.gateways().all() {
        tasks.spawn(link::hold(house.clone(), gateway.clone()));
    }
    tasks.spawn(work::work(house.clone()));
    let admin_router = admin::router(house.clone());
    tasks.spawn(async move {
        let _ = axum::serve(admin, admin_router).await;
    });
    tracing::info!(desk = %config.desk.listen, "the archive runs");
    let (pages, watch) = crate::desk::open(house.clone());
    tasks.spawn(watch);
    let end = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    serve_until(desk, pages, end).await;
    // Whatever is under way may be stopped anywhere: the next start takes it up.
    tasks.shutdown().await;
    let _ = std::fs::remove_file(house.admin_socket());
    house.store().close().await;
    tracing::info!("the archive has ended");
    Ok(())
}

/// Pins the key of the gateway in the settings that shows `key`.
pub async fn pair(config: Config, key: Option<String>) -> Result<(), ServeError> {
    let (mut shown, mut away) = (Vec::new(), ServeError::NoGateway);
    for place in &config.gateway {
        let gateway = Gateway::at(place.socket.clone());
        let health = match gateway.health().await {
            Ok(health) => health,
            Err(error) => {
                away = error.into();
                continue;
            }
        };
        if key.as_ref().is_none_or(|key| !key.eq_ignore_ascii_case(&health.signing_key)) {
            shown.push(health.signing_key);
            continue;
        }
        let house = House::open(&config).await?;
        let paired = link::pair(&house, &gateway, &health, true).await;
        return paired.map_err(|error| ServeError::Pair(Box::new(error)));
    }
    if shown.is_empty() { Err(away) } else { Err(ServeError::Compare(shown.join(" or "))) }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => ServeError::InUse(address),
        _ => ServeError::Bind { address, source },
    })
}

// A browser that keeps a connection open must not keep the archive from ending.
async fn serve_until(listener: TcpListener, pages: axum::Router, end: impl Future<Output = ()> + Send + 'static) {
    let (ended, mut heard) = tokio::sync::watch::channel(false);
    let graceful = async move {
        end.await;
        let _ = ended.send(true);
    };
    let served = std::pin::pin!(axum::serve(listener, pages).with_graceful_shutdown(graceful).into_future());
    tokio::select! {
        _ = served => {}
        () = async {
            let _ = heard.wait_for(|ended| *ended).await;
            tokio::time::sleep(FAREWELL).await;
        } => {}
    }
}

const FAREWELL: Duration = Duration::from_secs(3);
