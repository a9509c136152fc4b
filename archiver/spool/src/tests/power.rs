//! A power cut: what a disk keeps of what was written but not synced, and what a start makes of it.
//!
//! [`Power`] watches every change the writing side makes and knows which of them were synced: bytes of a file by its own
//! sync, names in a directory by the directory's. After a cut a name or a byte that was not synced may be there or not; a
//! rename is one step, as on every journaling file system.
//!
//! Not here: a process that is killed on a machine that stays up (`after_a_kill`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What of a disk's changes would outlast a power cut.
#[derive(Clone, Debug, Default)]
pub(crate) struct Power(Arc<Mutex<State>>);

#[derive(Clone, Debug, Default)]
struct State {
    nodes: Vec<Node>,
    root: Option<(PathBuf, usize)>,
}

#[derive(Clone, Debug)]
enum Node {
    File { now: Vec<u8>, synced: Vec<u8> },
    Dir { now: BTreeMap<String, usize>, synced: BTreeMap<String, usize> },
}

/// How much of what was not synced is there all the same.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Luck {
    /// Nothing of it.
    None,
    /// All names, and no byte: what a journal of metadata alone leaves.
    NamesOnly,
    /// Some of it, differently for each number.
    Some(u64),
}

impl Power {
    pub(crate) fn made_dir(&self, path: &Path) {
        let mut state = self.0.lock().unwrap();
        if state.root.is_none() {
            // What was there before it was watched is taken for safe.
            let node = state.found(path);
            state.root = Some((path.to_path_buf(), node));
        } else if state.find(path).is_none() {
            state.nodes.push(Node::Dir { now: BTreeMap::new(), synced: BTreeMap::new() });
            let node = state.nodes.len() - 1;
            state.name(path, Some(node));
        }
    }

    pub(crate) fn created(&self, path: &Path) {
        let mut state = self.0.lock().unwrap();
        state.nodes.push(Node::File { now: Vec::new(), synced: Vec::new() });
        let node = state.nodes.len() - 1;
        state.name(path, Some(node));
    }

    pub(crate) fn wrote(&self, path: &Path, bytes: &[u8]) {
        self.change(path, |now| now.extend_from_slice(bytes));
    }

    pub(crate) fn cut(&self, path: &Path, len: u64) {
        self.change(path, |now| now.truncate(len as usize));
    }

    pub(crate) fn linked(&self, from: &Path, to: &Path) {
        let mut state = self.0.lock().unwrap();
        let node = state.find(from);
        state.name(to, node);
    }

    pub(crate) fn renamed(&self, from: &Path, to: &Path) {
        let mut state = self.0.lock().unwrap();
        let Some(node) = state.find(from) else { return };
        state.name(from, None);
        state.name(to, Some(node));
    }

    pub(crate) fn removed(&self, path: &Path) {
        self.0.lock().unwrap().name(path, None);
    }

    pub(crate) fn synced(&self, path: &Path) {
        let mut state = self.0.lock().unwrap();
        if let Some(node) = state.find(path) {
            state.nodes[node].sync();
        }
    }

    pub(crate) fn synced_dir(&self, path: &Path) {
        let mut state = self.0.lock().unwrap();
        let Some(node) = state.find(path) else { return };
        // A rename is one step: what came in from another directory left that one as well.
        let Node::Dir { now, synced } = &state.nodes[node] else { return };
        let came: Vec<usize> = now.values().filter(|child| !synced.values().any(|it| it == *child)).copied().collect();
        let left: Vec<usize> = synced.values().filter(|child| !now.values().any(|it| it == *child)).copied().collect();
        state.nodes[node].sync();
        for other in 0..state.nodes.len() {
            let Node::Dir { now, synced } = &mut state.nodes[other] else { continue };
            synced.retain(|name, child| !came.contains(child) || now.get(name) == Some(child));
            let here = now.iter().filter(|(_, child)| left.contains(child));
            synced.extend(here.map(|(name, child)| (name.clone(), *child)));
        }
    }

    pub(crate) fn synced_all(&self) {
        self.0.lock().unwrap().nodes.iter_mut().for_each(Node::sync);
    }

    /// Makes in `into` what the disk shows after the cut.
    pub(crate) fn cut_off(&self, luck: Luck, into: &Path) {
        let state = self.0.lock().unwrap();
        let Some((_, root)) = &state.root else { return };
        // Names come back all from one moment: a journal is replayed up to some point.
        let (names_now, dice) = match luck {
            Luck::None => (false, None),
            Luck::NamesOnly => (true, None),
            Luck::Some(seed) => (seed % 2 == 0, Some(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)),
        };
        state.lay(*root, into, names_now, &mut dice.clone());
    }

    fn change(&self, path: &Path, change: impl Fn(&mut Vec<u8>)) {
        let mut state = self.0.lock().unwrap();
        if let Some(node) = state.find(path)
            && let Node::File { now, .. } = &mut state.nodes[node]
        {
            change(now);
        }
    }
}

impl Node {
    fn sync(&mut self) {
        match self {
            Self::File { now, synced } => synced.clone_from(now),
            Self::Dir { now, synced } => synced.clone_from(now),
        }
    }
}

impl State {
    fn found(&mut self, path: &Path) -> usize {
        let mut now = BTreeMap::new();
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let node = if entry.file_type().unwrap().is_dir() {
                self.found(&entry.path())
            } else {
                let now = std::fs::read(entry.path()).unwrap();
                self.nodes.push(Node::File { synced: now.clone(), now });
                self.nodes.len() - 1
            };
            now.insert(entry.file_name().into_string().unwrap(), node);
        }
        self.nodes.push(Node::Dir { synced: now.clone(), now });
        self.nodes.len() - 1
    }

    fn find(&self, path: &Path) -> Option<usize> {
        let (root, mut node) = self.root.as_ref().map(|(path, node)| (path.as_path(), *node))?;
        for part in path.strip_prefix(root).ok()? {
            let Node::Dir { now, .. } = &self.nodes[node] else { return None };
            node = *now.get(part.to_str()?)?;
        }
        Some(node)
    }

    fn name(&mut self, path: &Path, node: Option<usize>) {
        let parent = path.parent().and_then(|parent| self.find(parent));
        let Some(Node::Dir { now, .. }) = parent.map(|parent| &mut self.nodes[parent]) else { return };
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        match node {
            Some(node) => drop(now.insert(name, node)),
            None => drop(now.remove(&name)),
        }
    }

    fn lay(&self, node: usize, at: &Path, names_now: bool, dice: &mut Option<u64>) {
        match &self.nodes[node] {
            Node::File { now, synced } => {
                // Half of what is new is a page that was written back before the next.
                let torn = synced.len() + now.len().saturating_sub(synced.len()) / 2;
                let bytes = match dice.as_mut().map(roll) {
                    None | Some(0) => synced.as_slice(),
                    Some(1) => now.as_slice(),
                    Some(_) => now.get(..torn).unwrap_or(now),
                };
                std::fs::write(at, bytes).unwrap();
            }
            Node::Dir { now, synced } => {
                std::fs::create_dir_all(at).unwrap();
                for (name, child) in if names_now { now } else { synced } {
                    self.lay(*child, &at.join(name), names_now, dice);
                }
            }
        }
    }
}

/// 0, 1 or 2.
fn roll(dice: &mut u64) -> u64 {
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    (*dice >> 20) % 3
}
