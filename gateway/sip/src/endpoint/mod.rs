//! The endpoint: tables of calls and transactions, and one list of alarms.
//!
//! Messages of theirs are answered in `asked` (requests) and `told` (responses), orders of the shell are carried out
//! in `ordered`. Whatever can be answered without being remembered is (RFC 3261 8.2.7), so that a flood of requests
//! outside of calls costs no memory; everything else is bounded by [`Limits`](crate::Limits).
//!
//! Not here: the machines (`transaction`), and who may talk to us at all (the shell).

mod asked;
mod ordered;
mod reoffering;
mod told;

use crate::{
    Config, Counters, Ended, Event, Leg, Output, Path, Transport,
    call::{COOKIE, Call, ClientKey, ServerKey, Stage},
    dialog::{Dialog, DialogId},
    headers::DEFAULT_PORT,
    transaction::{
        Act, InviteClient, InviteClientInput, InviteServer, InviteServerInput, OtherClient, OtherClientInput,
        OtherServer, OtherServerInput,
    },
    wire::{self, Draft, Echo, Message, Method},
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    net::SocketAddr,
    time::{Duration, Instant},
};

/// A SIP endpoint without sockets and clock.
pub struct Endpoint {
    config: Config,
    counters: Counters,
    legs_made: u64,
    /// Makes the To tags of answers we do not remember: the same request gets the same tag.
    secret: [u8; 16],
    calls: HashMap<Leg, Call>,
    /// Legs that are not confirmed yet.
    in_setup: HashSet<Leg>,
    dialogs: HashMap<DialogId, Leg>,
    /// Call-ID and From tag of calls that came in, to see a second copy of an INVITE (RFC 3261 8.2.2.2).
    came_in: HashMap<(String, String), Leg>,
    servers: HashMap<ServerKey, Server>,
    clients: HashMap<ClientKey, Client>,
    alarms: BTreeMap<Alarm, Owner>,
    alarms_set: u64,
}

impl Endpoint {
    pub fn new(mut config: Config) -> Self {
        let mut secret = [0; 16];
        (config.chance)(&mut secret);
        Self {
            config,
            counters: Counters::default(),
            legs_made: 0,
            secret,
            calls: HashMap::new(),
            in_setup: HashSet::new(),
            dialogs: HashMap::new(),
            came_in: HashMap::new(),
            servers: HashMap::new(),
            clients: HashMap::new(),
            alarms: BTreeMap::new(),
            alarms_set: 0,
        }
    }

    /// A datagram, or one framed message. Never panics, whatever the bytes.
    pub fn receive(&mut self, now: Instant, path: Path, bytes: &[u8], out: &mut Vec<Output>) {
        self.counters.received += 1;
        let mut turn = Turn { now, out };
        match wire::read(bytes, path.transport == Transport::Tcp) {
            Ok(Message::KeepAlive) => {}
            Ok(Message::Request(mut request)) => {
                request.echo.stamp(path.remote);
                self.asked(&mut turn, path, request);
            }
            Ok(Message::Response(response)) => self.told(&mut turn, *response),
            Err(malformed) => match &malformed.answerable {
                Some(echo) => {
                    let mut echo = echo.clone();
                    echo.stamp(path.remote);
                    let reason = malformed.fault.to_string();
                    self.counters.answered_400 += 1;
                    self.answer_and_forget(&mut turn, path, &echo, malformed.status(), &reason, |draft| draft);
                }
                None => self.counters.malformed_dropped += 1,
            },
        }
    }

    /// A connection is gone, or could not be made. Calls stand: they may come back on another one, and requests of ours
    /// in them go out on a new one. What waits for an answer on this one waits in vain (RFC 3261 8.1.3.1).
    pub fn unreachable(&mut self, now: Instant, path: Path, out: &mut Vec<Output>) {
        let mut turn = Turn { now, out };
        self.counters.connections_lost += 1;
        for call in self.calls.values_mut() {
            if let Some(dialog) = &mut call.dialog {
                dialog.lose(path);
            }
        }
        let waiting = self.clients.iter().filter(|(_, client)| client.path == path);
        for key in waiting.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.nobody_answers(&mut turn, &key);
        }
    }

    /// When [`Self::time_passed`] must be called at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        self.alarms.first_key_value().map(|((at, _), _)| *at)
    }

    pub fn time_passed(&mut self, now: Instant, out: &mut Vec<Output>) {
        let mut turn = Turn { now, out };
        let later = self.alarms.split_off(&(now, u64::MAX));
        for (alarm, owner) in std::mem::replace(&mut self.alarms, later) {
            self.ring(&mut turn, alarm, owner);
        }
    }

    /// Legs we know of, those included whose BYE waits for its answer.
    pub fn legs(&self) -> usize {
        self.calls.len()
    }

    pub fn counters(&self) -> Counters {
        self.counters
    }

    #[cfg(test)]
    pub(crate) fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// Every table is empty, so nothing of any call is left.
    #[cfg(test)]
    pub(crate) fn is_blank(&self) -> bool {
        let calls = self.calls.len() + self.in_setup.len() + self.dialogs.len() + self.came_in.len();
        calls + self.servers.len() + self.clients.len() + self.alarms.len() == 0
    }
}

/// One call into the endpoint: the time, and where its outputs go.
struct Turn<'a> {
    now: Instant,
    out: &'a mut Vec<Output>,
}

impl Turn<'_> {
    fn tell(&mut self, event: Event) {
        self.out.push(Output::Event(event));
    }

    fn ended(&mut self, leg: Leg, why: Ended) {
        self.tell(Event::Ended { leg, why });
    }
}

/// A request of theirs that we remember.
struct Server {
    machine: ServerMachine,
    to: Path,
    leg: Option<Leg>,
    tag: String,
    armed: Option<Alarm>,
}

enum ServerMachine {
    Invite(InviteServer),
    Other(OtherServer),
}

/// A request of ours.
struct Client {
    machine: ClientMachine,
    path: Path,
    leg: Option<Leg>,
    armed: Option<Alarm>,
}

enum ClientMachine {
    Invite(InviteClient),
    Other(OtherClient),
}

/// When, and which one of those that want to be woken then.
type Alarm = (Instant, u64);

#[derive(Clone)]
enum Owner {
    Server(ServerKey),
    Client(ClientKey),
    Call(Leg),
}

/// What becomes of a call after something happened to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Stays,
    Gone,
}

/// Alarms.
impl Endpoint {
    /// Makes sure that `owner` is woken when it wants to be, and at no other time.
    fn arm(&mut self, armed: Option<Alarm>, wanted: Option<Instant>, owner: impl FnOnce() -> Owner) -> Option<Alarm> {
        if armed.map(|alarm| alarm.0) == wanted {
            return armed;
        }
        self.disarm(armed);
        wanted.map(|at| {
            self.alarms_set += 1;
            let alarm = (at, self.alarms_set);
            self.alarms.insert(alarm, owner());
            alarm
        })
    }

    fn disarm(&mut self, armed: Option<Alarm>) {
        if let Some(alarm) = armed {
            self.alarms.remove(&alarm);
        }
    }

    /// The owner may be gone, or may have been armed anew, by an alarm that rang just before this one.
    fn ring(&mut self, turn: &mut Turn, alarm: Alarm, owner: Owner) {
        match owner {
            Owner::Server(key) => {
                let Some(server) = self.servers.get_mut(&key).filter(|it| it.armed == Some(alarm)) else { return };
                server.armed = None;
                match server.machine {
                    ServerMachine::Invite(_) => self.feed_invite(turn, &key, InviteServerInput::TimePassed),
                    ServerMachine::Other(_) => self.feed_other(turn, &key, OtherServerInput::TimePassed),
                }
            }
            Owner::Client(key) => {
                let Some(client) = self.clients.get_mut(&key).filter(|it| it.armed == Some(alarm)) else { return };
                client.armed = None;
                match client.machine {
                    ClientMachine::Invite(_) => self.feed_our_invite(turn, &key, InviteClientInput::TimePassed, None),
                    ClientMachine::Other(_) => self.feed_our_other(turn, &key, OtherClientInput::TimePassed, 408),
                }
            }
            Owner::Call(leg) => self.on_call(turn, leg, |endpoint, turn, call| {
                if call.armed != Some(alarm) {
                    return After::Stays;
                }
                call.armed = None;
                endpoint.call_waited(turn, call)
            }),
        }
    }

    fn call_waited(&mut self, turn: &mut Turn, call: &mut Call) -> After {
        if call.patience.is_some_and(|patience| turn.now >= patience) {
            call.patience = None;
            return self.out_of_patience(turn, call);
        }
        let Some(mut unacked) = call.unacked.take() else { return After::Stays };
        if turn.now >= unacked.give_up {
            // RFC 3261 13.3.1.4
            self.counters.no_ack += 1;
            let (why, reason) = match unacked.then_bye {
                Some(reason) => (Ended::ByUs, reason),
                None => (Ended::NoAck, None),
            };
            return self.leave(turn, call, why, reason.as_deref());
        }
        if turn.now >= unacked.again.at {
            unacked.again = unacked.again.next(turn.now);
            self.counters.retransmissions += 1;
            self.send(turn, unacked.to, unacked.bytes.clone());
        }
        call.unacked = Some(unacked);
        After::Stays
    }
}

/// Calls.
impl Endpoint {
    /// Takes a call out of its table for the time of `work`, so that everything else can be reached meanwhile.
    fn on_call(&mut self, turn: &mut Turn, leg: Leg, work: impl FnOnce(&mut Self, &mut Turn, &mut Call) -> After) {
        let Some(mut call) = self.calls.remove(&leg) else { return };
        match work(self, turn, &mut call) {
            After::Stays => {
                call.armed = self.arm(call.armed, call.deadline(), || Owner::Call(leg));
                self.calls.insert(leg, call);
            }
            After::Gone => self.forget(&call),
        }
    }

    fn forget(&mut self, call: &Call) {
        self.disarm(call.armed);
        self.in_setup.remove(&call.leg);
        if let Some(key) = call.invite_of_ours() {
            // One that was refused stays for its timer D; one that only waits would wait for ever.
            if let Some(Client { machine: ClientMachine::Invite(machine), armed, .. }) = self.clients.get(key) {
                let armed = *armed;
                match machine {
                    InviteClient::Calling { .. } | InviteClient::Proceeding => {
                        self.disarm(armed);
                        self.clients.remove(key);
                    }
                    InviteClient::Completed { .. } | InviteClient::Accepted { .. } | InviteClient::Terminated => {}
                }
            }
        }
        let Some(dialog) = &call.dialog else { return };
        if self.dialogs.get(&dialog.id) == Some(&call.leg) {
            self.dialogs.remove(&dialog.id);
        }
        let name = (dialog.id.call_id.clone(), dialog.id.theirs.clone());
        if self.came_in.get(&name) == Some(&call.leg) {
            self.came_in.remove(&name);
        }
    }

    /// Says goodbye with a BYE; for the shell the leg is gone from here on, for us when the BYE is answered.
    fn leave(&mut self, turn: &mut Turn, call: &mut Call, why: Ended, reason: Option<&str>) -> After {
        self.in_setup.remove(&call.leg);
        call.unacked = None;
        if let Some(open) = call.reoffer.take() {
            self.refuse(turn, &open.key, &open.request.echo, 487, |draft| draft);
        }
        let branch = self.branch();
        turn.ended(call.leg, why);
        let Some(dialog) = &mut call.dialog else { return After::Gone };
        let (path, draft) = dialog.request(&Method::Bye, &branch);
        let bytes = self.bye(draft, reason);
        self.ask_other(turn, ClientKey { branch, method: Method::Bye }, path, bytes, Some(call.leg));
        call.stage = Stage::Leaving;
        After::Stays
    }

    /// Ends a dialogue nobody wants: a second fork, or an answer we cannot use.
    fn drop_dialog(&mut self, turn: &mut Turn, mut dialog: Dialog) {
        let branch = self.branch();
        let (path, draft) = dialog.request(&Method::Bye, &branch);
        let bytes = self.bye(draft, None);
        self.ask_other(turn, ClientKey { branch, method: Method::Bye }, path, bytes, None);
    }

    fn bye(&self, draft: Draft, reason: Option<&str>) -> Vec<u8> {
        with_reason(draft.with("User-Agent", &self.config.user_agent), reason).bytes()
    }
}

/// Transactions.
impl Endpoint {
    fn feed_invite(&mut self, turn: &mut Turn, key: &ServerKey, input: InviteServerInput) {
        let Some(mut server) = self.servers.remove(key) else { return };
        let mut acts = Vec::new();
        server.machine = match server.machine {
            ServerMachine::Invite(machine) => {
                let reliable = server.to.transport == Transport::Tcp;
                ServerMachine::Invite(machine.handle(input, reliable, turn.now, &mut acts))
            }
            ServerMachine::Other(machine) => ServerMachine::Other(machine),
        };
        self.served(turn, key, server, acts);
    }

    fn feed_other(&mut self, turn: &mut Turn, key: &ServerKey, input: OtherServerInput) {
        let Some(mut server) = self.servers.remove(key) else { return };
        let mut acts = Vec::new();
        server.machine = match server.machine {
            ServerMachine::Other(machine) => {
                let reliable = server.to.transport == Transport::Tcp;
                ServerMachine::Other(machine.handle(input, reliable, turn.now, &mut acts))
            }
            ServerMachine::Invite(machine) => ServerMachine::Invite(machine),
        };
        self.served(turn, key, server, acts);
    }

    fn served(&mut self, turn: &mut Turn, key: &ServerKey, mut server: Server, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Send(bytes) => self.send(turn, server.to, bytes),
                Act::SendAgain(bytes) => {
                    self.counters.retransmissions += 1;
                    self.send(turn, server.to, bytes);
                }
                // A refusal nobody acknowledged: the call is gone already.
                Act::TimedOut | Act::Tell => {}
            }
        }
        let (over, deadline) = match &server.machine {
            ServerMachine::Invite(machine) => (*machine == InviteServer::Terminated, machine.deadline()),
            ServerMachine::Other(machine) => (*machine == OtherServer::Terminated, machine.deadline()),
        };
        server.armed = self.arm(server.armed, deadline.filter(|_| !over), || Owner::Server(key.clone()));
        if !over {
            self.servers.insert(key.clone(), server);
        }
    }

    fn ask_other(&mut self, turn: &mut Turn, key: ClientKey, path: Path, bytes: Vec<u8>, leg: Option<Leg>) {
        let mut acts = Vec::new();
        let machine = OtherClient::new(bytes, path.transport == Transport::Tcp, turn.now, &mut acts);
        let client = Client { machine: ClientMachine::Other(machine), path, leg, armed: None };
        self.asking(turn, &key, client, &acts);
    }

    /// Sends what a client machine wants sent and keeps it. Whether there was news or a time-out is for the caller.
    fn asking(&mut self, turn: &mut Turn, key: &ClientKey, mut client: Client, acts: &[Act]) {
        for act in acts {
            match act {
                Act::Send(bytes) => self.send(turn, client.path, bytes.clone()),
                Act::SendAgain(bytes) => {
                    self.counters.retransmissions += 1;
                    self.send(turn, client.path, bytes.clone());
                }
                Act::Tell | Act::TimedOut => {}
            }
        }
        let (over, deadline) = match &client.machine {
            ClientMachine::Invite(machine) => (*machine == InviteClient::Terminated, machine.deadline()),
            ClientMachine::Other(machine) => (*machine == OtherClient::Terminated, machine.deadline()),
        };
        client.armed = self.arm(client.armed, deadline.filter(|_| !over), || Owner::Client(key.clone()));
        if !over {
            self.clients.insert(key.clone(), client);
        }
    }

    /// A final refusal of a request we remember, with the same To tag as everything before.
    fn refuse(
        &mut self,
        turn: &mut Turn,
        key: &ServerKey,
        echo: &Echo,
        status: u16,
        more: impl FnOnce(Draft) -> Draft,
    ) {
        let Some(server) = self.servers.get(key) else { return };
        let draft = echo.draft(status, reason_phrase(status), &server.tag).with("Server", &self.config.user_agent);
        let bytes = more(draft).bytes();
        match server.machine {
            ServerMachine::Invite(_) => self.feed_invite(turn, key, InviteServerInput::Refusal(bytes)),
            ServerMachine::Other(_) => self.feed_other(turn, key, OtherServerInput::Final(bytes)),
        }
    }

    /// An answer that is the same whenever the same request comes again, so nothing is kept (RFC 3261 8.2.7).
    fn answer_and_forget(
        &mut self,
        turn: &mut Turn,
        path: Path,
        echo: &Echo,
        status: u16,
        reason: &str,
        more: impl FnOnce(Draft) -> Draft,
    ) {
        let mut hasher = DefaultHasher::new();
        (self.secret, &echo.call_id, echo.sender(), echo.via.branch()).hash(&mut hasher);
        let tag = format!("{:016x}", hasher.finish());
        let draft = echo.draft(status, reason, &tag).with("Server", &self.config.user_agent);
        self.send(turn, way_back(path, echo), more(draft).bytes());
    }

    fn send(&mut self, turn: &mut Turn, path: Path, bytes: Vec<u8>) {
        self.counters.sent += 1;
        turn.out.push(Output::Send { path, bytes });
    }

    fn word(&mut self) -> String {
        let mut bytes = [0; 12];
        (self.config.chance)(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn branch(&mut self) -> String {
        format!("{COOKIE}{}", self.word())
    }

    /// So many requests are remembered at once; half a minute each.
    fn is_full_of_requests(&self) -> bool {
        self.servers.len() >= self.config.limits.calls.saturating_mul(4).saturating_add(256)
    }
}

/// Where an answer goes: where the request came from, on the port the Via names unless it asked for its own
/// (RFC 3261 18.2.2, RFC 3581 4).
fn way_back(path: Path, echo: &Echo) -> Path {
    if path.transport == Transport::Tcp || echo.via.params.has("rport") {
        return path;
    }
    Path { remote: SocketAddr::new(path.remote.ip(), echo.via.port.unwrap_or(DEFAULT_PORT)), ..path }
}

/// RFC 3326: why, in words for the log of the other side.
fn with_reason(draft: Draft, reason: Option<&str>) -> Draft {
    match reason {
        Some(text) => draft.with("Reason", &format!("SIP;cause=200;text=\"{}\"", quotable(text))),
        None => draft,
    }
}

fn quotable(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '"' | '\\')).collect()
}

fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        491 => "Request Pending",
        500 => "Server Internal Error",
        503 => "Service Unavailable",
        600 => "Busy Everywhere",
        603 => "Decline",
        other => match other / 100 {
            3 => "Redirected",
            4 => "Refused",
            5 => "Server Failure",
            _ => "Declined",
        },
    }
}

/// What we do, for `Allow`: nothing is listed that `asked` would refuse.
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE";
const SDP: &str = "application/sdp";
/// How long an unanswered call may wait, either way.
const PATIENCE: Duration = Duration::from_secs(180);
const RETRY_AFTER_SECONDS: &str = "5";
