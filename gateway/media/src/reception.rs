//! How well a stream arrives: what is expected, lost and how unevenly it comes (RFC 3550 sections 6.4.1, A.3, A.8).
//!
//! Tell [`Reception::packet`] every packet of one source; [`Reception::report`] says what is to be told of it.
//! Time is counted in units of the stream's RTP clock, by whoever calls; if they look once a slot, an unevenness below a
//! slot is not seen.
//!
//! Not here: how the report travels (`rtcp`), and sound that came too late to be played (`jitter`).

/// What is told about one source since the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whose stream.
    pub ssrc: u32,
    /// In 256ths, since the last report.
    pub fraction_lost: u8,
    /// Since the beginning; negative when packets came twice. 24 bits of it travel.
    pub lost: i32,
    /// The highest sequence number, with the number of its wraps above.
    pub highest: u32,
    /// In units of the RTP clock.
    pub jitter: u32,
}

/// One source's count.
#[derive(Clone, Debug)]
pub struct Reception {
    ssrc: u32,
    first: u32,
    highest: u32,
    received: u32,
    expected_before: u32,
    received_before: u32,
    /// How long the last packet of sound was under way, on two clocks that were never compared.
    transit: Option<u32>,
    /// Sixteenfold, so that nothing is lost by rounding.
    jitter: u32,
}

impl Reception {
    /// Nothing has come yet; `seq` is what comes first.
    #[must_use]
    pub const fn new(ssrc: u32, seq: u16) -> Self {
        let first = seq as u32;
        Self {
            ssrc,
            first,
            highest: first,
            received: 0,
            expected_before: 0,
            received_before: 0,
            transit: None,
            jitter: 0,
        }
    }

    /// `timestamp`: nothing where it does not say when the packet was sent, as of a telephone event.
    pub fn packet(&mut self, seq: u16, timestamp: Option<u32>, now: u32) {
        let ahead = seq.wrapping_sub(self.highest as u16);
        if ahead < MOST_LOST {
            self.highest = self.highest.wrapping_add(u32::from(ahead));
        } else if ahead < u16::MAX - MOST_LATE {
            *self = Self::new(self.ssrc, seq);
        }
        self.received = self.received.wrapping_add(1);
        let Some(timestamp) = timestamp else { return };
        let transit = now.wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let moved = transit.wrapping_sub(before).cast_signed().unsigned_abs().min(LONGEST_MOVE);
            self.jitter = self.jitter + moved - ((self.jitter + 8) >> 4);
        }
    }

    /// Whose stream it is.
    #[must_use]
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// What is to be told now; the share of losses begins anew.
    pub fn report(&mut self) -> Report {
        let expected = self.highest.wrapping_sub(self.first).wrapping_add(1);
        let expected_since = expected.wrapping_sub(self.expected_before);
        let received_since = self.received.wrapping_sub(self.received_before);
        (self.expected_before, self.received_before) = (expected, self.received);
        let lost_since = u64::from(expected_since.saturating_sub(received_since));
        let share = (lost_since << 8).checked_div(u64::from(expected_since)).unwrap_or(0);
        Report {
            ssrc: self.ssrc,
            fraction_lost: u8::try_from(share).unwrap_or(u8::MAX),
            lost: expected.wrapping_sub(self.received).cast_signed().clamp(-MOST_TOLD, MOST_TOLD - 1),
            highest: self.highest,
            jitter: self.jitter >> 4,
        }
    }
}

/// So many packets may be missing in a row; after more of them the sender has begun anew.
const MOST_LOST: u16 = 3_000;
/// So far may a packet come out of order.
const MOST_LATE: u16 = 100;
/// 2^23: what 24 bits with a sign hold.
const MOST_TOLD: i32 = 1 << 23;
/// Ten seconds of the fastest clock: a sender whose time jumps is no network's fault, and the sum may not overflow.
const LONGEST_MOVE: u32 = 480_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A second of packets that are sent every slot and arrive `late(n)` after that.
    fn heard(seqs: impl Iterator<Item = u16>, late: impl Fn(u32) -> u32) -> Reception {
        let mut reception = Reception::new(7, 65_500);
        for seq in seqs {
            let n = u32::from(seq.wrapping_sub(65_500));
            reception.packet(seq, Some(n * 160), 5_000 + n * 160 + late(n));
        }
        reception
    }

    fn seqs() -> impl Iterator<Item = u16> {
        (0..100).map(|n: u16| n.wrapping_add(65_500))
    }

    #[test]
    fn an_even_stream_over_the_wrap_lost_nothing_and_never_wavered() {
        let report = heard(seqs(), |_| 0).report();
        assert_eq!(report, Report { ssrc: 7, fraction_lost: 0, lost: 0, highest: 65_599, jitter: 0 });
    }

    #[test]
    fn each_fourth_packet_lost_is_a_fourth_and_the_share_begins_anew_at_each_report() {
        let mut reception = heard(seqs().filter(|seq| seq.wrapping_sub(65_500) % 4 != 1), |_| 0);
        let report = reception.report();
        assert_eq!((report.fraction_lost, report.lost), (64, 25));
        reception.packet(64, Some(100 * 160), 5_000 + 100 * 160);
        let report = reception.report();
        assert_eq!((report.fraction_lost, report.lost), (0, 25));
    }

    #[test]
    fn doubled_packets_are_less_than_nothing_lost_and_no_share() {
        let report = heard(seqs().flat_map(|seq| [seq, seq]), |_| 0).report();
        assert_eq!((report.fraction_lost, report.lost), (0, -100));
    }

    #[test]
    fn jitter_grows_towards_the_difference_between_neighbours() {
        let report = heard(seqs(), |n| n % 2 * 160).report();
        assert!((140..=160).contains(&report.jitter), "{}", report.jitter);
    }

    #[test]
    fn a_key_counts_as_received_and_says_nothing_of_jitter() {
        let mut reception = heard(seqs(), |_| 0);
        for seq in 64..70 {
            reception.packet(seq, None, 5_000 + 100 * 160);
        }
        let report = reception.report();
        assert_eq!((report.lost, report.jitter), (0, 0));
    }

    #[test]
    fn a_sender_that_begins_anew_has_lost_nothing() {
        let mut reception = heard(seqs(), |_| 0);
        reception.packet(30_000, Some(0), 0);
        let report = reception.report();
        assert_eq!((report.lost, report.highest), (0, 30_000));
    }

    proptest! {
        #[test]
        fn no_packets_make_it_panic(packets in proptest::collection::vec(any::<(u16, Option<u32>, u32)>(), 0..200)) {
            let mut reception = Reception::new(1, 0);
            for (seq, timestamp, now) in packets {
                reception.packet(seq, timestamp, now);
                let report = reception.report();
                prop_assert!((-(1 << 23)..1 << 23).contains(&report.lost));
            }
        }
    }
}
