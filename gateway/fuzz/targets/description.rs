//! A session description: read, chosen from, answered, and the answer read again.
//!
//! Not here: what must hold of it (`sip::promises`).

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(wrong) = sip::promises::description(bytes) {
        panic!("{wrong}");
    }
});
