//! Erase orders: the private half first, then the envelopes, then the objects; then a listing shows that nothing is left.
//!
//! The database forgets in one transaction; the store is emptied after it, as often as it takes.
//!
//! Not here: whole recordings (`sweep`).

use std::path::Path;

use spool::id::{GatewayId, RecordingId, TrackId};
use spool::order::{Decision, Order};
use spool::read::Rejection;

use super::commit::archive;
use super::{Intake, IntakeError, Taken, Trusted, blocking, file_name};
use crate::causes::sentence;
use crate::evidence::Deed;
use crate::vault::object_prefix;

impl Intake {
    /// Takes an order and applies it. Acknowledge it only when this says so.
    pub async fn order(&self, path: &Path, trusted: &Trusted, now_ms: i64) -> Result<Taken, IntakeError> {
        let name = file_name(path);
        let order = match read_order(path, trusted).await? {
            Ok(order) => order,
            Err(why) => return self.keep_apart(path, &name, None, &why, now_ms).await,
        };
        if let Some(known) = self.store.recording(order.recording).await?
            && (known.meeting != order.meeting || !self.may_record(order.gateway, &known).await?)
        {
            let why = format!("the order is not of a gateway that makes the recording {}", order.recording);
            return self.keep_apart(path, &name, None, &why, now_ms).await;
        }
        let (mut ours, mut foreign) = (Vec::new(), None);
        for track in &order.tracks {
            match self.foreign_voice(*track, order.meeting, order.recording, order.gateway).await? {
                None => ours.push(*track),
                Some(why) => foreign = Some(why),
            }
        }
        // Somebody withdrew: a track that is none of ours does not keep those that are.
        if let Some(why) = foreign {
            let apart = self.keep_apart(path, &name, None, &why, now_ms).await?;
            if ours.is_empty() {
                return Ok(apart);
            }
        }
        let order = Order { tracks: ours, ..order };
        let taken = self.apply(&name, &order, now_ms).await?;
        self.store.forget_log().await?;
        self.finish_erasures(now_ms).await?;
        Ok(taken)
    }

    /// Empties the store of every voice that was erased, and shows it by listing. Repeatable.
    /// One that cannot be emptied now holds up no other; the first reason is the answer.
    pub async fn finish_erasures(&self, now_ms: i64) -> Result<(), IntakeError> {
        let mut trouble = None;
        for (recording, track) in self.store.doomed().await? {
            let emptied = self.empty(recording, track).await;
            trouble = trouble.or(emptied.err());
        }
        for order in self.store.open_orders().await? {
            let finished = self.finish_order(&order, now_ms).await;
            trouble = trouble.or(finished.err());
        }
        trouble.map_or(Ok(()), Err)
    }

    async fn finish_order(&self, order: &crate::store::orders::Order, now_ms: i64) -> Result<(), IntakeError> {
        let mut trouble = None;
        for track in &order.tracks {
            let emptied = self.empty(order.recording, *track).await;
            trouble = trouble.or(emptied.err());
        }
        match trouble {
            None => Ok(self.store.order_emptied(&order.name, now_ms).await?),
            Some(error) => Err(error),
        }
    }

    #[cfg(test)]
    pub(super) async fn apply_for_test(&self, path: &Path, trusted: &Trusted) {
        let order = read_order(path, trusted).await.unwrap().unwrap();
        self.apply(&file_name(path), &order, 1).await.unwrap();
    }

    async fn apply(&self, name: &str, order: &Order, now_ms: i64) -> Result<Taken, IntakeError> {
        let erase = match order.decision {
            Decision::Erase => true,
            Decision::Keep => false,
        };
        let row = crate::store::orders::Order {
            // Two gateways of a recording number their orders apart.
            name: format!("{}/{name}", order.gateway),
            recording: order.recording,
            erase,
            tracks: order.tracks.clone(),
            ordered_ms: order.utc_ms,
            applied_ms: now_ms,
            emptied_ms: None,
            destroy_by_ms: order.destroy_by_ms,
        };
        let mut tx = self.store.begin().await?;
        if !tx.add_order(&row).await? {
            return Ok(Taken::Before);
        }
        if erase {
            for track in &order.tracks {
                tx.forget_voice(*track, now_ms).await?;
            }
        }
        let object = order.recording.to_string();
        let kind = if erase { "order_erased" } else { "order_kept" };
        tx.audit(&Deed { kind, detail: Some(name), ..archive(&object) }, Some(order.recording), now_ms).await?;
        tx.commit().await?;
        Ok(Taken::New)
    }

    /// The rows do not say what lies in the store after a crash between upload and commit: the listing does.
    async fn empty(&self, recording: RecordingId, track: TrackId) -> Result<(), IntakeError> {
        let ending = format!("/{track}.voice");
        for name in self.vault.list(&object_prefix(recording)).await? {
            if name.ends_with(&ending) {
                self.vault.delete_all_versions(&name).await?;
            }
        }
        let left = self.vault.list(&object_prefix(recording)).await?.into_iter().find(|name| name.ends_with(&ending));
        if let Some(name) = left {
            return Err(IntakeError::NotEmpty(name));
        }
        let mut tx = self.store.begin().await?;
        tx.drop_objects(track).await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn read_order(path: &Path, trusted: &Trusted) -> Result<Result<Order, String>, IntakeError> {
    let (path, trusted) = (path.to_owned(), trusted.clone());
    let read = move || {
        let trust = |gateway: GatewayId| trusted.get(&gateway).copied();
        spool::order::read(&path, &trust)
    };
    match blocking(read).await? {
        Ok(order) => Ok(Ok(order)),
        // It may be paired yet; acknowledged, a person's withdrawal would be lost.
        Err(rejection @ (Rejection::Io { .. } | Rejection::UnknownGateway { .. })) => {
            Err(IntakeError::Spool(rejection))
        }
        Err(rejection) => Ok(Err(sentence(&rejection))),
    }
}
