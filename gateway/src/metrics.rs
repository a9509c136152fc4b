//! What an operator's monitor reads: numbers about the house, in the text format of Prometheus (version 0.0.4).
//!
//! Made from what the control API tells anyway, so it can name nobody: no meeting, no seat, no number, no address.
//! Every name begins with `amtsleitung_gateway_`. Alarms worth having: `recording_held_up` above 0, `spool_chunks_waiting`
//! that only grows (the archive does not come), `track_keys_left` at 0 while a meeting is held.
//!
//! Not here: the door it is asked for at (`io::control`), and figures of the sound itself (RTCP goes to the telephones).

use std::fmt::Write;

use control::{Health, MeetingNow, Record, SeatState, SipCounters, Waiting};

/// The page. `waiting`: nothing when the spool could not be read, which is told by its figures being absent.
pub fn text(health: &Health, meetings: &[MeetingNow], waiting: Option<&Waiting>) -> String {
    let mut page = Page::default();
    page.gauge("calls", "Calls standing now.", u64::from(health.calls));
    page.gauge("meetings", "Meetings that calls may come for.", count(meetings.iter()));
    let held = || meetings.iter().filter(|meeting| meeting.recording.is_some());
    page.gauge("meetings_held", "Meetings in which somebody is.", count(held()));
    let seats = || meetings.iter().flat_map(|meeting| &meeting.seats);
    let in_room = seats().filter(|seat| seat.state == SeatState::InRoom);
    page.gauge("seats_in_room", "Seats in a room.", count(in_room));
    page.gauge("seats_recorded", "Seats recorded now.", count(seats().filter(|seat| seat.recorded)));
    page.gauge("seats_waiting_for_help", "Seats that asked for a person.", count(seats().filter(|s| s.wants_help)));
    let held_up = held().filter(|meeting| meeting.record == Record::On && !meeting.recording_on);
    page.gauge("recording_held_up", "Meetings whose record is on while nothing can be kept.", count(held_up));
    let keys = held().map(|meeting| u64::from(meeting.keys_left)).min();
    if let Some(keys) = keys {
        page.gauge("track_keys_left", "Fewest unused track keys of a meeting that is held.", keys);
    }
    if let Some(waiting) = waiting {
        page.gauge("spool_chunks_waiting", "Closed chunks the archive has not taken.", count(waiting.chunks.iter()));
        page.gauge("spool_orders_waiting", "Orders the archive has not taken.", count(waiting.orders.iter()));
    }
    page.sip(&health.sip_counters);
    page.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn sip(&mut self, counted: &SipCounters) {
        let SipCounters {
            received,
            sent,
            retransmissions,
            dropped,
            strays,
            calls_in,
            calls_out,
            no_ack,
            answered,
            strangers,
            connections,
            connections_lost,
            connections_turned_away,
        } = counted;
        self.counter("sip_received_total", "Datagrams and messages, keep-alives included.", *received);
        self.counter("sip_sent_total", "Messages sent.", *sent);
        self.counter("sip_retransmissions_total", "Messages sent again.", *retransmissions);
        self.counter("sip_dropped_total", "What was no SIP.", *dropped);
        self.counter("sip_strays_total", "Answers and acknowledgements to nothing.", *strays);
        self.counter("sip_calls_in_total", "Calls that came.", *calls_in);
        self.counter("sip_calls_out_total", "Calls made.", *calls_out);
        self.counter("sip_no_ack_total", "Calls ended because their answer was never acknowledged.", *no_ack);
        self.head("sip_turned_down_total", "Requests turned down, by status.", "counter");
        for (status, times) in answered {
            let _ = writeln!(self.0, "{PREFIX}sip_turned_down_total{{status=\"{status}\"}} {times}");
        }
        self.counter("sip_strangers_total", "Came from outside the allowed networks.", *strangers);
        self.gauge("sip_connections", "TCP connections standing now.", *connections);
        self.counter("sip_connections_lost_total", "Connections that broke.", *connections_lost);
        self.counter(
            "sip_connections_turned_away_total",
            "Closed because there were too many.",
            *connections_turned_away,
        );
    }

    fn gauge(&mut self, name: &str, says: &str, value: u64) {
        self.head(name, says, "gauge");
        let _ = writeln!(self.0, "{PREFIX}{name} {value}");
    }

    fn counter(&mut self, name: &str, says: &str, value: u64) {
        self.head(name, says, "counter");
        let _ = writeln!(self.0, "{PREFIX}{name} {value}");
    }

    fn head(&mut self, name: &str, says: &str, kind: &str) {
        let _ = writeln!(self.0, "# HELP {PREFIX}{name} {says}\n# TYPE {PREFIX}{name} {kind}");
    }
}

fn count(of: impl Iterator) -> u64 {
    of.count() as u64
}

const PREFIX: &str = "amtsleitung_gateway_";

#[cfg(test)]
mod tests {
    use control::{Role, SeatNow};
    use spool::id::{EpochId, GatewayId, MeetingId, RecordingId, SeatNo};

    use super::*;

    fn health() -> Health {
        Health {
            gateway: GatewayId([1; 8]),
            signing_key: "00".into(),
            boot: EpochId([2; 8]),
            version: "0".into(),
            calls: 3,
            spool: "/var/lib/amtsleitung/spool".into(),
            sip: vec!["192.0.2.7:5060".into()],
            sip_counters: SipCounters { answered: [(405, 7)].into(), ..SipCounters::default() },
        }
    }

    fn meeting(on: bool) -> MeetingNow {
        let seat = |seat, recorded| SeatNow {
            seat: SeatNo(seat),
            role: Role::Guest,
            state: SeatState::InRoom,
            recorded,
            muted: false,
            shared: false,
            hand: None,
            wants_help: false,
        };
        MeetingNow {
            id: MeetingId([3; 16]),
            number: "4711".into(),
            recording: Some(RecordingId([4; 16])),
            recording_on: on,
            record: Record::On,
            paused_by: None,
            locked: false,
            agenda: None,
            seats: vec![seat(1, on), seat(2, false)],
            keys_left: 9,
        }
    }

    fn value(page: &str, name: &str) -> Option<u64> {
        let line = page.lines().find(|line| line.split(' ').next() == Some(&format!("{PREFIX}{name}")))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    #[test]
    fn a_record_that_cannot_be_kept_shows_and_one_that_can_does_not() {
        let page = text(&health(), &[meeting(true), meeting(false)], None);
        assert_eq!(value(&page, "recording_held_up"), Some(1));
        assert_eq!(value(&page, "seats_recorded"), Some(1));
        assert_eq!(value(&page, "seats_in_room"), Some(4));
        assert_eq!(value(&page, "track_keys_left"), Some(9));
        assert_eq!(value(&text(&health(), &[meeting(true)], None), "recording_held_up"), Some(0));
    }

    #[test]
    fn a_spool_that_cannot_be_read_is_not_an_empty_one() {
        let waiting = Waiting { chunks: vec!["a".into(), "b".into()], orders: Vec::new() };
        assert_eq!(value(&text(&health(), &[], Some(&waiting)), "spool_chunks_waiting"), Some(2));
        assert_eq!(value(&text(&health(), &[], None), "spool_chunks_waiting"), None);
    }

    #[test]
    fn every_line_is_of_the_format_and_names_nobody() {
        let page = text(&health(), &[meeting(true)], Some(&Waiting::default()));
        for line in page.lines() {
            let figure = line.strip_prefix(PREFIX).is_some_and(|rest| {
                rest.split_once(' ').is_some_and(|(name, value)| !name.is_empty() && value.parse::<u64>().is_ok())
            });
            assert!(figure || line.starts_with("# HELP ") || line.starts_with("# TYPE "), "{line}");
        }
        for who in ["4711", "192.0.2.7", "mtg-", "rec-", "seat="] {
            assert!(!page.contains(who), "{who}");
        }
        assert!(page.contains("sip_turned_down_total{status=\"405\"} 7"));
        assert!(page.ends_with('\n'));
    }
}
