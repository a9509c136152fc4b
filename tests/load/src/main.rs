//! What `deploy/bench` runs: hundreds of callers against the gateway, and against a yardstick in the same minutes.
//!
//! `load GATEWAY [--quick]` prints a table. CPU time is that of the process under load, from the kernel's own count, so
//! other work on the machine moves it little; delays do suffer from it. Nothing is asserted: figures are for people.
//!
//! Not here: what is right (the stories say that).
#![expect(clippy::disallowed_methods, reason = "measuring is all effect: sockets, threads, real time")]

mod calls;
mod flood;
mod line;
mod process;
mod sound;
mod uneven;
mod wire;
mod yardstick;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use calls::Callers;
use flood::Flood;
use line::{Failure, Line, What};
use sound::{Heard, Key, Sound};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["uneven"] => {
            uneven_table();
            Ok(())
        }
        ["yardstick", port] => match port.parse() {
            Ok(port) => yardstick::run(port).map_err(Failure::from),
            Err(_) => Err(format!("{port} is no port").into()),
        },
        [gateway] => bench(PathBuf::from(gateway), &Extent::WHOLE),
        [gateway, "--quick"] => bench(PathBuf::from(gateway), &Extent::QUICK),
        _ => Err("usage: load GATEWAY [--quick]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("load: {why}");
            ExitCode::FAILURE
        }
    }
}

/// How much is measured.
struct Extent {
    rounds: usize,
    window: Duration,
    bursts: Duration,
    setups: usize,
}

impl Extent {
    const WHOLE: Self =
        Self { rounds: 2, window: Duration::from_secs(10), bursts: Duration::from_secs(12), setups: 800 };
    const QUICK: Self = Self { rounds: 1, window: Duration::from_secs(5), bursts: Duration::from_secs(6), setups: 300 };
}

/// One room full of callers, measured for a while.
#[derive(Debug)]
struct Run {
    what: What,
    callers: usize,
    heard: Heard,
    /// Packets that would have come at 50 a second.
    expected: f64,
    cpu_ms_per_call_s: f64,
    memory_kb: f64,
    delays: Vec<f64>,
    threads: Vec<(String, f64)>,
}

fn bench(gateway: PathBuf, extent: &Extent) -> Result<(), Failure> {
    println!("load average before: {}", process::load_average());
    let mut runs = Vec::new();
    for round in 0..extent.rounds {
        for callers in ROOMS {
            // In turns, so that a busy minute hits both.
            let mut both = [What::Gateway, What::Yardstick];
            if round % 2 == 1 {
                both.reverse();
            }
            for what in both {
                eprintln!("round {}: {callers} callers, {what:?}", round + 1);
                runs.push(room(what, callers, &gateway, extent)?);
            }
        }
    }
    eprintln!("set-up: {} calls, {SETUPS_A_SECOND} a second", extent.setups);
    let setups = setups(&gateway, extent)?;
    eprintln!("a stranger's flood");
    let floods = floods(&gateway, extent)?;
    println!("load average after: {}", process::load_average());
    rooms_table(&runs);
    uneven_table();
    floods_table(&floods);
    threads_table(&runs);
    setups.print();
    Ok(())
}

/// Fills a room, measures, empties it.
fn room(what: What, callers: usize, gateway: &std::path::Path, extent: &Extent) -> Result<Run, Failure> {
    let line = Line::start(what, gateway)?;
    let before_kb = process::resident_kb(line.pid());
    let sound = Sound::start(callers)?;
    let mut calls = Callers::new(line.sip, &sound.addresses, CALLS_A_SECOND, None)?;
    let _ = fill(what, &line, &sound, &mut calls, callers)?;
    calls.serve(Instant::now() + SETTLE);

    sound.count();
    let (began, cpu) = (Instant::now(), process::cpu(line.pid()));
    let threads = process::cpu_by_thread(line.pid());
    calls.serve(began + extent.window);
    let (lasted, cpu) = (began.elapsed().as_secs_f64(), process::cpu(line.pid()) - cpu);
    sound.stop_counting();
    let threads = by_thread(&threads, &process::cpu_by_thread(line.pid()), callers as f64 * lasted);
    let memory_kb = (process::resident_kb(line.pid()) - before_kb) / callers as f64;

    let delays = if callers == DELAYS_AT {
        calls.serve(Instant::now() + SETTLE);
        sound.tones(extent.bursts, |end| calls.serve(end)).delays_ms
    } else {
        Vec::new()
    };
    calls.hang_up_all();
    let heard = sound.end();
    let expected = callers as f64 * lasted * 50.0;
    let cpu_ms_per_call_s = cpu.as_secs_f64() * 1000.0 / (callers as f64 * lasted);
    Ok(Run { what, callers, heard, expected, cpu_ms_per_call_s, memory_kb, delays, threads })
}

/// Until everybody is in the room; where the first caller sends to.
fn fill(
    what: What,
    line: &Line,
    sound: &Sound,
    calls: &mut Callers,
    callers: usize,
) -> Result<Option<SocketAddr>, Failure> {
    let keys = match what {
        What::Gateway => keys(),
        What::Yardstick => Vec::new(),
    };
    let end = Instant::now() + FILL;
    let mut first = None;
    loop {
        calls.serve(Instant::now() + LOOK);
        for up in calls.answered.drain(..) {
            first = first.or((up.number == 0).then_some(up.media));
            sound.up(up.number, up.media, up.events, keys.clone());
        }
        let seated = match what {
            What::Gateway => line.in_room()?,
            What::Yardstick => calls.up(),
        };
        if seated == callers {
            return Ok(first);
        }
        if Instant::now() > end {
            let up = calls.up();
            let why = format!("{seated} of {callers} are in the room, {up} calls are up; {} refused", calls.refused);
            return Err(format!("{why}\n{}", line.log()).into());
        }
    }
}

/// What a room is like while a stranger sends to the port of its first caller, who talks.
struct Flooded {
    packets_a_second: u32,
    heard: Heard,
    expected: f64,
    cpu_ms_per_call_s: f64,
    /// Tones of all callers in turn that reached the others, of those that should have.
    tones: f64,
}

fn floods(gateway: &std::path::Path, extent: &Extent) -> Result<Vec<Flooded>, Failure> {
    FLOODS.into_iter().map(|rate| flooded(gateway, extent, rate)).collect()
}

fn flooded(gateway: &std::path::Path, extent: &Extent, packets_a_second: u32) -> Result<Flooded, Failure> {
    let line = Line::start(What::Gateway, gateway)?;
    let sound = Sound::start(FLOODED_ROOM)?;
    let mut calls = Callers::new(line.sip, &sound.addresses, CALLS_A_SECOND, None)?;
    let port = fill(What::Gateway, &line, &sound, &mut calls, FLOODED_ROOM)?.ok_or("nobody was answered")?;
    calls.serve(Instant::now() + SETTLE);
    let flood = (packets_a_second > 0).then(|| Flood::begin(port, packets_a_second)).transpose()?;
    sound.count();
    let (began, cpu) = (Instant::now(), process::cpu(line.pid()));
    calls.serve(began + extent.window);
    let (lasted, cpu) = (began.elapsed().as_secs_f64(), process::cpu(line.pid()) - cpu);
    sound.stop_counting();
    calls.serve(Instant::now() + SETTLE);
    let tones = sound.tones(extent.bursts, |end| calls.serve(end));
    let tones = tones.delays_ms.len() as f64 / tones.due as f64;
    if let Some(flood) = flood {
        eprintln!("{} packets of a stranger", flood.end());
    }
    calls.hang_up_all();
    Ok(Flooded {
        packets_a_second,
        heard: sound.end(),
        expected: FLOODED_ROOM as f64 * lasted * 50.0,
        cpu_ms_per_call_s: cpu.as_secs_f64() * 1000.0 / (FLOODED_ROOM as f64 * lasted),
        tones,
    })
}

fn floods_table(floods: &[Flooded]) {
    println!(
        "\n| {FLOODED_ROOM} callers; a stranger sends to the port of one who talks | packets missing | CPU ms a call and second | tones that reached the others |"
    );
    println!("|---|---|---|---|");
    for flooded in floods {
        let Flooded { packets_a_second, heard, expected, cpu_ms_per_call_s, tones } = flooded;
        let came = heard.received as f64 / expected * 100.0;
        println!(
            "| {packets_a_second} a second | {} (came {came:.2} %) | {cpu_ms_per_call_s:.3} | {:.1} % |",
            heard.missing,
            tones * 100.0
        );
    }
}

/// The way in for somebody who refuses to be recorded, which counts at once: PIN, 2, and # over what is still said.
fn keys() -> Vec<Key> {
    let wait = |ms| Key::Wait(Duration::from_millis(ms));
    let mut keys = vec![wait(6000)];
    keys.extend(line::PIN.chars().map(Key::Press));
    keys.extend([Key::Press('#'), wait(3000), Key::Press('2')]);
    for _ in 0..4 {
        keys.extend([wait(1500), Key::Press('#')]);
    }
    keys
}

struct Setups {
    calls: usize,
    again: usize,
    refused: usize,
    unanswered: usize,
    cpu_ms: f64,
    setup_ms: Vec<f64>,
}

/// Calls at a steady rate, each for a second, without sound from the callers.
fn setups(gateway: &std::path::Path, extent: &Extent) -> Result<Setups, Failure> {
    let line = Line::start(What::Gateway, gateway)?;
    let sink = std::net::UdpSocket::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
    let rtp = vec![sink.local_addr()?; extent.setups];
    std::thread::sleep(SETTLE);
    let idle = {
        let before = process::cpu(line.pid());
        std::thread::sleep(SETTLE);
        (process::cpu(line.pid()) - before).as_secs_f64() / SETTLE.as_secs_f64()
    };
    let (began, before) = (Instant::now(), process::cpu(line.pid()));
    let mut calls = Callers::new(line.sip, &rtp, SETUPS_A_SECOND, Some(Duration::from_secs(1)))?;
    let end = Instant::now() + Duration::from_secs(extent.setups as u64 / u64::from(SETUPS_A_SECOND) + 15);
    while !calls.over() && Instant::now() < end {
        calls.serve(Instant::now() + LOOK);
    }
    let cpu = (process::cpu(line.pid()) - before).as_secs_f64() - idle * began.elapsed().as_secs_f64();
    Ok(Setups {
        calls: extent.setups,
        again: calls.again,
        refused: calls.refused,
        unanswered: extent.setups - calls.refused - calls.setup_ms.len(),
        cpu_ms: cpu * 1000.0 / extent.setups as f64,
        setup_ms: calls.setup_ms,
    })
}

impl Setups {
    fn print(mut self) {
        self.setup_ms.sort_by(f64::total_cmp);
        println!(
            "\n| set-up, {SETUPS_A_SECOND} calls a second, held 1 s, without the idle gateway's own | figure | aim |"
        );
        println!("|---|---|---|");
        let Self { calls, again, refused, unanswered, .. } = self;
        println!(
            "| of {calls} calls: refused / unanswered / messages sent again | {refused} / {unanswered} / {again} | 0 |"
        );
        let (p50, p99) = (percentile(&self.setup_ms, 50), percentile(&self.setup_ms, 99));
        println!("| INVITE to 200 OK p50 / p99, ms | {p50:.1} / {p99:.1} | |");
        println!("| CPU ms a call | {:.2} | <= 2 |", self.cpu_ms);
    }
}

fn rooms_table(runs: &[Run]) {
    println!("\n| one room, PCMA, 3 talking | gateway | yardstick | ratio | aim |");
    println!("|---|---|---|---|---|");
    for callers in ROOMS {
        let of = |what| runs.iter().filter(move |run| run.what == what && run.callers == callers);
        let missing = |what| {
            let lost: u64 = of(what).map(|run| run.heard.missing).sum();
            let short: f64 = of(what).map(|run| (run.expected - run.heard.received as f64).max(0.0)).sum();
            let expected: f64 = of(what).map(|run| run.expected).sum();
            let deaf: usize = of(what).map(|run| run.heard.deaf).sum();
            format!("{lost} (came {:.2} %, deaf {deaf})", 100.0 - short / expected * 100.0)
        };
        let (ours, theirs) = (missing(What::Gateway), missing(What::Yardstick));
        println!("| {callers}: packets missing by their numbers | {ours} | {theirs} | | 0 |");
        let cpu = |what| mean(of(what).map(|run| run.cpu_ms_per_call_s));
        let (ours, theirs) = (cpu(What::Gateway), cpu(What::Yardstick));
        let ratio = ours / theirs;
        println!("| {callers}: CPU ms a call and second | {ours:.3} | {theirs:.3} | {ratio:.2} | <= 2 |");
        let memory = |what| mean(of(what).map(|run| run.memory_kb));
        println!(
            "| {callers}: memory kB a call | {:.0} | {:.0} | | <= 60 |",
            memory(What::Gateway),
            memory(What::Yardstick)
        );
        let late = runs.iter().filter(|run| run.callers == callers).map(|run| run.heard.late_ms).fold(0.0, f64::max);
        println!("| {callers}: the load itself late at worst, ms | | {late:.1} | | |");
    }
    let delays = |what| {
        let all = runs.iter().filter(|run| run.what == what).flat_map(|run| run.delays.iter().copied());
        let mut all: Vec<f64> = all.collect();
        all.sort_by(f64::total_cmp);
        format!("{:.1} / {:.1} ({})", percentile(&all, 50), percentile(&all, 99), all.len())
    };
    let (ours, theirs) = (delays(What::Gateway), delays(What::Yardstick));
    println!("| {DELAYS_AT}: added delay p50 / p99, ms (measurements) | {ours} | {theirs} | | <= 15 / 25 |");
}

fn uneven_table() {
    println!(
        "\n| the jitter buffer alone, on a made clock: packets under way for | delay p50 / p99, ms | made up | changes |"
    );
    println!("|---|---|---|---|");
    for most_ms in UNEVEN_MS {
        let uneven::Outcome { delays_ms, made_up_percent, changes_a_minute } = uneven::heard(most_ms);
        let (p50, p99) = (percentile(&delays_ms, 50), percentile(&delays_ms, 99));
        let changes = format!("{changes_a_minute:.2} a minute");
        println!("| 0 to {most_ms} ms, at random | {p50:.1} / {p99:.1} | {made_up_percent:.2} % | {changes} |");
    }
}

/// Where the gateway's time goes, so that whoever wants it smaller knows where to look.
fn threads_table(runs: &[Run]) {
    println!("\n| the gateway's threads | CPU ms a call and second |");
    println!("|---|---|");
    for run in runs.iter().filter(|run| run.what == What::Gateway) {
        for (name, ms) in &run.threads {
            println!("| {}: {name} | {ms:.3} |", run.callers);
        }
    }
}

/// Threads of one name are counted as one.
fn by_thread(before: &[(String, Duration)], after: &[(String, Duration)], call_seconds: f64) -> Vec<(String, f64)> {
    let sum = |of: &[(String, Duration)], name: &str| -> f64 {
        of.iter().filter(|(other, _)| other == name).map(|(_, time)| time.as_secs_f64()).sum()
    };
    let mut names: Vec<String> = after.iter().map(|(name, _)| name.clone()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .map(|name| (name.clone(), (sum(after, &name) - sum(before, &name)) * 1000.0 / call_seconds))
        .collect()
}

fn mean(of: impl Iterator<Item = f64>) -> f64 {
    let all: Vec<f64> = of.collect();
    all.iter().sum::<f64>() / all.len() as f64
}

/// Of sorted figures.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    match sorted.len() {
        0 => f64::NAN,
        n => sorted[((n - 1) * percent + 50) / 100],
    }
}

const ROOMS: [usize; 2] = [50, 200];
const DELAYS_AT: usize = 50;
const UNEVEN_MS: [u64; 5] = [0, 2, 10, 30, 60];
const FLOODED_ROOM: usize = 20;
const FLOODS: [u32; 3] = [0, 2_000, 20_000];
const CALLS_A_SECOND: u32 = 40;
const SETUPS_A_SECOND: u32 = 100;
const SETTLE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(200);
const FILL: Duration = Duration::from_secs(60);
