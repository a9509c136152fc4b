//! What two ends agreed to call their dialogue, and how requests of ours travel in it (RFC 3261 12).
//!
//! A [`Dialog`] is made from an INVITE they sent or from the 2xx to one we sent. It numbers our requests, checks the
//! numbers of theirs, and knows the target and the route.
//!
//! Not here: what state the call is in (`call`), and transactions.

use crate::{
    Path, Transport,
    headers::{Address, Uri},
    wire::{Draft, Headers, Method, Request, Response},
};
use std::net::SocketAddr;

/// Call-ID and both tags, ours first. A peer of RFC 2543 has no tag; it counts as empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DialogId {
    pub(crate) call_id: String,
    pub(crate) ours: String,
    pub(crate) theirs: String,
}

impl DialogId {
    /// As their request names it.
    pub(crate) fn asked(request: &Request) -> Self {
        Self {
            call_id: request.echo.call_id.clone(),
            ours: request.to.tag().unwrap_or_default().to_owned(),
            theirs: request.from.tag().unwrap_or_default().to_owned(),
        }
    }

    /// As their answer names it.
    pub(crate) fn told(response: &Response) -> Self {
        Self {
            call_id: response.call_id.clone(),
            ours: response.from.tag().unwrap_or_default().to_owned(),
            theirs: response.to.tag().unwrap_or_default().to_owned(),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Dialog {
    pub(crate) id: DialogId,
    /// `From` of our requests, tag included; their text where they chose it.
    ours: String,
    /// `To` of our requests.
    theirs: String,
    target: String,
    routes: Vec<String>,
    our_cseq: u32,
    their_cseq: Option<u32>,
    /// The number of the INVITE that made it, when it was theirs.
    pub(crate) made_by: Option<u32>,
    /// The way they came to us, or we to them.
    pub(crate) path: Path,
    /// The connection that `path` was is gone; a new one has to be made.
    lost: bool,
    /// Where our requests go when `target` and `routes` do not say so.
    relayed: bool,
}

impl Dialog {
    /// For an INVITE without To tag. `None`: its Contact cannot be read.
    pub(crate) fn answering(request: &Request, our_tag: &str, path: Path) -> Option<Self> {
        Some(Self {
            id: DialogId { ours: our_tag.to_owned(), ..DialogId::asked(request) },
            ours: format!("{};tag={our_tag}", request.echo.receiver()),
            theirs: request.echo.sender().to_owned(),
            target: match request.headers.first("Contact") {
                Some(_) => contact(&request.headers)?,
                // RFC 2543 did without; the sender's address is all there is.
                None => request.from.uri.clone(),
            },
            routes: request.headers.entries("Record-Route").into_iter().map(str::to_owned).collect(),
            our_cseq: 0,
            their_cseq: Some(request.cseq.number),
            made_by: Some(request.cseq.number),
            path,
            lost: false,
            relayed: request.echo.relayed(),
        })
    }

    /// For a 2xx to an INVITE of ours.
    pub(crate) fn calling(from: &str, cseq: u32, response: &Response, path: Path) -> Option<Self> {
        let record_routes = response.headers.entries("Record-Route");
        Some(Self {
            id: DialogId::told(response),
            ours: from.to_owned(),
            theirs: response.headers.first("To")?.to_owned(),
            target: contact(&response.headers)?,
            routes: record_routes.into_iter().rev().map(str::to_owned).collect(),
            our_cseq: cseq,
            their_cseq: None,
            made_by: None,
            path,
            lost: false,
            // We cannot see who stood in between, so the Contact they gave is believed.
            relayed: true,
        })
    }

    /// RFC 3261 12.2.2: numbers must not go back.
    ///
    /// A peer that lost its connection comes back on another one, and from then on is reached there.
    pub(crate) fn in_order(&mut self, cseq: u32, path: Path) -> bool {
        let in_order = self.their_cseq.is_none_or(|before| cseq >= before);
        if in_order {
            self.their_cseq = Some(cseq);
            if path.transport == Transport::Tcp {
                (self.path, self.lost) = (path, false);
            }
        }
        in_order
    }

    /// The connection of `path` is gone.
    pub(crate) fn lose(&mut self, path: Path) {
        self.lost |= self.path == path;
    }

    /// A re-INVITE or UPDATE, or the 2xx to one, may move the other end (RFC 3261 12.2, target refresh).
    pub(crate) fn refresh(&mut self, headers: &Headers) {
        if let Some(target) = contact(headers) {
            self.target = target;
        }
    }

    /// The next request of ours.
    pub(crate) fn request(&mut self, method: &Method, branch: &str) -> (Path, Draft) {
        self.our_cseq = self.our_cseq.saturating_add(1);
        self.draft(method, self.our_cseq, branch)
    }

    /// The number of our last request.
    pub(crate) fn our_cseq(&self) -> u32 {
        self.our_cseq
    }

    /// The ACK of a 2xx to our INVITE (RFC 3261 13.2.2.4), or, with the branch of the INVITE, of a refusal (17.1.1.3).
    pub(crate) fn ack(&self, cseq: u32, branch: &str) -> (Path, Draft) {
        self.draft(&Method::Ack, cseq, branch)
    }

    fn draft(&self, method: &Method, cseq: u32, branch: &str) -> (Path, Draft) {
        let path = self.way();
        let mut routes: Vec<&str> = self.routes.iter().map(String::as_str).collect();
        let mut target = self.target.as_str();
        let first = self.routes.first().and_then(|route| Address::read(route));
        let strict = first.as_ref().filter(|first| Uri::read(&first.uri).is_some_and(|uri| !uri.params.has("lr")));
        let last = format!("<{}>", self.target);
        if let Some(strict) = strict {
            // RFC 3261 12.2.1.1: a strict router wants to see itself as the target and the target as the last route.
            target = &strict.uri;
            routes.remove(0);
            routes.push(&last);
        }
        let draft = Draft::request(method, target)
            .with("Via", &via(&path, branch))
            .with_all("Route", routes)
            .with("Max-Forwards", "70")
            .with("From", &self.ours)
            .with("To", &self.theirs)
            .with("Call-ID", &self.id.call_id)
            .with("CSeq", &format!("{cseq} {}", method.text()));
        (path, draft)
    }

    /// Where requests of ours go.
    ///
    /// A peer that came to us directly is answered the way it came: its Contact may be an address behind a NAT, and
    /// neither that nor a route must send our packets to a third party. Only port and transport are believed when the
    /// host is the same.
    /// Where a proxy stands in between, its route or the Contact decides (RFC 3261 8.1.2). A connection is used as long
    /// as it stands (RFC 5923). We never look a name up in here.
    fn way(&self) -> Path {
        let (source, local) = (self.path.remote, self.path.local);
        match self.path.transport {
            Transport::Tcp if !self.lost => return self.path,
            Transport::Tcp | Transport::Udp => {}
        }
        let literal = |uri: &str| Uri::read(uri).and_then(|uri| Some((uri.literal()?, uri.transport())));
        let hop = match self.routes.first() {
            Some(route) => Address::read(route).and_then(|route| literal(&route.uri)),
            None => literal(&self.target),
        };
        let reachable = |(hop, _): &(SocketAddr, _)| hop.is_ipv4() == local.is_ipv4() && !hop.ip().is_unspecified();
        let believed = |(hop, _): &(SocketAddr, _)| self.relayed || hop.ip() == source.ip();
        match hop.filter(|hop| reachable(hop) && believed(hop)) {
            Some((remote, transport)) => Path { remote, transport, ..self.path },
            None => self.path,
        }
    }
}

/// Our hop, with `rport` because we answer on the socket we ask from.
pub(crate) fn via(path: &Path, branch: &str) -> String {
    let transport = match path.transport {
        Transport::Udp => "UDP",
        Transport::Tcp => "TCP",
    };
    format!("SIP/2.0/{transport} {};rport;branch={branch}", path.local)
}

/// Where we want requests in a dialogue.
pub(crate) fn our_contact(transport: Transport, at: SocketAddr) -> String {
    match transport {
        Transport::Udp => format!("<sip:{at}>"),
        Transport::Tcp => format!("<sip:{at};transport=tcp>"),
    }
}

/// The first Contact; a telephone has one.
fn contact(headers: &Headers) -> Option<String> {
    let contact = headers.entries("Contact").first().and_then(|contact| Address::read(contact))?;
    Uri::read(&contact.uri).map(|_| contact.uri)
}
