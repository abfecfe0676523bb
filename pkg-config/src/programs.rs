//! Finding the browsers and judges that `programs.json` lists: environment variable, PATH, well-known places.

use crate::project::Project;
use crate::run::Outcome;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// One entry of `programs.json`.
pub struct Program {
    pub title: String,
    /// The environment variable that names it, and through which tests are told where it is.
    pub env: String,
    /// The Debian package that has it.
    pub apt: String,
    commands: Vec<String>,
    paths: Vec<String>,
}

impl Program {
    pub fn all(project: &Project) -> Outcome<Vec<Self>> {
        let list = project.read_config("programs.json")?;
        let list = list.as_object().ok_or("programs.json is not an object")?;
        Ok(list.values().map(Self::from_json).collect())
    }

    fn from_json(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let texts = |name: &str| {
            let list = value[name].as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Self {
            title: text("title"),
            env: text("env"),
            apt: text("apt"),
            commands: texts("commands"),
            paths: texts("paths"),
        }
    }

    pub fn find(&self) -> Option<PathBuf> {
        // A variable that points nowhere must not fall through to another browser than the one asked for.
        if let Some(path) = std::env::var_os(&self.env).filter(|path| !path.is_empty()) {
            return Some(PathBuf::from(path)).filter(|path| path.is_file());
        }
        let known = self.paths.iter().map(PathBuf::from).find(|path| path.is_file());
        self.commands.iter().find_map(|name| on_path(name)).or(known)
    }
}

/// The file that the shell would run for `name`.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let name = if cfg!(windows) { format!("{name}.exe") } else { name.to_owned() };
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(&name)).find(|path| runs(path))
}

#[cfg(unix)]
fn runs(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn runs(path: &Path) -> bool {
    path.is_file()
}
