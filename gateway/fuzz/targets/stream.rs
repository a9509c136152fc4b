//! What a connection brings, cut into messages: the same in one read and in many. Seeds: `gateway/sip/testdata/rfc4475`.
//!
//! The last byte says how long a read is.
//!
//! Not here: what must hold of it (`sip::promises`).

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((last, bytes)) = bytes.split_last() else { return };
    if let Err(wrong) = sip::promises::stream(bytes, || usize::from(*last) + 1) {
        panic!("{wrong}");
    }
});
