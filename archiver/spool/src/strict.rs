//! One rule for every text of the format: what a reader does not know it refuses; an object named `ext` it passes over.
//!
//! So nothing that a gateway says is ever half understood, and a later gateway may still say more, in `ext`, to whoever
//! knows it. Every field is there, also one that says nothing (`null`), and once.
//!
//! Not here: versions, which are looked at before ([`read`](mod@crate::read)).

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads one JSON object. The error is a clause that says what is wrong with it.
pub(crate) fn read<T: Serialize + DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    let read: T = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let mut said: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if let Some(fields) = said.as_object_mut()
        && fields.get("ext").is_some_and(Value::is_object)
    {
        fields.remove("ext");
    }
    let known = serde_json::to_value(&read).map_err(|error| error.to_string())?;
    difference(&said, &known).map_or(Ok(read), Err)
}

/// What was said and is not known, or belongs there and was not said.
fn difference(said: &Value, known: &Value) -> Option<String> {
    match (said, known) {
        (Value::Object(said), Value::Object(known)) => {
            let strange = said.keys().find(|name| !known.contains_key(*name));
            let missing = known.keys().find(|name| !said.contains_key(*name));
            strange
                .map(|name| format!("the field {name:?} is not known here"))
                .or_else(|| missing.map(|name| format!("the field {name:?} is missing")))
                .or_else(|| said.iter().zip(known).find_map(|((_, said), (_, known))| difference(said, known)))
        }
        (Value::Array(said), Value::Array(known)) if said.len() == known.len() => {
            said.iter().zip(known).find_map(|(said, known)| difference(said, known))
        }
        _ => (said != known).then(|| "a value is not written as it should be".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::{Line, MediaEvent};

    fn line(rest: &str) -> Result<Line<MediaEvent>, String> {
        read(format!(r#"{{"n":1,"prev":"x","slot":9,{rest}}}"#).as_bytes())
    }

    #[test]
    fn what_is_not_known_is_refused_and_said() {
        line(r#""event":"paused""#).unwrap();
        let unknown = |rest: &str| line(rest).unwrap_err();
        assert_eq!(unknown(r#""event":"paused","by":"chair""#), r#"the field "by" is not known here"#);
        assert_eq!(
            unknown(r#""event":"seat","seat":1,"kind":"web","name":"x""#),
            r#"the field "name" is not known here"#
        );
        assert!(unknown(r#""event":"vote""#).contains("unknown variant"));
        let file = r#""event":"close","why":"end","lines":2,"consent_head":"","files":[{"name":"a","bytes":1,"sha256":"","by":1}]"#;
        assert!(unknown(&format!(r#"{file},"signature":"{}""#, "0".repeat(128))).contains("by"));
    }

    #[test]
    fn an_object_named_ext_is_passed_over_and_nothing_else_of_that_name() {
        line(r#""ext":{"by":"chair","a":[1]},"event":"paused""#).unwrap();
        assert!(line(r#""event":"paused","ext":1"#).is_err());
        assert!(line(r#""event":"seat","seat":1,"kind":{"ext":{}}"#).is_err());
    }

    #[test]
    fn a_field_that_is_said_twice_or_not_at_all_is_refused() {
        assert!(line(r#""event":"left","seat":1,"seat":2"#).is_err());
        assert!(line(r#""event":"left"#).is_err());
        let key = read::<crate::line::Act>(
            br#"{"seat":1,"kind":"refused","channel":"web","purpose":"p","parts":[],"broken_off":null,"text":"a","text_version":1,"language":"de","text_sha256":"","heard":[],"track":null,"utc_ms":1,"ntp":true}"#,
        );
        assert_eq!(key.unwrap_err(), r#"the field "key" is missing"#);
    }
}
