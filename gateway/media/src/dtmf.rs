//! Keys that travel as telephone events (RFC 4733), received and sent.
//!
//! [`Digits`] says of each press that it began and that it ended, each once, in the order of the presses, whatever of its
//! packets is repeated, reordered or lost.
//! [`Press`] is the sender: a key as the packets that make it.
//!
//! Not here: keys heard in the sound, and what a key means.

use std::collections::VecDeque;

/// What became known of a press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digit {
    /// `timestamp`: RTP time at which the key went down.
    Began { digit: char, timestamp: u32 },
    /// `timestamp`: RTP time after the press.
    Ended { digit: char, timestamp: u32 },
}

/// Why an event packet was worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoEvent {
    /// Shorter than an event.
    Short,
    /// An event that is no key of a telephone.
    NoKey,
    /// Of a press that is over: a repeated end, or a packet that was overtaken.
    Over,
    /// More presses at once than fingers have.
    TooMany,
}

/// The receiver of one stream's events.
///
/// A press is known by its RTP timestamp.
/// One whose end packets are all lost ends 100 ms after its last packet, or when the next begins.
#[derive(Debug)]
pub struct Digits {
    press: Option<Pressed>,
    /// Where the newest press began; what is a little older is over.
    newest: Option<u32>,
    news: VecDeque<Digit>,
    /// Of timestamps and durations.
    ticks_a_ms: u32,
}

#[derive(Clone, Copy, Debug)]
struct Pressed {
    digit: char,
    /// Of its newest segment.
    timestamp: u32,
    /// Longest heard of in this segment, in samples.
    duration: u32,
    slots_without: u8,
}

impl Digits {
    #[must_use]
    pub fn new(clock_hz: u32) -> Self {
        Self { press: None, newest: None, news: VecDeque::with_capacity(MOST_NEWS), ticks_a_ms: clock_hz / 1_000 }
    }

    /// `timestamp`: of the RTP packet; `payload`: its whole payload.
    ///
    /// # Errors
    /// Says why the packet was dropped; nothing then has changed.
    pub fn receive(&mut self, timestamp: u32, payload: &[u8]) -> Result<(), NoEvent> {
        let Some(&[event, flags, high, low]) = payload.first_chunk() else { return Err(NoEvent::Short) };
        let digit = key(event).ok_or(NoEvent::NoKey)?;
        let duration = u32::from(u16::from_be_bytes([high, low]));
        let end = flags & 0x80 != 0;
        if let Some(press) = &mut self.press
            && press.goes_on(digit, timestamp, LOST_PACKET_MS * self.ticks_a_ms)
        {
            press.hear(timestamp, duration);
            self.newest = Some(press.timestamp);
            if end && !self.finish() {
                return Err(NoEvent::TooMany);
            }
            return Ok(());
        }
        if self.newest.is_some_and(|newest| is_over(timestamp, newest, OVERTAKEN_MS * self.ticks_a_ms)) {
            return Err(NoEvent::Over);
        }
        // One packet can tell of three things: the press before is over, this one began, this one is over.
        if self.news.len() + 3 > MOST_NEWS {
            return Err(NoEvent::TooMany);
        }
        self.finish();
        self.newest = Some(timestamp);
        self.news.push_back(Digit::Began { digit, timestamp });
        self.press = Some(Pressed { digit, timestamp, duration, slots_without: 0 });
        if end {
            self.finish();
        }
        Ok(())
    }

    /// Once a slot, before the news are fetched.
    pub fn slot_passed(&mut self) {
        if let Some(press) = &mut self.press {
            press.slots_without += 1;
            if press.slots_without >= LOST_END_SLOTS {
                self.finish();
            }
        }
    }

    /// The next thing that became known.
    pub fn news(&mut self) -> Option<Digit> {
        self.news.pop_front()
    }

    /// Whether a key is down.
    #[must_use]
    pub const fn pressing(&self) -> bool {
        self.press.is_some()
    }

    /// The stream's clock is another from here on; a key that is down stays down until its time is over.
    pub fn other_clock(&mut self, clock_hz: u32) {
        self.newest = None;
        self.ticks_a_ms = clock_hz / 1_000;
    }

    fn finish(&mut self) -> bool {
        if self.news.len() >= MOST_NEWS {
            return false;
        }
        if let Some(Pressed { digit, timestamp, duration, .. }) = self.press.take() {
            self.news.push_back(Digit::Ended { digit, timestamp: timestamp.wrapping_add(duration) });
        }
        true
    }
}

impl Pressed {
    /// A long press goes on in a segment of its own (RFC 4733 section 2.5.1.3), and a key cannot go down a second time
    /// before it is up: both begin where the press, as far as it is known, has not been over for longer than a lost packet.
    fn goes_on(&self, digit: char, timestamp: u32, lost: u32) -> bool {
        digit == self.digit && timestamp.wrapping_sub(self.timestamp) <= self.duration + lost
    }

    fn hear(&mut self, timestamp: u32, duration: u32) {
        self.slots_without = 0;
        if timestamp == self.timestamp {
            self.duration = self.duration.max(duration);
        } else {
            (self.timestamp, self.duration) = (timestamp, duration);
        }
    }
}

/// One key press as a sender's packets: one a slot, the end sent three times.
#[derive(Clone, Debug)]
pub struct Press {
    event: u8,
    /// Of the segment that is being sent.
    timestamp: u32,
    /// Samples of this segment told so far.
    told: u32,
    /// Samples of the press from this segment on.
    left: u32,
    ends: u8,
    first: bool,
    ticks_a_slot: u32,
}

/// One packet of a press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub marker: bool,
    pub timestamp: u32,
    pub payload: [u8; 4],
}

impl Press {
    /// `timestamp`: RTP time of the slot in which the key goes down; `clock_hz`: what it counts. Nothing when `digit` is no key.
    #[must_use]
    pub fn new(digit: char, timestamp: u32, ms: u32, clock_hz: u32) -> Option<Self> {
        let event = KEYS.iter().position(|&key| key == digit)?;
        let left = ms.clamp(SHORTEST_MS, LONGEST_MS) * (clock_hz / 1_000);
        Some(Self {
            event: u8::try_from(event).ok()?,
            timestamp,
            told: 0,
            left,
            ends: 0,
            first: true,
            ticks_a_slot: clock_hz / 50,
        })
    }
}

impl Iterator for Press {
    type Item = Event;

    /// This slot's packet; nothing once the press is over.
    fn next(&mut self) -> Option<Event> {
        if self.ends == ENDS {
            return None;
        }
        if self.told == LONGEST_SEGMENT {
            self.timestamp = self.timestamp.wrapping_add(LONGEST_SEGMENT);
            self.left -= LONGEST_SEGMENT;
            self.told = 0;
        }
        self.told = (self.told + self.ticks_a_slot).min(self.left).min(LONGEST_SEGMENT);
        let over = self.told == self.left;
        self.ends += u8::from(over);
        let [high, low] = u16::try_from(self.told).unwrap_or(u16::MAX).to_be_bytes();
        let flags = u8::from(over) << 7 | VOLUME;
        let marker = std::mem::take(&mut self.first);
        Some(Event { marker, timestamp: self.timestamp, payload: [self.event, flags, high, low] })
    }
}

fn key(event: u8) -> Option<char> {
    KEYS.get(usize::from(event)).copied()
}

/// A little older than the newest, and it is not going on: overtaken. Far older, and the sender's clock began anew.
fn is_over(timestamp: u32, newest: u32, overtaken: u32) -> bool {
    newest.wrapping_sub(timestamp) <= overtaken
}

/// By event code, RFC 4733 section 3.2.
const KEYS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];
/// 100 ms.
const LOST_END_SLOTS: u8 = 5;
/// Less than any pause between two presses that a person or a dialler makes, after at least one lost packet.
const LOST_PACKET_MS: u32 = 40;
/// Longer than a segment, so that its repeated packets are known as over.
const OVERTAKEN_MS: u32 = 10_000;
const MOST_NEWS: usize = 8;
const ENDS: u8 = 3;
const LONGEST_SEGMENT: u32 = 0xFFFF;
const SHORTEST_MS: u32 = 40;
const LONGEST_MS: u32 = 60_000;
/// −10 dBm0.
const VOLUME: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sent(digit: char, timestamp: u32, ms: u32) -> Vec<Event> {
        Press::new(digit, timestamp, ms, 8_000).unwrap().collect()
    }

    fn hear(digits: &mut Digits, events: &[Event]) -> Vec<Digit> {
        let mut heard = Vec::new();
        for event in events {
            let _ = digits.receive(event.timestamp, &event.payload);
            digits.slot_passed();
            heard.extend(std::iter::from_fn(|| digits.news()));
        }
        heard
    }

    fn silence(digits: &mut Digits, slots: u32) -> Vec<Digit> {
        let mut heard = Vec::new();
        for _ in 0..slots {
            digits.slot_passed();
            heard.extend(std::iter::from_fn(|| digits.news()));
        }
        heard
    }

    const SEVEN: [Digit; 2] =
        [Digit::Began { digit: '7', timestamp: 1_000 }, Digit::Ended { digit: '7', timestamp: 1_800 }];

    #[test]
    fn a_press_is_sent_with_rising_durations_and_three_ends() {
        let events = sent('7', 1_000, 100);
        assert_eq!(events.len(), 7);
        assert!(events[0].marker && events[1..].iter().all(|e| !e.marker));
        assert_eq!(events[0].payload, [7, 10, 0, 160]);
        assert!(events[4..].iter().all(|e| e.payload == [7, 0x8A, 3, 32]));
        assert!(events.iter().all(|e| e.timestamp == 1_000));
    }

    #[test]
    fn every_key_arrives_as_itself() {
        for (n, key) in (0..).zip(KEYS) {
            let heard = hear(&mut Digits::new(8_000), &sent(key, n, 80));
            assert_eq!(heard[0], Digit::Began { digit: key, timestamp: n });
            assert_eq!(heard.len(), 2);
        }
        assert!(Press::new('x', 0, 100, 8_000).is_none());
    }

    proptest! {
        #[test]
        fn a_press_counts_once_whatever_is_repeated_and_reordered(
            order in proptest::collection::vec(0_usize..7, 1..40),
        ) {
            let events = sent('7', 1_000, 100);
            let mut digits = Digits::new(8_000);
            let picked: Vec<_> = order.iter().map(|&n| events[n]).collect();
            let mut heard = hear(&mut digits, &picked);
            heard.extend(silence(&mut digits, 10));
            prop_assert_eq!(heard.len(), 2);
            prop_assert_eq!(heard[0], SEVEN[0]);
            let whole = matches!(heard[1], Digit::Ended { digit: '7', timestamp: 1_160..=1_800 });
            prop_assert!(whole, "{:?}", heard);
        }

        #[test]
        fn two_presses_of_one_key_are_two_whatever_one_packet_each_survives(first in 0_usize..7, second in 0_usize..7) {
            let mut digits = Digits::new(8_000);
            let mut heard = hear(&mut digits, &sent('4', 0, 100)[first..=first]);
            heard.extend(hear(&mut digits, &sent('4', 1_600, 100)[second..=second]));
            heard.extend(silence(&mut digits, 10));
            prop_assert_eq!(heard.iter().filter(|d| matches!(d, Digit::Began { .. })).count(), 2);
            prop_assert_eq!(heard.iter().filter(|d| matches!(d, Digit::Ended { .. })).count(), 2);
        }

        #[test]
        fn no_payload_makes_the_receiver_panic_and_every_beginning_has_its_end(
            packets in proptest::collection::vec((any::<u32>(), proptest::collection::vec(any::<u8>(), 0..6)), 0..200),
        ) {
            let mut digits = Digits::new(8_000);
            let mut down = None;
            let mut news = Vec::new();
            for (n, (timestamp, payload)) in packets.iter().enumerate() {
                let _ = digits.receive(*timestamp, payload);
                if n % 3 == 0 {
                    digits.slot_passed();
                    news.extend(digits.news());
                }
            }
            news.extend(silence(&mut digits, 20));
            for digit in news {
                match digit {
                    Digit::Began { digit, .. } => prop_assert_eq!(down.replace(digit), None),
                    Digit::Ended { digit, .. } => prop_assert_eq!(down.take(), Some(digit)),
                }
            }
            prop_assert_eq!(down, None);
        }
    }

    #[test]
    fn a_press_without_its_end_packets_ends_after_100_ms() {
        let mut digits = Digits::new(8_000);
        let events = sent('7', 1_000, 100);
        assert_eq!(hear(&mut digits, &events[..4]), [SEVEN[0]]);
        assert!(silence(&mut digits, 3).is_empty());
        assert!(digits.pressing());
        assert_eq!(silence(&mut digits, 1), [Digit::Ended { digit: '7', timestamp: 1_640 }]);
        assert!(hear(&mut digits, &events).is_empty(), "what comes later is over");
    }

    #[test]
    fn a_press_without_its_ends_is_as_long_as_its_longest_packet() {
        let mut digits = Digits::new(8_000);
        let events = sent('7', 1_000, 100);
        hear(&mut digits, &[events[0], events[3], events[1]]);
        assert_eq!(silence(&mut digits, 5), [Digit::Ended { digit: '7', timestamp: 1_640 }]);
    }

    #[test]
    fn the_next_press_ends_the_one_before() {
        let mut digits = Digits::new(8_000);
        let mut heard = hear(&mut digits, &sent('1', 0, 100)[..3]);
        heard.extend(hear(&mut digits, &sent('2', 1_000, 100)));
        assert_eq!(
            heard,
            [
                Digit::Began { digit: '1', timestamp: 0 },
                Digit::Ended { digit: '1', timestamp: 480 },
                Digit::Began { digit: '2', timestamp: 1_000 },
                Digit::Ended { digit: '2', timestamp: 1_800 },
            ]
        );
    }

    #[test]
    fn a_packet_overtaken_by_the_next_press_is_over() {
        let mut digits = Digits::new(8_000);
        hear(&mut digits, &sent('2', 1_000, 100)[..1]);
        assert_eq!(digits.receive(0, &[1, 0x80, 0, 160]), Err(NoEvent::Over));
    }

    #[test]
    fn a_clock_that_began_anew_is_followed() {
        let mut digits = Digits::new(8_000);
        hear(&mut digits, &sent('2', 1_000_000, 100));
        assert_eq!(hear(&mut digits, &sent('3', 0, 100)).len(), 2);
        digits.other_clock(8_000);
        assert_eq!(hear(&mut digits, &sent('3', 0, 100)).len(), 2);
    }

    #[test]
    fn twenty_seconds_on_a_key_are_one_press() {
        for timestamp in [1_000, u32::MAX - 70_000] {
            let mut digits = Digits::new(8_000);
            let events = sent('0', timestamp, 20_000);
            assert!(events.iter().any(|e| e.timestamp != timestamp), "in segments");
            let heard = hear(&mut digits, &events);
            let after = timestamp.wrapping_add(160_000);
            assert_eq!(heard, [Digit::Began { digit: '0', timestamp }, Digit::Ended { digit: '0', timestamp: after }]);
        }
    }

    #[test]
    fn a_long_press_survives_the_loss_of_a_segments_last_packet() {
        let mut digits = Digits::new(8_000);
        let mut events = sent('0', 0, 10_000);
        let last = events.iter().rposition(|e| e.timestamp == 0).unwrap();
        events.remove(last);
        assert_eq!(hear(&mut digits, &events).len(), 2);
    }

    #[test]
    fn what_is_no_key_is_said_to_be_none() {
        let mut digits = Digits::new(8_000);
        assert_eq!(digits.receive(0, &[16, 0, 0, 160]), Err(NoEvent::NoKey));
        assert_eq!(digits.receive(0, &[1, 0, 0]), Err(NoEvent::Short));
        assert!(!digits.pressing());
    }

    #[test]
    fn a_flood_of_presses_is_refused_and_does_not_grow() {
        let mut digits = Digits::new(8_000);
        let refused = (0..100).filter(|n| digits.receive(n * 1_000, &[1, 0x80, 0, 160]).is_err()).count();
        assert!(refused >= 96);
        assert!(digits.news.len() <= MOST_NEWS);
    }
}
