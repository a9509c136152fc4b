//! The desk asked as a browser asks it, over a real database, a real store and real Opus.
//!
//! Not here: a real browser (the stories, `tests/desk.rs`), and how pages look with odd data (`pages::tests`).

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use spool::id::{SeatNo, Slot};
use spool::line::{Clock, CloseWhy, EndWhy, Head, MediaEvent, TrackFact};
use tower::ServiceExt;

use super::*;
use crate::access::{Person, Role};
use crate::bench::{Bench, MEETING, RECORDING};
use crate::evidence::Chain;
use crate::io::token;
use crate::recording::State as Life;

/// A recording of seven seconds: voice 1 in slots 100 to 350, voice 2 in 150 to 300, real Opus.
pub(crate) async fn singing() -> Bench {
    let bench = Bench::new().await;
    let clock = Clock { utc_ms: bench.started_ms, ntp: true, offset_us: 0, error_us: 100 };
    let mut chunk = bench.spool.begin(Head { clock, ..bench.head(0) }, Slot(90)).unwrap();
    chunk.note(Slot(90), &MediaEvent::Started).unwrap();
    chunk.note(Slot(150), &MediaEvent::OffRecord { on: true }).unwrap();
    chunk.note(Slot(250), &MediaEvent::OffRecord { on: false }).unwrap();
    for (n, from, until) in [(0, 100, 350), (1, 150, 300)] {
        let (track, public) = &bench.tracks[n];
        let seat = SeatNo(u32::try_from(n).unwrap() + 1);
        let fact = TrackFact { track: *track, seat, from: Slot(from) };
        chunk.act(fact.from, &crate::bench::given(seat, *track, bench.started_ms)).unwrap();
        chunk.begin_track(fact, public, &mut |into| getrandom::fill(into).unwrap()).unwrap();
        let mut encoder = opus::Encoder::new(16_000, opus::Channels::Mono, opus::Application::Voip).unwrap();
        for slot in from..until {
            let tone =
                |i: u64| ((slot * 320 + i) as f32 / 16_000.0 * 440.0 * std::f32::consts::TAU * (n + 1) as f32).sin();
            let pcm: Vec<i16> = (0..320).map(|i| (tone(i) * 9_000.0) as i16).collect();
            chunk.packet(*track, Slot(slot), &encoder.encode_vec(&pcm, 400).unwrap()).unwrap();
        }
        chunk.end_track(*track, Slot(until), EndWhy::Left).unwrap();
    }
    let name = chunk.close(Slot(440), CloseWhy::LastSeatLeft).unwrap().name;
    let now_ms = bench.house.clock().now_ms();
    bench.intake().chunk(&bench.ready(&name), &bench.trusted(), now_ms).await.unwrap();
    bench.spool.acknowledge(&name).unwrap();
    bench
}

/// Somebody with a browser.
struct Browser {
    desk: Router,
    cookie: Option<String>,
}

struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answered {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Browser {
    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answered {
        let mut request = Request::builder().method(method).uri(path).header("host", "desk.test");
        if method == "POST" {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        for (name, value) in self.cookie.iter().map(|cookie| ("cookie", cookie.as_str())).chain(headers.iter().copied())
        {
            request = request.header(name, value);
        }
        let answer = self.desk.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        Answered {
            status: head.status,
            headers: head.headers,
            body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        }
    }

    async fn get(&self, path: &str) -> Answered {
        self.ask("GET", path, &[], "").await
    }

    async fn range(&self, path: &str, range: &str) -> Answered {
        self.ask("GET", path, &[("range", range)], "").await
    }

    /// Sends a form as our page would, with the token that page holds.
    async fn post(&self, page: &str, path: &str, field: &str) -> Answered {
        let text = self.get(page).await.text();
        let token = text.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let origin = [("origin", "http://desk.test"), ("sec-fetch-site", "same-origin")];
        self.ask("POST", path, &origin, &format!("form_token={token}&{field}")).await
    }
}

async fn link(bench: &Bench, role: Role) -> String {
    let token = token::fresh();
    let person = Person { id: "p-1".into(), role };
    let ends_ms = bench.house.clock().now_ms() + 60_000;
    bench.house.store().add_entry(&token::hash(&token), &person, ends_ms).await.unwrap();
    format!("/enter/{}", *token)
}

async fn signed_in_as(bench: &Bench, role: Role) -> Browser {
    let mut browser = Browser { desk: open(bench.house.clone()).0, cookie: None };
    let entered = browser.get(&link(bench, role).await).await;
    assert_eq!((entered.status, entered.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/sitzungen"));
    let cookie = entered.header(header::SET_COOKIE).split(';').next().unwrap().to_owned();
    browser.cookie = Some(cookie);
    browser
}

async fn signed_in(bench: &Bench) -> Browser {
    signed_in_as(bench, Role::Clerk).await
}

/// Names the purpose; the answer is the address of all voices' sound.
async fn listening(browser: &Browser) -> String {
    let page = format!("/aufnahmen/{RECORDING}");
    let granted = browser.post(&page, &format!("{page}/zweck"), "zweck=protokoll").await;
    assert_eq!(granted.status, StatusCode::SEE_OTHER, "{}", granted.text());
    let text = browser.get(&page).await.text();
    text.split("<audio").nth(1).unwrap().split("src=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

async fn audit_of(bench: &Bench, kind: &str) -> Vec<String> {
    let chain = bench.house.store().chain(Chain::Audit).await.unwrap();
    chain.into_iter().filter(|(link, _)| link.kind == kind).filter_map(|(_, payload)| Some(payload?.text)).collect()
}

fn all_pages() -> Vec<(&'static str, String)> {
    let (meeting, recording) = (format!("/sitzungen/{MEETING}"), format!("/aufnahmen/{RECORDING}"));
    vec![
        ("GET", "/sitzungen".into()),
        ("GET", "/sitzungen/jetzt".into()),
        ("GET", meeting.clone()),
        ("GET", format!("{meeting}/jetzt")),
        ("GET", format!("{meeting}/fragen/sperren")),
        ("POST", format!("{meeting}/tun/unterbrechen")),
        ("GET", format!("{meeting}/beenden")),
        ("POST", format!("{meeting}/beenden")),
        ("GET", recording.clone()),
        ("POST", format!("{recording}/zweck")),
        ("POST", format!("{recording}/genehmigt")),
        ("POST", format!("{recording}/doch-nicht")),
        ("GET", format!("{recording}/nachweis")),
        ("GET", format!("{recording}/nachweis.json")),
        ("GET", format!("{recording}/ton/1/alle.wav")),
        ("HEAD", format!("{recording}/ton/1/alle.wav")),
        ("POST", "/abmelden".into()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_lets_in_once_and_says_kindly_when_it_is_used() {
    let bench = Bench::new().await;
    let browser = Browser { desk: open(bench.house.clone()).0, cookie: None };
    let link = link(&bench, Role::Clerk).await;
    assert_eq!(browser.ask("HEAD", &link, &[], "").await.status, StatusCode::OK, "a look does not use it up");
    let first = browser.get(&link).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let cookie = first.header(header::SET_COOKIE).to_owned();
    for flag in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    let second = browser.get(&link).await;
    assert_eq!(second.status, StatusCode::GONE);
    assert!(second.text().contains("Dieser Link wurde schon benutzt") && second.header(header::SET_COOKIE).is_empty());
    assert_eq!(browser.get("/enter/guessed").await.status, StatusCode::GONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn from_somebody_elses_page_the_link_leads_on_by_a_step_of_our_own() {
    let bench = Bench::new().await;
    let browser = Browser { desk: open(bench.house.clone()).0, cookie: None };
    let entered = browser.ask("GET", &link(&bench, Role::Clerk).await, &[("sec-fetch-site", "cross-site")], "").await;
    assert_eq!(entered.status, StatusCode::OK);
    assert!(!entered.header(header::SET_COOKIE).is_empty() && entered.text().contains("url=/sitzungen"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_every_address_says_how_to_get_in() {
    let bench = singing().await;
    let browser = Browser { desk: open(bench.house.clone()).0, cookie: None };
    for (method, path) in all_pages() {
        let answer = browser.ask(method, &path, &[], "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        assert!(method == "HEAD" || answer.text().contains("Öffnen Sie den Anmelde-Link"), "{method} {path}");
    }
    let stranger = Browser { cookie: Some("amtsleitung_sitzung=abcdef".into()), ..browser };
    assert_eq!(stranger.get("/sitzungen").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_policy_and_is_kept_nowhere() {
    let bench = singing().await;
    let browser = signed_in(&bench).await;
    let sound = listening(&browser).await;
    let paths =
        all_pages().into_iter().chain([("GET", sound), ("GET", "/nirgends".into()), ("GET", "/lizenzen".into())]);
    for (method, path) in paths {
        let answer = browser.ask(method, &path, &[], "").await;
        assert_eq!(answer.header(header::CONTENT_SECURITY_POLICY), headers::POLICY, "{method} {path}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_pages_wear_is_there_and_known_again() {
    let bench = Bench::new().await;
    let browser = Browser { desk: open(bench.house.clone()).0, cookie: None };
    let fonts = "/assets/fonts/FiraSans-Regular.woff2";
    for path in ["/assets/kern.css", "/assets/own/desk.css", "/assets/own/desk.js", "/assets/own/icon.svg", fonts] {
        let asset = browser.get(path).await;
        assert_eq!(asset.status, StatusCode::OK, "{path}");
        let again = browser.ask("GET", path, &[("if-none-match", asset.header(header::ETAG))], "").await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
    }
    for path in ["/assets/../build.rs", "/assets/own/../build", "/assets/none.css"] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_our_token_or_from_elsewhere_changes_nothing() {
    let bench = singing().await;
    let browser = signed_in(&bench).await;
    let path = format!("/aufnahmen/{RECORDING}/genehmigt");
    let text = browser.get(&format!("/aufnahmen/{RECORDING}")).await.text();
    let token = text.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = format!("form_token={token}");
    let ours = ("origin", "http://desk.test");
    for (headers, body) in [
        (vec![ours], String::new()),
        (vec![ours], "form_token=".into()),
        (vec![ours], "form_token=guess".into()),
        (vec![("origin", "http://evil.test")], form.clone()),
        (vec![("sec-fetch-site", "cross-site")], form.clone()),
    ] {
        let answer = browser.ask("POST", &path, &headers, &body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?} {body}");
        assert!(answer.text().contains("Bitte noch einmal"));
    }
    let state = |bench: &Bench| bench.house.store().clone();
    assert_eq!(state(&bench).recording(RECORDING).await.unwrap().unwrap().state, Life::Kept);
    assert_eq!(browser.ask("POST", &path, &[ours], &form).await.status, StatusCode::SEE_OTHER);
    assert!(matches!(state(&bench).recording(RECORDING).await.unwrap().unwrap().state, Life::Approved { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_heard_before_a_purpose_is_in_the_audit() {
    let bench = singing().await;
    let browser = signed_in(&bench).await;
    let page = format!("/aufnahmen/{RECORDING}");
    assert!(!browser.get(&page).await.text().contains("<audio"));
    assert_eq!(browser.get(&format!("{page}/ton/1/alle.wav")).await.status, StatusCode::FORBIDDEN);
    let unnamed = browser.post(&page, &format!("{page}/zweck"), "zweck=").await;
    assert_eq!(unnamed.header(header::LOCATION), format!("{page}?zweck=fehlt#anhoeren"));
    assert!(browser.get(&format!("{page}?zweck=fehlt")).await.text().contains("wählen Sie zuerst einen Zweck"));
    assert_eq!(audit_of(&bench, "listen").await.len(), 0);

    let sound = listening(&browser).await;
    let named = audit_of(&bench, "listen").await;
    assert!(named.len() == 1 && named[0].contains("Protokoll schreiben"), "{named:?}");
    assert_eq!(browser.range(&sound, "bytes=0-43").await.body.len(), 44);
    assert_eq!(audit_of(&bench, "listen").await.len(), 1, "the header is no sound");
    for _ in 0..3 {
        browser.range(&sound, "bytes=44-1000").await;
    }
    let heard = audit_of(&bench, "listen").await;
    assert!(heard.len() == 2 && heard[1].contains("heard all minutes 0-0"), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_ranges_together_are_the_whole_and_none_is_longer_than_a_quarter_mebibyte() {
    let bench = singing().await;
    let browser = signed_in(&bench).await;
    let sound = listening(&browser).await;
    let whole = browser.get(&sound).await;
    assert_eq!((whole.status, whole.header(header::CONTENT_TYPE)), (StatusCode::OK, "audio/wav"));
    let total = whole.body.len();
    assert_eq!(total, 44 + 350 * 640);
    assert!(whole.body[44..].iter().any(|byte| *byte != 0));
    let head = browser.ask("HEAD", &sound, &[], "").await;
    assert_eq!(
        (head.header(header::CONTENT_LENGTH), head.header(header::ACCEPT_RANGES)),
        (&*total.to_string(), "bytes")
    );
    let mut joined = Vec::new();
    while joined.len() < total {
        let until = (joined.len() + 40_001).min(total);
        let part = browser.range(&sound, &format!("bytes={}-{}", joined.len(), until - 1)).await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
        assert_eq!(part.header(header::CONTENT_RANGE), format!("bytes {}-{}/{total}", joined.len(), until - 1));
        joined.extend(part.body);
    }
    assert!(joined == whole.body);
    let past = browser.range(&sound, &format!("bytes={total}-")).await;
    assert_eq!(
        (past.status, past.header(header::CONTENT_RANGE)),
        (StatusCode::RANGE_NOT_SATISFIABLE, &*format!("bytes */{total}"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_voice_is_that_voice_alone_and_all_are_the_sum() {
    let bench = singing().await;
    let browser = signed_in(&bench).await;
    let all = listening(&browser).await;
    let mut voices = Vec::new();
    for name in ["alle", "telefon-1", "telefon-2"] {
        let wav = browser.get(&all.replace("alle", name)).await.body;
        let samples: Vec<i32> =
            wav[44..].chunks_exact(2).map(|pair| i32::from(i16::from_le_bytes([pair[0], pair[1]]))).collect();
        assert!(samples.iter().any(|sample| *sample != 0), "{name} is silent");
        voices.push(samples);
    }
    let sum: Vec<i32> = voices[1].iter().zip(&voices[2]).map(|(one, two)| one + two).collect();
    assert!(voices[0] == sum, "all voices are not the sum of each");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_voice_falls_silent_for_somebody_who_is_listening() {
    let bench = singing().await;
    let browser = signed_in(&bench).await;
    let one = listening(&browser).await.replace("alle", "telefon-1");
    let before = browser.get(&one).await.body;
    assert!(before[44..].iter().any(|byte| *byte != 0));
    let mut tx = bench.house.store().begin().await.unwrap();
    tx.erase_track(bench.track(0), 1).await.unwrap();
    tx.commit().await.unwrap();
    let after = browser.get(&one).await.body;
    assert_eq!(after.len(), before.len(), "the file that is open keeps its length");
    assert!(after[44..].iter().all(|byte| *byte == 0));
    let page = browser.get(&format!("/aufnahmen/{RECORDING}")).await.text();
    assert!(!page.contains("telefon-1.wav") && page.contains("telefon-2.wav"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_sound_opens_nothing_in_another_session() {
    let bench = singing().await;
    let first = signed_in(&bench).await;
    let sound = listening(&first).await;
    let second = Browser { desk: first.desk.clone(), cookie: signed_in(&bench).await.cookie };
    assert_eq!(second.get(&sound).await.status, StatusCode::FORBIDDEN);
    assert_eq!(first.range(&sound, "bytes=0-99").await.status, StatusCode::PARTIAL_CONTENT);
    let left = first.post("/sitzungen", "/abmelden", "").await;
    assert!(left.text().contains("Sie sind abgemeldet"));
    assert_eq!(first.get(&sound).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_officer_sees_and_hears_nothing_and_the_administrator_does_not_even_see() {
    let bench = singing().await;
    let page = format!("/aufnahmen/{RECORDING}");
    let officer = signed_in_as(&bench, Role::Officer).await;
    assert_eq!(officer.get(&page).await.status, StatusCode::OK);
    let refused = officer.post(&page, &format!("{page}/zweck"), "zweck=protokoll").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let administrator = signed_in_as(&bench, Role::Administrator).await;
    assert_eq!(administrator.get(&page).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn approved_revoked_approved_and_destroyed_the_page_says_so_and_the_proof_is_there() {
    let bench = singing().await;
    let browser = signed_in(&bench).await;
    let page = format!("/aufnahmen/{RECORDING}");
    let sound = listening(&browser).await;
    browser.post(&page, &format!("{page}/genehmigt"), "").await;
    assert!(browser.get(&page).await.text().contains("Genehmigung zurücknehmen"));
    browser.post(&page, &format!("{page}/doch-nicht"), "").await;
    assert!(browser.get(&page).await.text().contains("bis das Protokoll genehmigt ist"));
    assert!(browser.get(&format!("{page}/nachweis")).await.text().contains("Noch kein Löschnachweis"));

    let mut tx = bench.house.store().begin().await.unwrap();
    let day = jiff::civil::date(2026, 1, 2);
    let approved = crate::recording::Event::MinutesApproved { day };
    tx.move_recording(RECORDING, approved, crate::recording::Mover::Clerk).await.unwrap();
    tx.commit().await.unwrap();
    bench.sweep().run(&bench.world()).await.unwrap();
    let text = browser.get(&page).await.text();
    assert!(text.contains("vernichtet") && text.contains("/nachweis\"") && !text.contains("<audio"), "{text}");
    assert_eq!(browser.range(&sound, "bytes=0-99").await.status, StatusCode::CONFLICT);
    assert!(browser.get(&format!("{page}/nachweis")).await.text().contains("archiver verify"));
    let file = browser.get(&format!("{page}/nachweis.json")).await;
    assert!(crate::verify::check(&file.text(), None).is_ok());
    let late = browser.post("/sitzungen", &format!("{page}/genehmigt"), "").await;
    assert_eq!(late.status, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_away_is_said_and_the_recordings_are_shown() {
    let bench = singing().await;
    let browser = signed_in(&bench).await;
    let text = browser.get("/sitzungen").await.text();
    assert!(
        text.contains("Die Telefonanlage antwortet gerade nicht") && text.contains(&format!("/aufnahmen/{RECORDING}"))
    );
    let ended =
        browser.post(&format!("/sitzungen/{MEETING}/beenden"), &format!("/sitzungen/{MEETING}/beenden"), "").await;
    assert_eq!(ended.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!browser.get("/sitzungen?beendet=%3Cb%3E").await.text().contains("ist beendet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_clerk_does_to_a_meeting_is_in_the_audit_before_the_gateway_is_asked() {
    let bench = Bench::new().await;
    let browser = signed_in(&bench).await;
    let page = format!("/sitzungen/{MEETING}");
    let done = browser.post(&page, &format!("{page}/tun/stumm"), "platz=3").await;
    // No gateway listens here: the page says so, and who wished what is written down.
    assert_eq!(done.status, StatusCode::SERVICE_UNAVAILABLE);
    let (by, what) = (r#""by":"p-1","role":"clerk""#, format!(r#""object":"{MEETING}","detail":"seat {}""#, SeatNo(3)));
    let audit = audit_of(&bench, "mute").await;
    assert!(matches!(&audit[..], [deed] if deed.contains(by) && deed.contains(&what)), "{audit:?}");
    browser.post(&page, &format!("{page}/tun/top"), "top=7").await;
    assert!(audit_of(&bench, "set_agenda").await[0].contains("item 7"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_names_nothing_or_comes_from_elsewhere_is_not_even_written_down() {
    let bench = Bench::new().await;
    let browser = signed_in(&bench).await;
    let page = format!("/sitzungen/{MEETING}");
    let wrong = browser.post(&page, &format!("{page}/tun/top"), "top=viele").await;
    assert_eq!(wrong.header(header::LOCATION), format!("{page}?top=fehlt"));
    assert!(browser.get(&format!("{page}?top=fehlt")).await.text().contains("eine Zahl von 1 bis 999"));
    for (path, fields) in [("stumm", ""), ("stumm", "platz=x"), ("sprengen", "")] {
        let answer = browser.post(&page, &format!("{page}/tun/{path}"), fields).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path} {fields}");
    }
    let elsewhere = browser.ask("POST", &format!("{page}/tun/sperren"), &[("origin", "http://evil.test")], "").await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    let unknown = format!("/sitzungen/{}", MeetingId([9; 16]));
    assert_eq!(browser.get(&unknown).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.post(&page, &format!("{unknown}/tun/sperren"), "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get(&format!("{page}/fragen/stumm?platz=3")).await.status, StatusCode::NOT_FOUND);
    let officer = signed_in_as(&bench, Role::Officer).await;
    assert_eq!(officer.post(&page, &format!("{page}/tun/sperren"), "").await.status, StatusCode::FORBIDDEN);
    assert_eq!(officer.get(&format!("{page}/fragen/sperren")).await.status, StatusCode::FORBIDDEN);
    for kind in ["lock", "mute", "set_agenda"] {
        assert!(audit_of(&bench, kind).await.is_empty(), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stretch_off_record_is_on_the_page() {
    let bench = singing().await;
    let text = signed_in(&bench).await.get(&format!("/aufnahmen/{RECORDING}")).await.text();
    assert!(text.contains("0:01 bis 0:03") && text.contains("mit Beiträgen ohne Aufnahme"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_chooses_english_gets_english() {
    let bench = Bench::new().await;
    let mut browser = signed_in(&bench).await;
    let chosen = browser.get("/sprache/en").await.header(header::SET_COOKIE).split(';').next().unwrap().to_owned();
    browser.cookie = Some(format!("{}; {chosen}", browser.cookie.unwrap()));
    assert!(browser.get("/sitzungen").await.text().contains("<h1>Meetings</h1>"));
    assert_eq!(browser.get("/sprache/xx").await.status, StatusCode::NOT_FOUND);
}
