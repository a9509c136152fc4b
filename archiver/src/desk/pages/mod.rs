//! The desk's pages: a file a page, each a function from what is to be shown to HTML.
//!
//! Nothing here asks anybody: a page gets a view, values only, and cannot fail. Every text comes from the catalogues,
//! every value is escaped by maud, no page holds a script, a style or a picture of its own (the policy forbids it).
//!
//! Not here: requests and who may make them (`desk`), sound and JSON (`desk::api`).

pub mod answers;
pub mod frame;
pub mod meeting;
pub mod meetings;
pub mod proof;
pub mod recording;

#[cfg(test)]
mod tests;
