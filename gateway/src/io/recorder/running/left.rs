//! Chunks that no writer owns any more and that still lie open: given up, and recovered.
//!
//! Not here: when a chunk is given up (`desk`), and how one is closed without its writer (crate `spool`).

use spool::write::Recovered;

use super::*;

impl Running {
    /// The open chunk takes nothing more: it is left for recovery, and the next one is begun by `try_again`.
    pub(in crate::io::recorder) fn abandon(&mut self) {
        if let Some(writer) = self.writer.take() {
            self.left.push(writer.name().to_owned());
            self.previous = None;
            self.chunk += 1;
            self.laid.clear();
        }
    }

    /// Closes as interrupted what no writer owns, and hands it over. Only while nobody is being asked.
    pub(super) fn recover_left(&mut self, house: &House) -> Result<(), SpoolError> {
        while let Some(name) = self.left.first() {
            let recovered = house.spool.recover_chunk(name, house.clock.wall().utc_ms)?;
            self.left.remove(0);
            let Some(Recovered { chunk, recording, tracks: _, orders }) = recovered else { continue };
            for order in orders {
                house.say(FromRecorder::OrderWritten { recording, order });
            }
            house.say(FromRecorder::ChunkReady { recording, chunk });
        }
        Ok(())
    }
}
