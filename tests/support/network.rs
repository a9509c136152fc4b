//! A network of its own for a telephone that wants one, or for a stranger: a namespace joined by a pair of interfaces.
//!
//! Needs root, or sudo without a password; `deploy/test` runs as either.
//!
//! Not here: what is sent.

use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// A namespace with one address; this machine has the other end's.
#[derive(Debug)]
pub(crate) struct Network {
    name: String,
    /// The address inside.
    pub(crate) inside: String,
    /// This machine's, as seen from inside.
    pub(crate) outside: String,
    /// The same of IPv6.
    pub(crate) inside_v6: String,
    pub(crate) outside_v6: String,
}

impl Network {
    /// `net`: the first three bytes of its addresses, such as `10.231.7`.
    pub(crate) fn new(net: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("amts{}x{number}", std::process::id());
        let (ours, theirs) = (format!("{name}o"), format!("{name}i"));
        let net_v6 = format!("fd42:{}", net.replace('.', ":"));
        let network = Self {
            inside: format!("{net}.2"),
            outside: format!("{net}.1"),
            inside_v6: format!("{net_v6}::2"),
            outside_v6: format!("{net_v6}::1"),
            name,
        };
        let n = network.name.as_str();
        ip(&["netns", "add", n]);
        ip(&["link", "add", &ours, "type", "veth", "peer", "name", &theirs]);
        ip(&["link", "set", &theirs, "netns", n]);
        ip(&["addr", "add", &format!("{}/24", network.outside), "dev", &ours]);
        // Without waiting whether somebody else has it: there is nobody else.
        ip(&["addr", "add", &format!("{}/64", network.outside_v6), "dev", &ours, "nodad"]);
        ip(&["link", "set", &ours, "up"]);
        ip(&["netns", "exec", n, "ip", "addr", "add", &format!("{}/24", network.inside), "dev", &theirs]);
        let inside_v6 = format!("{}/64", network.inside_v6);
        ip(&["netns", "exec", n, "ip", "addr", "add", &inside_v6, "dev", &theirs, "nodad"]);
        ip(&["netns", "exec", n, "ip", "link", "set", &theirs, "up"]);
        ip(&["netns", "exec", n, "ip", "link", "set", "lo", "up"]);
        network
    }

    /// The interface inside.
    pub(crate) fn interface(&self) -> String {
        format!("{}i", self.name)
    }

    /// A command that runs inside.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = as_root("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The pair of interfaces goes with the namespace.
        let _ = as_root("ip").args(["netns", "del", &self.name]).output();
    }
}

fn ip(arguments: &[&str]) -> Output {
    let output = as_root("ip").args(arguments).output().expect("ip runs");
    assert!(output.status.success(), "ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    output
}

/// A command that runs as root.
pub(crate) fn as_root(program: &str) -> Command {
    // Root's number is 0 and stands in the ownership of our own process directory.
    use std::os::unix::fs::MetadataExt;
    let root = std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    if root {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", program]);
    command
}
