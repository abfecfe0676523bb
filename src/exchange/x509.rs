//! As much of certificates and private keys as the browser does not read by itself: where in a certificate the public key
//! stands, and the wrapping of a private key (X.690 DER, RFC 5280 §4.1, RFC 5208 §5).

use super::base64_bytes;
use crate::bytes::{Error, Result};
use zeroize::Zeroizing;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;

/// `AlgorithmIdentifier` of RSA: the OID 1.2.840.113549.1.1.1, and NULL.
const RSA: [u8; 15] = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0];

/// A certificate: all of it, and the public key in it, both DER.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// All of it.
    pub der: Vec<u8>,
    /// `SubjectPublicKeyInfo`.
    pub public_key: Vec<u8>,
}

/// Reads a certificate: PEM, DER, or base64 of that.
///
/// # Errors
/// `bad-certificate`, with what was met; `certificate-not-rsa`.
pub fn certificate(bytes: &[u8]) -> Result<Certificate> {
    let bad = |why: &str| Error::file("bad-certificate", format!("This is no X.509 certificate: {why}."));
    let der = body(bytes, &["CERTIFICATE"])
        .map_err(|met| bad(&format!("the file has a {met}; export the certificate that belongs to it")))?;
    let mut whole = Der(&der).enter(SEQUENCE).ok_or_else(|| bad("it is no PEM and no DER"))?;
    let mut inner = whole.enter(SEQUENCE).ok_or_else(|| bad("its first part is missing"))?;
    if inner.0.first() == Some(&VERSION) {
        inner.next();
    }
    // Serial number, signature, issuer, validity, subject.
    for _ in 0..5 {
        inner.next();
    }
    let (tag, public_key, content) = inner.next().ok_or_else(|| bad("it has no public key"))?;
    if tag != SEQUENCE {
        return Err(bad("it has no public key"));
    }
    if !content.starts_with(&RSA) {
        let message = "The certificate’s key is not for RSA, with which keys are encrypted in CPIX documents. Ask for one that is.";
        return Err(Error::unsupported("certificate-not-rsa", message));
    }
    Ok(Certificate { public_key: public_key.to_vec(), der: der.to_vec() })
}

/// A private key for RSA, as PKCS#8 DER: from PEM or DER, of PKCS#8 or PKCS#1.
///
/// # Errors
/// `bad-private-key`, with what was met and what to do, and nothing of the key.
pub fn private_key(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let bad = |why: &str| Error::file("bad-private-key", format!("This private key cannot be used: {why}."));
    let labels = ["PRIVATE KEY", "RSA PRIVATE KEY"];
    let der = body(bytes, &labels).map_err(|met| {
        bad(&match met.as_str() {
            "ENCRYPTED PRIVATE KEY" => {
                "it is encrypted with a password; write it without one, as by “openssl pkey -in key.pem -out open.pem”, and delete that afterwards".to_owned()
            }
            "OPENSSH PRIVATE KEY" => "it is in OpenSSH’s own form; write it as PEM, as by “ssh-keygen -p -m PEM -f COPY”".to_owned(),
            met => format!("the file has a {met}"),
        })
    })?;
    let mut inner = Der(&der).enter(SEQUENCE).ok_or_else(|| bad("it is no PEM and no DER of one; of a .pfx or .p12 file, write it as by “openssl pkcs12 -in FILE -nocerts -nodes”"))?;
    let version = inner.next().filter(|(tag, ..)| *tag == INTEGER);
    let second = inner.next();
    match (version, second) {
        (Some(_), Some((SEQUENCE, algorithm, _))) if algorithm == RSA => Ok(der),
        (Some(_), Some((SEQUENCE, ..))) => Err(bad("it is not for RSA")),
        (Some(_), Some((INTEGER, ..))) => {
            // PKCS#1: version, then the modulus.
            let octets = element(0x04, &[&der]);
            Ok(element(SEQUENCE, &[&[INTEGER, 1, 0], &RSA, &octets]))
        }
        _ => Err(bad("it is damaged, or of another kind")),
    }
}

/// The DER of the first block of PEM with one of these labels, or of bytes that are DER or base64 of it already. The error is
/// the label that was met instead.
fn body(bytes: &[u8], labels: &[&str]) -> core::result::Result<Zeroizing<Vec<u8>>, String> {
    let Ok(text) = core::str::from_utf8(bytes) else { return Ok(Zeroizing::new(bytes.to_vec())) };
    let mut met = None;
    for block in text.split("-----BEGIN ").skip(1) {
        let Some((label, rest)) = block.split_once("-----") else { continue };
        if !labels.contains(&label) {
            met.get_or_insert_with(|| label.chars().take(40).collect::<String>());
            continue;
        }
        let inner = rest.split("-----END").next().unwrap_or_default();
        // A header of old encrypted keys.
        if inner.contains("Proc-Type:") {
            return Err("ENCRYPTED PRIVATE KEY".to_owned());
        }
        return Ok(base64_bytes(inner).unwrap_or_default());
    }
    match met {
        Some(met) => Err(met),
        None => Ok(base64_bytes(text).unwrap_or_else(|| Zeroizing::new(bytes.to_vec()))),
    }
}

/// An element of DER around others.
fn element(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(len + 10));
    out.push(tag);
    // As short as it can be: browsers refuse others.
    let digits = len.to_be_bytes();
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let digits = digits.get(zeros..).unwrap_or_default();
    if len > 0x7f {
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
    }
    out.extend_from_slice(if len == 0 { &[0] } else { digits });
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// Elements of DER, one behind the other.
struct Der<'b>(&'b [u8]);

impl<'b> Der<'b> {
    /// The next element: its tag, all of it, and what is in it.
    fn next(&mut self) -> Option<(u8, &'b [u8], &'b [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (len, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let len = digits.iter().fold(0_u64, |len, digit| len << 8 | u64::from(*digit));
                (usize::try_from(len).ok()?, rest)
            }
            _ => return None,
        };
        let (content, after) = rest.split_at_checked(len)?;
        let whole = self.0.get(..self.0.len() - after.len())?;
        self.0 = after;
        Some((tag, whole, content))
    }

    /// What is in the next element, when it has this tag.
    fn enter(&mut self, wanted: u8) -> Option<Self> {
        self.next().filter(|(tag, ..)| *tag == wanted).map(|(_, _, content)| Self(content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        for (len, head) in
            [(0, &[4, 0][..]), (127, &[4, 127]), (128, &[4, 0x81, 128]), (256, &[4, 0x82, 1, 0])]
        {
            let made = element(4, &[&vec![7; len]]);
            assert!(made.starts_with(head), "{len}: {:?}", made.get(..5));
            assert_eq!(Der(&made).next().map(|(tag, _, content)| (tag, content.len())), Some((4, len)));
        }
    }

    #[test]
    fn what_is_no_key_or_certificate_is_refused_at_any_length() {
        let sealed = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----";
        assert!(private_key(sealed.as_bytes()).unwrap_err().message().contains("password"));
        let ec = element(SEQUENCE, &[&[INTEGER, 1, 0], &[SEQUENCE, 0], &[4, 1, 0]]);
        assert!(private_key(&ec).unwrap_err().message().contains("not for RSA"));
        for len in 0..ec.len() {
            assert!(private_key(ec.get(..len).unwrap()).is_err());
            assert!(certificate(ec.get(..len).unwrap()).is_err());
        }
        for bytes in [&[0x30, 0x84, 255, 255, 255, 255][..], &[0x30, 0x80], b"sw\xffrdfish"] {
            assert_eq!(private_key(bytes).unwrap_err().code(), "bad-private-key");
            assert_eq!(certificate(bytes).unwrap_err().code(), "bad-certificate");
        }
    }
}
