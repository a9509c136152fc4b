//! Both programs as `deploy/demo` runs them: on a data directory of its own, on free ports, ended with the story.
//!
//! [`House::open`] waits until the demo says where it is; [`House::now`] is that line. What the stories ask of the
//! gateway's own view comes from its control socket, what is kept comes out by `archiver export`.
//!
//! Not here: telephones, the browser.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::Value;

use super::ears::Sound;
use super::phone::{PLANTED_NAME, PLANTED_NUMBER};
use super::{files_below, http, program, top, until};

/// Where a house stands: its data outlive one run of it.
#[derive(Debug)]
pub(crate) struct Ground {
    dir: tempfile::TempDir,
}

/// How a house is to be opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    /// The address telephones reach; the port is chosen. Default `127.0.0.1`.
    pub(crate) sip_host: Option<String>,
    /// Further words on the demo's command line.
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct House {
    demo: Child,
    said: Receiver<String>,
    /// The demo's last line.
    now: Value,
    /// There until the house is closed.
    ground: Option<Ground>,
}

/// A seat as the gateway reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) number: u64,
    pub(crate) in_room: bool,
    pub(crate) recorded: bool,
}

/// A gateway that can be telephoned, and says who sits there.
pub(crate) trait Line {
    /// Where its SIP socket is.
    fn sip(&self) -> SocketAddr;
    fn guest_pin(&self) -> String;
    /// The demo's meeting as it sees it.
    fn meeting(&self) -> Value;

    fn seats(&self) -> Vec<Seat> {
        let meeting = self.meeting();
        let seats = meeting["seats"].as_array().cloned().unwrap_or_default();
        seats
            .iter()
            .map(|seat| Seat {
                number: seat["seat"].as_u64().unwrap_or_else(|| panic!("a seat's number: {seat}")),
                in_room: seat["state"] == "in_room",
                recorded: seat["recorded"] == true,
            })
            .collect()
    }

    fn seat(&self, number: u64) -> Option<Seat> {
        self.seats().into_iter().find(|seat| seat.number == number)
    }
}

/// What `archiver export` wrote.
#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) dir: PathBuf,
}

impl Ground {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::Builder::new().prefix("amts").tempdir().expect("a directory") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The demo's `--data`.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }
}

impl House {
    pub(crate) fn open() -> Self {
        Self::on(Ground::new(), &Wish::default())
    }

    pub(crate) fn on(ground: Ground, wish: &Wish) -> Self {
        build_once();
        let host = wish.sip_host.as_deref().unwrap_or("127.0.0.1");
        let log = std::fs::File::create(ground.path().join("demo.log")).expect("a log");
        let mut demo = Command::new(top().join("deploy/demo"))
            .arg("--json")
            .arg("--data")
            .arg(ground.data())
            .arg("--sip")
            .arg(format!("{host}:{}", free_sip_port(host)))
            .arg("--desk")
            .arg(format!("127.0.0.1:{}", free_tcp_port()))
            .args(&wish.arguments)
            .env("AMTSLEITUNG_BUILT", "1")
            .env("AMTSLEITUNG_PROFILE", std::env::var("AMTSLEITUNG_PROFILE").unwrap_or_else(|_| "dev".to_owned()))
            .envs(wish.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("deploy/demo runs");
        let said = lines_of(demo.stdout.take().expect("its output"));
        let mut house = Self { demo, said, now: Value::Null, ground: Some(ground) };
        house.await_line();
        house
    }

    /// Ends both programs, cleanly, and leaves what is on disk.
    pub(crate) fn close(mut self) -> Ground {
        self.end();
        self.ground.take().expect("closed once")
    }

    /// What the demo said last.
    pub(crate) fn now(&self, key: &str) -> String {
        match &self.now[key] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    pub(crate) fn guest_pin(&self) -> String {
        self.now("guest_pin")
    }

    pub(crate) fn ground(&self) -> &Ground {
        self.ground.as_ref().expect("not closed yet")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.ground().data()
    }

    /// Where its SIP socket is.
    pub(crate) fn sip(&self) -> SocketAddr {
        let text = self.now("sip");
        text.trim_start_matches("sip:").parse().unwrap_or_else(|_| panic!("{text} is no address"))
    }

    /// Starts the gateway again with this line more under `[media]`.
    pub(crate) fn with_media(&mut self, line: &str) {
        let file = self.data().join("gateway/gateway.toml");
        let text = std::fs::read_to_string(&file).expect("the gateway's settings");
        assert!(text.contains("[media]\n"), "{text}");
        std::fs::write(&file, text.replace("[media]\n", &format!("[media]\n{line}\n"))).expect("its settings");
        self.kill_gateway();
    }

    /// `kill -9` for the gateway; back when the demo has started it again.
    pub(crate) fn kill_gateway(&mut self) {
        kill_and_await(self, "gateway_pid");
    }

    pub(crate) fn kill_archiver(&mut self) {
        kill_and_await(self, "archiver_pid");
    }

    /// The next line of the demo: it is ready, or ready again.
    pub(crate) fn await_line(&mut self) {
        let line = match self.said.recv_timeout(READY) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("the demo said nothing for {READY:?}\n{}", self.logs()),
            Err(RecvTimeoutError::Disconnected) => panic!("the demo ended\n{}", self.logs()),
        };
        self.now = serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: the demo said {line}"));
    }

    /// The demo's meeting as the gateway sees it.
    pub(crate) fn meeting(&self) -> Value {
        meeting_at(&self.control_socket())
    }

    /// Asks the gateway as the desk would, for the demo's meeting; the status of the answer.
    pub(crate) fn tells(&self, method: &str, what: &str, body: &Value) -> u16 {
        let path = format!("/v1/meetings/{}{what}", self.meeting()["id"].as_str().expect("its id"));
        http::tell_socket(&self.control_socket(), method, &path, body).expect("the control socket answers").status
    }

    /// The seat with everything the gateway says of it.
    pub(crate) fn seen(&self, number: u64) -> Value {
        let meeting = self.meeting();
        let seats = meeting["seats"].as_array().cloned().unwrap_or_default();
        seats.into_iter().find(|seat| seat["seat"] == number).unwrap_or(Value::Null)
    }

    pub(crate) fn control_socket(&self) -> PathBuf {
        self.data().join("gateway/control.sock")
    }

    /// What the gateway says of itself.
    pub(crate) fn health(&self) -> Value {
        http::ask_socket(&self.control_socket(), "GET", "/v1/health").expect("the control socket answers").json()
    }

    pub(crate) fn calls_now(&self) -> u64 {
        self.health()["calls"].as_u64().expect("a number of calls")
    }

    pub(crate) fn seats(&self) -> Vec<Seat> {
        Line::seats(self)
    }

    pub(crate) fn seat(&self, number: u64) -> Option<Seat> {
        Line::seat(self, number)
    }

    /// Waits until everybody has left and what was recorded lies with the archive: the spool is empty.
    pub(crate) fn await_handed_over(&self) {
        until("the gathering to end", HANDED_OVER, || self.seats().is_empty().then_some(()));
        until("the spool to be taken in", HANDED_OVER, || self.spool_is_empty().then_some(()));
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.data().join("gateway/spool")
    }

    pub(crate) fn spool_is_empty(&self) -> bool {
        spool_is_empty(&self.spool())
    }

    /// `archiver export --latest`, with the demo's own passphrase.
    pub(crate) fn export(&self, name: &str) -> Export {
        let output = self.try_export(name);
        assert!(
            output.status.success(),
            "archiver export: {}{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
            self.logs()
        );
        let dir = self.ground().path().join(name);
        let index = std::fs::read(dir.join("index.json")).expect("index.json");
        let index: Value = serde_json::from_slice(&index).expect("index.json is JSON");
        assert_eq!(index["purpose"], PURPOSE, "a copy says what it is for");
        Export { dir }
    }

    pub(crate) fn try_export(&self, name: &str) -> Output {
        let out = self.ground().path().join(name);
        self.archiver(&["export", "--latest", "--purpose", PURPOSE, "--out", &out.display().to_string()])
    }

    /// The archiver's command line, on the data of this house.
    pub(crate) fn archiver(&self, arguments: &[&str]) -> Output {
        Command::new(program("archiver"))
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .arg("--passphrase-file")
            .arg(self.data().join("demo-passphrase"))
            .output()
            .expect("archiver runs")
    }

    /// What the programs and the demo logged, for a story that failed.
    pub(crate) fn logs(&self) -> String {
        let Some(ground) = &self.ground else { return String::new() };
        let mut text = String::new();
        for name in ["demo.log", "data/gateway.log", "data/archiver.log"] {
            let log = std::fs::read(ground.path().join(name)).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            let last: Vec<&str> = log.lines().rev().take(LOG_LINES).collect();
            text.push_str(&format!("---- {name}\n"));
            for line in last.iter().rev() {
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }

    /// Every story's numbers, names, PINs and passphrase are looked for in every file and every name below the data directory
    /// and in the demo's own log. The passphrase's own file is the one place for it.
    fn assert_tells_nothing(&self) {
        let passphrase = std::fs::read_to_string(self.data().join("demo-passphrase")).unwrap_or_default();
        let planted = [
            ("a caller's number", PLANTED_NUMBER.trim_start_matches('+').to_owned()),
            ("a caller's name", PLANTED_NAME.to_owned()),
            ("the guests' PIN", self.guest_pin()),
            ("the chair's PIN", self.now("chair_pin")),
            ("the passphrase", passphrase.trim().to_owned()),
        ];
        for file in files_below(self.ground().path()) {
            let name = file.strip_prefix(self.ground().path()).expect("below it").to_string_lossy().into_owned();
            let content = std::fs::read(&file).unwrap_or_default();
            for (what, word) in &planted {
                assert!(word.len() >= 8, "{what} is too short to look for: {word:?}");
                let own = *what == "the passphrase" && name == "data/demo-passphrase";
                let told = content.windows(word.len()).any(|window| window == word.as_bytes());
                assert!(own || !told, "{what} stands in {name}");
                assert!(!name.contains(word.as_str()), "{what} stands in the name {name}");
            }
        }
    }

    fn end(&mut self) {
        if matches!(self.demo.try_wait(), Ok(None)) {
            signal(self.demo.id(), libc::SIGTERM);
            until("deploy/demo to end after SIGTERM", ENDED, || {
                matches!(self.demo.try_wait(), Ok(Some(_))).then_some(())
            });
        }
        self.assert_tells_nothing();
    }
}

impl Line for House {
    fn sip(&self) -> SocketAddr {
        Self::sip(self)
    }

    fn guest_pin(&self) -> String {
        Self::guest_pin(self)
    }

    fn meeting(&self) -> Value {
        Self::meeting(self)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
            // A second failure while failing would hide the first.
            signal(self.demo.id(), libc::SIGTERM);
            let _ = self.demo.wait();
        } else if self.ground.is_some() {
            self.end();
        }
    }
}

impl Export {
    /// What this seat said, if anything of it was kept.
    pub(crate) fn voice(&self, seat: u64) -> Option<Sound> {
        let file = self.dir.join(format!("voice-{seat}.wav"));
        file.exists().then(|| Sound::read(&file))
    }

    pub(crate) fn all(&self) -> Sound {
        Sound::read(&self.dir.join("all.wav"))
    }
}

/// The demo's meeting as the gateway with this control socket sees it.
pub(super) fn meeting_at(socket: &Path) -> Value {
    let answer = http::ask_socket(socket, "GET", "/v1/meetings").expect("the control socket answers");
    assert_eq!(answer.status, 200, "GET /v1/meetings");
    answer.json().as_array().and_then(|all| all.first()).cloned().expect("the demo's meeting")
}

pub(super) fn spool_is_empty(spool: &Path) -> bool {
    ["open", "ready", "orders"]
        .iter()
        .all(|place| std::fs::read_dir(spool.join(place)).map_or(true, |mut entries| entries.next().is_none()))
}

/// Sends a signal to a process this story started, or had the demo start.
#[expect(unsafe_code, reason = "the standard library can only kill, and only its own children")]
pub(crate) fn signal(pid: u32, signal: i32) {
    // SAFETY: kill(2) reads two numbers and no memory.
    unsafe { libc::kill(pid as i32, signal) };
}

/// The lines of a pipe, read by a thread so that a wait for one can end.
pub(crate) fn lines_of(pipe: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (to, from) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                break;
            }
        }
    });
    from
}

fn kill_and_await(house: &mut House, who: &str) {
    let pid: u32 = house.now(who).parse().expect("a process id");
    signal(pid, libc::SIGKILL);
    house.await_line();
    assert_ne!(house.now(who), pid.to_string(), "the demo started it again");
}

/// Where `deploy/test` has not built the programs, the first story does.
fn build_once() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        if std::env::var("AMTSLEITUNG_BUILT").as_deref() == Ok("1") {
            return;
        }
        let status = Command::new("cargo")
            .args(["build", "-p", "gateway", "-p", "archiver"])
            .current_dir(top())
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the programs do not build");
    });
}

/// Free for datagrams and for connections.
pub(super) fn free_sip_port(host: &str) -> u16 {
    let free = || {
        let socket = UdpSocket::bind(format!("{host}:0")).ok()?;
        let port = socket.local_addr().ok()?.port();
        TcpListener::bind(format!("{host}:{port}")).ok().map(|_| port)
    };
    (0..20).find_map(|_| free()).expect("a free port")
}

fn free_tcp_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port()
}

const PURPOSE: &str = "Protokoll";
/// A cold start of both programs in a debug build, on a busy machine.
const READY: Duration = Duration::from_secs(90);
const HANDED_OVER: Duration = Duration::from_secs(30);
const ENDED: Duration = Duration::from_secs(25);
const LOG_LINES: usize = 40;
