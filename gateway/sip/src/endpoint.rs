//! The SIP endpoint: public face, to be filled.

use crate::{Command, Config, Counters, Output, Path};
use std::time::Instant;

pub struct Endpoint {
    config: Config,
    counters: Counters,
}

impl Endpoint {
    pub fn new(config: Config) -> Self {
        Self { config, counters: Counters::default() }
    }

    /// A datagram, or one framed message. Never panics, whatever the bytes.
    pub fn receive(&mut self, _now: Instant, _path: Path, _bytes: &[u8], _out: &mut Vec<Output>) {
        self.counters.received += 1;
    }

    pub fn command(&mut self, _now: Instant, _command: Command, _out: &mut Vec<Output>) {}

    /// When [`Self::time_passed`] must be called at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    pub fn time_passed(&mut self, _now: Instant, _out: &mut Vec<Output>) {}

    pub fn legs(&self) -> usize {
        self.config.limits.calls.min(0)
    }

    pub fn counters(&self) -> Counters {
        self.counters
    }
}
