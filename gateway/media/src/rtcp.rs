//! Control packets (RFC 3550 section 6): the door to `rtcp-types`.
//!
//! [`Control::write`] makes what one end tells the other every few seconds: what it sent, how well the other is heard, and
//! a name that says nothing about anybody. [`Control::receive`] takes the same of the other end.
//! A packet counts only whole, when it begins with a report (A.2) and comes from the source whose sound is heard.
//!
//! Not here: when it is sent and from where it may come (`io`), SRTCP.

use rtcp_types::{
    Bye, Compound, Packet, ReceiverReport, ReportBlock, RtcpPacketWriterExt, RtcpWriteError, Sdes, SdesChunk, SdesItem,
    SenderReport,
};

use crate::reception::Report;

/// A moment as seconds and their 2^32nds. Of any beginning: the slot clock's is one (RFC 3550 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(u64);

/// What we sent so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The RTP time of the moment in which it is told.
    pub timestamp: u32,
    pub packets: u32,
    /// Of payload.
    pub octets: u32,
}

/// What the other end said last about what it hears of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// In 256ths, lately.
    pub fraction_lost: u8,
    pub lost: i32,
    /// In units of the RTP clock.
    pub jitter: u32,
}

/// Why a packet changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// No compound packet that begins with a report.
    NotRtcp,
    /// Of another source than the one whose sound is heard.
    Ssrc,
}

/// One end's side of the control packets.
#[derive(Clone, Debug)]
pub struct Control {
    ssrc: u32,
    name: [u8; NAME_BYTES],
    /// Packets sent when it was told last.
    sent_before: u32,
    /// The time in their last sender report, its middle 32 bits, and when it came.
    theirs: Option<(u32, Moment)>,
    told: Option<Told>,
    left: bool,
}

impl Moment {
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(((ms / 1_000) << 32) + ((ms % 1_000) << 32) / 1_000)
    }

    const fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

impl Control {
    /// `chance`: twelve random bytes; the name is made of them (RFC 7022: one that no two calls share).
    #[must_use]
    pub fn new(ssrc: u32, chance: [u8; 12]) -> Self {
        let mut name = [0; NAME_BYTES];
        for (pair, byte) in name.chunks_exact_mut(2).zip(chance) {
            pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        Self { ssrc, name, sent_before: 0, theirs: None, told: None, left: false }
    }

    /// Writes what is to be told now and says its length; 0 when it does not fit. `leaving`: it is the last one.
    pub fn write(
        &mut self,
        now: Moment,
        sent: Sent,
        heard: Option<Report>,
        leaving: bool,
        into: &mut [u8; PACKET_BYTES],
    ) -> usize {
        self.compound(now, sent, heard, leaving, into).unwrap_or(0)
    }

    /// Takes what the other end says; `source` is whose sound is heard, once it is known.
    pub fn receive(&mut self, now: Moment, source: Option<u32>, bytes: &[u8]) -> Result<(), Why> {
        let from = sender_of(bytes).ok_or(Why::NotRtcp)?;
        if source.is_some_and(|source| source != from) {
            return Err(Why::Ssrc);
        }
        for packet in Compound::parse(bytes).map_err(|_| Why::NotRtcp)?.flatten() {
            match packet {
                Packet::Sr(report) if report.ssrc() == from => {
                    self.theirs = Some((Moment(report.ntp_timestamp()).middle(), now));
                    report.report_blocks().for_each(|block| self.hear(&block));
                }
                Packet::Rr(report) if report.ssrc() == from => {
                    report.report_blocks().for_each(|block| self.hear(&block));
                }
                Packet::Bye(bye) => self.left |= bye.ssrcs().any(|ssrc| ssrc == from),
                // Another's report, a name we have no use for, and what we did not agree on.
                Packet::Sr(_)
                | Packet::Rr(_)
                | Packet::Sdes(_)
                | Packet::App(_)
                | Packet::TransportFeedback(_)
                | Packet::PayloadFeedback(_)
                | Packet::Xr(_)
                | Packet::Unknown(_) => {}
            }
        }
        Ok(())
    }

    /// Another source is heard from now on.
    pub fn other_source(&mut self) {
        (self.theirs, self.left) = (None, false);
    }

    #[must_use]
    pub const fn told(&self) -> Option<Told> {
        self.told
    }

    /// Did the other end say that it leaves? The call ends by its signalling, not by this.
    #[must_use]
    pub const fn left(&self) -> bool {
        self.left
    }

    fn compound(
        &mut self,
        now: Moment,
        sent: Sent,
        heard: Option<Report>,
        leaving: bool,
        into: &mut [u8],
    ) -> Result<usize, RtcpWriteError> {
        let block = heard.map(|report| self.block(now, report));
        let mut length = if sent.packets == self.sent_before {
            let report = ReceiverReport::builder(self.ssrc);
            block.into_iter().fold(report, |report, block| report.add_report_block(block)).write_into(into)?
        } else {
            self.sent_before = sent.packets;
            let report = SenderReport::builder(self.ssrc)
                .ntp_timestamp(now.0)
                .rtp_timestamp(sent.timestamp)
                .packet_count(sent.packets)
                .octet_count(sent.octets);
            block.into_iter().fold(report, |report, block| report.add_report_block(block)).write_into(into)?
        };
        let name = std::str::from_utf8(&self.name).unwrap_or_default();
        let chunk = SdesChunk::builder(self.ssrc).add_item(SdesItem::builder(SdesItem::CNAME, name));
        length += Sdes::builder().add_chunk(chunk).write_into(into.get_mut(length..).unwrap_or_default())?;
        if leaving {
            let bye = Bye::builder().add_source(self.ssrc);
            length += bye.write_into(into.get_mut(length..).unwrap_or_default())?;
        }
        Ok(length)
    }

    fn block(&self, now: Moment, report: Report) -> rtcp_types::ReportBlockBuilder {
        let (last, since) = match self.theirs {
            Some((last, came)) => (last, now.middle().wrapping_sub(came.middle())),
            None => (0, 0),
        };
        ReportBlock::builder(report.ssrc)
            .fraction_lost(report.fraction_lost)
            .cumulative_lost(report.lost.cast_unsigned() & 0xFF_FFFF)
            .extended_sequence_number(report.highest)
            .interarrival_jitter(report.jitter)
            .last_sender_report_timestamp(last)
            .delay_since_last_sender_report_timestamp(since)
    }

    fn hear(&mut self, block: &ReportBlock<'_>) {
        if block.ssrc() == self.ssrc {
            // 24 bits with a sign.
            let lost = (block.cumulative_lost() << 8).cast_signed() >> 8;
            let (fraction_lost, jitter) = (block.fraction_lost(), block.interarrival_jitter());
            self.told = Some(Told { fraction_lost, lost, jitter });
        }
    }
}

/// Who sent a compound packet; nothing when it is none that RFC 3550 A.2 takes, from its first octet to its last.
#[must_use]
pub fn sender_of(bytes: &[u8]) -> Option<u32> {
    // The reader looks at the version of the first packet only.
    let mut rest = bytes;
    while let [head, _, high, low, ..] = rest {
        let length = 4 * (usize::from(u16::from_be_bytes([*high, *low])) + 1);
        if head >> 6 != 2 || (rest.len() == bytes.len() && head & PADDING != 0) {
            return None;
        }
        rest = rest.get(length..)?;
    }
    let packets: Vec<_> = Compound::parse(bytes).ok()?.collect::<Result<_, _>>().ok()?;
    match packets.first()? {
        Packet::Sr(report) => Some(report.ssrc()),
        Packet::Rr(report) => Some(report.ssrc()),
        Packet::Sdes(_)
        | Packet::Bye(_)
        | Packet::App(_)
        | Packet::TransportFeedback(_)
        | Packet::PayloadFeedback(_)
        | Packet::Xr(_)
        | Packet::Unknown(_) => None,
    }
}

/// Room for the longest packet of ours: report 52, name 36, goodbye 8.
pub const PACKET_BYTES: usize = 100;

const NAME_BYTES: usize = 24;
const HEX: [u8; 16] = *b"0123456789abcdef";
const PADDING: u8 = 0x20;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEARD: Report = Report { ssrc: 2, fraction_lost: 64, lost: -3, highest: 70_000, jitter: 12 };
    const SENT: Sent = Sent { timestamp: 99, packets: 250, octets: 40_000 };

    fn end(ssrc: u32) -> Control {
        Control::new(ssrc, [ssrc as u8; 12])
    }

    fn written(end: &mut Control, ms: u64, sent: Sent, heard: Option<Report>, leaving: bool) -> Vec<u8> {
        let mut bytes = [0; PACKET_BYTES];
        let length = end.write(Moment::from_ms(ms), sent, heard, leaving, &mut bytes);
        bytes[..length].to_vec()
    }

    #[test]
    fn what_one_end_tells_the_other_knows() {
        let (mut ours, mut theirs) = (end(1), end(2));
        let bytes = written(&mut ours, 5_000, SENT, Some(HEARD), false);
        assert_eq!(theirs.receive(Moment::from_ms(77), Some(1), &bytes), Ok(()));
        assert_eq!(theirs.told(), Some(Told { fraction_lost: 64, lost: -3, jitter: 12 }));
        assert!(!theirs.left());
        let packets: Vec<_> = Compound::parse(&bytes).unwrap().map(Result::unwrap).collect();
        let [Packet::Sr(report), Packet::Sdes(_)] = &packets[..] else { panic!("{packets:?}") };
        assert_eq!((report.packet_count(), report.octet_count(), report.rtp_timestamp()), (250, 40_000, 99));
        assert_eq!(report.ntp_timestamp(), 5 << 32);
    }

    #[test]
    fn who_sent_nothing_since_tells_only_what_it_hears() {
        let mut ours = end(1);
        let nothing = Sent { timestamp: 0, packets: 0, octets: 0 };
        let bytes = written(&mut ours, 5_000, nothing, Some(HEARD), false);
        assert!(matches!(Compound::parse(&bytes).unwrap().next(), Some(Ok(Packet::Rr(_)))));
        assert!(matches!(
            Compound::parse(&written(&mut ours, 5_000, SENT, None, false)).unwrap().next(),
            Some(Ok(Packet::Sr(_)))
        ));
        assert!(matches!(
            Compound::parse(&written(&mut ours, 9_000, SENT, None, false)).unwrap().next(),
            Some(Ok(Packet::Rr(_)))
        ));
    }

    #[test]
    fn the_time_since_their_report_goes_back_to_them() {
        let (mut ours, mut theirs) = (end(1), end(2));
        let report = written(&mut theirs, 123_456, SENT, None, false);
        ours.receive(Moment::from_ms(1_000), None, &report).unwrap();
        let bytes = written(&mut ours, 3_500, SENT, Some(HEARD), false);
        let Some(Ok(Packet::Sr(report))) = Compound::parse(&bytes).unwrap().next() else { panic!() };
        let block = report.report_blocks().next().unwrap();
        assert_eq!(block.last_sender_report_timestamp(), Moment::from_ms(123_456).middle());
        assert_eq!(block.delay_since_last_sender_report_timestamp(), 5 << 15, "2.5 s in 65536ths");
    }

    #[test]
    fn a_goodbye_is_heard_and_a_strangers_is_not() {
        let (mut ours, mut stranger) = (end(1), end(3));
        let bytes = written(&mut stranger, 0, SENT, Some(Report { ssrc: 1, ..HEARD }), true);
        assert_eq!(ours.receive(Moment::from_ms(0), Some(2), &bytes), Err(Why::Ssrc));
        assert_eq!((ours.told(), ours.left()), (None, false));
        let bytes = written(&mut end(2), 0, SENT, None, true);
        assert_eq!(ours.receive(Moment::from_ms(0), Some(2), &bytes), Ok(()));
        assert!(ours.left());
    }

    #[test]
    fn what_does_not_begin_with_a_report_or_is_cut_off_changes_nothing() {
        let whole = written(&mut end(2), 0, SENT, Some(Report { ssrc: 1, ..HEARD }), true);
        let mut ours = end(1);
        let now = Moment::from_ms(0);
        for cut in 1..whole.len() {
            if ours.receive(now, Some(2), &whole[..cut]).is_ok() {
                assert!(cut == 52 || cut == 88, "only whole packets: {cut}");
                assert!(!ours.left());
            }
        }
        let mut ours = end(1);
        assert_eq!(ours.receive(now, Some(2), &whole[52..]), Err(Why::NotRtcp), "a name first");
        let mut other_version = whole.clone();
        other_version[52] = 0x41;
        assert_eq!(ours.receive(now, Some(2), &other_version), Err(Why::NotRtcp));
        let mut padded = whole.clone();
        padded[0] |= PADDING;
        assert_eq!(ours.receive(now, Some(2), &padded), Err(Why::NotRtcp));
        assert_eq!(ours.receive(now, Some(2), &[]), Err(Why::NotRtcp));
        assert_eq!((ours.told(), ours.left()), (None, false));
    }

    #[test]
    fn two_calls_have_two_names_of_letters_and_digits() {
        assert_ne!(end(1).name, end(2).name);
        assert!(Control::new(1, [0xF3; 12]).name.iter().all(u8::is_ascii_alphanumeric));
    }

    proptest! {
        #[test]
        fn no_datagram_makes_it_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..150),
            kind in 192_u8..=213, words in 0_u8..40,
        ) {
            let mut bytes = bytes;
            if let Some(head) = bytes.first_chunk_mut::<4>() {
                *head = [0x80 | head[0] & 0x1F, kind, 0, words];
            }
            let _ = end(1).receive(Moment::from_ms(0), None, &bytes);
        }

        #[test]
        fn no_change_of_a_packet_makes_it_panic(at in 0_usize..96, octet: u8) {
            let mut bytes = written(&mut end(2), 0, SENT, Some(HEARD), true);
            prop_assert!(bytes.len() <= PACKET_BYTES);
            if let Some(place) = bytes.get_mut(at) {
                *place = octet;
            }
            let _ = end(1).receive(Moment::from_ms(0), None, &bytes);
        }
    }
}
