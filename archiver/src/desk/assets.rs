//! What the desk carries to the browser: KERN UX as `assets/build` collected it, and our own style sheet and script.
//!
//! Embedded in the program: nothing is read from disk, nothing comes from elsewhere.
//!
//! Not here: fetching KERN UX (`assets/build`), and which page uses what (`pages::frame`).

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::Markup;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::pages;
use super::session::Anybody;

#[derive(RustEmbed)]
#[folder = "assets/dist/"]
struct Worn;

#[derive(RustEmbed)]
#[folder = "assets/own/"]
struct Own;

pub(super) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let file = path.strip_prefix("own/").map_or_else(|| Worn::get(&path), Own::get);
    let (Some(file), Some(kind)) = (file, kind(&path)) else { return StatusCode::NOT_FOUND.into_response() };
    let tag = tag(&file);
    let known = headers.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok()) == Some(&tag);
    let said = [(ETAG, tag), (CACHE_CONTROL, "no-cache".to_owned()), (CONTENT_TYPE, kind.to_owned())];
    if known { (StatusCode::NOT_MODIFIED, said).into_response() } else { (said, file.data).into_response() }
}

pub(super) async fn licences(anybody: Anybody) -> Markup {
    let mut texts: Vec<(String, String)> = Worn::iter()
        .filter(|name| name.starts_with("licences/"))
        .filter_map(|name| Some((name.clone(), Worn::get(&name)?)))
        .map(|(name, file)| {
            let name = name.trim_start_matches("licences/").trim_end_matches(".md").trim_end_matches(".txt");
            (name.to_owned(), String::from_utf8_lossy(&file.data).into_owned())
        })
        .collect();
    texts.sort();
    pages::answers::licences(&anybody.0, &texts)
}

fn tag(file: &EmbeddedFile) -> String {
    format!("\"{}\"", crate::evidence::hex(&file.metadata.sha256_hash()))
}

fn kind(path: &str) -> Option<&'static str> {
    match path.rsplit_once('.')?.1 {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "woff2" => Some("font/woff2"),
        _ => None,
    }
}
