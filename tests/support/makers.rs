//! Telephones of other makers, as people have them: baresip (libre) and linphonec (liblinphone), both without a screen.
//!
//! Each says its person's tone from a WAV file as long as the call lasts, keys digits as RFC 4733 events, and keeps what
//! it heard. baresip takes no loopback address for its sound and linphonec prefers IPv6, so both live in a [`Network`] of
//! their own.
//!
//! Not here: a telephone whose every second is measured while it rings (`phone`).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::ears::{Person, Sound};
use super::house::lines_of;
use super::network::Network;
use super::until;

/// baresip 1.0, driven over its control port.
#[derive(Debug)]
pub(crate) struct Baresip {
    child: Child,
    control: TcpStream,
    kept: PathBuf,
    log: PathBuf,
}

/// What a telephone says at the end of a call of the control packets (RTCP), sent and received.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reports {
    /// Packets that the reports count.
    pub(crate) packets: [u32; 2],
    pub(crate) lost: [i32; 2],
    pub(crate) jitter_ms: [f32; 2],
}

/// linphonec 5, driven by lines on its standard input.
#[derive(Debug)]
pub(crate) struct Linphone {
    child: Child,
    lines: ChildStdin,
    said: Receiver<String>,
    kept: PathBuf,
}

impl Baresip {
    /// Calls `uri`; back when the call stands. `dir` is for its settings and what it keeps.
    pub(crate) fn calls(network: &Network, dir: &Path, who: Person, uri: &str) -> Self {
        let (settings, kept) = (dir.join("baresip"), dir.join("baresip-heard"));
        std::fs::create_dir_all(&settings).expect("a directory");
        std::fs::create_dir_all(&kept).expect("a directory");
        let voice = voice_of(who, dir);
        let inside = match uri.contains('[') {
            true => &format!("[{}]", network.inside_v6),
            false => &network.inside,
        };
        let config = format!(
            "poll_method epoll\nsip_listen {inside}:5080\nnet_interface {}\naudio_player aubridge,x\n\
             audio_source aufile,{}\naudio_alert aubridge,y\nausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\n\
             auplay_channels 1\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aufile.so\n\
             module aubridge.so\nmodule sndfile.so\nsnd_path {}\nmodule_tmp uuid.so\nmodule_tmp account.so\n\
             module_app ctrl_tcp.so\nctrl_tcp_listen {inside}:4444\nmodule_app menu.so\nrtp_stats yes\n",
            network.interface(),
            voice.display(),
            kept.display()
        );
        let account = format!("<sip:{who:?}@{inside}>;regint=0;audio_codecs=PCMA/8000/1\n");
        std::fs::write(settings.join("config"), config).expect("its settings");
        std::fs::write(settings.join("accounts"), account).expect("its account");
        std::fs::write(settings.join("contacts"), "").expect("its contacts");
        let (said, log) = (dir.join("baresip.log"), std::fs::File::create(dir.join("baresip.log")).expect("a log"));
        let child = network
            // A line at a time: what it says when it ends would not get out otherwise.
            .command("stdbuf")
            .args(["-oL", "baresip", "-f"])
            .arg(&settings)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("baresip runs");
        let port = format!("{inside}:4444");
        let control = until("baresip's control port", START, || TcpStream::connect(&port).ok());
        control.set_read_timeout(Some(START)).expect("a time-out");
        let mut phone = Self { child, control, kept, log: said };
        phone.command("dial", uri);
        phone.awaits("CALL_ESTABLISHED");
        phone
    }

    pub(crate) fn keys(&mut self, digits: &str) {
        for digit in digits.chars() {
            self.command("sndcode", &digit.to_string());
            std::thread::sleep(BETWEEN_KEYS);
        }
    }

    /// Hangs up; what it heard from the answer on.
    pub(crate) fn hangs_up(self) -> Sound {
        self.hangs_up_and_reports().0
    }

    /// The same, with what it learned from control packets.
    pub(crate) fn hangs_up_and_reports(mut self) -> (Sound, Reports) {
        self.command("hangup", "");
        self.awaits("CALL_CLOSED");
        self.command("quit", "");
        let _ = self.child.wait();
        let dump = std::fs::read_dir(&self.kept)
            .expect("its directory")
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .find(|path| path.to_string_lossy().ends_with("-dec.wav"))
            .expect("baresip kept what it heard");
        let said = std::fs::read(&self.log).expect("its log");
        (Sound::read_what_is_there(&dump), Reports::read(&String::from_utf8_lossy(&said)))
    }

    /// Netstrings of JSON, as `ctrl_tcp` speaks.
    fn command(&mut self, command: &str, parameters: &str) {
        let text = serde_json::json!({ "command": command, "params": parameters, "token": "t" }).to_string();
        self.control.write_all(format!("{}:{text},", text.len()).as_bytes()).expect("baresip listens");
    }

    fn awaits(&mut self, event: &str) {
        let (mut seen, mut bytes) = (String::new(), [0_u8; 4096]);
        let end = Instant::now() + CALL;
        while !seen.contains(event) {
            assert!(Instant::now() < end, "baresip: waited in vain for {event}; it said {seen}");
            match self.control.read(&mut bytes) {
                Ok(0) => panic!("baresip ended; waited for {event}; it said {seen}"),
                Ok(length) => seen.push_str(&String::from_utf8_lossy(&bytes[..length])),
                Err(_) => {}
            }
        }
    }
}

impl Reports {
    /// From lines such as `lost:   0   0`.
    fn read(said: &str) -> Self {
        let pair = |name: &str| {
            let line = said.lines().find_map(|line| line.trim().strip_prefix(name));
            let line = line.unwrap_or_else(|| panic!("baresip says nothing of {name} It said {said}"));
            let mut numbers = line.split_whitespace().filter_map(|number| number.parse::<f32>().ok());
            [(); 2].map(|()| numbers.next().unwrap_or_else(|| panic!("{name}{line}")))
        };
        Self {
            packets: pair("pkt.report:").map(|number| number as u32),
            lost: pair("lost:").map(|number| number as i32),
            jitter_ms: pair("jitter:"),
        }
    }
}

impl Linphone {
    /// Calls `uri`; back when sound flows. `dir` is for its settings and what it keeps.
    pub(crate) fn calls(network: &Network, dir: &Path, who: Person, uri: &str) -> Self {
        let home = dir.join("linphone");
        std::fs::create_dir_all(home.join(".local/share/linphone")).expect("a directory");
        let settings = home.join("rc");
        std::fs::write(&settings, "[sip]\nsip_port=5081\nuse_ipv6=0\n[sound]\nechocancellation=0\n").expect("settings");
        let voice = voice_of(who, dir);
        let kept = dir.join("linphone-heard.wav");
        let log = std::fs::File::create(dir.join("linphone.log")).expect("a log");
        // Home must be its own before sudo or ip change it, so env sets it inside.
        let mut child = network
            .command("env")
            .arg(format!("HOME={}", home.display()))
            .args(["linphonec", "-c"])
            .arg(&settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("linphonec runs");
        let said = lines_of(child.stdout.take().expect("its output"));
        let lines = child.stdin.take().expect("its input");
        let mut phone = Self { child, lines, said, kept };
        phone.says("soundcard use files");
        phone.says(&format!("play {}", voice.display()));
        phone.says(&format!("record {}", phone.kept.display()));
        phone.says(&format!("call {uri}"));
        phone.awaits("Media streams established");
        phone
    }

    pub(crate) fn keys(&mut self, digits: &str) {
        for digit in digits.chars() {
            self.says(&digit.to_string());
            std::thread::sleep(BETWEEN_KEYS);
        }
    }

    /// Hangs up; what it heard.
    pub(crate) fn hangs_up(mut self) -> Sound {
        self.says("terminate");
        self.awaits("ended");
        self.says("quit");
        let _ = self.child.wait();
        Sound::read_what_is_there(&self.kept)
    }

    fn says(&mut self, line: &str) {
        writeln!(self.lines, "{line}").and_then(|()| self.lines.flush()).expect("linphonec listens");
    }

    fn awaits(&mut self, words: &str) {
        let end = Instant::now() + CALL;
        let mut seen = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.said.recv_timeout(left) {
                Ok(line) if line.contains(words) => return,
                Ok(line) => seen.push(line),
                Err(_) => panic!("linphonec: waited in vain for {words:?}; it said {seen:#?}"),
            }
        }
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A WAV of this person's tone that outlasts every call of a story: baresip hangs up when its file ends.
fn voice_of(who: Person, dir: &Path) -> PathBuf {
    let file = dir.join(format!("{who:?}.wav"));
    let mut samples = vec![0_i16; (media::RATE_HZ * VOICE_S) as usize];
    media::tone::sine(who.hz() as f32, -16.0, 0, &mut samples);
    Sound { rate_hz: media::RATE_HZ, samples }.write(&file);
    file
}

const START: Duration = Duration::from_secs(10);
const CALL: Duration = Duration::from_secs(60);
/// As fast as a person keys; linphonec sends a digit as 100 ms of events and drops the next while one is going out.
const BETWEEN_KEYS: Duration = Duration::from_millis(300);
const VOICE_S: u32 = 300;
