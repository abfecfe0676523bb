//! Numbers and times of manifests as texts: without floating-point numbers, whose texts take much code.

/// The largest number that is the same in JavaScript.
pub const MOST: u64 = (1 << 53) - 1;

/// A whole number from 0 on, with spaces around it. Larger ones than JavaScript has are none.
pub fn whole(text: &str) -> Option<u64> {
    ticks(text).filter(|number| *number < MOST)
}

/// The same for times, which JavaScript is shown as seconds: those of live presentations count from 1970 on.
pub fn ticks(text: &str) -> Option<u64> {
    let text = text.trim();
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Microseconds of a decimal number of seconds, as `9.009`.
pub fn micros(text: &str) -> Option<u64> {
    let (seconds, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if part.bytes().any(|byte| !byte.is_ascii_digit()) {
        return None;
    }
    let part: String = part.chars().chain("000000".chars()).take(6).collect();
    whole(seconds)?.checked_mul(1_000_000)?.checked_add(whole(&part)?)
}

/// `ticks` of one timescale in units of another, rounded down.
pub fn scaled(ticks: u64, from: u64, to: u64) -> u64 {
    let wide = u128::from(ticks) * u128::from(to) / u128::from(from.max(1));
    u64::try_from(wide).unwrap_or(u64::MAX)
}

/// Seconds with as many decimals as there are digits behind the point in `unit` (10 to some power), as `9.009`.
pub fn seconds(amount: u64, unit: u64) -> String {
    let digits = usize::try_from(unit.ilog10()).unwrap_or(0);
    format!("{}.{:0digits$}", amount / unit, amount % unit)
}

/// Bits a second of so many bytes in so many ticks, rounded; 0 where there is no time.
pub fn bitrate(bytes: u64, ticks: u64, timescale: u64) -> u64 {
    if ticks == 0 {
        return 0;
    }
    let wide = (u128::from(bytes) * 8 * u128::from(timescale) + u128::from(ticks) / 2) / u128::from(ticks);
    u64::try_from(wide).unwrap_or(u64::MAX)
}

/// What may stand in an address, as it stands there (RFC 3986 2.3 and the slash), and all else in `%` and two digits.
pub fn in_address(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The text of a part of an address.
pub fn from_address(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        rest = behind;
        if let ([high, low, after @ ..], b'%') = (behind, byte)
            && let (Some(high), Some(low)) = (char::from(*high).to_digit(16), char::from(*low).to_digit(16))
        {
            out.push(u8::try_from(16 * high + low).unwrap_or(b'?'));
            rest = after;
        } else {
            out.push(*byte);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_without_floating_point() {
        assert_eq!(
            [micros("9.009"), micros("9"), micros("9.0090019"), micros("-1"), micros("1.-1")],
            [Some(9_009_000), Some(9_000_000), Some(9_009_001), None, None]
        );
        assert_eq!(
            (seconds(9_009_000, 1_000_000).as_str(), seconds(40, 1000).as_str()),
            ("9.009000", "0.040")
        );
        assert_eq!((bitrate(1, 3, 1), bitrate(9, 0, 1), scaled(7, 2, 10)), (3, 0, 35));
    }

    #[test]
    fn names_survive_addresses() {
        for name in ["a b#?%.ismv", "é.mp4", "a/b", "%41", "%4", "%", "a&b"] {
            assert_eq!(from_address(&in_address(name)), name);
        }
        assert_eq!((from_address("%zz%C3%A9").as_str(), from_address("%ff").as_str()), ("%zzé", "\u{FFFD}"));
        assert_eq!(in_address("a b&c"), "a%20b%26c");
    }
}
