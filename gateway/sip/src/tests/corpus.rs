//! The messages of RFC 4475, written out anew after its sections, and what each is answered.
//!
//! The files are in `testdata/rfc4475` and named as there. They keep what each is about, not every byte; two thirds are
//! from UAs and one third has REGISTER, which we do not do and say so. Where our answer is another than the RFC has in
//! mind, the line says why.
//!
//! Not here: messages of our own making (`torture`), and broken ones without end (`mutation`).

use super::*;

/// Name, and what is said to it over UDP, first words.
const ANSWERS: [(&str, &[&str]); 49] = [
    // 3.1.1: well-formed. The first has a To tag, so it belongs to a call, and to none we know.
    ("wsinv", &["481 Call/Transaction"]),
    ("intmeth", &["405 Method"]),
    ("esc01", CALL),
    ("escnull", &["405 Method"]),
    // RE%47IST%45R is no REGISTER: escapes mean nothing in a method.
    ("esc02", &["405 Method"]),
    ("lwsdisp", &["200 OK"]),
    ("longreq", CALL),
    // One datagram is one message: the INVITE behind the REGISTER is thrown away.
    ("dblreq", &["405 Method"]),
    ("semiuri", &["200 OK"]),
    ("transports", &["200 OK"]),
    ("mpart01", &["405 Method"]),
    // Responses to nothing we asked.
    ("unreason", NOTHING),
    ("noreason", NOTHING),
    // 3.1.2: broken. The RFC lets us be lenient with empty parameters that change nothing.
    ("badinv01", CALL),
    ("clerr", &["400 Bad"]),
    ("ncl", &["400 Bad"]),
    ("scalar02", &["400 Bad"]),
    ("scalarlg", NOTHING),
    ("quotbal", &["400 Bad"]),
    ("ltgtruri", &["400 Bad"]),
    ("lwsruri", &["400 Unreadable"]),
    ("lwsstart", &["400 Unreadable"]),
    ("trws", &["400 Unreadable"]),
    // Headers in a target are ignored, which the RFC allows.
    ("escruri", CALL),
    // We do nothing with a Date.
    ("baddate", CALL),
    ("regbadct", &["405 Method"]),
    // White space and a comma before the address do not hide the address.
    ("badaspec", &["200 OK"]),
    ("baddn", &["200 OK"]),
    ("badvers", &["505 Version"]),
    ("mismatch01", &["400 Bad"]),
    ("mismatch02", &["400 Bad"]),
    ("bigcode", NOTHING),
    // 3.2: a branch that is only the cookie counts as none.
    ("badbranch", &["200 OK"]),
    // 3.3: without From, To and Call-ID there is nothing an answer could repeat.
    ("insuf", NOTHING),
    ("unkscm", &["416 Unsupported"]),
    ("novelsc", &["416 Unsupported"]),
    ("unksm2", &["405 Method"]),
    ("bext01", &["420 Bad"]),
    ("invut", &["415 Unsupported"]),
    ("regaut01", &["405 Method"]),
    ("multi01", &["400 Missing"]),
    ("mcl01", &["400 Bad"]),
    ("bcast", NOTHING),
    // The last hop is we.
    ("zeromf", &["200 OK"]),
    ("cparam01", &["405 Method"]),
    ("cparam02", &["405 Method"]),
    ("regescrt", &["405 Method"]),
    // Its Accept leaves SDP out, and its body is SDP: whoever offers it can read it. A person is waiting.
    ("sdp01", CALL),
    ("inv2543", CALL),
];

const CALL: &[&str] = &["100 Trying", "Incoming(1, offer: true)"];
const NOTHING: &[&str] = &[];

#[expect(clippy::disallowed_methods, reason = "a corpus is files")]
fn message(name: &str) -> Vec<u8> {
    std::fs::read(format!("testdata/rfc4475/{name}.dat")).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// Every message, for those who break them.
pub(super) fn messages() -> impl Iterator<Item = Vec<u8>> {
    ANSWERS.iter().map(|(name, _)| message(name))
}

#[test]
fn each_message_of_rfc_4475_gets_its_answer() {
    for (name, answer) in ANSWERS {
        assert_eq!(Lone::new().hear_from(them(), &message(name)).said(), answer, "{name}");
    }
}

#[test]
fn no_message_of_rfc_4475_is_without_an_answer_that_is_expected() {
    let mut files: Vec<String> = std::fs::read_dir("testdata/rfc4475")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut named: Vec<String> = ANSWERS.iter().map(|(name, _)| format!("{name}.dat")).collect();
    named.sort();
    assert_eq!(files, named);
}

#[test]
fn on_a_stream_two_of_rfc_4475_in_one_read_are_two_and_a_length_that_lies_ends_it() {
    let framed = |bytes: &[u8]| {
        let (mut stream, mut out) = (Stream::default(), Vec::new());
        stream.push(bytes, &mut out);
        out
    };
    let both = framed(&message("dblreq"));
    assert!(matches!(both.as_slice(), [Framed::Message(_), Framed::Message(_)]), "{both:?}");
    for name in ["ncl", "mcl01", "inv2543"] {
        assert!(matches!(framed(&message(name)).as_slice(), [Framed::Broken(_)]), "{name}");
    }
    assert!(framed(&message("clerr")).is_empty(), "the rest may yet come");
}
