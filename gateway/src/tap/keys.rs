//! Whether a key of a seat waits to be judged.
//!
//! A key may be the one that takes the consent back, from its first packet on: so from then on nothing of the seat leaves,
//! until the dialogue has said what each key meant.
//! One [`Keys`] a call, from its first slot on: a permit can come while the next key is down already.
//!
//! Not here: what a key means (`call`).

use crate::ids::Slot;

/// The keys of one call that are down or not judged yet.
#[derive(Debug, Default)]
pub struct Keys {
    open: u32,
    since: Option<Slot>,
}

impl Keys {
    #[must_use]
    pub const fn new() -> Self {
        Self { open: 0, since: None }
    }

    /// A key went down, which is heard in slot `at`.
    pub fn began(&mut self, at: Slot) {
        self.open += 1;
        self.since = Some(self.since.map_or(at, |since| since.min(at)));
    }

    /// One of them was judged. Once for every [`Self::began`], in whatever order.
    pub fn settled(&mut self) {
        self.open = self.open.saturating_sub(1);
        if self.open == 0 {
            self.since = None;
        }
    }

    /// The slot from which on nothing may leave.
    #[must_use]
    pub const fn since(&self) -> Option<Slot> {
        self.since
    }

    /// Whether nothing may leave of this slot.
    #[must_use]
    pub fn cover(&self, slot: Slot) -> bool {
        self.since.is_some_and(|since| slot >= since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_open_from_its_first_packet_until_it_was_judged() {
        let mut keys = Keys::new();
        assert!(!keys.cover(Slot(5)));
        keys.began(Slot(5));
        assert!(!keys.cover(Slot(4)));
        assert!(keys.cover(Slot(5)) && keys.cover(Slot(500)));
        keys.settled();
        assert_eq!(keys.since(), None);
    }

    #[test]
    fn judging_one_key_does_not_open_the_next() {
        let mut keys = Keys::new();
        keys.began(Slot(5));
        keys.began(Slot(30));
        keys.settled();
        assert!(keys.cover(Slot(31)));
        keys.settled();
        assert!(!keys.cover(Slot(31)));
    }

    #[test]
    fn the_earliest_key_counts() {
        let mut keys = Keys::new();
        keys.began(Slot(30));
        keys.began(Slot(28));
        keys.began(Slot(40));
        assert_eq!(keys.since(), Some(Slot(28)));
    }

    #[test]
    fn a_judgement_too_many_does_no_harm() {
        let mut keys = Keys::new();
        keys.settled();
        keys.began(Slot(9));
        assert!(keys.cover(Slot(9)));
    }
}
