//! The local server: `dist/` on 127.0.0.1 as a plain static host would serve it, with no special headers.

use crate::project::Project;
use crate::run::Outcome;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longer heads are not from a browser.
const HEAD_LEN_MAX: u64 = 64 * 1024;

pub fn serve(project: &Project, port: u16) -> Outcome {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|e| {
        format!("Cannot listen on 127.0.0.1:{port} ({e}). Another port: cargo pkg serve --port N")
    })?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    println!("Boxlock is at http://{address}/ (Ctrl-C ends it)");
    let folder = project.dist();
    for stream in listener.incoming().flatten() {
        let folder = folder.clone();
        // A visitor who went away in the middle of a file is no fault of the server.
        std::thread::spawn(move || drop(answer(&stream, &folder)));
    }
    Ok(())
}

struct Request {
    method: String,
    target: String,
    range: Option<String>,
}

fn answer(stream: &TcpStream, folder: &Path) -> io::Result<()> {
    // Browsers open connections ahead of need; a silent one must not hold its thread for ever.
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let Some(request) = read_request(stream)? else { return Ok(()) };
    let mut out = stream;
    if request.method != "GET" && request.method != "HEAD" {
        return plain(&mut out, "405 Method Not Allowed", "Only GET and HEAD.");
    }
    let Some((path, mut file)) = open(folder, &request.target) else {
        return plain(&mut out, "404 Not Found", "There is no such file.");
    };
    let len = file.metadata()?.len();
    let mime = mime(&path);
    let head = |status: &str, body_len: u64, extra: &str| {
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: {mime}\r\nContent-Length: {body_len}\r\nAccept-Ranges: bytes\r\n\
             Cache-Control: no-store\r\nConnection: close\r\n{extra}\r\n"
        )
    };
    let (start, body_len, head) = match request.range.as_deref().map(|range| parse_range(range, len)) {
        None | Some(Range::Ignored) => (0, len, head("200 OK", len, "")),
        Some(Range::Part { start, end }) => {
            let extra = format!("Content-Range: bytes {start}-{}/{len}\r\n", end - 1);
            (start, end - start, head("206 Partial Content", end - start, &extra))
        }
        Some(Range::Outside) => {
            let extra = format!("Content-Range: bytes */{len}\r\n");
            (0, 0, head("416 Range Not Satisfiable", 0, &extra))
        }
    };
    out.write_all(head.as_bytes())?;
    if request.method == "GET" {
        file.seek(SeekFrom::Start(start))?;
        io::copy(&mut file.take(body_len), &mut out)?;
    }
    out.flush()
}

fn read_request(stream: &TcpStream) -> io::Result<Option<Request>> {
    let mut lines = BufReader::new(stream.take(HEAD_LEN_MAX)).lines();
    let Some(first) = lines.next().transpose()? else { return Ok(None) };
    let mut words = first.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let mut request = Request { method: method.to_owned(), target: target.to_owned(), range: None };
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("range")
        {
            request.range = Some(value.trim().to_owned());
        }
    }
    Ok(Some(request))
}

fn plain(out: &mut impl Write, status: &str, text: &str) -> io::Result<()> {
    write!(
        out,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
}

/// The file behind a request target, or none; never one outside `folder`.
fn open(folder: &Path, target: &str) -> Option<(PathBuf, File)> {
    let path = percent_decode(target.split(['?', '#']).next()?)?;
    let mut file = folder.to_path_buf();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        // `..`, drive letters and names with backslashes could lead out of the folder.
        if part == ".." || part.contains(['\\', ':', '\0']) {
            return None;
        }
        file.push(part);
    }
    if file.is_dir() {
        file.push("index.html");
    }
    let opened = File::open(&file).ok()?;
    Some((file, opened))
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[derive(Debug, PartialEq)]
enum Range {
    /// `end` is exclusive.
    Part {
        start: u64,
        end: u64,
    },
    /// Not understood, or several ranges: the whole file is a correct answer.
    Ignored,
    Outside,
}

fn parse_range(header: &str, len: u64) -> Range {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Range::Ignored;
    };
    let (start, end) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(start), Ok(last)) if last < start => return Range::Ignored,
        (Ok(start), Ok(last)) => (start, last.saturating_add(1).min(len)),
        (Ok(start), Err(_)) if last.is_empty() => (start, len),
        (Err(_), Ok(count)) if first.is_empty() => (len.saturating_sub(count), len),
        _ => return Range::Ignored,
    };
    if start < end { Range::Part { start, end } } else { Range::Outside }
}

fn mime(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "webmanifest" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "txt" | "md" => "text/plain; charset=utf-8",
        "mp4" | "ismv" | "isma" | "m4s" => "video/mp4",
        "mpd" => "application/dash+xml",
        "xml" | "ism" | "ismc" => "text/xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_the_http_rules() {
        assert_eq!(parse_range("bytes=0-3", 10), Range::Part { start: 0, end: 4 });
        assert_eq!(parse_range("bytes=4-", 10), Range::Part { start: 4, end: 10 });
        assert_eq!(parse_range("bytes=-4", 10), Range::Part { start: 6, end: 10 });
        assert_eq!(parse_range("bytes=8-99", 10), Range::Part { start: 8, end: 10 });
        assert_eq!(parse_range("bytes=10-", 10), Range::Outside);
        assert_eq!(parse_range("bytes=-0", 10), Range::Outside);
        assert_eq!(parse_range("bytes=0-1,4-5", 10), Range::Ignored);
        assert_eq!(parse_range("bytes=5-4", 10), Range::Ignored);
        assert_eq!(parse_range("items=0-3", 10), Range::Ignored);
    }

    #[test]
    fn no_target_leads_out_of_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        assert!(open(&folder, "/serve.rs?x=1").is_some());
        assert!(open(&folder, "/%73erve.rs").is_some());
        for target in
            ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/..%2fCargo.toml", "/..%5cCargo.toml", "/nothing"]
        {
            assert!(open(&folder, target).is_none(), "{target}");
        }
    }
}
