//! Whether a licence URL can stand in a header, and what is doubtful about one that can.
//!
//! PlayReady Header Specification §3.3.3: only absolute URLs, and not empty. Nothing here is fetched.

use crate::bytes::{Error, Result};

/// Longest URL without a warning, in characters. Players have failed on longer ones (nginx-vod-module issue 188).
pub const LONG_URL: usize = 200;

/// Checks that `text` is an absolute http or https URL of printable ASCII with a host. `field` is the request field
/// the text came from: `laUrl` or `luiUrl`.
///
/// # Errors
/// `bad-url` at `field`, saying which part is wrong.
pub fn check_url(text: &str, field: &'static str) -> Result<()> {
    let bad = |sentence: &str| Err(Error::caller("bad-url", field, sentence));
    if text.is_empty() {
        return bad("A URL is needed here, like https://licences.example.com/rightsmanager.asmx.");
    }
    if let Some(at) = text.bytes().position(|b| !b.is_ascii_graphic()) {
        return Err(Error::caller(
            "bad-url",
            field,
            format!(
                "The URL holds a space or another character that URLs do not allow, after {at} characters; \
                 please percent-encode it."
            ),
        ));
    }
    if let Some(reference) = character_reference(text) {
        let message = format!(
            "The URL holds {reference}, as when it is copied out of XML; please write the character itself (& for &amp;)."
        );
        return Err(Error::caller("bad-url", field, message));
    }
    if text.contains(['"', '<', '>']) {
        return bad(
            "The URL holds a quotation mark or angle bracket, which URLs do not allow; please remove it or \
             percent-encode it.",
        );
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return bad("The URL must be absolute: it must begin with https:// (or http://).");
    };
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return bad(
            "The URL must begin with https:// (or http://); other schemes do not reach a licence server.",
        );
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match host_and_port.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        // An IPv6 address has colons of its own.
        Some((address, after)) => (address, after.strip_prefix(':').or(after.is_empty().then_some(""))),
        None => match host_and_port.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (host_and_port, Some("")),
        },
    };
    if host.is_empty() {
        return bad("The URL has no host name after ://.");
    }
    match port {
        Some("") => Ok(()),
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok() => Ok(()),
        _ => bad("The part of the URL after the host name and colon must be a port number from 0 to 65535."),
    }
}

/// The first reference of XML in `text`, like `&amp;` or `&#38;`.
fn character_reference(text: &str) -> Option<&str> {
    text.match_indices('&').find_map(|(at, _)| {
        let end = text.get(at..)?.find(';')?;
        let name = text.get(at + 1..at + end)?;
        let is_number = name.strip_prefix('#').is_some_and(|number| {
            let digits = number.strip_prefix(['x', 'X']).unwrap_or(number);
            !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit())
        });
        let is_named =
            ["amp", "lt", "gt", "quot", "apos"].iter().any(|known| known.eq_ignore_ascii_case(name));
        (is_number || is_named).then(|| text.get(at..=at + end)).flatten()
    })
}

/// What is doubtful about a licence URL that [`check_url`] accepts, as plain sentences; empty when nothing is.
pub fn url_warnings(url: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    let lower = url.to_ascii_lowercase();
    if lower.starts_with("http://") {
        warnings.push(
            "The licence URL begins with http://, so requests to it can be read and changed on the way."
                .into(),
        );
    }
    let len = url.chars().count();
    if len > LONG_URL {
        warnings.push(format!("The licence URL has {len} characters; some players fail above {LONG_URL}."));
    }
    if discloses_key(url) {
        warnings.push(
            "The licence URL carries the content key or key seed, and the URL stands readable in every file: \
             anyone who has the file has the key. Use this for demonstrations only."
                .into(),
        );
    }
    let authority = lower.split_once("://").map_or("", |(_, rest)| rest).split(['/', '?', '#']).next();
    if authority.is_some_and(|authority| authority.contains('@')) {
        warnings.push(
            "The licence URL carries a user name or password, which stands readable in every file.".into(),
        );
    }
    warnings
}

/// Whether the query of a URL holds one of the test server's parameters that carry a secret: `contentkey` (short
/// `ck`) or `keyseed` (Microsoft's PlayReady test server, query string syntax).
pub fn discloses_key(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    let query = lower.split_once('?').map_or("", |(_, query)| query).replace("%3a", ":").replace("%3d", "=");
    if query.contains("contentkey") || query.contains("keyseed") {
        return true;
    }
    query
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == ':' || c == '='))
        .any(|part| part.starts_with("ck:") || part.starts_with("ck="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_licence_urls_pass() {
        for url in [
            "https://test.playready.microsoft.com/service/rightsmanager.asmx?cfg=(persist:true,sl:2000)",
            "http://playready.directtaps.net/pr/svc/rightsmanager.asmx?PlayRight=1&UseSimpleNonPersistentLicense=1",
            "HTTPS://T-ONLINE.DUMMY-SERVER/ArtemisLicenseServer/PlayReadyManager.asmx",
            "https://user:pass@host:8443",
            "http://[::1]:80/x",
            "http://localhost?x",
            "https://host/?a=1&b=2;c&d;e",
            "https://host/?amp;#x26;",
        ] {
            assert_eq!(check_url(url, "laUrl"), Ok(()), "{url}");
        }
    }

    #[test]
    fn other_text_is_refused_with_the_part_that_is_wrong() {
        for (url, expected) in [
            ("", "needed here"),
            ("/rightsmanager.asmx", "absolute"),
            ("example.com", "absolute"),
            ("ftp://example.com/x", "other schemes"),
            ("javascript://%0aalert(1)", "other schemes"),
            ("https://", "no host"),
            ("https:///path", "no host"),
            ("https://user@:80/", "no host"),
            ("https://host:port/", "port number"),
            ("https://host:65536/", "port number"),
            ("https://[::1]x/", "port number"),
            ("https://host/a b", "after 14 characters"),
            ("https://host/\n", "after 13 characters"),
            ("https://höst/", "percent-encode"),
            ("https://host/?a=1&amp;b=2", "holds &amp;"),
            ("https://host/?a=1&#x26;b=2", "holds &#x26;"),
            ("https://host/?a=1&quot;", "holds &quot;"),
            ("https://host/?a=1&AMP;b", "holds &AMP;"),
            ("\"https://host/\"", "quotation mark"),
            ("<https://host/>", "quotation mark"),
        ] {
            let error = check_url(url, "luiUrl").unwrap_err();
            assert_eq!((error.code(), error.field()), ("bad-url", Some("luiUrl")));
            assert!(error.message().contains(expected), "{url:?}: {error}");
        }
    }

    #[test]
    fn doubtful_urls_are_warned_about() {
        assert_eq!(url_warnings("https://example.com/rightsmanager.asmx"), [""; 0]);
        // "ck" inside other words, and in the path, is nothing.
        assert_eq!(url_warnings("https://example.com/ck:/x?stack=1&check:2"), [""; 0]);
        for (url, expected) in [
            ("http://example.com/", "http://"),
            ("https://example.com/?cfg=(ContentKey:W31bfQ==)", "anyone who has the file has the key"),
            ("https://example.com/?cfg=(kid:header,ck:W31bfQ==)", "anyone who has the file has the key"),
            ("https://example.com/?cfg=(ck%3AW31bfQ==)", "anyone who has the file has the key"),
            ("https://example.com/?keyseed=W31bfQ==", "anyone who has the file has the key"),
            ("https://me:secret@example.com/", "password"),
            (&format!("https://example.com/{}", "x".repeat(181)), "201 characters"),
        ] {
            let warnings = url_warnings(url);
            assert_eq!(warnings.len(), 1, "{url}: {warnings:?}");
            assert!(warnings[0].contains(expected), "{url}: {warnings:?}");
        }
        assert_eq!(url_warnings(&format!("https://example.com/{}", "x".repeat(180))), [""; 0]);
    }
}
