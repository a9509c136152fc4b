//! What comes to a call's two media sockets: RTP with sound, events and comfort noise in each codec, and RTCP.
//!
//! The first byte names the codec. Then packets, each with its length in a byte before it; one of no length lets a slot
//! pass. Lengths are cut at the end of the input.
//!
//! Not here: whose packets are looked at (`gateway`), and the codecs' own insides.

#![no_main]

use media::codec::Codec;
use media::g711::Law;
use media::leg::{Leg, LegConfig};
use media::rtcp::{Control, Moment};
use media::{Sound, rtcp};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, mut rest)) = bytes.split_first() else { return };
    let (codec, payload_type, events_clock_hz) = match first % 4 {
        0 => (Codec::Law(Law::A), 8, 8_000),
        1 => (Codec::Law(Law::Mu), 0, 8_000),
        2 => (Codec::G722, 9, 8_000),
        _ => (Codec::Opus, 111, 48_000),
    };
    let mut leg = Leg::new(LegConfig {
        codec,
        payload_type,
        events: Some(101),
        events_clock_hz,
        ptime_ms: 20,
        ssrc: 1,
        first_seq: 0,
        first_timestamp: 0,
    });
    let mut control = Control::new(1, [7; 12]);
    let mut sound = Sound::silence(codec.is_wide());
    while let Some((length, after)) = rest.split_first() {
        let (packet, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        leg.receive(packet);
        let _told = control.receive(Moment::from_ms(20), leg.source(), packet);
        let _sender = rtcp::sender_of(packet);
        if packet.is_empty() {
            let _taken = leg.take(&mut sound);
            assert_eq!(sound.is_wide(), codec.is_wide());
        }
    }
});
