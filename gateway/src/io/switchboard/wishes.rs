//! What a seat wishes of its room, carried out and answered; and what chair and desk do to a room alike.
//!
//! Not here: the record (`record`), and which key is which wish (`call`).

use control::{PausedBy, What};
use spool::id::{MeetingId, SeatNo};

use super::super::media::ToWorker;
use super::Switchboard;
use crate::call::{Input, News, Wish};
use crate::gathering::Gathering;
use crate::ids::CallId;

impl Switchboard {
    pub(super) fn wish(&mut self, call: CallId, wish: Wish) {
        let Some((meeting, seat)) = self.place(call) else { return };
        let Some(role) = self.gatherings.get(&meeting).and_then(|there| there.role(seat)) else { return };
        if !wish.is_for(role) {
            tracing::error!(%call, ?wish, "a seat wishes what it may not");
            return;
        }
        if let Some(what) = wish.of_home().filter(|_| self.is_guest(meeting)) {
            return self.wish_of_home(meeting, call, what);
        }
        let answer = match wish {
            Wish::Agenda => Some(News::Agenda(self.parts.plan.agenda(meeting))),
            Wish::Hand => self.raise_hand(meeting, seat),
            Wish::LowerHand => {
                self.lower_hand(meeting, seat);
                Some(News::HandDown)
            }
            Wish::DemandPause => self.pause_record(meeting, PausedBy::Member).err().map(News::Refused),
            Wish::Help => {
                if self.gatherings.get_mut(&meeting).is_some_and(|there| there.call_for_help(seat)) {
                    self.tell(What::HelpWanted { meeting, seat });
                }
                Some(News::HelpCalled)
            }
            Wish::Record => self.start_record(meeting, Some(call)).err().map(News::Refused),
            Wish::Pause => self.pause_record(meeting, PausedBy::Chair).err().map(News::Refused),
            Wish::CloseSection => self.close_section(meeting).err().map(News::Refused),
            Wish::NextSpeaker => Some(News::Floor(self.next_speaker(meeting))),
            Wish::MuteAll => {
                self.mute_others(meeting);
                Some(News::OthersMuted)
            }
            Wish::WhetherLocked => {
                Some(News::WhetherLocked(self.gatherings.get(&meeting).is_some_and(|there| there.locked)))
            }
            Wish::Lock(on) => {
                self.lock(meeting, on);
                Some(News::Locked(on))
            }
            Wish::EndForAll => {
                self.end_meeting(meeting);
                None
            }
        };
        if let Some(news) = answer {
            self.feed(call, Input::Room(news));
        }
    }

    fn raise_hand(&mut self, meeting: MeetingId, seat: SeatNo) -> Option<News> {
        let (place, already) = self.gatherings.get_mut(&meeting)?.raise_hand(seat);
        if !already {
            self.tell(What::HandRaised { meeting, seat });
        }
        Some(News::HandUp { place, already })
    }

    fn lower_hand(&mut self, meeting: MeetingId, seat: SeatNo) {
        if self.gatherings.get_mut(&meeting).is_some_and(|there| there.lower_hand(seat)) {
            self.tell(What::HandLowered { meeting, seat });
        }
    }

    /// The first hand is called and taken from the queue; a muted voice is heard again only when its caller says so.
    pub(super) fn next_speaker(&mut self, meeting: MeetingId) -> Option<SeatNo> {
        let there = self.gatherings.get_mut(&meeting)?;
        let seat = there.next_hand()?;
        let call = there.call_at(seat)?;
        self.tell(What::FloorGiven { meeting, seat });
        self.feed(call, Input::Room(News::YourTurn));
        Some(seat)
    }

    /// Everybody but the chair is muted, and may unmute themselves.
    pub(super) fn mute_others(&mut self, meeting: MeetingId) {
        let muted = self.gatherings.get_mut(&meeting).map(Gathering::mute_others);
        for call in muted.unwrap_or_default() {
            self.tell_worker(ToWorker::Mute { call, on: true });
            self.feed(call, Input::Room(News::EverybodyMuted));
        }
    }

    /// Nobody more is let in, or everybody is again. False: there is no gathering.
    pub(super) fn lock(&mut self, meeting: MeetingId, on: bool) -> bool {
        let Some(there) = self.gatherings.get_mut(&meeting) else { return false };
        if std::mem::replace(&mut there.locked, on) != on {
            self.tell(What::Locked { meeting, on });
        }
        true
    }

    /// Everybody is said goodbye to. False: nobody is there.
    pub(super) fn end_meeting(&mut self, meeting: MeetingId) -> bool {
        let Some(there) = self.gatherings.get(&meeting) else { return false };
        let (recording, calls) = (there.recording, there.calls().collect::<Vec<_>>());
        self.remember_end(recording);
        for call in calls {
            self.feed(call, Input::MeetingEnded);
        }
        self.word_given(meeting);
        true
    }
}
