//! Boxlock's build tool. `cargo pkg` runs it: the alias is in `.cargo/config.toml`.

mod bench;
mod bundle;
mod counts;
mod files;
mod get;
mod graph;
mod headers;
mod order;
mod package;
mod players;
mod programs;
mod project;
mod run;
mod serve;
mod site;
mod size;
mod test;
mod tidy;
mod wasm;

use project::Project;
use run::Outcome;
use std::process::ExitCode;

const HELP: &str = "\
cargo pkg serve [--port N]   get what is missing, build, serve the page on 127.0.0.1 (port 8080)
cargo pkg test [GROUP...]    get what is missing, run every test; groups: lint, rust, types, page, bench
cargo pkg bench [--quick]    measure side by side with other software; `cargo pkg bench --help`
cargo pkg build              make dist/ (the site) and pkg/ (the npm package)
cargo pkg rules              write docs/rules.md and the lists of what is found in the corpus anew
cargo pkg fmt                format every source file";

const PORT: u16 = 8080;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match command(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Does what is asked; false when that was a test which did not pass, and has said so.
fn command(arguments: &[String]) -> Outcome<bool> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let project = Project::find()?;
    match words.as_slice() {
        ["build"] => {
            get::wasm_target(&project)?;
            get::npm_packages(&project)?;
            site::build(&project)?;
            package::build(&project)
        }
        ["serve", options @ ..] => {
            let port = port(options)?;
            get::wasm_target(&project)?;
            get::npm_packages(&project)?;
            site::build(&project)?;
            serve::serve(&project, port)
        }
        ["test", ..] => return test::test(&project, arguments.get(1..).unwrap_or_default()),
        ["bench", "help" | "--help" | "-h"] => {
            println!("{}", bench::HELP);
            Ok(())
        }
        ["bench", options @ ..] => return bench::bench(&project, options),
        ["fmt"] => {
            get::rust_components(&project)?;
            get::npm_packages(&project)?;
            tidy::format(&project)
        }
        ["rules"] => tidy::rules(&project),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(format!("No such command: {}\n\n{HELP}", words.join(" "))),
    }
    .map(|()| true)
}

fn port(options: &[&str]) -> Outcome<u16> {
    match options {
        [] => Ok(PORT),
        ["--port", number] => number.parse().map_err(|_| format!("`{number}` is not a port number")),
        _ => Err(format!("serve takes --port N, not: {}", options.join(" "))),
    }
}
