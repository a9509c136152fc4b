//! An error and what caused it, as one sentence: for log lines, reasons of quarantines, and the command line.
//!
//! Not here: what users of the desk are told (`desk`, in kind words), and whose fault it was (the error's own type).

/// Each cause once, the outermost first.
pub fn sentence(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // A transparent error says its cause's words itself.
        let more = error.to_string();
        if !said.ends_with(&more) {
            said.push_str(": ");
            said.push_str(&more);
        }
        cause = error.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Fault {
        #[error("the store did not answer")]
        Store(#[source] std::io::Error),
        #[error(transparent)]
        Through(#[from] std::io::Error),
    }

    #[test]
    fn each_cause_is_said_once() {
        let refused = || std::io::Error::other("refused");
        assert_eq!(sentence(&Fault::Store(refused())), "the store did not answer: refused");
        assert_eq!(sentence(&Fault::Through(refused())), "refused");
    }
}
