//! Durations and times as XML has them (XML Schema 1.1 part 2, 3.3.6 and 3.3.7).

/// Milliseconds of a duration: `PT1H30M`, `P1DT0.5S`. Years and months have no fixed length, and are none unless they are 0.
pub fn duration(text: &str) -> Option<u64> {
    let (days, time) = match text.strip_prefix('P')?.split_once('T') {
        Some((days, time)) => (days, Some(time).filter(|time| !time.is_empty())?),
        None => (text.strip_prefix('P').filter(|days| !days.is_empty())?, ""),
    };
    let mut sum = 0_u64;
    for (part, units) in [
        (days, &[('Y', 0), ('M', 0), ('D', 86_400_000)][..]),
        (time, &[('H', 3_600_000), ('M', 60_000), ('S', 1000)]),
    ] {
        let mut rest = part;
        for (unit, worth) in units {
            let Some((number, behind)) = rest.split_once(*unit) else { continue };
            let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
            let whole = digits(whole)?;
            if whole > 0 && *worth == 0 {
                return None;
            }
            let whole = whole.checked_mul(*worth)?;
            let parts = if fraction.is_empty() { 0 } else { digits(format!("{fraction:0<3}").get(..3)?)? };
            sum = sum.checked_add(whole)?.checked_add(parts * worth / 1000)?;
            rest = behind;
        }
        if !rest.is_empty() {
            return None;
        }
    }
    Some(sum)
}

/// A moment, as a number that is greater for what is later: `2026-01-31T12:00:00Z`, where the zone is UTC or not said.
pub fn moment(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z').unwrap_or(text).split_once('T')?;
    let (whole, fraction) = time.split_once('.').unwrap_or((time, ""));
    let numbers = |text: &str, sign: char| text.split(sign).map(digits).collect::<Option<Vec<u64>>>();
    let [year, month, day] = numbers(date, '-')?.try_into().ok()?;
    let [hour, minute, second] = numbers(whole, ':')?.try_into().ok()?;
    let thousandths = if fraction.is_empty() { 0 } else { digits(format!("{fraction:0<3}").get(..3)?)? };
    let fits = year < 10_000 && month <= 12 && day <= 31 && hour <= 24 && minute < 60 && second <= 60;
    fits.then(|| {
        (((((year * 13 + month) * 32 + day) * 25 + hour) * 60 + minute) * 61 + second) * 1000 + thousandths
    })
}

fn digits(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|one| one.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::{duration, moment};

    #[test]
    fn durations_are_read_and_what_is_none_is_not() {
        let all = [
            ("PT0S", 0),
            ("PT1H30M", 5_400_000),
            ("P1DT0.5S", 86_400_500),
            ("PT90.0625S", 90_062),
            ("P2D", 172_800_000),
            // So write packagers of DASH.
            ("P0Y0M0DT0H3M30.000S", 210_000),
        ];
        for (text, wanted) in all {
            assert_eq!(duration(text), Some(wanted), "{text}");
        }
        for text in [
            "",
            "P",
            "PT",
            "P1Y",
            "P0Y1M",
            "PT1",
            "PTS",
            "PT1S1M",
            "PT-1S",
            "PT99999999999999999999S",
            "1S",
            "PT1.xS",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn moments_stand_in_order_and_what_is_none_is_not_read() {
        let all = [
            "2025-12-31T23:59:59.999Z",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.5",
            "2026-02-01T00:00:00Z",
        ];
        let read: Vec<u64> = all.iter().map(|text| moment(text).unwrap()).collect();
        assert!(read.is_sorted_by(|a, b| a < b), "{read:?}");
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00+01:00",
            "2026-1",
            "2026-13-01T00:00:00Z",
            "x-01-01T00:00:00Z",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
