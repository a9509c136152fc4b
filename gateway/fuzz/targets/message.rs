//! The message door, with the pre-parser in front of it and `rsip` behind. Seeds: `gateway/sip/testdata/rfc4475`.
//!
//! Not here: what must hold of it (`sip::promises`).

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for on_stream in [false, true] {
        if let Err(wrong) = sip::promises::message(bytes, on_stream) {
            panic!("{wrong}");
        }
    }
});
