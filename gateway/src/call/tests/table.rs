//! `consent/ACTS.md`, carried out row by row: the table that a data-protection officer reads is the test.
//!
//! Not here: what lies around a call (its last table names the tests).

use std::collections::BTreeMap;

use super::*;

const TABLE: &str = include_str!("../../consent/ACTS.md");

/// One row, as it stands.
struct Row {
    line: usize,
    state: String,
    inputs: Vec<String>,
    acts: Vec<String>,
    permit: String,
    order: String,
    after: String,
    said: Vec<String>,
}

fn rows() -> Vec<Row> {
    let list = |cell: &str, by: char| match cell {
        "–" => Vec::new(),
        cell => cell.split(by).map(|item| item.trim().to_owned()).collect(),
    };
    let mut rows = Vec::new();
    for (at, line) in TABLE.lines().enumerate() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [state, inputs, acts, permit, order, after, said] = cells[..] else { continue };
        if !line.starts_with("| ") || state == "Lage" {
            continue;
        }
        rows.push(Row {
            line: at + 1,
            state: state.to_owned(),
            inputs: list(inputs, ';'),
            acts: list(acts, ','),
            permit: permit.to_owned(),
            order: order.to_owned(),
            after: after.to_owned(),
            said: list(said, ','),
        });
    }
    rows
}

/// A caller in a row, and what a reader of it wants to know.
struct Scene {
    caller: Caller,
    /// Does a permit hold?
    held: bool,
    restarted: bool,
    /// The slot of the desk's mark.
    marked: Option<Slot>,
    /// By key, the slots of its first packet and its end, as it was pressed last.
    keys: BTreeMap<char, (Slot, Slot)>,
    out: Vec<Output>,
}

impl Scene {
    fn of(state: &str) -> Self {
        let (caller, held) = match state {
            "an der Tür" => {
                let mut caller = Caller::at_pin();
                caller.key_pin();
                (caller, false)
            }
            "am Hinweis" => {
                let mut caller = Caller::at_notice();
                caller.pass(800);
                (caller, false)
            }
            "am Hinweis, nach einem Augenblick" => {
                let mut caller = Caller::at_notice();
                caller.pass(500);
                (caller, false)
            }
            "Pflichtteil gehört" => {
                let mut caller = Caller::at_notice();
                caller.hear_until(lines::NOTICE_BACK);
                (caller, false)
            }
            "Hinweis gehört" => {
                let mut caller = Caller::at_notice();
                caller.hear_out();
                (caller, false)
            }
            "Ja gesagt" => (Caller::granting(), false),
            "an der Quittung" => (Caller::at_receipt(), true),
            "aufgenommen" => (Caller::recorded_in_room(), true),
            "zurückgenommen" => {
                let mut caller = Caller::recorded_in_room();
                caller.press('2');
                (caller, false)
            }
            "beim Abschied" => {
                let mut caller = Caller::recorded_in_room();
                caller.feed(Input::MeetingEnded);
                (caller, true)
            }
            "ohne Aufnahme" => (Caller::refuser_in_room(), false),
            "geteilt" => {
                let mut caller = Caller::recorded_in_room();
                caller.feed(Input::Shared { on: true, at: Slot(caller.slot) });
                caller.hear_out();
                (caller, false)
            }
            "Aufnahme noch aus" => (caller_before_the_record(), false),
            other => panic!("no such state: {other}"),
        };
        let (marked, keys, out) = (None, BTreeMap::new(), Vec::new());
        let mut scene = Self { caller, held, restarted: false, marked, keys, out };
        scene.caller.took();
        scene
    }

    fn happens(&mut self, what: &str) {
        if let Some(key) = what.strip_prefix("Taste ") {
            let key = key.chars().next().unwrap();
            self.caller.press(key);
            self.keys.insert(key, (Slot(self.caller.began), Slot(self.caller.slot)));
            // Between two keys a finger needs longer than a question is deaf.
            self.caller.pass(800);
        } else {
            match what {
                "richtige PIN" => self.caller.feed(Input::PinRight(invitation(true))),
                "hört zu" => self.caller.hear_out(),
                "15 s Stille" => {
                    self.caller.hear_out();
                    self.caller.wait(15_100);
                }
                "legt auf" => self.caller.feed(Input::CallerLeft),
                "Leitung tot" => self.caller.feed(Input::MediaLost),
                "Sitzung endet" => self.caller.feed(Input::MeetingEnded),
                "Aufnahme beginnt" => self.caller.feed(Input::RecordChanged(RecordState::On)),
                "Pause durch die Leitung" => self.caller.feed(Input::RecordChanged(RecordState::Paused)),
                "Pause auf Verlangen" => self.caller.feed(Input::RecordChanged(RecordState::Demanded)),
                "Störung" => self.caller.feed(Input::RecordChanged(RecordState::Off)),
                "Teil geschlossen" => {
                    self.held = false;
                    self.caller.feed(Input::RecordChanged(RecordState::SectionClosed));
                }
                "Spur offen" => {
                    self.held = true;
                    self.caller.feed(permitted(7));
                }
                "kein Schlüssel" => self.caller.feed(Input::NoPermit { why: NoPermit::NoKeys }),
                "Platte voll" => self.caller.feed(Input::NoPermit { why: NoPermit::DiskFull }),
                "Rekorder schweigt" => self.caller.wait(10_100),
                "Auftrag steht" => self.caller.feed(Input::OrderWritten),
                "Auftrag misslingt" => self.caller.feed(Input::OrderFailed),
                "Hinweis geändert" => self.caller.feed(changed("4712")),
                "Schriftführung: mehrere" => {
                    let at = Slot(self.caller.slot);
                    self.marked.get_or_insert(at);
                    self.caller.feed(Input::Shared { on: true, at });
                }
                "Schriftführung: eine Person" => {
                    self.caller.feed(Input::Shared { on: false, at: Slot(self.caller.slot) });
                }
                // The gateway's calls are gone with it, and its record is paused.
                "Neustart" => self.restarted = true,
                "ruft wieder an" => {
                    let mut caller = Caller::at_pin();
                    caller.key_pin();
                    caller.took();
                    caller.feed(Input::PinRight(invitation(!self.restarted)));
                    caller.pass(800);
                    (self.caller, self.held) = (caller, false);
                }
                other => panic!("nothing of that kind happens: {other}"),
            }
        }
        let out = self.caller.took();
        let over = self.caller.call.as_ref().is_some_and(Call::is_over);
        if over || out.iter().any(|output| matches!(output, Output::EndPermit { .. })) {
            self.held = false;
        }
        self.out.extend(out);
    }

    fn acts(&self) -> Vec<String> {
        let told = |kind: ActKind, key: Option<KeyPress>| {
            let word = serde_json::to_value(kind).unwrap().as_str().unwrap().to_owned();
            key.map_or(word.clone(), |key| format!("{word} {}", key.key))
        };
        let act = |output: &Output| match output {
            Output::Act(act) => Some(told(act.kind, act.key)),
            // It becomes an act when a key was found for it, and one without a track when none was.
            Output::Grant { .. } => Some(told(ActKind::Given, Some(KeyPress { key: '1', from: Slot(0), until: None }))),
            _ => None,
        };
        self.out.iter().filter_map(act).collect()
    }

    fn permit(&self) -> Vec<String> {
        let told = |output: &Output| match output {
            Output::Grant { evidence } => {
                let key = self.keys.iter().find(|(_, (_, ended))| *ended == evidence.yes_ended());
                Some(key.map_or(format!("ab {}", evidence.yes_ended().0), |(key, _)| format!("ab Ende der {key}")))
            }
            Output::EndPermit { at: Slot(0), .. } => Some("keinen Augenblick".to_owned()),
            Output::EndPermit { at, .. } if Some(*at) == self.marked => Some("bis zum Vermerk".to_owned()),
            Output::EndPermit { at, .. } => {
                let key = self.keys.iter().find(|(_, (began, _))| began == at);
                Some(key.map_or(format!("bis {}", at.0), |(key, _)| format!("bis Anfang der {key}")))
            }
            _ => None,
        };
        self.out.iter().filter_map(told).collect()
    }

    fn orders(&self) -> Vec<&'static str> {
        let told = |output: &Output| match output {
            Output::Order { decision: Decision::Erase } => Some("löschen"),
            Output::Order { decision: Decision::Keep } => Some("behalten"),
            _ => None,
        };
        self.out.iter().filter_map(told).collect()
    }

    fn said(&self) -> Vec<&'static str> {
        let prompts = self.out.iter().filter_map(|output| match output {
            Output::Say { prompts, .. } => Some(prompts.iter().map(|prompt| prompt.0)),
            _ => None,
        });
        prompts.flatten().collect()
    }
}

/// She came before the record began, and was told that she will be asked.
fn caller_before_the_record() -> Caller {
    let mut caller = Caller::at_pin();
    caller.key_pin();
    caller.feed(Input::PinRight(invitation(false)));
    caller.hear_out();
    caller
}

/// Whether the wanted are among these, in this order.
fn in_order(wanted: &[String], said: &[&str]) -> bool {
    let mut said = said.iter();
    wanted.iter().all(|wanted| said.any(|said| said == wanted))
}

#[test]
fn every_row_of_the_table_of_consents_is_true() {
    let rows = rows();
    assert!(rows.len() > 80, "the table was read: {} rows", rows.len());
    let mut wrong = Vec::new();
    for row in &rows {
        let mut scene = Scene::of(&row.state);
        row.inputs.iter().for_each(|what| scene.happens(what));
        let list = |cell: &str| if cell == "–" { Vec::new() } else { vec![cell.to_owned()] };
        let after = if scene.held { "ja" } else { "nein" };
        let said_right = if row.said.is_empty() { scene.said().is_empty() } else { in_order(&row.said, &scene.said()) };
        let right = scene.acts() == row.acts
            && scene.permit() == list(&row.permit)
            && scene.orders() == list(&row.order)
            && after == row.after
            && said_right;
        if !right {
            wrong.push(format!(
                "line {}: {} | {} => acts {:?}, permit {:?}, order {:?}, afterwards {after}, said {:?}",
                row.line,
                row.state,
                row.inputs.join("; "),
                scene.acts(),
                scene.permit(),
                scene.orders(),
                scene.said(),
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kind_of_act_stands_in_the_table() {
    let acts: Vec<String> = rows().into_iter().flat_map(|row| row.acts).collect();
    let kinds =
        "offered given refused timed_out withdrawn kept_earlier erased_earlier hung_up superseded shared unshared";
    for kind in kinds.split(' ') {
        let named: ActKind = serde_json::from_value(kind.into()).unwrap();
        match named {
            ActKind::Offered | ActKind::Given | ActKind::Refused | ActKind::TimedOut | ActKind::Withdrawn => {}
            ActKind::KeptEarlier | ActKind::ErasedEarlier | ActKind::HungUp | ActKind::Superseded => {}
            // Whoever adds one is told here to write it above, and a row of it.
            ActKind::Shared | ActKind::Unshared => {}
        }
        assert!(acts.iter().any(|act| act.split(' ').next() == Some(kind)), "{kind} is in no row");
    }
}
