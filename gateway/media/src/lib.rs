//! Telephone sound as values: RTP, codecs, jitter, digits, levels, the mix.
//!
//! A [`leg::Leg`] is fed every packet of one call and gives back one [`Sound`] a slot, at its codec's rate; a [`mix::Mixer`]
//! adds up what has one rate; an [`codec::Encoder`] and the leg pack what goes back.
//! A slot is 20 ms of whoever calls: nothing here owns a socket, a clock or a thread, and the packet paths allocate nothing.
//!
//! Not here: who hears whom (`room`), what is kept (`tap`), which source a packet may come from (`io`).

pub mod codec;
pub mod comfort;
mod depth;
pub mod dtmf;
pub mod g711;
mod g722;
pub mod jitter;
pub mod leg;
pub mod level;
pub mod mix;
mod opus_sound;
mod packets;
pub mod reception;
pub mod resample;
pub mod rtcp;
pub mod rtp;
pub mod sound;
mod stream;
pub mod tone;

pub use sound::Sound;

/// Samples a second of a narrow line.
pub const RATE_HZ: u32 = 8_000;

/// Samples in a slot of 20 ms, and octets of G.711.
pub const SLOT_SAMPLES: usize = 160;

/// One slot of sound: 20 ms, 8 kHz, mono, linear.
pub type Frame = [i16; SLOT_SAMPLES];

/// Samples a second of a wide line: G.722 and Opus.
pub const WIDE_RATE_HZ: u32 = 16_000;

/// Samples in a slot of a wide line.
pub const WIDE_SLOT_SAMPLES: usize = 2 * SLOT_SAMPLES;

/// One slot of sound: 20 ms, 16 kHz, mono, linear.
pub type WideFrame = [i16; WIDE_SLOT_SAMPLES];

/// One slot of sound as it travels: 20 ms of G.711 or G.722, or at most as much of Opus.
pub type Coded = [u8; SLOT_SAMPLES];

/// A slot in which nobody says anything.
pub const SILENCE: Frame = [0; SLOT_SAMPLES];
