//! The standing link to one gateway: pairing, putting meetings, refilling keys, its events, for as long as we run.
//!
//! A gateway that is away is tried again every second; the cursor of its events is kept as long as its boot is the same.
//!
//! Not here: taking in (`io::work`), which meetings there are (`io::demo`).

use std::time::Duration;

use control::{Health, What};
use spool::id::{EpochId, GatewayId, MeetingId};
use spool::sign::VerifyingKey;

use super::demo;
use super::house::{House, HouseError};
use crate::causes::sentence;
use crate::config::Mode;
use crate::gateways::{Gateway, GatewayError, Now};
use crate::recording::{Event, Mover, State};
use crate::store::StoreError;
use crate::store::gateways::Gateway as Paired;

/// Holds the link until the process ends.
pub(super) async fn hold(house: House, gateway: Gateway) {
    let mut link = Link { house, gateway, seen: None };
    let mut said = String::new();
    loop {
        let trouble = match link.once().await {
            Ok(()) => "the gateway ended the connection".to_owned(),
            Err(error) => sentence(&error),
        };
        if trouble != said {
            tracing::warn!(gateway = %link.gateway.socket().display(), trouble, "no link to the gateway; trying again");
            said = trouble;
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

/// Why the link is down for now.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    #[error(transparent)]
    House(#[from] HouseError),
    #[error(transparent)]
    Tell(#[from] demo::TellError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the gateway's name {0} does not come from its key")]
    Impostor(spool::id::GatewayId),
    #[error("the gateway {0} is not paired; `archiver pair` does it")]
    NotPaired(spool::id::GatewayId),
}

struct Link {
    house: House,
    gateway: Gateway,
    /// Boot of the gateway and the cursor up to which its events were heard.
    seen: Option<(EpochId, u64)>,
}

impl Link {
    async fn once(&mut self) -> Result<(), LinkError> {
        let health = self.gateway.health().await?;
        pair(&self.house, &self.gateway, &health, self.house.mode() == Mode::Demo).await?;
        demo::tell(&self.house, &self.gateway, health.gateway).await?;
        self.refill_low(health.gateway).await?;
        let after = self.seen.filter(|(boot, _)| *boot == health.boot).map_or(0, |(_, cursor)| cursor);
        let mut events = self.gateway.events(health.boot, after).await?;
        tracing::info!(gateway = %health.gateway, version = health.version, "linked to the gateway");
        loop {
            self.settle(&health).await?;
            self.house.ring();
            match tokio::time::timeout(SETTLE_EVERY, events.next()).await {
                Ok(Ok(Some(event))) => {
                    self.seen = Some((event.boot, event.cursor));
                    self.heard(health.gateway, event.what).await?;
                }
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(error)) => return Err(error.into()),
                // Nothing happened for a while; is it still there?
                Err(_) => drop(self.gateway.health().await?),
            }
        }
    }

    async fn heard(&self, from: GatewayId, what: What) -> Result<(), LinkError> {
        match what {
            What::KeysLow { meeting, left } => self.refill(from, meeting, left).await,
            What::SectionClosed { meeting, recording: _, section } => {
                self.house.ring();
                if demo::next_section(&self.house, meeting, section, from).await? {
                    demo::tell(&self.house, &self.gateway, from).await?;
                }
                Ok(())
            }
            What::ChunkReady { .. } | What::OrderWritten { .. } | What::GatheringEnded { .. } => {
                self.house.ring();
                Ok(())
            }
            What::RecordingTrouble { meeting, reason } => {
                tracing::error!(%meeting, reason, "ALARM: the gateway cannot record");
                Ok(())
            }
            What::GatheringBegan { .. }
            | What::SeatArrived { .. }
            | What::SeatEntered { .. }
            | What::SeatLeft { .. }
            | What::RecordChanged { .. }
            | What::HandRaised { .. }
            | What::HandLowered { .. }
            | What::FloorGiven { .. }
            | What::HelpWanted { .. }
            | What::HelpAnswered { .. }
            | What::SeatShared { .. }
            | What::Locked { .. }
            | What::AgendaChanged { .. } => Ok(()),
            What::PermitBegan { .. } | What::PermitEnded { .. } => Ok(()),
        }
    }

    async fn refill_low(&self, id: GatewayId) -> Result<(), LinkError> {
        for meeting in self.gateway.meetings().await? {
            if meeting.keys_left < demo::POOL / 4 {
                self.refill(id, meeting.id, meeting.keys_left).await?;
            }
        }
        Ok(())
    }

    async fn refill(&self, id: GatewayId, meeting: MeetingId, left: u32) -> Result<(), LinkError> {
        demo::refill(&self.house, meeting, id, left).await?;
        Ok(demo::tell(&self.house, &self.gateway, id).await?)
    }

    /// A recording that still receives, whose gathering no gateway of its meeting holds any more, is complete. One that does
    /// not answer may still hold it.
    async fn settle(&self, health: &Health) -> Result<(), LinkError> {
        let store = self.house.store();
        // The rows first: what begins after they were read is not among them.
        let mut receiving = store.recordings(None).await?;
        receiving.retain(|recording| recording.state == State::Receiving);
        if receiving.is_empty() {
            return Ok(());
        }
        let paired = store.gateways().await?;
        let now = self.house.gateways().now().await;
        for recording in receiving {
            let mut makers = store.gateways_of(recording.meeting).await?;
            makers.push(recording.gateway);
            if !makers.contains(&health.gateway) {
                continue;
            }
            let makes = |socket: &std::path::Path| {
                let socket = socket.display().to_string();
                paired.iter().any(|known| known.socket == socket && makers.contains(&known.id))
            };
            let holds = |now: &Now| match &now.meetings {
                Ok(meetings) => meetings.iter().any(|meeting| meeting.recording == Some(recording.id)),
                Err(_) => true,
            };
            if !now.iter().any(|now| makes(now.gateway.socket()) && holds(now)) {
                let mut tx = self.house.store().begin().await?;
                tx.move_recording(recording.id, Event::GatheringEnded, Mover::Gateway).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

/// Pins the gateway's key when it is new and `may_pin`; a known one only says where it is now.
pub(super) async fn pair(house: &House, gateway: &Gateway, health: &Health, may_pin: bool) -> Result<(), LinkError> {
    let key = serde_json::Value::String(health.signing_key.clone());
    let key = serde_json::from_value::<VerifyingKey>(key).ok().filter(|key| key.gateway() == health.gateway);
    let key = key.ok_or(LinkError::Impostor(health.gateway))?;
    let known = house.store().gateways().await?.into_iter().any(|paired| paired.id == health.gateway);
    if !known && !may_pin {
        return Err(LinkError::NotPaired(health.gateway));
    }
    let paired = Paired {
        id: health.gateway,
        signing_key: key.to_string(),
        socket: gateway.socket().display().to_string(),
        spool: health.spool.clone(),
        paired_ms: house.clock().now_ms(),
    };
    house.store().pair(&paired).await?;
    if !known {
        tracing::info!(gateway = %health.gateway, key = health.signing_key, "paired; this key is pinned from now on");
    }
    Ok(())
}

const AGAIN_AFTER: Duration = Duration::from_secs(1);
const SETTLE_EVERY: Duration = Duration::from_secs(5);
