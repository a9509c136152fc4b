//! RTP packets (RFC 3550 section 5.1): the door to `rtp-types`.
//!
//! [`parse`] borrows from the datagram; [`write`] makes the twelve octets of a header with nothing optional in it.
//!
//! Not here: what a sequence of packets means (`leg`, `jitter`).

use rtp_types::RtpPacket;

/// What we look at in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    pub payload_type: u8,
    pub marker: bool,
    pub seq: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    /// Without header extension and padding; may be empty.
    pub payload: &'a [u8],
}

/// Octets of the header that [`write`] makes.
pub const HEADER_BYTES: usize = 12;

/// Nothing when the bytes are no RTP of version 2, or claim more than is there.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<Packet<'_>> {
    let packet = RtpPacket::parse(bytes).ok()?;
    let payload = bytes.get(packet.payload_offset()..)?.get(..packet.payload_len())?;
    Some(Packet {
        payload_type: packet.payload_type(),
        marker: packet.marker_bit(),
        seq: packet.sequence_number(),
        timestamp: packet.timestamp(),
        ssrc: packet.ssrc(),
        payload,
    })
}

/// Writes a packet and says how long it is; writes nothing and says 0 when it does not fit.
pub fn write(into: &mut [u8], packet: &Packet<'_>) -> usize {
    let length = HEADER_BYTES + packet.payload.len();
    let Some((header, body)) = into.get_mut(..length).and_then(|whole| whole.split_first_chunk_mut::<HEADER_BYTES>())
    else {
        return 0;
    };
    header[0] = 2 << 6;
    header[1] = u8::from(packet.marker) << 7 | packet.payload_type & 0x7F;
    header[2..4].copy_from_slice(&packet.seq.to_be_bytes());
    header[4..8].copy_from_slice(&packet.timestamp.to_be_bytes());
    header[8..12].copy_from_slice(&packet.ssrc.to_be_bytes());
    body.copy_from_slice(packet.payload);
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            payload_type in 0_u8..128, marker: bool, seq: u16, timestamp: u32, ssrc: u32,
            payload in proptest::collection::vec(any::<u8>(), 0..500),
        ) {
            let packet = Packet { payload_type, marker, seq, timestamp, ssrc, payload: &payload };
            let mut bytes = [0; 600];
            let length = write(&mut bytes, &packet);
            prop_assert_eq!(length, 12 + payload.len());
            prop_assert_eq!(parse(&bytes[..length]), Some(packet));
        }

        #[test]
        fn no_datagram_makes_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), first in 128_u8..192) {
            let _ = parse(&bytes);
            let mut bytes = bytes;
            if let Some(octet) = bytes.first_mut() {
                *octet = first;
            }
            if let Some(packet) = parse(&bytes) {
                prop_assert!(packet.payload.len() + 12 <= bytes.len());
            }
        }
    }

    #[test]
    fn padding_and_extension_are_not_sound() {
        let mut bytes = vec![0b1011_0000, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        bytes.extend([0xBE, 0xDE, 0, 1, 9, 9, 9, 9]);
        bytes.extend([1, 2, 3]);
        bytes.extend([0, 0, 3]);
        assert_eq!(parse(&bytes).unwrap().payload, [1, 2, 3]);
    }

    #[test]
    fn what_does_not_fit_is_not_written() {
        let packet = Packet { payload_type: 8, marker: false, seq: 1, timestamp: 2, ssrc: 3, payload: &[7; 160] };
        assert_eq!(write(&mut [0; 171], &packet), 0);
        assert_eq!(write(&mut [0; 172], &packet), 172);
    }
}
