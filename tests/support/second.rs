//! A second gateway beside a house, in the same meeting: a guest of the house's word.
//!
//! [`Second::beside`] starts it and has the archive link to both; the house's own gateway comes first in the settings and so
//! is the home. Its data lies on the house's ground, where nothing planted may be found either.
//!
//! Not here: what the two make of it (the stories).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::house::{House, Line, free_sip_port, meeting_at, signal, spool_is_empty};
use super::{http, program, until};

#[derive(Debug)]
pub(crate) struct Second {
    child: Child,
    data: PathBuf,
    sip: SocketAddr,
    pin: String,
}

impl Second {
    /// Back when it knows the meeting.
    pub(crate) fn beside(house: &mut House) -> Self {
        let data = house.data().join("second");
        std::fs::create_dir_all(&data).expect("a directory");
        let sip: SocketAddr = format!("127.0.0.1:{}", free_sip_port("127.0.0.1")).parse().expect("an address");
        let settings = data.join("gateway.toml");
        let text = format!("data = \"{}\"\n[[listen]]\nudp = \"{sip}\"\n[media]\nsource = \"latch\"\n", data.display());
        std::fs::write(&settings, text).expect("its settings");
        let log = std::fs::File::create(house.data().join("second.log")).expect("a log");
        let child = Command::new(program("gateway"))
            .args(["serve", "--config"])
            .arg(&settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("gateway runs");
        let second = Self { child, data, sip, pin: house.guest_pin() };
        until("the second gateway's control socket", READY, || {
            http::ask_socket(&second.control_socket(), "GET", "/v1/health").filter(|answer| answer.status == 200)
        });
        let file = house.data().join("archiver/archiver.toml");
        let text = std::fs::read_to_string(&file).expect("the archive's settings");
        let more = format!("\n[[gateway]]\nsocket = \"{}\"\n", second.control_socket().display());
        let both = text.replace("\n[demo]", &format!("{more}\n[demo]"));
        assert_ne!(both, text, "the settings of the demo have a [demo]");
        std::fs::write(&file, both).expect("its settings");
        house.kill_archiver();
        until("the meeting at the second gateway", READY, || {
            let answer = http::ask_socket(&second.control_socket(), "GET", "/v1/meetings")?;
            answer.json().as_array().is_some_and(|all| !all.is_empty()).then_some(())
        });
        second
    }

    /// Is everything it recorded with the archive?
    pub(crate) fn spool_is_empty(&self) -> bool {
        spool_is_empty(&self.data.join("spool"))
    }

    fn control_socket(&self) -> PathBuf {
        self.data.join("control.sock")
    }
}

impl Line for Second {
    fn sip(&self) -> SocketAddr {
        self.sip
    }

    fn guest_pin(&self) -> String {
        self.pin.clone()
    }

    fn meeting(&self) -> Value {
        meeting_at(&self.control_socket())
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        signal(self.child.id(), libc::SIGTERM);
        let _ = self.child.wait();
    }
}

const READY: Duration = Duration::from_secs(30);
