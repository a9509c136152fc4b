//! A disk that stands still, and one that is full: the recording suffers as little as it can, the calls not at all.
//!
//! Each story has a file system of its own below the gateway's spool. Needs root, or sudo without a password, as `network`.
//!
//! Not here: a killed program (`crash`), a power cut (`archiver/spool/src/tests/power.rs`).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::support::ears::Person::{Anna, Clara};
use crate::support::house::{Ground, House, Wish};
use crate::support::network::as_root;
use crate::support::phone::Phone;
use crate::support::{http, until};

/// A file system that lies below the spool of a house.
struct Disk {
    at: PathBuf,
    /// The file it lies in, if it does not lie in memory.
    _image: Option<tempfile::NamedTempFile>,
}

impl Disk {
    fn below(ground: &Ground, mount: &[&str], image: Option<tempfile::NamedTempFile>) -> Self {
        let at = ground.data().join("gateway/spool");
        std::fs::create_dir_all(&at).expect("a place for the spool");
        root("mount", &[mount, &[&*at.display().to_string()]].concat());
        root("chown", &[&owner(&ground.data()), &at.display().to_string()]);
        Self { at, _image: image }
    }

    /// In memory, with room for a little more than the gateway's floor.
    fn small(ground: &Ground) -> Self {
        Self::below(ground, &["-t", "tmpfs", "-o", "size=240m", "none"], None)
    }

    /// One that can be made to stand still.
    fn that_freezes(ground: &Ground) -> Self {
        let image = tempfile::NamedTempFile::new().expect("a file");
        image.as_file().set_len(600 << 20).expect("a file with holes");
        let name = image.path().display().to_string();
        root("mkfs.ext4", &["-q", "-E", "lazy_itable_init=1,lazy_journal_init=1", &name]);
        Self::below(ground, &["-t", "ext4", &name], Some(image))
    }

    /// Whoever writes now waits.
    fn freeze(&self) {
        root("fsfreeze", &["-f", &self.at.display().to_string()]);
    }

    fn thaw(&self) {
        root("fsfreeze", &["-u", &self.at.display().to_string()]);
    }

    /// Takes the last byte of it.
    fn fill(&self) {
        let mut filler = std::fs::File::create(self.filler()).expect("a file");
        let block = vec![0; 1 << 20];
        while std::io::Write::write_all(&mut filler, &block).is_ok() {}
    }

    fn make_room(&self) {
        std::fs::remove_file(self.filler()).expect("it was filled");
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A frozen one could not be taken away.
        let at = self.at.display().to_string();
        let _ = as_root("fsfreeze").args(["-u", &at]).output();
        let _ = as_root("umount").args(["-l", &at]).output();
    }
}

fn root(program: &str, arguments: &[&str]) {
    let output = as_root(program).args(arguments).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {}: {said}", arguments.join(" "));
}

fn owner(of: &std::path::Path) -> String {
    use std::os::unix::fs::MetadataExt;
    let it = std::fs::metadata(of).expect("it is there");
    format!("{}:{}", it.uid(), it.gid())
}

fn log(house: &House) -> String {
    std::fs::read_to_string(house.data().join("gateway.log")).unwrap_or_default()
}

#[test]
fn a_disk_that_stands_still_for_three_seconds_delays_nobody_and_loses_nothing() {
    let ground = Ground::new();
    let disk = Disk::that_freezes(&ground);
    let house = House::on(ground, &Wish::default());
    let mut anna = Phone::recorded(&house, Anna);
    let mut clara = Phone::off_record(&house, Clara);
    anna.speaks();
    clara.hears(Anna);
    let began = Instant::now();
    disk.freeze();
    let seconds = clara.listens(4);
    disk.thaw();
    assert!(began.elapsed() >= Duration::from_secs(3));
    for second in &seconds {
        let heard = crate::support::phone::tone(second, Anna).expect("the tone was listed");
        assert!(heard > -35.0, "the mix waited for the disk: {second}");
    }
    anna.listens(1);
    let said = anna.falls_silent();
    anna.hangs_up();
    clara.hangs_up();
    house.await_handed_over();
    let kept = house.export("kopie").all().seconds_of(Anna);
    assert!((kept - said).abs() < 1.0, "{said} s were said, {kept} s are kept");
    let ground = house.close();
    drop((disk, ground));
}

#[test]
fn a_full_disk_is_said_aloud_calls_go_on_and_recording_resumes_when_there_is_room() {
    let ground = Ground::new();
    let disk = Disk::small(&ground);
    let house = House::on(ground, &Wish::default());
    let mut anna = Phone::recorded(&house, Anna);
    let mut clara = Phone::recorded(&house, Clara);
    anna.speaks();
    clara.hears(Anna);
    let before = clara.listens(2).len() as f32;
    anna.falls_silent();
    clara.listens(3);

    disk.fill();
    // Nobody speaks: what is heard now is the house itself.
    clara.awaits("a sentence about the recording", Duration::from_secs(10), spoken);
    until("the gateway's own word on it", Duration::from_secs(5), || {
        log(&house).contains("nothing can be recorded").then_some(())
    });
    assert_eq!(held_up(&house), "1", "a monitor sees it");
    anna.speaks();
    clara.hears(Anna);
    anna.falls_silent();
    clara.listens(8);

    disk.make_room();
    clara.awaits("a sentence that it goes on", Duration::from_secs(10), spoken);
    assert_eq!(held_up(&house), "0");
    anna.speaks();
    clara.hears(Anna);
    let after = clara.listens(2).len() as f32;
    anna.falls_silent();
    anna.hangs_up();
    clara.hangs_up();
    house.await_handed_over();
    let kept = house.export("kopie").all().seconds_of(Anna);
    assert!(kept > before + after - 1.0, "before and after the trouble {before} s and {after} s, kept {kept} s");
    assert_eq!(http::ask_socket(&house.control_socket(), "GET", "/v1/meetings").map(|answer| answer.status), Some(200));
    let ground = house.close();
    drop((disk, ground));
}

/// How many meetings cannot be recorded though they ought to be, as the metrics say.
fn held_up(house: &House) -> String {
    let page = http::ask_socket(&house.control_socket(), "GET", "/v1/metrics").expect("metrics");
    let page = String::from_utf8(page.body).expect("text");
    let line = page.lines().find_map(|line| line.strip_prefix("amtsleitung_gateway_recording_held_up "));
    line.unwrap_or_else(|| panic!("{page}")).to_owned()
}

/// A second in which something is heard that is nobody's tone.
fn spoken(event: &serde_json::Value) -> bool {
    let tones = event["tones"].as_array();
    let loudest = tones.into_iter().flatten().filter_map(|tone| tone["dbov"].as_f64()).fold(-127.0, f64::max);
    event["event"] == "second"
        && event["level_dbov"].as_f64().is_some_and(|level| level > -45.0 && level > loudest + 6.0)
}
