//! Telephone sound as values: RTP, G.711, jitter, digits, levels, the mix.
//!
//! A [`leg::Leg`] is fed every packet of one call and gives back one [`Frame`] a slot; a [`mix::Mixer`] adds frames up;
//! the leg packs what goes back.
//! A slot is 20 ms of whoever calls: nothing here owns a socket, a clock or a thread, and the packet paths allocate nothing.
//!
//! Not here: who hears whom (`room`), what is kept (`tap`), which source a packet may come from (`io`).

pub mod dtmf;
pub mod g711;
pub mod jitter;
pub mod leg;
pub mod level;
pub mod mix;
pub mod resample;
pub mod rtp;
pub mod tone;

/// Samples a second of everything in this crate but [`resample`].
pub const RATE_HZ: u32 = 8_000;

/// Samples in a slot of 20 ms, and octets of G.711.
pub const SLOT_SAMPLES: usize = 160;

/// One slot of sound: 20 ms, 8 kHz, mono, linear.
pub type Frame = [i16; SLOT_SAMPLES];

/// One slot of sound as it travels: 20 ms of G.711 in one of its laws.
pub type Coded = [u8; SLOT_SAMPLES];

/// A slot in which nobody says anything.
pub const SILENCE: Frame = [0; SLOT_SAMPLES];
