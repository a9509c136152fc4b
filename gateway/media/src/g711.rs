//! G.711: A-law and µ-law to 16-bit linear and back, by tables made at compile time.
//!
//! Bit exact to ITU-T G.711 as its reference software computes it: A-law looks at the upper 12 bits of a sample, µ-law at
//! the upper 14, negatives by one's complement.
//!
//! Not here: concealment and comfort noise.

/// Which of the two companding laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// PCMA, payload type 8: Europe.
    A,
    /// PCMU, payload type 0: North America and Japan.
    Mu,
}

/// Decodes as many octets as both slices hold.
pub fn decode(law: Law, from: &[u8], into: &mut [i16]) {
    let table = match law {
        Law::A => &A_LINEAR,
        Law::Mu => &MU_LINEAR,
    };
    for (octet, sample) in from.iter().zip(into) {
        *sample = table[usize::from(*octet)];
    }
}

/// Encodes as many samples as both slices hold.
pub fn encode(law: Law, from: &[i16], into: &mut [u8]) {
    match law {
        Law::A => {
            for (sample, octet) in from.iter().zip(into) {
                *octet = A_CODE[usize::from(sample.cast_unsigned() >> 4)];
            }
        }
        Law::Mu => {
            for (sample, octet) in from.iter().zip(into) {
                *octet = MU_CODE[usize::from(sample.cast_unsigned() >> 2)];
            }
        }
    }
}

/// The octet of digital silence.
#[must_use]
pub const fn silence(law: Law) -> u8 {
    match law {
        Law::A => 0xD5,
        Law::Mu => 0xFF,
    }
}

const fn a_linear(code: u8) -> i16 {
    let bits = code ^ 0x55;
    let segment = (bits >> 4) & 0x07;
    let step = (bits & 0x0F) as i16;
    let size = match segment {
        0 => (step << 4) + 8,
        _ => ((step << 4) + 0x108) << (segment - 1),
    };
    if bits & 0x80 != 0 { size } else { -size }
}

const fn mu_linear(code: u8) -> i16 {
    let bits = !code;
    let segment = (bits >> 4) & 0x07;
    let step = (bits & 0x0F) as i16;
    let size = (((step << 3) + MU_BIAS) << segment) - MU_BIAS;
    if bits & 0x80 != 0 { -size } else { size }
}

/// `size`: the upper 11 magnitude bits of a sample, 0 to 2047.
const fn a_code(size: u16, negative: bool) -> u8 {
    let segment = match size {
        0..=31 => size >> 4,
        _ => 12 - size.leading_zeros() as u16,
    };
    let step = match segment {
        0 => size,
        _ => (size >> (segment - 1)) & 0x0F,
    };
    let sign = if negative { 0 } else { 0x80 };
    ((segment << 4 | step & 0x0F) as u8 | sign) ^ 0x55
}

/// `size`: the upper 13 magnitude bits of a sample, 0 to 8191.
const fn mu_code(size: u16, negative: bool) -> u8 {
    let biased = size + (MU_BIAS as u16 >> 2);
    let biased = if biased > 0x1FFF { 0x1FFF } else { biased };
    let segment = 10 - biased.leading_zeros() as u16;
    let step = (biased >> (segment + 1)) & 0x0F;
    let sign = if negative { 0x80 } else { 0 };
    !((segment << 4 | step) as u8 | sign)
}

const MU_BIAS: i16 = 132;

static A_LINEAR: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = a_linear(code as u8);
        code += 1;
    }
    table
};

static MU_LINEAR: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = mu_linear(code as u8);
        code += 1;
    }
    table
};

/// By the upper 12 bits of a sample: the first half is positive.
static A_CODE: [u8; 4096] = {
    let mut table = [0; 4096];
    let mut size = 0;
    while size < 2048 {
        table[size] = a_code(size as u16, false);
        table[4095 - size] = a_code(size as u16, true);
        size += 1;
    }
    table
};

/// By the upper 14 bits of a sample: the first half is positive.
static MU_CODE: [u8; 16384] = {
    let mut table = [0; 16384];
    let mut size = 0;
    while size < 8192 {
        table[size] = mu_code(size as u16, false);
        table[16383 - size] = mu_code(size as u16, true);
        size += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    /// The algorithms of G.711 as the ITU's software tool library (G.191) states them, in its own loops.
    mod itu {
        pub(super) fn a_compress(sample: i16) -> u8 {
            let mut ix = i32::from(if sample < 0 { !sample } else { sample }) >> 4;
            if ix > 15 {
                let mut exponent = 1;
                while ix > 16 + 15 {
                    ix >>= 1;
                    exponent += 1;
                }
                ix -= 16;
                ix += exponent << 4;
            }
            if sample >= 0 {
                ix |= 0x80;
            }
            (ix ^ 0x55) as u8
        }

        pub(super) fn a_expand(code: u8) -> i16 {
            let ix = i32::from(code ^ 0x55) & 0x7F;
            let exponent = ix >> 4;
            let mut mantissa = ix & 0x0F;
            if exponent > 0 {
                mantissa += 16;
            }
            mantissa = (mantissa << 4) + 8;
            if exponent > 1 {
                mantissa <<= exponent - 1;
            }
            (if code > 127 { mantissa } else { -mantissa }) as i16
        }

        pub(super) fn mu_compress(sample: i16) -> u8 {
            let mut size = (i32::from(if sample < 0 { !sample } else { sample }) >> 2) + 33;
            if size > 0x1FFF {
                size = 0x1FFF;
            }
            let mut i = size >> 6;
            let mut segment = 1;
            while i != 0 {
                segment += 1;
                i >>= 1;
            }
            let high = 8 - segment;
            let low = 0x0F - ((size >> segment) & 0x0F);
            let code = (high << 4) | low;
            (if sample >= 0 { code | 0x80 } else { code }) as u8
        }

        pub(super) fn mu_expand(code: u8) -> i16 {
            let sign = if code < 0x80 { -1 } else { 1 };
            let inverse = !i32::from(code);
            let exponent = (inverse >> 4) & 0x07;
            let step = 4 << (exponent + 1);
            let mantissa = inverse & 0x0F;
            (sign * ((0x80 << exponent) + step * mantissa + step / 2 - 4 * 33)) as i16
        }
    }

    #[test]
    fn every_sample_encodes_as_the_itu_says() {
        for sample in i16::MIN..=i16::MAX {
            let mut octet = [0];
            encode(Law::A, &[sample], &mut octet);
            assert_eq!(octet[0], itu::a_compress(sample), "A-law of {sample}");
            encode(Law::Mu, &[sample], &mut octet);
            assert_eq!(octet[0], itu::mu_compress(sample), "µ-law of {sample}");
        }
    }

    #[test]
    fn every_octet_decodes_as_the_itu_says() {
        for code in 0..=255 {
            let mut sample = [0];
            decode(Law::A, &[code], &mut sample);
            assert_eq!(sample[0], itu::a_expand(code), "A-law of {code:#x}");
            decode(Law::Mu, &[code], &mut sample);
            assert_eq!(sample[0], itu::mu_expand(code), "µ-law of {code:#x}");
        }
    }

    #[test]
    fn a_second_passage_loses_nothing_more() {
        for law in [Law::A, Law::Mu] {
            for code in 0..=255_u8 {
                let (mut once, mut octet, mut twice) = ([0], [0], [0]);
                decode(law, &[code], &mut once);
                encode(law, &once, &mut octet);
                decode(law, &octet, &mut twice);
                assert_eq!(once, twice);
            }
        }
    }

    #[test]
    fn silence_is_the_quietest_octet() {
        let mut sample = [9];
        decode(Law::Mu, &[silence(Law::Mu)], &mut sample);
        assert_eq!(sample[0], 0);
        decode(Law::A, &[silence(Law::A)], &mut sample);
        assert_eq!(sample[0], 8);
    }
}
