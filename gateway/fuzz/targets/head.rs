//! The pre-parser, whatever a datagram or a connection brings. Seeds: `gateway/sip/testdata/rfc4475`.
//!
//! Not here: what must hold of it (`sip::promises`).

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for on_stream in [false, true] {
        if let Err(wrong) = sip::promises::head(bytes, on_stream) {
            panic!("{wrong}");
        }
    }
});
