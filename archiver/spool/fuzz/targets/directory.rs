//! Directories that anybody may have written, as chunks and as orders: looked at, verified, and found open by a gateway's start.
//!
//! The first byte says which chunk of the vectors is the model, whether what became of it is chained and signed again (else
//! nothing behind the signature is ever reached), and whether a start finds it. Then files, each with two bytes of which one
//! it is and what is done with it: laid down with bytes of the input, or the model's with a piece taken out and others put
//! in, or left out. Lengths are cut at the end of the input.
//!
//! Not here: what each reason for refusing is (`spool`'s own tests).

#![no_main]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Value, json};
use spool::id::{GatewayId, Slot};
use spool::line::hash;
use spool::read::{self, Chunk};
use spool::sign::{SigningKey, VerifyingKey};
use spool::write::Spool;

type Files = BTreeMap<String, Vec<u8>>;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((how, mut rest)) = bytes.split_first() else { return };
    let (name, model) = &MODELS[usize::from(how & 3) % MODELS.len()];
    let mut files = model.clone();
    while let Some(([which, what], after)) = rest.split_first_chunk() {
        rest = after;
        change(&mut files, model, *which, *what, &mut rest);
    }
    if how & 4 != 0 {
        sign_again(&mut files);
    }
    let root = PLACE.as_path();
    let _old = fs::remove_dir_all(root);
    if name.is_empty() {
        orders(root, &files);
    } else if how & 8 != 0 {
        found_open(root, name, &files);
    } else {
        let dir = root.join(name);
        lay(&dir, &files);
        let _shown = read::look(&dir);
        if let Ok(chunk) = read::chunk(&dir, &trust) {
            holds(&chunk);
        }
    }
});

/// Takes the lengths and bytes that a change needs from the input.
fn change(files: &mut Files, model: &Files, which: u8, what: u8, rest: &mut &[u8]) {
    let names: Vec<&String> = model.keys().collect();
    let name = names[usize::from(which) % names.len()].clone();
    let mut number = || {
        let (number, after) = rest.split_first_chunk().map_or((0, &[][..]), |(two, after)| (u16::from_be_bytes(*two), after));
        *rest = after;
        usize::from(number)
    };
    match what % 4 {
        0 => drop(files.remove(&name)),
        1 => {
            let other = names[usize::from(what / 4) % names.len()];
            files.insert(name, model[other].clone());
        }
        _ => {
            let (at, out, length) = (number(), number(), number());
            let (put, after) = rest.split_at(length.min(rest.len()));
            *rest = after;
            let file = files.entry(name).or_default();
            let at = at.min(file.len());
            let end = if what % 4 == 2 { (at + out).min(file.len()) } else { file.len() };
            file.splice(at..end, put.iter().copied());
        }
    }
}

/// Chains, counts, hashes and the signature made anew over whatever the files now say.
fn sign_again(files: &mut Files) {
    let mut consent_head = hash(b"");
    if let Some(consent) = files.get_mut("consent.jsonl") {
        (*consent, consent_head) = chain(consent, |_, _| ());
    }
    let facts: Vec<Value> = files
        .iter()
        .filter(|(name, _)| *name != "media.jsonl")
        .map(|(name, bytes)| json!({"name": name, "bytes": bytes.len(), "sha256": hash(bytes)}))
        .collect();
    if let Some(media) = files.get_mut("media.jsonl") {
        (*media, _) = chain(media, |line, lines| {
            line["lines"] = lines.into();
            line["consent_head"] = consent_head.clone().into();
            line["files"] = facts.clone().into();
        });
    }
}

/// `close` may change the last line, which is then signed when it has a signature.
fn chain(journal: &[u8], close: impl Fn(&mut Value, usize)) -> (Vec<u8>, String) {
    let (mut text, mut prev) = (Vec::new(), hash(b""));
    let lines: Vec<&[u8]> = journal.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    for (n, bytes) in lines.iter().enumerate() {
        let mut line = bytes.to_vec();
        if let Ok(mut value) = serde_json::from_slice::<Value>(bytes)
            && value.is_object()
        {
            (value["n"], value["prev"]) = (n.into(), prev.clone().into());
            if n + 1 == lines.len() && value.get("signature").is_some() {
                close(&mut value, lines.len());
            }
            let signed = value.as_object_mut().and_then(|fields| fields.remove("signature")).is_some();
            let mut said = value.to_string();
            if signed {
                said.pop();
                let signature = KEY.sign(format!("amtsleitung spool 1 chunk\n{said}").as_bytes());
                let digits: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
                said.push_str(&format!(",\"signature\":\"{digits}\"}}"));
            }
            line = said.into_bytes();
        }
        prev = hash(&line);
        text.extend_from_slice(&line);
        text.push(b'\n');
    }
    (text, prev)
}

fn orders(root: &Path, files: &Files) {
    lay(root, files);
    for (name, bytes) in files {
        let read = spool::order::read(&root.join(name), &trust);
        assert!(read.is_err() || MODELS.iter().any(|(_, model)| model.get(name) == Some(bytes)), "nobody signed this");
    }
}

/// What a start makes of it verifies, or is refused for its reason; nothing stays open unless the start says so.
fn found_open(root: &Path, name: &str, files: &Files) {
    let Ok(spool) = Spool::at(root, KEY.clone()) else { return };
    lay(&root.join("open").join(name), files);
    if spool.recover(0).is_ok() {
        assert!(!root.join("open").join(name).exists(), "nothing is left open");
    }
    for name in spool.ready().unwrap_or_default() {
        if let Ok(chunk) = read::chunk(&root.join("ready").join(name), &trust) {
            holds(&chunk);
        }
    }
}

/// What must hold of a chunk that was taken, whoever signed it.
fn holds(chunk: &Chunk) {
    for voice in &chunk.voices {
        let until = voice.until.unwrap_or(chunk.until);
        let inside = |slot: Slot| slot >= voice.fact.from && slot < until;
        let covered = voice.records.iter().flat_map(|record| record.slots()).all(inside);
        assert!(covered || voice.uncovered.is_some(), "sound outside a permit is put aside");
        assert!(!chunk.erased.contains(&voice.fact.track), "an erased voice is not handed out");
    }
    let map = read::clock(chunk);
    for slot in [0, chunk.until.0, u64::MAX] {
        let _known_or_not = map.at(Slot(slot));
    }
}

fn lay(dir: &Path, files: &Files) {
    let _made = fs::create_dir_all(dir);
    for (name, bytes) in files {
        let _laid = fs::write(dir.join(name), bytes);
    }
}

fn trust(gateway: GatewayId) -> Option<VerifyingKey> {
    let key = KEY.verifying();
    (gateway == key.gateway()).then_some(key)
}

/// The chunks of the vectors by their names, and their orders under none.
fn models() -> Vec<(String, Files)> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/v1");
    let ready = read::ready(&vectors).expect("the vectors");
    let mut models: Vec<(String, Files)> =
        ready.into_iter().map(|name| (name.clone(), files(&vectors.join("ready").join(name)))).collect();
    models.push((String::new(), files(&vectors.join("orders"))));
    models
}

fn files(dir: &Path) -> Files {
    let named = |entry: fs::DirEntry| Some((entry.file_name().into_string().ok()?, fs::read(entry.path()).ok()?));
    fs::read_dir(dir).expect("the vectors").filter_map(|entry| named(entry.ok()?)).collect()
}

/// Of the vectors' gateway.
static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed([7; 32]));
static MODELS: LazyLock<Vec<(String, Files)>> = LazyLock::new(models);
/// In memory where there is such a place.
static PLACE: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let above = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    above.join(format!("spool-fuzz-{}", std::process::id()))
});
