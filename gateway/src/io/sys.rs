//! The five system calls that the standard library does not offer, and so this crate's only `unsafe`.
//!
//! Each function wraps one call whose arguments live on its own stack for as long as the call lasts; nothing unsafe
//! leaves this file.
//!
//! Not here: what the readings mean (`clock`), and when a socket is opened again to candidates (`socket`).
#![expect(
    unsafe_code,
    reason = "absolute sleep, NTP state, descriptor limit and taking back connect() have no safe form in std"
)]

use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

/// What the kernel knows of its own wall clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Discipline {
    /// Something keeps the clock right.
    pub(super) ntp: bool,
    /// What is still being slewed away, microseconds.
    pub(super) offset_us: i64,
    /// How wrong the clock may be at most, microseconds.
    pub(super) error_us: i64,
}

/// CLOCK_MONOTONIC in nanoseconds.
pub(super) fn monotonic_ns() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid place for the whole call; CLOCK_MONOTONIC exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    u64::try_from(now.tv_sec).unwrap_or(0) * SECOND_NS + u64::try_from(now.tv_nsec).unwrap_or(0)
}

/// Sleeps until CLOCK_MONOTONIC shows `at_ns`; returns at once when it already does.
pub(super) fn sleep_until(at_ns: u64) {
    let at = libc::timespec {
        tv_sec: libc::time_t::try_from(at_ns / SECOND_NS).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::try_from(at_ns % SECOND_NS).unwrap_or(0),
    };
    // SAFETY: `at` outlives the call and the remainder is not asked for.
    while unsafe {
        libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, &raw const at, std::ptr::null_mut())
    } == libc::EINTR
    {}
}

/// Asks, and sets nothing: needs no privilege.
pub(super) fn discipline() -> Discipline {
    // SAFETY: all zeroes is a valid `timex`, and `modes == 0` makes the call a pure reading.
    let (state, timex) = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        let state = libc::adjtimex(&raw mut timex);
        (state, timex)
    };
    if state < 0 {
        return Discipline { ntp: false, offset_us: 0, error_us: UNKNOWN_ERROR_US };
    }
    let nanoseconds = timex.status & libc::STA_NANO != 0;
    Discipline {
        ntp: state != libc::TIME_ERROR && timex.status & libc::STA_UNSYNC == 0,
        offset_us: if nanoseconds { timex.offset / 1000 } else { timex.offset },
        error_us: timex.maxerror,
    }
}

/// Takes back an earlier `connect`, so that packets from everybody are readable again. The bound port stays.
pub(super) fn unconnect(socket: &UdpSocket) -> io::Result<()> {
    // SAFETY: all zeroes is a valid `sockaddr`; the descriptor is open for as long as `socket` is borrowed.
    let result = unsafe {
        let mut nobody: libc::sockaddr = std::mem::zeroed();
        nobody.sa_family = libc::AF_UNSPEC as libc::sa_family_t;
        libc::connect(socket.as_raw_fd(), &raw const nobody, size_of::<libc::sockaddr>() as libc::socklen_t)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Lets this process hold as many descriptors as it is allowed at all, and says how many that are.
pub(super) fn raise_descriptors() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place for the whole of both calls, and is only read by the second.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) != 0 {
            return 0;
        }
        let before = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        if libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) == 0 { limit.rlim_cur } else { before }
    }
}

const SECOND_NS: u64 = 1_000_000_000;

/// What the kernel itself says of a clock that nothing keeps right.
const UNKNOWN_ERROR_US: i64 = 16_000_000;
