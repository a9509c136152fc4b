//! The demo: one meeting that is always open, made once, told to every gateway, and the file that says how to get in.
//!
//! PINs lie in the database sealed to the archive key; the start line of `deploy/demo` reads them from `ready.json`.
//!
//! Not here: meetings made by a clerk (not there yet), though [`tell`] and [`refill`] will serve them too.

use std::time::Duration;

use control::{Door, Open, Pins, RuleNotice, Secret, pin};
use serde::{Deserialize, Serialize};
use spool::id::{GatewayId, MeetingId, SectionId};
use zeroize::Zeroize;

use super::house::{House, HouseError};
use super::token;
use crate::access::{Person, Role};
use crate::config::Config;
use crate::gateways::{Gateway, GatewayError};
use crate::retention::Rule;
use crate::store::StoreError;
use crate::store::meetings::Meeting;
use crate::store::sections::Section;
use crate::store::track_keys::{KeyState, TrackKey};
use crate::vault::keys::{self, KeysError};

/// Makes the demo's meeting unless there is one.
pub(super) async fn prepare(house: &House, title: &str) -> Result<(), HouseError> {
    if house.store().meetings().await?.iter().any(|meeting| meeting.demo) {
        return Ok(());
    }
    let now_ms = house.clock().now_ms();
    let id = MeetingId(token::id());
    let secrets = Secrets {
        pin_key: Secret(token::random()),
        receipt_key: Secret(token::random()),
        guest_pin: token::digits(GUEST_DIGITS).to_string(),
        chair_pin: token::digits(CHAIR_DIGITS).to_string(),
    };
    let sealed = house.keys().seal(&secrets_of(id), &secrets.text()?)?;
    let meeting = Meeting {
        id,
        number: token::digits(NUMBER_DIGITS).to_string(),
        title: title.to_owned(),
        rule: Rule::until_approval().id,
        secrets: Some(sealed),
        demo: true,
        created_ms: now_ms,
    };
    house.store().add_meeting(&meeting).await?;
    let section = SectionId(token::id());
    house.store().add_section(&Section { id: section, meeting: id, public: true, created_ms: now_ms }).await?;
    // Whichever gateway comes first takes these: so the demo is ready at once.
    mint(house, section, None, POOL).await
}

/// The section that follows a closed one, with keys of its own for this gateway: they are put as soon as it is
/// [told](tell), and lie there until somebody says that the record begins again. False: all of it was there already.
pub(super) async fn next_section(
    house: &House,
    meeting: MeetingId,
    closed: SectionId,
    gateway: GatewayId,
) -> Result<bool, HouseError> {
    let now_ms = house.clock().now_ms();
    let next = Section { id: SectionId(token::id()), meeting, public: true, created_ms: now_ms };
    if house.store().follow_section(closed, &next).await? {
        tracing::info!(%meeting, section = %next.id, "a section was closed; the next one gets keys of its own");
    }
    // Where several gateways close it, the first makes the section and each gets its keys.
    let section = current_section(house, meeting).await?;
    provide(house, section, gateway).await
}

/// Mints track keys until a gateway's pool is full again; `left` are still unused there, as it says.
pub(super) async fn refill(house: &House, meeting: MeetingId, gateway: GatewayId, left: u32) -> Result<(), HouseError> {
    let section = current_section(house, meeting).await?;
    let free = u32::try_from(house.store().free_keys(section, gateway).await?.len()).unwrap_or(u32::MAX);
    let wanted = to_mint(left, free);
    if wanted == 0 && left < POOL {
        tracing::error!(%meeting, left, free, "ALARM: the gateway asks for more keys than a meeting can need");
    }
    mint(house, section, Some(gateway), wanted).await
}

/// Sees to it that a gateway has keys of a section at all; what it needs more it [asks for](refill). False: it had some.
async fn provide(house: &House, section: SectionId, gateway: GatewayId) -> Result<bool, HouseError> {
    house.store().claim_keys(section, gateway).await?;
    let none = house.store().free_keys(section, gateway).await?.is_empty();
    if none {
        mint(house, section, Some(gateway), POOL).await?;
    }
    Ok(none)
}

async fn current_section(house: &House, meeting: MeetingId) -> Result<SectionId, HouseError> {
    Ok(house.store().current_section(meeting).await?.ok_or(StoreError::Missing("section of that meeting"))?)
}

async fn mint(house: &House, section: SectionId, gateway: Option<GatewayId>, wanted: u32) -> Result<(), HouseError> {
    let keys = house.keys().clone();
    let mint = move || (0..wanted).map(|_| keys.mint()).collect::<Result<Vec<_>, KeysError>>();
    let minted = tokio::task::spawn_blocking(mint).await.map_err(|_| KeysError::Machine)??;
    let row = |minted: keys::Minted| -> Result<TrackKey, HouseError> {
        Ok(TrackKey {
            track: minted.track,
            section,
            gateway,
            public: serde_json::to_vec(&minted.public).map_err(|_| KeysError::Text)?,
            sealed_hash: spool::line::hash(&minted.sealed),
            sealed: Some(minted.sealed),
            state: KeyState::Unused,
        })
    };
    let rows = minted.into_iter().map(row).collect::<Result<Vec<_>, _>>()?;
    Ok(house.store().add_track_keys(&rows, house.clock().now_ms()).await?)
}

/// A gateway's word does not make keys without end: what it has and has not used yet, we know by ourselves.
fn to_mint(left: u32, free: u32) -> u32 {
    POOL.saturating_sub(left).min(MOST_FREE.saturating_sub(free))
}

/// Puts every meeting of ours to a gateway. Needs the archive key: digests and receipt key lie sealed.
pub(super) async fn tell(house: &House, gateway: &Gateway, id: GatewayId) -> Result<(), TellError> {
    let doors = doors(house).await?;
    if doors.iter().all(|door| door.gateway != id) {
        return Err(TellError::NotItsTurn);
    }
    for meeting in house.store().meetings().await? {
        let Some(section) = house.store().current_section(meeting.id).await? else { continue };
        let Some(secrets) = read_secrets(house, &meeting)? else { continue };
        provide(house, section, id).await?;
        let free = house.store().free_keys(section, id).await?;
        gateway.put(&put(&meeting, section, &secrets, &free, &doors)?).await?;
        house.store().issued_keys(section, id, house.clock().now_ms()).await?;
    }
    Ok(())
}

/// The gateways of every meeting, in the order of the settings: the first is the home. As far as all before are paired, so
/// that no gateway ever takes itself for the home because the archive does not know the home's name yet.
async fn doors(house: &House) -> Result<Vec<Door>, StoreError> {
    let paired = house.store().gateways().await?;
    let door = |gateway: &Gateway| {
        let socket = gateway.socket().display().to_string();
        let known = paired.iter().filter(|known| known.socket == socket).max_by_key(|known| known.paired_ms)?;
        Some(Door { gateway: known.id, socket })
    };
    Ok(house.gateways().all().iter().map_while(door).collect())
}

/// Why a gateway was not told.
#[derive(Debug, thiserror::Error)]
pub(super) enum TellError {
    #[error("a [[gateway]] before this one was never linked, so no meeting can name its home gateway")]
    NotItsTurn,
    #[error(transparent)]
    House(#[from] HouseError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Rule(#[from] crate::retention::RuleError),
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

/// Writes `ready.json` once a gateway knows the meeting, or after a while without one.
pub(super) async fn say_ready(house: House, config: Config) {
    let mut told = false;
    for _ in 0..READY_TRIES {
        let knows = |now: &crate::gateways::Now| now.meetings.as_ref().is_ok_and(|meetings| !meetings.is_empty());
        told = house.gateways().now().await.iter().any(knows);
        if told {
            break;
        }
        tokio::time::sleep(READY_PAUSE).await;
    }
    if let Err(error) = write_ready(&house, &config, told).await {
        tracing::error!(trouble = crate::causes::sentence(&error), "ready.json could not be written");
    }
}

async fn write_ready(house: &House, config: &Config, gateway_told: bool) -> Result<(), HouseError> {
    let meetings = house.store().meetings().await?;
    let meeting = meetings.iter().find(|meeting| meeting.demo).ok_or(StoreError::Missing("meeting of the demo"))?;
    let secrets = read_secrets(house, meeting)?.ok_or(StoreError::Missing("secret of the demo's meeting"))?;
    let token = token::fresh();
    let clerk = Person { id: "demo-clerk".to_owned(), role: Role::Clerk };
    house.store().add_entry(&token::hash(&token), &clerk, house.clock().now_ms() + LINK_LASTS_MS).await?;
    let ready = Ready {
        guest_pin: &secrets.guest_pin,
        chair_pin: &secrets.chair_pin,
        meeting: &meeting.number,
        desk: format!("http://{}/enter/{}", config.desk.listen, token.as_str()),
        pid: std::process::id(),
        gateway_told,
    };
    let text = serde_json::to_vec(&ready).map_err(|_| KeysError::Text)?;
    Ok(keys::write(&house.data().join(READY), &text)?)
}

/// What `deploy/demo` reads.
#[derive(Serialize)]
struct Ready<'a> {
    guest_pin: &'a str,
    chair_pin: &'a str,
    meeting: &'a str,
    desk: String,
    pid: u32,
    gateway_told: bool,
}

/// A meeting's secrets as they are sealed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Secrets {
    pin_key: Secret,
    receipt_key: Secret,
    guest_pin: String,
    chair_pin: String,
}

impl Secrets {
    fn text(&self) -> Result<zeroize::Zeroizing<Vec<u8>>, KeysError> {
        serde_json::to_vec(self).map(zeroize::Zeroizing::new).map_err(|_| KeysError::Text)
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        self.guest_pin.zeroize();
        self.chair_pin.zeroize();
    }
}

fn read_secrets(house: &House, meeting: &Meeting) -> Result<Option<Secrets>, HouseError> {
    let Some(sealed) = &meeting.secrets else { return Ok(None) };
    let text = house.archive()?.open(&secrets_of(meeting.id), sealed)?;
    Ok(Some(serde_json::from_slice(&text).map_err(|_| KeysError::Text)?))
}

fn put(
    meeting: &Meeting,
    section: SectionId,
    secrets: &Secrets,
    free: &[TrackKey],
    doors: &[Door],
) -> Result<control::Meeting, TellError> {
    let rule = Rule::named(&meeting.rule)?;
    let key = |key: &TrackKey| -> Result<control::TrackKey, HouseError> {
        Ok(control::TrackKey {
            track: key.track,
            public: serde_json::from_slice(&key.public).map_err(|_| KeysError::Text)?,
        })
    };
    Ok(control::Meeting {
        id: meeting.id,
        number: meeting.number.clone(),
        pins: Pins {
            key: secrets.pin_key.clone(),
            guest: pin::digest(&secrets.pin_key, pin::Role::Guest, &secrets.guest_pin),
            member: None,
            chair: Some(pin::digest(&secrets.pin_key, pin::Role::Chair, &secrets.chair_pin)),
        },
        open: Open::Always,
        rule: RuleNotice {
            hash: rule.hash(),
            id: rule.id,
            basis: rule.basis,
            persons: rule.persons,
            on_withdrawal: rule.on_withdrawal,
            cap_months: rule.cap_months,
            notice: rule.notice,
        },
        section,
        record: true,
        receipt_key: secrets.receipt_key.clone(),
        track_keys: free.iter().map(key).collect::<Result<_, _>>()?,
        gateways: doors.to_vec(),
    })
}

fn secrets_of(meeting: MeetingId) -> String {
    format!("secrets of {meeting}")
}

/// How many unused keys a section's pool holds.
pub(super) const POOL: u32 = 200;
/// Free keys of a section, those of voices whose chunk is still on its way included.
const MOST_FREE: u32 = 3 * POOL;
/// What `deploy/demo` waits for; removed at every start.
pub(super) const READY: &str = "ready.json";
const GUEST_DIGITS: usize = 8;
const CHAIR_DIGITS: usize = 10;
const NUMBER_DIGITS: usize = 4;
const LINK_LASTS_MS: i64 = 12 * 3_600_000;
const READY_TRIES: u32 = 100;
const READY_PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Bench, MEETING, SECTION};

    const ONE: GatewayId = GatewayId([1; 8]);
    const OTHER: GatewayId = GatewayId([2; 8]);

    #[tokio::test(flavor = "multi_thread")]
    async fn a_gateway_that_always_says_none_are_left_gets_no_keys_without_end() {
        let bench = Bench::new().await;
        for _ in 0..4 {
            refill(&bench.house, MEETING, ONE, 0).await.unwrap();
        }
        let free = bench.house.store().free_keys(SECTION, ONE).await.unwrap();
        assert_eq!(free.len(), usize::try_from(MOST_FREE).unwrap());
        let said: usize = free.iter().map(|key| key.public.len() + 64).sum();
        assert!(said < 2 << 20, "a gateway takes no longer word: {said}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_closed_section_is_followed_by_one_with_keys_of_its_own_however_often_it_is_said() {
        let bench = Bench::new().await;
        let store = bench.house.store();
        assert!(next_section(&bench.house, MEETING, SECTION, ONE).await.unwrap());
        let next = store.current_section(MEETING).await.unwrap().unwrap();
        assert_ne!(next, SECTION);
        let keys = store.free_keys(next, ONE).await.unwrap();
        assert_eq!(keys.len(), usize::try_from(POOL).unwrap());
        let before = store.free_keys(SECTION, ONE).await.unwrap();
        assert!(keys.iter().all(|key| before.iter().all(|old| old.track != key.track)));
        // The gateway's events are heard again after every start of the archive.
        assert!(!next_section(&bench.house, MEETING, SECTION, ONE).await.unwrap());
        assert_eq!(store.current_section(MEETING).await.unwrap(), Some(next));
        // Another gateway of the meeting closes it as well: the same section, with keys of its own.
        assert!(next_section(&bench.house, MEETING, SECTION, OTHER).await.unwrap());
        assert_eq!(store.current_section(MEETING).await.unwrap(), Some(next));
        let other = store.free_keys(next, OTHER).await.unwrap();
        assert_eq!(other.len(), keys.len());
        assert!(other.iter().all(|key| keys.iter().all(|first| first.track != key.track)));
        assert!(next_section(&bench.house, MEETING, next, ONE).await.unwrap());
        assert_ne!(store.current_section(MEETING).await.unwrap(), Some(next));
    }

    #[test]
    fn a_pool_is_filled_up_and_not_over() {
        assert_eq!((to_mint(0, 0), to_mint(POOL - 1, 0), to_mint(u32::MAX, 0)), (POOL, 1, 0));
        assert_eq!((to_mint(0, MOST_FREE - 1), to_mint(0, u32::MAX)), (1, 0));
    }
}
