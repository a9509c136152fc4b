//! The rules of the house that a reader can check and a compiler does not: shape of files, doors, fences, twins.
//!
//! Each test names the places that break its rule. What may stay for now is listed at the foot, by number or by name,
//! and the lists may only shrink.
//!
//! Not here: formatting and lints (`cargo fmt`, `cargo clippy`), behaviour (the stories).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::support::top;

#[test]
fn every_file_opens_by_saying_what_it_is() {
    let mut wrong = Vec::new();
    for source in sources() {
        let opening: String = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
        if opening.is_empty() || opening.contains("Not written yet") || opening.contains("Placeholder") {
            wrong.push(source.name);
        }
    }
    assert_none(&wrong, "these files do not open with `//!` saying what they are");
}

#[test]
fn no_file_is_longer_than_600_lines_before_its_tests() {
    let mut wrong = Vec::new();
    for source in sources() {
        let lines = source.before_tests().count();
        if lines > 600 {
            wrong.push(format!("{} has {lines}", source.name));
        }
    }
    assert_none(&wrong, "these files are longer than 600 lines before their tests");
}

#[test]
fn functions_over_60_lines_do_not_grow_in_number() {
    let mut long = Vec::new();
    for source in sources() {
        if !source.is_test() {
            long.extend(source.functions().filter(|f| f.lines > 60).map(|f| format!("{} {}", source.name, f.name)));
        }
    }
    let new: Vec<&String> = long.iter().filter(|name| !LONG_FUNCTIONS.contains(&name.as_str())).collect();
    assert!(new.is_empty(), "these functions are longer than 60 lines and were not before: {new:#?}");
    assert_eq!(long.len(), LONG_FUNCTIONS.len(), "some became shorter; take them off the list at the foot: {long:#?}");
}

#[test]
fn a_foreign_crate_has_one_door_a_program() {
    let mut wrong = Vec::new();
    for (package, folder) in PACKAGES {
        for foreign in DOORED {
            let users: BTreeSet<String> = sources()
                .filter(|source| source.name.starts_with(folder) && !source.name[folder.len()..].contains("/src/"))
                .filter(|source| source.before_tests().any(|line| names_crate(line, foreign)))
                .map(|source| source.name)
                .collect();
            let doors = doors(&users, folder);
            let second = SECOND_DOORS.iter().find(|(p, f, _, _)| *p == package && *f == foreign);
            let granted = second.map_or(1, |(_, _, doors, _)| doors.len());
            let known = second.is_none_or(|(_, _, all, _)| doors.iter().all(|door| all.contains(&door.as_str())));
            if doors.len() > granted || !known {
                wrong.push(format!("{package} opens {foreign} in {users:?}"));
            }
        }
    }
    assert_none(&wrong, "one folder or one file a foreign crate");
}

#[test]
fn neither_program_names_the_other() {
    let gateway = manifest("gateway/Cargo.toml");
    let archiver = manifest("archiver/Cargo.toml");
    assert!(!dependencies(&gateway).contains("archiver"));
    assert!(!dependencies(&archiver).contains("gateway"));
    for contract in ["archiver/spool", "gateway/control"] {
        let named = dependencies(&manifest(&format!("{contract}/Cargo.toml")));
        assert!(!named.contains("gateway") && !named.contains("archiver"), "{contract} names a program");
    }
}

#[test]
fn cores_and_contracts_name_no_runtime() {
    for core in ["gateway/sip", "gateway/media", "gateway/control", "archiver/spool"] {
        let named = dependencies(&manifest(&format!("{core}/Cargo.toml")));
        for runtime in
            ["tokio", "async-std", "smol", "mio", "futures", "futures-util", "hyper", "axum", "reqwest", "socket2"]
        {
            assert!(!named.contains(runtime), "{core} names {runtime}");
        }
    }
}

#[test]
fn the_readme_map_names_every_module() {
    let readme = read("README.md");
    let mut missing = Vec::new();
    for (program, lib) in [("gateway", "gateway/src/lib.rs"), ("archiver", "archiver/src/lib.rs")] {
        for module in modules(&read(lib)) {
            let places = [format!("`{program}/src/{module}"), format!("`{module}.rs`"), format!("`{module}/`")];
            let named = readme.lines().any(|line| {
                line.contains(&format!("{program}/src/")) && places.iter().any(|place| line.contains(place.as_str()))
            });
            if !named {
                missing.push(format!("{program}/src/{module}"));
            }
        }
    }
    assert_none(&missing, "the README's map does not name these modules");
}

#[test]
fn what_the_readme_names_is_there() {
    let readme = read("README.md");
    let mut missing = Vec::new();
    for word in readme.split('`').skip(1).step_by(2) {
        let is_path = ["gateway/", "archiver/", "deploy/", "migrations/", "tests/"].iter().any(|p| word.starts_with(p));
        let path = word.split_whitespace().next().unwrap_or_default();
        if is_path && !path.contains('*') && !top().join(path).exists() {
            missing.push(path.to_owned());
        }
    }
    assert_none(&missing, "the README names places that are not there");
}

#[test]
fn no_folder_of_leftovers() {
    let wrong: Vec<String> = sources()
        .map(|source| source.name)
        .filter(|name| name.split(['/', '.']).any(|part| LEFTOVERS.contains(&part)))
        .collect();
    assert_none(&wrong, "a name that says nothing");
}

#[test]
fn lints_are_expected_with_a_reason_never_allowed() {
    let mark = ["#[", "allow("].concat();
    let inner = ["#![", "allow("].concat();
    let wrong: Vec<String> = sources()
        .filter(|source| source.text.contains(&mark) || source.text.contains(&inner))
        .map(|source| source.name)
        .collect();
    assert_none(&wrong, "use #[expect(.., reason = \"..\")]");
}

#[test]
fn unsafe_code_is_in_one_module_a_crate() {
    for (package, folder) in PACKAGES {
        let users: Vec<String> = sources()
            .filter(|source| source.name.starts_with(folder) && !source.name[folder.len()..].contains("/src/"))
            .filter(|source| source.before_tests().any(|line| line.contains("unsafe {") || line.contains("unsafe fn")))
            .map(|source| source.name)
            .collect();
        assert!(users.len() <= 1, "{package} is unsafe in {users:?}");
    }
}

#[test]
fn every_migration_has_its_twin_and_says_why() {
    let (sqlite, postgres) = (migrations("sqlite"), migrations("postgres"));
    assert!(!sqlite.is_empty(), "no migrations");
    let names = |all: &BTreeMap<String, String>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&sqlite), names(&postgres), "a migration without its twin");
    for (name, text) in sqlite.iter().chain(&postgres) {
        assert!(text.starts_with("-- "), "{name} does not open with why");
    }
}

#[test]
fn no_migration_is_edited() {
    for database in ["sqlite", "postgres"] {
        for (name, text) in migrations(database) {
            let place = format!("{database}/{name}");
            let hash = hex(&Sha256::digest(text.as_bytes()));
            match MIGRATIONS.iter().find(|(known, _)| *known == place) {
                Some((_, known)) => assert_eq!(&hash, known, "{place} was edited; write the next one instead"),
                None => panic!("{place} is new: add (\"{place}\", \"{hash}\") to the list at the foot"),
            }
        }
    }
}

#[test]
fn every_prompt_has_its_sound_and_the_hash_of_its_words() {
    let named = named_prompts();
    assert!(named.len() > 50, "only {} prompts are named", named.len());
    for language in ["de", "en"] {
        let texts = prompts(language);
        let spoken: BTreeSet<String> = texts.keys().cloned().collect();
        let apart: Vec<&String> = named.symmetric_difference(&spoken).collect();
        assert!(apart.is_empty(), "named in ivr/lines.rs or spoken in {language}, not both: {apart:?}");
        let sounds = files(&top().join(format!("gateway/prompts/{language}")), "wav");
        let sounds: BTreeSet<String> =
            sounds.iter().filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned())).collect();
        let apart: Vec<&String> = named.symmetric_difference(&sounds).collect();
        assert!(apart.is_empty(), "named or recorded in {language}, not both: {apart:?}");
        for (id, entry) in texts {
            let wav = top().join(format!("gateway/prompts/{language}/{id}.wav"));
            assert!(wav.metadata().is_ok_and(|wav| wav.len() > 44), "{language}/{id} has no sound");
            let words = entry["text"].as_str().expect("words");
            assert_eq!(entry["sha256"].as_str(), Some(hex(&Sha256::digest(words)).as_str()), "{language}/{id}");
            assert!(
                entry["version"].as_integer().is_some_and(|version| version >= 1),
                "{language}/{id} has no version"
            );
        }
    }
}

#[test]
fn the_desks_catalogues_have_the_same_keys() {
    let keys = |language: &str| -> BTreeSet<String> {
        let text = read(&format!("archiver/locales/{language}.ftl"));
        ftl_keys(&text).into_iter().map(str::to_owned).collect()
    };
    let missing: Vec<String> = keys("de").symmetric_difference(&keys("en")).cloned().collect();
    assert_none(&missing, "texts in one language only");
}

#[test]
fn the_desks_texts_have_one_meaning_each() {
    let mut found = false;
    for file in files(&top().join("archiver"), "ftl") {
        found = true;
        let text = std::fs::read_to_string(&file).expect("a catalogue");
        let keys = ftl_keys(&text);
        let once: BTreeSet<&str> = keys.iter().copied().collect();
        assert_eq!(keys.len(), once.len(), "{} says a key twice", file.display());
        assert_none(&unspoken(&keys), "texts that no page says");
    }
    assert!(found, "the desk has no catalogue");
}

fn ftl_keys(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()))
        .filter_map(|line| line.split_once('=').map(|(key, _)| key.trim()))
        .collect()
}

/// Keys that no source of the archiver names.
fn unspoken(keys: &[&str]) -> Vec<String> {
    let all: String = sources().filter(|source| source.name.starts_with("archiver/src")).map(|s| s.text).collect();
    // A key put together from parts, such as `purpose-` and a word, is named by its beginning.
    let named = |key: &str| {
        all.contains(&format!("\"{key}\""))
            || key.match_indices('-').any(|(at, _)| all.contains(&format!("\"{}", &key[..=at])))
    };
    keys.iter().filter(|key| !named(key)).map(|key| (*key).to_owned()).collect()
}

/// A Rust source of the tree.
struct Source {
    /// Its path from the top.
    name: String,
    text: String,
}

struct Function {
    name: String,
    lines: usize,
}

impl Source {
    /// Everything in front of the tests at the foot.
    fn before_tests(&self) -> impl Iterator<Item = &str> {
        let lines: Vec<&str> = self.text.lines().collect();
        let tests = lines.windows(2).position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod tests"));
        let end = if self.is_test() { 0 } else { tests.unwrap_or(lines.len()) };
        lines.into_iter().take(end)
    }

    fn is_test(&self) -> bool {
        self.name.ends_with("tests.rs") || self.name.starts_with("tests/") || self.name.contains("/tests/")
    }

    /// Formatted sources close a function with a brace in the column its first line begins in.
    fn functions(&self) -> impl Iterator<Item = Function> {
        let lines: Vec<&str> = self.before_tests().collect();
        let mut found = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let body = line.trim_start();
            let indent = line.len() - body.len();
            let Some(name) = function_name(body) else { continue };
            let close = format!("{}}}", " ".repeat(indent));
            let end = lines.iter().skip(at).position(|line| *line == close);
            if let Some(length) = end {
                found.push(Function { name, lines: length + 1 });
            }
        }
        found.into_iter()
    }
}

fn function_name(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    loop {
        match words.next()? {
            "pub" | "pub(crate)" | "pub(super)" | "async" | "const" | "unsafe" => {}
            "fn" => break,
            _ => return None,
        }
    }
    let name = words.next()?;
    Some(name.split(['(', '<']).next()?.to_owned())
}

fn names_crate(line: &str, foreign: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with("//") {
        return false;
    }
    line.match_indices(foreign).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + foreign.len()..];
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '"' || c == '-')
            && (after.starts_with("::") || (line.starts_with("use ") && after.starts_with(';')))
    })
}

/// Files and folders right below `src/` that these files lie in; a module and its folder are one.
fn doors(users: &BTreeSet<String>, folder: &str) -> BTreeSet<String> {
    users
        .iter()
        .map(|user| {
            let inside = user.strip_prefix(folder).unwrap_or(user).trim_start_matches('/');
            inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs").to_owned()
        })
        .collect()
}

fn sources() -> impl Iterator<Item = Source> {
    let mut all = Vec::new();
    for place in ["gateway", "archiver", "tests"] {
        for file in files(&top().join(place), "rs") {
            let name = file.strip_prefix(top()).expect("in the tree").to_string_lossy().into_owned();
            all.push(Source { name, text: std::fs::read_to_string(&file).expect("a source is text") });
        }
    }
    assert!(all.len() > 50, "only {} sources found", all.len());
    all.into_iter()
}

fn files(place: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![place.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() && !["target", "node_modules"].iter().any(|skip| path.ends_with(skip)) {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn modules(lib: &str) -> Vec<String> {
    let declared = |line: &str| {
        let name = line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod "))?;
        name.strip_suffix(';').map(str::to_owned)
    };
    lib.lines().filter_map(declared).collect()
}

fn manifest(name: &str) -> toml::Table {
    read(name).parse().unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// What it is built from; what only its tests use is not counted.
fn dependencies(manifest: &toml::Table) -> BTreeSet<String> {
    ["dependencies", "build-dependencies"]
        .iter()
        .filter_map(|part| manifest.get(*part)?.as_table())
        .flat_map(|table| table.keys().cloned())
        .collect()
}

fn migrations(database: &str) -> BTreeMap<String, String> {
    files(&top().join("migrations").join(database), "sql")
        .into_iter()
        .map(|file| {
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&file).expect("a migration is text"))
        })
        .collect()
}

fn prompts(language: &str) -> BTreeMap<String, toml::Value> {
    let place = format!("gateway/prompts/{language}/texts.toml");
    manifest(&place)["prompts"].as_table().expect("[prompts.NAME]").clone().into_iter().collect()
}

/// What `ivr::lines` names: `NAME = "id";` and `PromptId("id")`.
fn named_prompts() -> BTreeSet<String> {
    let text = read("gateway/src/ivr/lines.rs");
    let before = |at: usize| text.get(..at).is_some_and(|head| head.ends_with(" = ") || head.ends_with("PromptId("));
    let quotes: Vec<usize> = text.match_indices('"').map(|(at, _)| at).collect();
    quotes.windows(2).filter(|pair| before(pair[0])).map(|pair| text[pair[0] + 1..pair[1]].to_owned()).collect()
}

fn read(name: &str) -> String {
    std::fs::read_to_string(top().join(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn assert_none(wrong: &[String], what: &str) {
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
}

const PACKAGES: [(&str, &str); 7] = [
    ("gateway", "gateway/src"),
    ("sip", "gateway/sip/src"),
    ("media", "gateway/media/src"),
    ("control", "gateway/control/src"),
    ("archiver", "archiver/src"),
    ("spool", "archiver/spool/src"),
    ("house-tests", "tests/"),
];

/// Crates whose words are not ours; what everybody speaks (serde, thiserror, tokio, tracing, zeroize) needs no door.
const DOORED: [&str; 23] = [
    "aes_gcm",
    "argon2",
    "audio_codec",
    "aws_sdk_s3",
    "axum",
    "ed25519_dalek",
    "fantoccini",
    "fluent_bundle",
    "hkdf",
    "hound",
    "hpke",
    "libc",
    "maud",
    "opus",
    "rsip",
    "rtcp_types",
    "rtp_types",
    "rubato",
    "rust_embed",
    "s3s",
    "s3s_fs",
    "sdp_types",
    "sqlx",
];

/// Package, crate, its doors, and why there is more than one.
const SECOND_DOORS: [(&str, &str, &[&str], &str); 2] = [
    ("archiver", "axum", &["desk", "io"], "the shell binds the desk's listener and the admin socket"),
    ("spool", "aes_gcm", &["voice", "write"], "the reader shares no code with the writer, so that it can catch it"),
];

const LEFTOVERS: [&str; 7] = ["utils", "util", "common", "manager", "helper", "helpers", "types"];

/// May only become fewer.
const LONG_FUNCTIONS: [&str; 0] = [];

/// SHA-256 of every migration that was ever released; each is followed, never edited.
const MIGRATIONS: [(&str, &str); 12] = [
    ("postgres/0001_meetings.sql", "6d03cdda8b50b2526c5bc83af62ca1251eb0568b3c9fa5cde772f0ac93a4fb62"),
    ("postgres/0002_recordings.sql", "6b2a7bca07d54b60fbad73b7242beba6bc86cac8fa0044e7866f78fe0d476cdb"),
    ("postgres/0003_erasing.sql", "0c517491e56a75cd1f13a43c1b7aff247c6879340935d0872a0ca52f5e5becec"),
    ("postgres/0004_evidence.sql", "40b7c4ef61801cb1391149429c648323c5818f70bf45244b1721129cce77cda3"),
    ("postgres/0005_desk.sql", "98fc0132fcdb5f175a972f2454442d65f7d54617495c1c42fcc60c6673fa0216"),
    ("postgres/0006_gateways.sql", "92bc22a95befb6a1ab9d5956e61c0a2ef21ffa7de95e0a525d27c014ad636be7"),
    ("sqlite/0001_meetings.sql", "08ff7c6d3bc127f1f7b055c586bd439568cfdc085b8c83c378ab87acd675f79c"),
    ("sqlite/0002_recordings.sql", "f688088cb02e528b17bff5985293d5dc5d48567dd3f352e7dcd38ee41588cc79"),
    ("sqlite/0003_erasing.sql", "0c517491e56a75cd1f13a43c1b7aff247c6879340935d0872a0ca52f5e5becec"),
    ("sqlite/0004_evidence.sql", "056c88d70dd36e77b41a78b26dff478e0268a343c045dab217b2fa9d98f38a23"),
    ("sqlite/0005_desk.sql", "98fc0132fcdb5f175a972f2454442d65f7d54617495c1c42fcc60c6673fa0216"),
    ("sqlite/0006_gateways.sql", "92bc22a95befb6a1ab9d5956e61c0a2ef21ffa7de95e0a525d27c014ad636be7"),
];
