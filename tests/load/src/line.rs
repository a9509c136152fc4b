//! What is measured, as a process: the gateway with a meeting put by control, or the yardstick.
//!
//! Both end with the value. The gateway's data and log lie in a directory that goes with it.
//!
//! Not here: calls, and what the figures mean.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use control::pin::{self, Role};
use control::{Meeting, MeetingNow, Open, Pins, RuleNotice, SeatState, Secret};
use spool::id::{MeetingId, SectionId};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Gateway,
    Yardstick,
}

pub(crate) struct Line {
    pub(crate) sip: SocketAddr,
    child: Child,
    dir: tempfile::TempDir,
}

pub(crate) type Failure = Box<dyn std::error::Error>;

impl Line {
    /// Starts it; back when it takes calls.
    pub(crate) fn start(what: What, gateway: &Path) -> Result<Self, Failure> {
        let dir = tempfile::Builder::new().prefix("amts-bench").tempdir()?;
        let sip = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let log = std::fs::File::create(dir.path().join("log"))?;
        let mut command = match what {
            What::Gateway => {
                let config = dir.path().join("gateway.toml");
                std::fs::write(&config, settings(dir.path(), sip))?;
                let mut command = Command::new(gateway);
                command.arg("serve").arg("--config").arg(config);
                command
            }
            What::Yardstick => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("yardstick").arg(sip.port().to_string());
                command
            }
        };
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        let line = Self { sip, child, dir };
        match what {
            What::Gateway => line.put_meeting()?,
            // It binds one socket.
            What::Yardstick => std::thread::sleep(Duration::from_millis(200)),
        }
        Ok(line)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How many sit in the room.
    pub(crate) fn in_room(&self) -> Result<usize, Failure> {
        let answer = self.ask("GET", "/v1/meetings", "")?;
        let meetings: Vec<MeetingNow> = serde_json::from_str(&answer)?;
        let seats = meetings.iter().flat_map(|meeting| &meeting.seats);
        Ok(seats.filter(|seat| seat.state == SeatState::InRoom).count())
    }

    /// What it logged, for a run that failed.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    fn put_meeting(&self) -> Result<(), Failure> {
        let meeting = serde_json::to_string(&meeting())?;
        let end = Instant::now() + START;
        loop {
            match self.ask("PUT", &format!("/v1/meetings/{MEETING}"), &meeting) {
                Ok(_) => return Ok(()),
                // What is refused will be refused again; what cannot be reached may still be starting.
                Err(why) if !why.is::<std::io::Error>() || Instant::now() > end => {
                    return Err(format!("{why}\n{}", self.log()).into());
                }
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// One request on the control socket; the answer's body.
    fn ask(&self, method: &str, path: &str, body: &str) -> Result<String, Failure> {
        let mut stream = UnixStream::connect(control_socket(self.dir.path()))?;
        stream.set_read_timeout(Some(START))?;
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n");
        let kind = "Content-Type: application/json\r\n";
        stream.write_all(format!("{head}{kind}Content-Length: {length}\r\n\r\n{body}").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer on the control socket")?;
        if !head.starts_with("HTTP/1.1 2") {
            return Err(format!("the control socket says {answer}").into());
        }
        Ok(body.to_owned())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // Nothing of it is kept, so it need not end in an orderly way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything but the limits is the default: hundreds of calls from one source in seconds are no everyday load.
fn settings(dir: &Path, sip: SocketAddr) -> String {
    format!(
        "data = \"{}\"\n[[listen]]\nudp = \"{sip}\"\n[limits]\ncalls = 1000\nin_setup = 1000\ncalls_per_second = 1000\n",
        dir.display()
    )
}

fn control_socket(dir: &Path) -> PathBuf {
    dir.join("control.sock")
}

fn meeting() -> Meeting {
    let key = Secret([7; 32]);
    Meeting {
        id: MEETING,
        number: "4711".to_owned(),
        pins: Pins { guest: pin::digest(&key, Role::Guest, PIN), key, member: None, chair: None },
        open: Open::Always,
        rule: RuleNotice {
            id: "until-approval".to_owned(),
            hash: "0".repeat(64),
            basis: "consent".to_owned(),
            persons: "everybody".to_owned(),
            on_withdrawal: "shred_track".to_owned(),
            cap_months: 12,
            notice: "until-approval".to_owned(),
        },
        section: SectionId([5; 16]),
        record: true,
        receipt_key: Secret([9; 32]),
        track_keys: Vec::new(),
        gateways: Vec::new(),
    }
}

const MEETING: MeetingId = MeetingId([4; 16]);
/// Of a meeting that lives for a minute in a directory of its own.
pub(crate) const PIN: &str = "48151623";
const START: Duration = Duration::from_secs(20);
