//! Sound with real Opus packets: whatever way a file is cut, it is the same file.
//!
//! Not here: whether it sounds like what was said: a story hears that by its tone.

use proptest::prelude::*;
use spool::read::{ClockMap, Utc};

use super::timeline::EpochClock;
use super::*;

const EPOCH: EpochId = EpochId([1; 8]);

fn track(n: u8) -> TrackId {
    TrackId([n; 16])
}

fn part(n: u8, from: u64, until: u64) -> Part {
    Part { track: track(n), seat: SeatNo(n.into()), epoch: EPOCH, from: Slot(from), until: Slot(until) }
}

fn epoch(epoch: EpochId, slots: u64, from_utc_ms: i64) -> EpochClock {
    let readings = ClockMap::default();
    EpochClock { epoch, from: Slot(0), until: Slot(slots), from_utc_ms, error_ms: 0, readings }
}

fn timeline(slots: u64) -> Timeline {
    Timeline::of(&[epoch(EPOCH, slots, 0)])
}

/// A voice-like tone through a real encoder that runs on through `gaps`, whose packets are not kept.
fn sing(packets: &mut Packets, part: Part, hertz: f32, loud: f32, gaps: &[Range<u64>]) {
    let mut encoder = opus::Encoder::new(SAMPLE_RATE, opus::Channels::Mono, opus::Application::Voip).unwrap();
    for slot in part.from.0..part.until.0 {
        let pcm: Vec<i16> = (0..SLOT_SAMPLES)
            .map(|i| {
                let t = (slot as usize * SLOT_SAMPLES + i) as f32 / SAMPLE_RATE as f32;
                let vibrato = 1.0 + 0.3 * (t * 31.0).sin();
                ((t * hertz * std::f32::consts::TAU).sin() * loud * vibrato) as i16
            })
            .collect();
        let packet = encoder.encode_vec(&pcm, 400).unwrap();
        if !gaps.iter().any(|gap| gap.contains(&slot)) {
            packets.put(part.track, Slot(slot), packet);
        }
    }
}

/// Two voices of 4.6 s with gaps; the second begins later and is loud enough to be limited together with the first.
fn meeting() -> (Sound, Packets) {
    let (one, two) = (part(1, 3, 230), part(2, 61, 219));
    let mut packets = Packets::default();
    sing(&mut packets, one, 440.0, 17_000.0, &[40..47, 120..121]);
    sing(&mut packets, two, 700.0, 17_000.0, &[100..140, 139..150]);
    (Sound::new(&timeline(231), &[one, two], Whose::All).unwrap(), packets)
}

/// The same by two gateways, of which the second's slots are soon one too few and then one too many.
fn meeting_of_two_gateways() -> (Sound, Packets) {
    let other = EpochId([2; 8]);
    let (one, two) = (part(1, 3, 230), Part { epoch: other, ..part(2, 61, 219) });
    let mut packets = Packets::default();
    sing(&mut packets, one, 440.0, 17_000.0, &[40..47, 60..61]);
    sing(&mut packets, two, 700.0, 17_000.0, &[100..140, 150..151]);
    let utc = |(slot, utc_ms)| (Slot(slot), Utc { utc_ms, error_ms: 0, ntp: true });
    let own = ClockMap::of_readings([(0, 0), (231, 4_620)].map(utc));
    let readings = ClockMap::of_readings([(0, 0), (90, 1_800), (91, 1_840), (160, 3_220), (161, 3_220)].map(utc));
    let epochs =
        [EpochClock { readings: own, ..epoch(EPOCH, 231, 0) }, EpochClock { readings, ..epoch(other, 231, 0) }];
    let timeline = Timeline::of(&epochs);
    assert_eq!(timeline.pieces(other, Slot(0)..Slot(231)).map(|pieces| pieces.len()), Some(3));
    (Sound::new(&timeline, &[one, two], Whose::All).unwrap(), packets)
}

/// Renders with nothing but the packets that the range says it needs.
fn heard(sound: &Sound, packets: &Packets, bytes: Range<u64>) -> Vec<u8> {
    let mut enough = Packets::default();
    for need in sound.needs(bytes.clone()) {
        for (slot, packet) in packets.0[&need.track].range(Slot(need.slots.start)..Slot(need.slots.end)) {
            enough.put(need.track, *slot, packet.clone());
        }
    }
    sound.render(bytes, &enough)
}

fn samples(wav: &[u8]) -> Vec<i16> {
    wav[44..].chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
}

fn energy(pcm: &[i16]) -> f64 {
    pcm.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / pcm.len() as f64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_into_ranges_equals_the_whole(cuts in proptest::collection::vec(0_u64..148_000, 0..8)) {
        for (sound, packets) in [meeting(), meeting_of_two_gateways()] {
            let whole = sound.render(0..sound.bytes(), &packets);
            prop_assert_eq!(whole.len() as u64, sound.bytes());
            let mut cuts = cuts.clone();
            cuts.extend([0, sound.bytes()]);
            cuts.sort_unstable();
            let pieces: Vec<u8> = cuts.windows(2).flat_map(|cut| heard(&sound, &packets, cut[0]..cut[1])).collect();
            prop_assert!(whole == pieces, "cut at {:?}", cuts);
        }
    }
}

#[test]
fn a_range_does_not_need_the_rest_of_the_recording() {
    let (sound, _) = meeting();
    let second = 44 + 150 * SLOT_BYTES..44 + 200 * SLOT_BYTES;
    for need in sound.needs(second) {
        assert!(need.slots.start >= 125 && need.slots.end <= 200, "{need:?}");
    }
    assert_eq!(sound.needs(0..44), vec![], "the header alone needs no packet");
}

#[test]
fn gaps_are_silence_and_the_voice_is_where_its_slots_say() {
    let (_, packets) = meeting();
    let one = Sound::new(&timeline(231), &[part(1, 3, 230)], Whose::All).unwrap();
    let pcm = samples(&one.render(0..one.bytes(), &packets));
    let slot = |n: usize| &pcm[n * SLOT_SAMPLES..(n + 1) * SLOT_SAMPLES];
    assert_eq!(energy(slot(0)) + energy(slot(2)), 0.0);
    assert_eq!((40..47).map(|n| energy(slot(n))).sum::<f64>(), 0.0);
    assert!(energy(slot(30)) > 1e6 && energy(slot(60)) > 1e6 && energy(slot(229)) > 1e6);
    assert_eq!(energy(slot(230)), 0.0);
}

#[test]
fn one_voice_is_as_long_as_all_and_holds_nobody_else() {
    let (all, packets) = meeting();
    let parts = [part(1, 3, 230), part(2, 61, 219)];
    let two = Sound::new(&timeline(231), &parts, Whose::One(SeatNo(2))).unwrap();
    assert_eq!(two.bytes(), all.bytes());
    let pcm = samples(&two.render(0..two.bytes(), &packets));
    assert_eq!(energy(&pcm[..61 * SLOT_SAMPLES]), 0.0, "voice 1 alone is silence in voice 2");
    assert!(energy(&pcm[70 * SLOT_SAMPLES..90 * SLOT_SAMPLES]) > 1e6);
}

#[test]
fn an_erased_voice_leaves_silence_and_the_others_as_they_were() {
    let (all, packets) = meeting();
    let parts = [part(1, 3, 230), part(2, 61, 219)];
    let only_one = Packets(HashMap::from([(track(1), packets.0[&track(1)].clone())]));
    let alone = Sound::new(&timeline(231), &parts, Whose::One(SeatNo(1))).unwrap();
    assert_eq!(all.render(0..all.bytes(), &only_one), alone.render(0..alone.bytes(), &packets));
}

#[test]
fn the_seam_between_two_blocks_is_not_heard() {
    let voice = part(1, 0, 230);
    let mut packets = Packets::default();
    sing(&mut packets, voice, 440.0, 8_000.0, &[]);
    let sound = Sound::new(&timeline(230), &[voice], Whose::All).unwrap();
    let rendered = samples(&sound.render(0..sound.bytes(), &packets));
    let mut decoder = Decoder::new().unwrap();
    let straight: Vec<i16> =
        packets.0[&track(1)].iter().flat_map(|(slot, packet)| *decoder.slot(*slot, packet).unwrap()).collect();
    let off: Vec<i16> = rendered.iter().zip(&straight).map(|(a, b)| a.saturating_sub(*b)).collect();
    assert!(energy(&off) < energy(&straight) / 10_000.0, "40 dB below: {} of {}", energy(&off), energy(&straight));
}

#[test]
fn a_track_in_several_chunks_sounds_as_if_it_were_one() {
    let (whole, packets) = meeting();
    let parts = [part(1, 95, 230), part(1, 3, 95), part(2, 61, 219)];
    let chunks = Sound::new(&timeline(231), &parts, Whose::All).unwrap();
    assert_eq!(chunks.render(0..chunks.bytes(), &packets), whole.render(0..whole.bytes(), &packets));
}

#[test]
fn damaged_packets_are_a_gap_and_nothing_worse() {
    let voice = part(1, 0, 100);
    let mut packets = Packets::default();
    sing(&mut packets, voice, 440.0, 8_000.0, &[]);
    packets.put(track(1), Slot(50), Vec::new());
    packets.put(track(1), Slot(51), vec![0xff; 3]);
    let sound = Sound::new(&timeline(100), &[voice], Whose::All).unwrap();
    let pcm = samples(&sound.render(0..sound.bytes(), &packets));
    assert_eq!(energy(&pcm[50 * SLOT_SAMPLES..51 * SLOT_SAMPLES]), 0.0);
    assert!(energy(&pcm[60 * SLOT_SAMPLES..61 * SLOT_SAMPLES]) > 1e6);
}

#[test]
fn many_loud_voices_are_bent_never_wrapped() {
    assert_eq!((limit(0), limit(24_576), limit(-24_576)), (0, 24_576, -24_576));
    assert!(limit(40 * 32_767) > 32_000 && limit(-40 * 32_768) < -32_000);
    assert!((0..200_000).all(|sum| limit(sum + 1) >= limit(sum) && limit(-sum) == -limit(sum)));
}

#[test]
fn a_recording_longer_than_a_wav_is_refused_in_words() {
    let error = Sound::new(&timeline(50 * 3600 * 38), &[], Whose::All).unwrap_err();
    assert_eq!(error.to_string(), "the recording is longer than one WAV can be: 38 hours");
}

#[test]
fn past_the_end_there_is_nothing() {
    let (sound, packets) = meeting();
    assert!(sound.render(sound.bytes()..sound.bytes() + 10, &packets).is_empty());
    assert_eq!(sound.render(sound.bytes() - 3..sound.bytes() + 10, &packets).len(), 3);
}
