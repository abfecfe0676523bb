//! `dist/players/`: players of other hands, as their packages have them, for who wants to see what was made in them. The page
//! fetches none of them before that.

use crate::files;
use crate::project::Project;
use crate::run::{self, Outcome};
use serde_json::Value;

/// Package, file in it, name here.
const COPIED: [(&str, &str, &str); 4] = [
    ("dashjs", "dist/modern/umd/dash.all.min.js", "dash.all.min.js"),
    ("dashjs", "dist/modern/umd/dash.mss.min.js", "dash.mss.min.js"),
    ("shaka-player", "dist/shaka-player.compiled-es2021.js", "shaka-player.js"),
    ("hls.js", "dist/hls.min.js", "hls.min.js"),
];

/// Comes as modules alone: package, name here, and what it is called there.
const BUNDLED: (&str, &str, &str) = ("rx-player", "rx-player.js", "rxPlayer");

/// Packages with the files that say under which licence they are.
const LICENCES: [(&str, &str); 4] =
    [("dashjs", "LICENSE.md"), ("shaka-player", "LICENSE"), ("rx-player", "LICENSE"), ("hls.js", "LICENSE")];

/// Takes an entry, an output file and a name.
const BUNDLE: &str = "\
const [entry, outfile, globalName] = process.argv.slice(1);
require('esbuild').buildSync({
  stdin: { contents: `export { default } from '${entry}'`, resolveDir: '.' },
  outfile, globalName, bundle: true, minify: true, format: 'iife', target: 'es2020', legalComments: 'inline',
  logLevel: 'warning',
});";

/// Puts the players and their licences into the site.
pub fn add(project: &Project) -> Outcome {
    let (packages, folder) = (project.page_tests().join("node_modules"), project.dist().join("players"));
    for (package, from, to) in COPIED {
        files::copy(&packages.join(package).join(from), &folder.join(to))?;
    }
    let (entry, name, global) = BUNDLED;
    run::run(
        run::command("node")
            .args(["--input-type=commonjs", "--eval", BUNDLE])
            .args([entry, &folder.join(name).to_string_lossy(), global])
            .current_dir(project.page_tests()),
    )?;
    let mut text =
        String::from("The players in this folder are published by others, under the licences below.\n");
    for (package, licence) in LICENCES {
        let read = |file: &str| {
            let path = packages.join(package).join(file);
            std::fs::read_to_string(&path).map_err(run::at(&path))
        };
        let manifest: Value = serde_json::from_str(&read("package.json")?).map_err(|e| e.to_string())?;
        let said = |name: &str| manifest[name].as_str().unwrap_or_default().to_owned();
        text += &format!(
            "\n\n==== {package} {}, {}: https://www.npmjs.com/package/{package}\n\n{}",
            said("version"),
            said("license"),
            read(licence)?
        );
    }
    files::write(&folder.join("LICENSES.txt"), &text)
}
