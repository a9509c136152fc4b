//! What an uneven network costs: the gateway's jitter buffer alone, on a made clock, so that every run says the same.
//!
//! Each caller sends PCMA packets of 20 ms, which are under way for so long and a random while more.
//! A slot is taken each 20 ms; which packet it holds, its octets say.
//!
//! Not here: sockets and threads (`sound` measures the delay with those, on an even network).

use media::jitter::{Jitter, Taken};

/// What was heard of all callers.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// From a packet's sending to its slot, without the 20 ms that it holds; sorted.
    pub(crate) delays_ms: Vec<f64>,
    /// Slots in a hundred in which something stood in for what had not come.
    pub(crate) made_up_percent: f64,
    /// Slots put in and left out, a caller and minute.
    pub(crate) changes_a_minute: f64,
}

/// `most_ms`: the longest that a packet is under way, the shortest being nothing.
pub(crate) fn heard(most_ms: u64) -> Outcome {
    let (mut delays_ms, mut made_up, mut changes, mut slots) = (Vec::new(), 0, 0, 0);
    for caller in 0..CALLERS {
        let mut chance = Chance(caller * 2 + 1);
        let phase_us = chance.below(SLOT_US);
        let mut jitter = Jitter::new(IDLE);
        // When each packet comes, in microseconds.
        let comes: Vec<u64> =
            (0..PACKETS).map(|n| n * SLOT_US + phase_us + chance.below(most_ms * 1_000 + 1)).collect();
        let mut under_way: Vec<u64> = (0..PACKETS).collect();
        under_way.sort_by_key(|&n| comes[n as usize]);
        let mut next = under_way.into_iter().peekable();
        let mut before = jitter.counters();
        for slot in 1..PACKETS {
            let now = slot * SLOT_US;
            while let Some(n) = next.next_if(|&n| comes[n as usize] <= now) {
                jitter.put(n as u32 * OCTETS as u32, &[octet(n); OCTETS]);
            }
            let mut coded = [IDLE; OCTETS];
            let taken = jitter.take(&mut coded);
            jitter.spare(|| false, &mut [IDLE; OCTETS]);
            if slot < LEARNED {
                before = jitter.counters();
                continue;
            }
            slots += 1;
            // Never half a second late: the octet says which packet it is.
            let newest = slot.min(PACKETS - 1);
            let played = (newest.saturating_sub(25)..=newest).rev().find(|&n| octet(n) == coded[0]);
            if let (Taken::Voice, Some(n)) = (taken, played) {
                delays_ms.push((now as f64 - (n * SLOT_US + phase_us) as f64) / 1000.0);
            }
        }
        let after = jitter.counters();
        made_up += after.concealed - before.concealed;
        changes += after.put_in + after.left_out - before.put_in - before.left_out;
    }
    delays_ms.sort_by(f64::total_cmp);
    let minutes = slots as f64 / 3_000.0;
    Outcome {
        delays_ms,
        made_up_percent: made_up as f64 * 100.0 / slots as f64,
        changes_a_minute: changes as f64 / minutes,
    }
}

/// xorshift: the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        for _ in 0..2 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
        }
        self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) % end
    }
}

fn octet(packet: u64) -> u8 {
    (packet % 251) as u8
}

const CALLERS: u64 = 200;
/// Two minutes.
const PACKETS: u64 = 6_000;
/// What the first ten seconds cost is counted apart: not at all.
const LEARNED: u64 = 500;
const SLOT_US: u64 = 20_000;
const OCTETS: usize = 160;
const IDLE: u8 = 0xD5;
