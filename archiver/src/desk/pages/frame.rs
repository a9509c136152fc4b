//! What every page has around it: head, skip link, menu, foot.
//!
//! Not here: what stands inside (the pages beside it), and the style sheet (`assets/own`).

use maud::{DOCTYPE, Markup, html};

use crate::texts::{Language, Texts};

/// What a page must know of whoever looks at it.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub language: Language,
    /// The token their forms carry; `None` for whoever is not signed in, who gets no form and no menu.
    pub form_token: Option<String>,
}

impl Viewer {
    pub fn texts(&self) -> Texts {
        Texts::of(self.language)
    }
}

/// A whole page. `title` is plain text.
pub fn page(viewer: &Viewer, title: &str, body: &Markup) -> Markup {
    page_then(viewer, title, body, None)
}

/// A page that goes on by itself to `then`, an address of ours.
pub fn page_then(viewer: &Viewer, title: &str, body: &Markup, then: Option<&str>) -> Markup {
    let t = viewer.texts();
    html! {
        (DOCTYPE)
        html lang=(viewer.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                @if let Some(then) = then { meta http-equiv="refresh" content={ "0; url=" (then) }; }
                title { (title) " – " (t.say("desk-name")) }
                link rel="icon" href="/assets/own/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/kern.css";
                link rel="stylesheet" href="/assets/own/desk.css";
                script src="/assets/own/desk.js" defer {}
            }
            body {
                a.skip href="#inhalt" { (t.say("desk-skip")) }
                header.top {
                    div.wide {
                        p.brand { strong { (t.say("desk-name")) } " " span { (t.say("desk-what")) } }
                        (menu(viewer))
                    }
                }
                main #inhalt .wide tabindex="-1" { (body) }
                footer.foot {
                    div.wide {
                        a href={ "/sprache/" (viewer.language.other().tag()) } lang=(viewer.language.other().tag())
                            aria-label=(t.say("desk-language-label")) { (t.say("desk-language")) }
                        a href="/lizenzen" { (t.say("desk-licences")) }
                    }
                }
            }
        }
    }
}

/// The hidden field that shows that a form came from our own page.
pub fn form_token(viewer: &Viewer) -> Markup {
    html! { input type="hidden" name="form_token" value=(viewer.form_token.as_deref().unwrap_or_default()); }
}

/// A message that stands out: `kind` is KERN's word (info, success, warning, danger).
pub fn notice(kind: &str, text: &str) -> Markup {
    html! {
        div class={ "kern-alert kern-alert--" (kind) } {
            div.kern-alert__header {
                span class={ "kern-icon kern-icon--" (kind) } aria-hidden="true" {}
                p.kern-title { (text) }
            }
        }
    }
}

/// Shown by the script when a page that refreshes itself gets no answer any more.
pub fn stale(t: &Texts) -> Markup {
    html! { div #veraltet role="alert" hidden { (notice("warning", &t.say("live-stale"))) } }
}

/// A short state beside a heading.
pub fn badge(kind: &str, text: &str) -> Markup {
    html! { span class={ "kern-badge kern-badge--" (kind) } { span.kern-label { (text) } } }
}

/// A button that sends its form.
pub fn submit(rank: &str, text: &str) -> Markup {
    html! { button type="submit" class={ "kern-btn kern-btn--" (rank) } { span.kern-label { (text) } } }
}

/// A link that looks like the button it replaces.
pub fn button_link(rank: &str, href: &str, text: &str) -> Markup {
    html! { a class={ "kern-btn kern-btn--" (rank) } href=(href) { span.kern-label { (text) } } }
}

fn menu(viewer: &Viewer) -> Markup {
    let t = viewer.texts();
    html! {
        @if viewer.form_token.is_some() {
            nav aria-label=(t.say("desk-nav")) {
                a href="/sitzungen" { (t.say("desk-nav-meetings")) }
                form method="post" action="/abmelden" {
                    (form_token(viewer))
                    button.plain type="submit" { (t.say("desk-leave")) }
                }
            }
        }
    }
}
