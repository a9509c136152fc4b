//! The archive's one worker: takes in whatever waits in the spools, and sweeps, in turn.
//!
//! One task for both, so that no chunk is taken in while its recording is being destroyed. It looks when it is rung
//! (events of a gateway) and every two seconds; it sweeps at the start and every minute.
//!
//! Not here: how (`intake`, `sweep`).

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use spool::id::GatewayId;
use spool::name::{ChunkName, OrderName};
use spool::sign::VerifyingKey;

use super::house::{House, SweepStatus};
use crate::causes::sentence;
use crate::gateways::Gateway;
use crate::intake::{Intake, IntakeError, Taken, Trusted};
use crate::store::StoreError;
use crate::store::gateways::Gateway as Paired;
use crate::sweep::{Outcome, Sweep, World};
use crate::vault::object_prefix;

/// Works until the process ends.
pub(super) async fn work(house: House) {
    let mut worker = Worker::of(house);
    let mut swept: Option<Instant> = None;
    loop {
        worker.take_in().await;
        if swept.is_none_or(|at| at.elapsed() >= SWEEP_EVERY) {
            worker.sweep().await;
            swept = Some(Instant::now());
        }
        let _ = tokio::time::timeout(LOOK_EVERY, worker.house.rung()).await;
    }
}

struct Worker {
    house: House,
    intake: Intake,
    sweep: Sweep,
    /// Taken in, not yet acknowledged: the gateway is away. Also names that are none.
    done: HashSet<String>,
    /// Whatever lies in the spools now: what is not among it need not be remembered.
    seen: HashSet<String>,
    /// The last trouble, so that it is said once and not every two seconds.
    said: String,
}

impl Worker {
    fn of(house: House) -> Self {
        let (store, vault, data) = (house.store().clone(), house.vault().clone(), house.data().to_owned());
        Self {
            intake: Intake::new(store.clone(), vault.clone(), data.clone()),
            sweep: Sweep::new(store, vault, house.keys().clone(), data),
            done: HashSet::new(),
            seen: HashSet::new(),
            said: String::new(),
            house,
        }
    }

    async fn take_in(&mut self) {
        let trouble = match self.take_all_in().await {
            Ok(()) => String::new(),
            Err(error) => sentence(&error),
        };
        if trouble != self.said {
            if trouble.is_empty() {
                tracing::info!("intake goes on");
            } else {
                tracing::warn!(trouble, "intake has to wait");
            }
            self.said = trouble;
        }
    }

    async fn take_all_in(&mut self) -> Result<(), IntakeError> {
        let paired = self.house.store().gateways().await?;
        let trusted = trusted(&paired);
        // What cannot be done now holds up nothing else: no order, no chunk, no gateway.
        let mut trouble = self.intake.finish_erasures(self.house.clock().now_ms()).await.err();
        self.seen.clear();
        for gateway in &paired {
            let spool = PathBuf::from(&gateway.spool);
            let orders: Vec<OrderName> = self.names(gateway, &spool.join("orders"), &mut trouble);
            for order in orders {
                trouble = self.one_order(gateway, &spool, order, &trusted).await.err().or(trouble);
            }
            let chunks: Vec<ChunkName> = self.names(gateway, &spool.join("ready"), &mut trouble);
            for chunk in chunks {
                trouble = self.one_chunk(gateway, &spool, chunk, &trusted).await.err().or(trouble);
            }
        }
        // One that could not be listed is looked at anew: whatever was taken in is known by its hash.
        self.done.retain(|name| self.seen.contains(name));
        trouble.map_or(Ok(()), Err)
    }

    async fn one_order(
        &mut self,
        of: &Paired,
        spool: &Path,
        order: OrderName,
        trusted: &Trusted,
    ) -> Result<(), IntakeError> {
        let name = order.to_string();
        if !self.done.contains(&known(of, &name)) {
            let now_ms = self.house.clock().now_ms();
            let taken = self.intake.order(&spool.join("orders").join(&name), trusted, now_ms).await?;
            self.took(of, &name, &taken);
        }
        if Gateway::at(of.socket.clone().into()).acknowledge_order(&name).await.is_ok() {
            self.done.remove(&known(of, &name));
        }
        Ok(())
    }

    async fn one_chunk(
        &mut self,
        of: &Paired,
        spool: &Path,
        chunk: ChunkName,
        trusted: &Trusted,
    ) -> Result<(), IntakeError> {
        let name = chunk.to_string();
        if !self.done.contains(&known(of, &name)) {
            let now_ms = self.house.clock().now_ms();
            let taken = self.intake.chunk(&spool.join("ready").join(&name), trusted, now_ms).await?;
            self.took(of, &name, &taken);
        }
        if Gateway::at(of.socket.clone().into()).acknowledge(&name).await.is_ok() {
            self.done.remove(&known(of, &name));
        }
        Ok(())
    }

    fn took(&mut self, of: &Paired, name: &str, taken: &Taken) {
        match taken {
            Taken::New => tracing::info!(name, "taken in"),
            Taken::Before => tracing::debug!(name, "was taken in before"),
            Taken::TooLate => tracing::warn!(name, "came after its recording was due; nothing of it is kept"),
            Taken::Quarantined { why } => tracing::warn!(name, why, "quarantined"),
        }
        self.done.insert(known(of, name));
        self.house.say_taken();
    }

    /// Names in a folder of the spool, in order; those that could be read, where not all could.
    fn names<N: std::str::FromStr + Ord>(
        &mut self,
        of: &Paired,
        folder: &Path,
        trouble: &mut Option<IntakeError>,
    ) -> Vec<N> {
        let mut names = Vec::new();
        if let Err(source) = self.read_names(of, folder, &mut names) {
            *trouble = Some(IntakeError::Io { what: folder.display().to_string(), source });
        }
        names.sort();
        names
    }

    // What is no name is said once and left to the gateway.
    fn read_names<N: std::str::FromStr>(
        &mut self,
        of: &Paired,
        folder: &Path,
        names: &mut Vec<N>,
    ) -> std::io::Result<()> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            self.seen.insert(known(of, &name));
            match name.parse() {
                Ok(name) => names.push(name),
                Err(_) => {
                    if self.done.insert(known(of, &name)) {
                        tracing::error!(name, "ALARM: this is no name in a spool");
                    }
                }
            }
        }
        Ok(())
    }

    async fn sweep(&self) {
        let at_ms = self.house.clock().now_ms();
        self.house.say_sweep(SweepStatus::Running);
        let status = match self.sweep_once(at_ms).await {
            Ok(Outcome::Swept { destroyed }) => {
                let destroyed = u32::try_from(destroyed.len()).unwrap_or(u32::MAX);
                SweepStatus::Done { at_ms, destroyed }
            }
            Ok(Outcome::Held(doubt)) => {
                tracing::error!(%doubt, "ALARM: nothing is destroyed, because the clock is not believed; a person has to look");
                SweepStatus::Held { at_ms, why: doubt.to_string() }
            }
            Err(error) => {
                let why = sentence(&error);
                tracing::error!(why, "the sweep did not come to its end; it is taken up again");
                SweepStatus::Failed { at_ms, why }
            }
        };
        self.house.say_sweep(status);
    }

    async fn sweep_once(&self, now_ms: i64) -> Result<Outcome, crate::sweep::SweepError> {
        let paired: Result<Vec<Paired>, StoreError> = self.house.store().gateways().await;
        let spools = paired?.into_iter().map(|gateway| (gateway.id, PathBuf::from(gateway.spool))).collect();
        // What was ended is tidied away, also when another could not be.
        let outcome = self.sweep.run(&World { now_ms, jump: self.house.clock().jump(), spools }).await;
        for recording in self.house.store().recordings(None).await? {
            if !recording.state.is_living()
                && let Err(error) = self.house.tidy_store(&object_prefix(recording.id))
            {
                tracing::warn!(%error, "the embedded store could not be tidied");
            }
        }
        outcome
    }
}

/// Orders of two gateways may bear one name.
fn known(of: &Paired, name: &str) -> String {
    format!("{}/{name}", of.id)
}

fn trusted(paired: &[Paired]) -> Trusted {
    let key = |hex: &str| serde_json::from_value::<VerifyingKey>(serde_json::Value::String(hex.to_owned())).ok();
    let pair =
        |gateway: &Paired| -> Option<(GatewayId, VerifyingKey)> { Some((gateway.id, key(&gateway.signing_key)?)) };
    paired.iter().filter_map(pair).collect()
}

const LOOK_EVERY: Duration = Duration::from_secs(2);
const SWEEP_EVERY: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Bench, RECORDING};

    /// Two are paired; the one whose spool is broken comes first.
    async fn worker(bench: &Bench) -> Worker {
        let broken = bench.dir.path().join("broken");
        std::fs::create_dir(&broken).unwrap();
        std::fs::write(broken.join("orders"), "no folder").unwrap();
        let row = |id, spool: PathBuf| Paired {
            id,
            signing_key: bench.key.verifying().to_string(),
            socket: "/nowhere".into(),
            spool: spool.display().to_string(),
            paired_ms: 1,
        };
        let (first, ours) = (GatewayId([0; 8]), bench.key.verifying().gateway());
        bench.house.store().pair(&row(first, broken)).await.unwrap();
        bench.house.store().pair(&row(ours, bench.dir.path().join("spool"))).await.unwrap();
        Worker::of(bench.house.clone())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_gateway_whose_spool_cannot_be_read_holds_up_no_other() {
        let bench = Bench::new().await;
        bench.write_chunk(&[0]);
        let trouble = worker(&bench).await.take_all_in().await;
        assert!(matches!(trouble, Err(IntakeError::Io { .. })), "it is said all the same");
        assert!(bench.house.store().recording(RECORDING).await.unwrap().is_some());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_erasure_that_cannot_be_finished_holds_up_no_order() {
        let bench = Bench::new().await;
        let name = bench.write_chunk(&[0, 1]);
        let mut worker = worker(&bench).await;
        let _ = worker.take_all_in().await;
        assert_eq!(bench.house.store().objects(RECORDING).await.unwrap().len(), 2, "{name} is taken in");
        bench.spool.acknowledge(&name).unwrap();
        bench.refuse_to_drop(0).await;
        bench.order(0);
        let _ = worker.take_all_in().await;
        bench.order(1);
        assert!(worker.take_all_in().await.is_err());
        let key = bench.house.store().track_key(bench.track(1)).await.unwrap().unwrap();
        assert!(key.sealed.is_none(), "the second order was carried out");
        let left: Vec<_> = bench.house.store().doomed().await.unwrap().into_iter().map(|(_, track)| track).collect();
        assert_eq!(left, [bench.track(0)], "and its voice is gone from the store");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_no_longer_in_a_spool_is_not_remembered() {
        let bench = Bench::new().await;
        let name = bench.write_chunk(&[0]);
        std::fs::write(bench.dir.path().join("spool/ready/no-name"), "x").unwrap();
        let mut worker = worker(&bench).await;
        let _ = worker.take_all_in().await;
        let done = |worker: &Worker, name: &str| worker.done.iter().any(|known| known.ends_with(name));
        assert!(done(&worker, &name) && done(&worker, "/no-name"), "the gateway is away");
        bench.spool.acknowledge(&name).unwrap();
        std::fs::remove_file(bench.dir.path().join("spool/ready/no-name")).unwrap();
        let _ = worker.take_all_in().await;
        assert!(worker.done.is_empty());
    }
}
