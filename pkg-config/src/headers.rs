//! The page's policy as headers, for hosts that can send some. A header also binds what a `<meta>` tag cannot: who may
//! show the page in a frame.

use crate::files;
use crate::project::Project;
use crate::run::{self, Outcome};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

/// What hosts read, at the top of the site. Browsers never ask for them.
pub const FILES: [&str; 3] = ["_headers", "nginx-headers.conf", "staticwebapp.config.json"];

/// Directives that a `<meta>` tag is not obeyed in.
const HEADER_ONLY: &str = "frame-ancestors 'none'";

/// The page that may connect to other places, and what it is called without its ending, as some hosts do.
const FAR: [&str; 2] = ["remote.html", "remote"];

/// The policies of the site.
struct Policies<'p> {
    /// Of all pages but one.
    main: &'p str,
    /// Of the one that may connect to other places.
    far: &'p str,
}

/// Writes one file for each kind of host, with the policies that the pages' own `<meta>` tags have.
pub fn write(project: &Project) -> Outcome {
    let dist = project.dist();
    let read = |name: &str| std::fs::read_to_string(dist.join(name)).map_err(run::at(&dist.join(name)));
    let (main, far) = (read("index.html")?, read(FAR[0])?);
    let none = |name: &str| format!("www/{name} has no <meta> tag with a content security policy");
    let policies = Policies {
        main: policy(&main).ok_or_else(|| none("index.html"))?,
        far: policy(&far).ok_or_else(|| none(FAR[0]))?,
    };
    let files = files::list(&dist)?;
    let folders: BTreeSet<String> = files.iter().filter_map(|file| folder(file)).collect();
    for (name, text) in FILES.iter().zip(texts(&policies, &folders)) {
        files::write(&dist.join(name), &text)?;
    }
    Ok(())
}

/// The folder at the top of the site that a file is in, where it is in one.
fn folder(file: &Path) -> Option<String> {
    let mut parts = file.components();
    let first = parts.next()?;
    parts.next().map(|_| first.as_os_str().to_string_lossy().into_owned())
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

const POLICY: &str = "Content-Security-Policy";

/// What is the same for all pages.
const COMMON: [(&str, &str); 3] = [
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
];

/// In the order of `FILES`.
fn texts(policies: &Policies<'_>, folders: &BTreeSet<String>) -> [String; 3] {
    let [main, far] = [policies.main, policies.far].map(|policy| format!("{policy}; {HEADER_ONLY}"));
    [netlify(&main, &far, folders), nginx(&main, &far), azure(&main, &far)]
}

/// Headers of all rules that fit are sent together, and two policies bind together: no two rules with one fit the same path.
fn netlify(main: &str, far: &str, folders: &BTreeSet<String>) -> String {
    let common: String = COMMON.iter().map(|(name, value)| format!("  {name}: {value}\n")).collect();
    let rule = |path: &str, policy: &str| format!("/{path}\n  {POLICY}: {policy}\n");
    let pages = ["", "index.html", "publish.html", "publish"].into_iter();
    // Service workers are bound by the policy that comes with their script.
    let main_paths = pages.map(str::to_owned).chain(folders.iter().map(|folder| format!("{folder}/*")));
    let mains: String = main_paths.map(|path| rule(&path, main)).collect();
    let fars: String = FAR.iter().map(|path| rule(path, far)).collect();
    format!("/*\n{common}{mains}{fars}")
}

fn nginx(main: &str, far: &str) -> String {
    let common: String =
        COMMON.iter().map(|(name, value)| format!("add_header {name} \"{value}\" always;\n")).collect();
    format!(
        "# Include this in the server or location block that serves the page.\n\
         set $boxlock_policy \"{main}\";\n\
         if ($uri ~ \"/{far_name}$\") {{\n    set $boxlock_policy \"{far}\";\n}}\n\
         add_header {POLICY} $boxlock_policy always;\n{common}",
        far_name = FAR[0].replace('.', "\\."),
    )
}

/// A header of a route takes the place of the one of all.
fn azure(main: &str, far: &str) -> String {
    let all = COMMON.into_iter().chain([(POLICY, main)]);
    let global: serde_json::Map<_, _> = all.map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let routes = FAR.map(|name| json!({ "route": format!("/{name}"), "headers": { POLICY: far } }));
    let azure = json!({
        "globalHeaders": global,
        "mimeTypes": { ".ismv": "video/mp4", ".wasm": "application/wasm" },
        "routes": routes,
    });
    format!("{azure:#}\n")
}

#[cfg(test)]
mod tests {
    use super::{FAR, FILES, Policies, folder, policy, texts};
    use std::collections::BTreeSet;
    use std::path::Path;

    const PAGE: &str = include_str!("../../www/index.html");
    const FAR_PAGE: &str = include_str!("../../www/remote.html");

    fn written() -> [String; 3] {
        let policies = Policies { main: policy(PAGE).unwrap(), far: policy(FAR_PAGE).unwrap() };
        let folders = ["app.js", "engine/a.js", "engine/wasm/b.js", "files/c.js"].map(Path::new);
        texts(&policies, &folders.into_iter().filter_map(folder).collect())
    }

    #[test]
    fn every_host_file_has_the_policies_of_the_pages() {
        for page in [PAGE, FAR_PAGE] {
            let policy = policy(page).unwrap();
            assert!(policy.starts_with("default-src 'none'; "), "{policy}");
            // It stands between double quotes in all of them, and nginx puts what stands behind a $ in its place.
            assert!(!policy.contains(['"', '\n', '&', '\\', '$']), "{policy}");
            for (name, text) in FILES.iter().zip(written()) {
                assert!(text.contains(&format!("{policy}; frame-ancestors 'none'")), "{name}: {text}");
                assert!(text.contains("nosniff"), "{name}: {text}");
            }
        }
    }

    #[test]
    fn no_path_gets_two_policies_of_rules_that_add_up() {
        let [netlify, ..] = written();
        let rules: Vec<&str> = netlify.lines().filter(|line| line.starts_with('/')).collect();
        let expected = ["/*", "/", "/index.html", "/publish.html", "/publish", "/engine/*", "/files/*"];
        assert_eq!(rules, [&expected[..], &["/remote.html", "/remote"]].concat());
        let unique: BTreeSet<&str> = rules.iter().copied().collect();
        assert_eq!(unique.len(), rules.len());
        let (_, of_all) = netlify.split_once("/*\n").unwrap();
        assert!(!of_all.split("\n/").next().unwrap().contains("Content-Security-Policy"), "{netlify}");
    }

    #[test]
    fn the_page_that_connects_elsewhere_differs_in_little() {
        let directives = |page| policy(page).unwrap().split("; ").collect::<BTreeSet<&str>>();
        let (main, far) = (directives(PAGE), directives(FAR_PAGE));
        let more: Vec<&&str> = far.difference(&main).collect();
        assert_eq!(
            more,
            [&"connect-src 'self' https: http:", &"frame-src 'none'", &"trusted-types boxlock-workers"],
            "{FAR:?}"
        );
        assert!(main.contains("connect-src 'self'"));
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
