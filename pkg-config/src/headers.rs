//! The page's policy as headers, for hosts that can send some. A header also binds what a `<meta>` tag cannot: who may
//! show the page in a frame.

use crate::files;
use crate::project::Project;
use crate::run::{self, Outcome};
use serde_json::json;
use std::path::Path;

/// What hosts read, at the top of the site. Browsers never ask for them.
pub const FILES: [&str; 3] = ["_headers", "nginx-headers.conf", "staticwebapp.config.json"];

/// Directives that a `<meta>` tag is not obeyed in.
const HEADER_ONLY: &str = "frame-ancestors 'none'";

/// Writes one file for each kind of host, with the policy that the page's own `<meta>` tag has.
pub fn write(project: &Project) -> Outcome {
    let dist = project.dist();
    let page = dist.join("index.html");
    let html = std::fs::read_to_string(&page).map_err(run::at(&page))?;
    let policy = policy(&html).ok_or("www/index.html has no <meta> tag with a content security policy")?;
    for (name, text) in FILES.iter().zip(texts(policy)) {
        files::write(&dist.join(name), &text)?;
    }
    Ok(())
}

/// Whether a file of the site is for its host alone.
pub fn is_for_hosts(file: &Path) -> bool {
    FILES.iter().any(|name| file == Path::new(name))
}

/// The content of the policy's `<meta>` tag.
fn policy(html: &str) -> Option<&str> {
    let (_, after) = html.split_once("http-equiv=\"Content-Security-Policy\"")?;
    let (tag, _) = after.split_once("/>")?;
    let (_, content) = tag.split_once("content=\"")?;
    content.split_once('"').map(|(policy, _)| policy)
}

fn headers(policy: &str) -> [(&'static str, String); 4] {
    [
        ("Content-Security-Policy", format!("{policy}; {HEADER_ONLY}")),
        ("Cross-Origin-Opener-Policy", "same-origin".to_owned()),
        ("Referrer-Policy", "no-referrer".to_owned()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
    ]
}

/// In the order of `FILES`.
fn texts(policy: &str) -> [String; 3] {
    let headers = headers(policy);
    let lines = |line: fn(&str, &str) -> String| -> String {
        headers.iter().map(|(name, value)| line(name, value)).collect()
    };
    let netlify = format!("/*\n{}", lines(|name, value| format!("  {name}: {value}\n")));
    let nginx = format!(
        "# Include this in the server or location block that serves the page.\n{}",
        lines(|name, value| format!("add_header {name} \"{value}\" always;\n"))
    );
    let global: serde_json::Map<_, _> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let azure = json!({ "globalHeaders": global, "mimeTypes": { ".ismv": "video/mp4", ".wasm": "application/wasm" } });
    [netlify, nginx, format!("{azure:#}\n")]
}

#[cfg(test)]
mod tests {
    use super::{FILES, policy, texts};

    const PAGE: &str = include_str!("../../www/index.html");

    #[test]
    fn every_host_file_has_the_policy_of_the_page() {
        let policy = policy(PAGE).unwrap();
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        // It stands between double quotes in all of them.
        assert!(!policy.contains(['"', '\n', '&', '\\']), "{policy}");
        for (name, text) in FILES.iter().zip(texts(policy)) {
            assert!(text.contains(&format!("{policy}; frame-ancestors 'none'")), "{name}: {text}");
            assert!(text.contains("nosniff"), "{name}: {text}");
        }
    }

    #[test]
    fn the_policy_starts_workers_from_blobs_by_its_own_policies_alone() {
        let policy = policy(PAGE).unwrap();
        let directives: Vec<&str> = policy.split("; ").collect();
        for wanted in [
            "connect-src 'self'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "worker-src 'self' blob:",
            "require-trusted-types-for 'script'",
            "trusted-types boxlock-workers boxlock-save",
            "frame-src 'self'",
        ] {
            assert!(directives.contains(&wanted), "{wanted} is not in {policy}");
        }
    }

    #[test]
    fn every_page_has_the_same_policy() {
        // Hosts send one for all of them, and two bind together.
        assert_eq!(policy(include_str!("../../www/publish.html")), policy(PAGE));
    }

    #[test]
    fn a_page_without_a_policy_has_none() {
        assert_eq!(policy("<meta http-equiv=\"refresh\" content=\"1\" />"), None);
        assert_eq!(policy("<meta http-equiv=\"Content-Security-Policy\" content=\"a; b\" />"), Some("a; b"));
    }
}
