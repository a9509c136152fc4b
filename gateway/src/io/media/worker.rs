//! One media worker: whose turn it is in which quarter, and the commands in between.
//!
//! [`run`] is the thread; tests drive a [`Worker`] with [`Worker::obey`] and [`Worker::quarter`] and need none.
//! On the packet paths nothing allocates, locks or logs; what happens a few times a call (commands) may.
//!
//! Not here: one room's slot (`table`), one call's (`line`).

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};

use spool::id::SeatNo;
use tokio::sync::mpsc;

use super::line::Line;
use super::saying::Saying;
use super::table::Table;
use super::{Command, FromWorker, RoomId, Settings, ToWorker};
use crate::ids::CallId;
use crate::io::clock::{Clock, Quarter};
use crate::io::recorder::Frames;

/// Everything one thread owns.
pub(super) struct Worker {
    settings: Settings,
    /// The queues of all workers, this one's too.
    peers: Vec<SyncSender<Command>>,
    /// Calls in no room, by the quarter of the slot in which they are run.
    loose: [Vec<Box<Line>>; PHASES],
    tables: [Vec<Table>; PHASES],
    /// Calls on their way here.
    expected: Vec<Expected>,
    /// Calls on their way to a worker whose queue was full.
    leaving: VecDeque<(usize, Command)>,
    outside: Outside,
    buffer: Box<[u8; DATAGRAM_BYTES]>,
}

/// A call on its way here, with what it was told meanwhile.
struct Expected {
    call: CallId,
    /// Kept until then, also when nobody is in it: it knows whether its record is on.
    room: RoomId,
    told: Vec<ToWorker>,
}

/// Where everything goes that leaves a worker other than as a packet.
pub(super) struct Outside {
    news: mpsc::Sender<FromWorker>,
    /// News that found the queue full, oldest first: a digit is never lost for it.
    pending: VecDeque<FromWorker>,
    pub(super) frames: Frames,
}

/// The thread. Up to [`MOST_BEHIND`] late it catches up slot by slot; what is later than that is missed and counted.
pub(super) fn run(mut worker: Worker, clock: Clock, queue: &Receiver<Command>) {
    let mut next = clock.quarter();
    let mut missed = 0_u64;
    loop {
        clock.sleep_until(next);
        let now = clock.quarter();
        if now.0 > next.0 + MOST_BEHIND {
            missed += (now.0 - next.0) / Quarter::IN_SLOT;
            next = now;
        }
        for command in queue.try_iter() {
            if let Command::Stop = command {
                if missed > 0 {
                    tracing::warn!(slots = missed, "a media worker was too late for its clock");
                }
                return;
            }
            worker.obey(command);
        }
        worker.quarter(next);
        next = worker.next_after(next);
    }
}

impl Worker {
    pub(super) fn new(
        settings: &Settings,
        peers: Vec<SyncSender<Command>>,
        news: mpsc::Sender<FromWorker>,
        frames: Frames,
    ) -> Self {
        Self {
            settings: settings.clone(),
            peers,
            loose: [const { Vec::new() }; PHASES],
            tables: [const { Vec::new() }; PHASES],
            expected: Vec::new(),
            leaving: VecDeque::new(),
            outside: Outside { news, pending: VecDeque::with_capacity(PENDING), frames },
            buffer: Box::new([0; DATAGRAM_BYTES]),
        }
    }

    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Tell(message) => self.told(message),
            Command::Expect { call, room, on } => {
                self.record(room, on);
                self.expected.push(Expected { call, room, told: Vec::new() });
            }
            Command::Move { call, to, room, seat } => {
                if let Some(line) = self.take(call) {
                    self.leaving.push_back((to, Command::Arrive { line, room, seat }));
                    self.send_leaving();
                }
            }
            Command::Arrive { line, room, seat } => self.arrive(line, room, seat),
            // The thread's to answer.
            Command::Stop => {}
        }
    }

    /// Runs the rooms and loose calls whose turn it is.
    pub(super) fn quarter(&mut self, quarter: Quarter) {
        self.outside.retry();
        self.send_leaving();
        let (slot, phase) = (quarter.slot(), quarter.phase());
        let Self { loose, tables, outside, buffer, .. } = self;
        for table in tables.get_mut(phase).into_iter().flatten() {
            table.run(slot, buffer.as_mut_slice(), outside);
        }
        for line in loose.get_mut(phase).into_iter().flatten().filter(|line| line.is_due(slot)) {
            line.run_alone(slot, buffer.as_mut_slice(), outside);
        }
    }

    /// The next quarter in which somebody has a turn, or commands should be looked at.
    pub(super) fn next_after(&self, quarter: Quarter) -> Quarter {
        let mut next = quarter.next();
        let idle = |phase: usize| {
            self.tables.get(phase).is_none_or(|it| it.iter().all(Table::is_empty))
                && self.loose.get(phase).is_none_or(Vec::is_empty)
        };
        while idle(next.phase()) && next.0 < quarter.0 + Quarter::IN_SLOT {
            next = next.next();
        }
        next
    }

    fn told(&mut self, message: ToWorker) {
        if let Some(call) = call_of(&message)
            && let Some(expected) = self.expected.iter_mut().find(|expected| expected.call == call)
        {
            expected.told.push(message);
            return;
        }
        match message {
            ToWorker::Open { call, sockets, leg, remote, control, rule } => {
                let line = Line::new(call, sockets, rule, (remote, control), leg, &self.settings);
                self.loosen(Box::new(line));
            }
            ToWorker::Retarget { call, leg, remote, control, rule } => {
                self.with(call, |line, _| line.retarget(leg, (remote, control), rule));
            }
            ToWorker::Style { call, style } => self.with(call, |line, _| line.style(style)),
            ToWorker::Hold { call, on } => self.with(call, |line, _| line.hold(on)),
            ToWorker::Say { call, token, parts } => {
                self.with(call, |line, _| line.say(Some(Saying::new(token, parts))));
            }
            ToWorker::Hush { call } => self.with(call, |line, _| line.say(None)),
            ToWorker::Enter { call, room, seat, on } => {
                if let Some(line) = self.take(call) {
                    self.record(room, on);
                    self.sit(room, seat, line);
                }
            }
            ToWorker::Permit { call, permit } => self.with(call, |line, outside| line.permit(permit, outside)),
            ToWorker::EndPermit { call, at } => self.with(call, |line, outside| line.end_permit(at, outside)),
            ToWorker::DigitSettled { call } => self.with(call, |line, _| line.digit_settled()),
            ToWorker::Record { room, on } => self.record(room, on),
            ToWorker::Mute { call, on } => self.with(call, |line, _| line.mute(on)),
            ToWorker::Shared { call, on } => self.with(call, |line, _| line.share(on)),
            ToWorker::Gain { call, db } => self.with(call, |line, _| line.gain(db)),
            ToWorker::Close { call } => {
                if let Some(mut line) = self.take(call) {
                    line.farewell();
                }
            }
        }
    }

    fn arrive(&mut self, line: Box<Line>, room: RoomId, seat: SeatNo) {
        let call = line.call;
        self.sit(room, seat, line);
        if let Some(at) = self.expected.iter().position(|expected| expected.call == call) {
            let Expected { told, .. } = self.expected.swap_remove(at);
            told.into_iter().for_each(|message| self.told(message));
        }
    }

    fn loosen(&mut self, line: Box<Line>) {
        if let Some(loose) = self.loose.get_mut((line.call.0 % PHASES as u64) as usize) {
            loose.push(line);
        }
    }

    fn sit(&mut self, room: RoomId, seat: SeatNo, line: Box<Line>) {
        if let Some((table, _)) = self.table(room) {
            table.sit(seat, line);
        }
    }

    fn record(&mut self, room: RoomId, on: bool) {
        if let Some((table, outside)) = self.table(room) {
            table.record(on, outside);
        }
    }

    /// The room, made when it is not there.
    fn table(&mut self, room: RoomId) -> Option<(&mut Table, &mut Outside)> {
        let tables = self.tables.get_mut(phase_of(room, self.peers.len()))?;
        if !tables.iter().any(|table| table.id == room) {
            tables.push(Table::new(room));
        }
        let table = tables.iter_mut().find(|table| table.id == room)?;
        Some((table, &mut self.outside))
    }

    fn with(&mut self, call: CallId, what: impl FnOnce(&mut Line, &mut Outside)) {
        let Self { loose, tables, outside, .. } = self;
        let alone = loose.iter_mut().flatten().map(|line| &mut **line).find(|line| line.call == call);
        let line = alone.or_else(|| tables.iter_mut().flatten().find_map(|table| table.line(call)));
        if let Some(line) = line {
            what(line, outside);
        }
    }

    /// Takes a call out of wherever it is; a room that nobody is in or on the way to goes with it.
    fn take(&mut self, call: CallId) -> Option<Box<Line>> {
        for loose in &mut self.loose {
            if let Some(at) = loose.iter().position(|line| line.call == call) {
                return Some(loose.swap_remove(at));
            }
        }
        for tables in &mut self.tables {
            for at in 0..tables.len() {
                let line = tables.get_mut(at).and_then(|table| table.rise(call, &mut self.outside));
                if line.is_some() {
                    let awaited = |table: &Table| self.expected.iter().any(|expected| expected.room == table.id);
                    if tables.get(at).is_some_and(|table| table.is_empty() && !awaited(table)) {
                        tables.swap_remove(at);
                    }
                    return line;
                }
            }
        }
        None
    }

    fn send_leaving(&mut self) {
        while let Some((to, command)) = self.leaving.pop_front() {
            let Some(peer) = self.peers.get(to) else { continue };
            match peer.try_send(command) {
                Ok(()) => {}
                Err(TrySendError::Full(command)) => return self.leaving.push_front((to, command)),
                // The program is ending.
                Err(TrySendError::Disconnected(_)) => {}
            }
        }
    }
}

impl Outside {
    pub(super) fn tell(&mut self, news: FromWorker) {
        if !self.pending.is_empty() {
            return self.pend(news);
        }
        match self.news.try_send(news) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(news)) => self.pend(news),
            // The program is ending.
            Err(mpsc::error::TrySendError::Closed(_)) => {}
        }
    }

    fn pend(&mut self, news: FromWorker) {
        if self.pending.len() < PENDING {
            self.pending.push_back(news);
        }
    }

    fn retry(&mut self) {
        while let Some(news) = self.pending.pop_front() {
            match self.news.try_send(news) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(news)) => return self.pending.push_front(news),
                Err(mpsc::error::TrySendError::Closed(_)) => return self.pending.clear(),
            }
        }
    }
}

fn call_of(message: &ToWorker) -> Option<CallId> {
    match message {
        ToWorker::Open { call, .. }
        | ToWorker::Retarget { call, .. }
        | ToWorker::Style { call, .. }
        | ToWorker::Hold { call, .. }
        | ToWorker::Say { call, .. }
        | ToWorker::Hush { call }
        | ToWorker::Enter { call, .. }
        | ToWorker::Permit { call, .. }
        | ToWorker::EndPermit { call, .. }
        | ToWorker::DigitSettled { call }
        | ToWorker::Mute { call, .. }
        | ToWorker::Shared { call, .. }
        | ToWorker::Gain { call, .. }
        | ToWorker::Close { call } => Some(*call),
        ToWorker::Record { .. } => None,
    }
}

/// Rooms of one worker are spread over the quarters of the slot.
fn phase_of(room: RoomId, workers: usize) -> usize {
    (room.0 / workers.max(1) as u64 % PHASES as u64) as usize
}

const PHASES: usize = Quarter::IN_SLOT as usize;

/// 100 ms. What jitter buffers on both sides can bridge is caught up, not missed.
const MOST_BEHIND: u64 = 5 * Quarter::IN_SLOT;

/// A switchboard so many news behind is dead; memory ends before that.
const PENDING: usize = 4096;

/// The longest datagram that could be sound; the rest is cut off and then no RTP of ours.
const DATAGRAM_BYTES: usize = 2048;

#[cfg(test)]
mod tests;
