//! Carrying decisions out where the folder can be written to. Names, places and the journal are those of the Python pipeline
//! (`decisions.py`), so that either can continue what the other has begun.

use std::collections::BTreeSet;

use super::{Decision, Decisions, Folder};
use crate::csv;

/// A folder in the opened one, for deleted photos and the journals.
const BIN: &str = ".bin";

/// A photo's move to where a decision puts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub photo: usize,
    /// Path within the opened folder.
    pub from: String,
    /// Likewise.
    pub to: String,
}

impl Move {
    /// Whether it leads to the bin.
    pub fn is_to_bin(&self) -> bool {
        self.to.split('/').next() == Some(BIN)
    }
}

/// Why photos were not moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplyError {
    /// The browser may not write to the folder.
    Forbidden,
    /// Moves were begun and not finished; this is their journal.
    Unfinished(String),
    /// These photos are gone, or others have their names now.
    Changed(Vec<String>),
    /// This file could not be written or moved; `detail` is the browser's reason.
    Failed { file: String, detail: String },
}

/// A name for a new folder in the bin, for everything that is carried out at once. Names sort by time, also within one second.
/// `time`: UTC, in ISO 8601; `names`: those that exist.
pub fn bin_name(time: &str, names: &[String]) -> String {
    let second = time.get(..19).unwrap_or(time).replace(':', "-");
    let name = |number: usize| format!("{second}-{number:03}");
    (0..).map(name).find(|name| !names.contains(name)).unwrap_or_default()
}

/// The folders that photos will be moved to, except those in the bin.
pub fn targets<P>(folder: &Folder<P>, decisions: &Decisions) -> BTreeSet<String> {
    let target = |(photo, decision): (usize, &Decision)| match decision {
        Decision::Relabel(label) => Some(beside(&folder.photos[photo].file, label)),
        Decision::Keep | Decision::Delete => None,
    };
    decisions.iter().filter_map(target).collect()
}

/// The moves that the decisions ask for. `bin`: the [folder](bin_name) in the bin; `existing`: paths of everything in the
/// [targets]. No move leads to a name that another file has, even on disks that do not tell `A.jpg` from `a.jpg`.
pub fn plan<P>(
    folder: &Folder<P>,
    decisions: &Decisions,
    bin: &str,
    existing: impl IntoIterator<Item = String>,
) -> Vec<Move> {
    let mut taken: BTreeSet<String> = existing.into_iter().map(|path| path.to_lowercase()).collect();
    let mut moves = Vec::new();
    for (photo, decision) in decisions.iter() {
        let from = &folder.photos[photo].file;
        let to = match decision {
            Decision::Keep => continue,
            Decision::Relabel(label) if label == folder.label_of(photo) => continue,
            Decision::Relabel(label) => {
                let name = from.rsplit('/').next().unwrap_or_default();
                let target = beside(from, label);
                let path = |name: String| format!("{target}/{name}");
                let names =
                    std::iter::once(name.to_string()).chain(other_names(name, folder.label_of(photo)));
                let free = names.map(path).find(|path| taken.insert(path.to_lowercase()));
                free.unwrap_or_default()
            }
            Decision::Delete => format!("{BIN}/{bin}/{from}"),
        };
        moves.push(Move { photo, from: from.clone(), to });
    }
    moves
}

/// The journal of moves: a table by which they can be taken back.
pub fn journal<'a>(moves: impl IntoIterator<Item = &'a Move>) -> String {
    let row = |from: &str, to: &str| csv::row([from, to].map(csv::cell).into_iter()) + "\n";
    row("from", "to") + &moves.into_iter().map(|each| row(&each.from, &each.to)).collect::<String>()
}

/// The folder of another label, beside a photo's own.
fn beside(file: &str, label: &str) -> String {
    let parts: Vec<_> = file.split('/').collect();
    let above = &parts[..parts.len().saturating_sub(2)];
    [above, &[label]].concat().join("/")
}

/// Names for a photo whose own name is taken: with its former label, then also with a number.
fn other_names(name: &str, label: &str) -> impl Iterator<Item = String> {
    // Stem and suffix as in Python's pathlib.
    let dot = name.rfind('.').filter(|&dot| dot > 0 && dot + 1 < name.len());
    let (stem, ending) = name.split_at(dot.unwrap_or(name.len()));
    (1..).map(move |number| match number {
        1 => format!("{stem}-{label}{ending}"),
        number => format!("{stem}-{label}-{number}{ending}"),
    })
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
        process::Command,
    };

    use super::*;

    fn folder(files: &[&str]) -> Folder<()> {
        Folder::read(files.iter().map(|file| (format!("hats/{file}"), 1, ())))
    }

    fn relabel(label: &str) -> Decision {
        Decision::Relabel(label.into())
    }

    fn ways(moves: &[Move]) -> Vec<(&str, &str)> {
        moves.iter().map(|each| (&*each.from, &*each.to)).collect()
    }

    #[test]
    fn photos_move_beside_their_folder_or_to_the_bin() {
        let folder = folder(&["train/hat/0.jpg", "train/hat/1.jpg", "val/bag/1.jpg", "val/hat/2.jpg"]);
        let decisions = Decisions::on(
            &folder,
            &[
                ("train/hat/0.jpg", relabel("bag")),
                ("train/hat/1.jpg", Decision::Keep),
                ("val/bag/1.jpg", Decision::Delete),
            ],
        );
        assert_eq!(targets(&folder, &decisions), BTreeSet::from(["train/bag".to_string()]));
        let moves = plan(&folder, &decisions, "now-000", []);
        assert_eq!(
            ways(&moves),
            [("train/hat/0.jpg", "train/bag/0.jpg"), ("val/bag/1.jpg", ".bin/now-000/val/bag/1.jpg")]
        );
        assert_eq!(moves.iter().map(Move::is_to_bin).collect::<Vec<_>>(), [false, true]);
        assert_eq!(
            journal(&moves),
            "from,to\ntrain/hat/0.jpg,train/bag/0.jpg\nval/bag/1.jpg,.bin/now-000/val/bag/1.jpg\n"
        );
    }

    #[test]
    fn no_photo_takes_anothers_place() {
        let folder = folder(&[
            "bag/1.jpg",
            "hat/1.jpg",
            "hat/a.tar.gz",
            "hat/noending",
            "sock/1.jpg",
            "sock/A.tar.gz",
        ]);
        let all = ["hat/1.jpg", "hat/a.tar.gz", "hat/noending", "sock/1.jpg", "sock/A.tar.gz"];
        let decisions = Decisions::on(&folder, &all.map(|file| (file, relabel("bag"))));
        let existing = ["bag/1.jpg", "bag/1-hat.JPG", "bag/noending", "bag/.hidden"].map(String::from);
        assert_eq!(
            ways(&plan(&folder, &decisions, "", existing)),
            [
                ("hat/1.jpg", "bag/1-hat-2.jpg"),
                ("hat/a.tar.gz", "bag/a.tar.gz"),
                ("hat/noending", "bag/noending-hat"),
                ("sock/1.jpg", "bag/1-sock.jpg"),
                ("sock/A.tar.gz", "bag/A.tar-sock.gz"),
            ]
        );
    }

    #[test]
    fn names_in_the_bin_sort_by_time() {
        let names = ["2026-11-27T00-16-44-000", "2026-11-27T00-16-44-001"].map(String::from);
        assert_eq!(bin_name("2026-11-27T00:16:44.123Z", &names), "2026-11-27T00-16-44-002");
        assert_eq!(bin_name("2026-11-27T00:16:45.123Z", &names), "2026-11-27T00-16-45-000");
    }

    /// The pipeline's command line takes back moves that were made as planned, by their journal.
    #[test]
    fn the_command_line_takes_back_what_the_journal_says() {
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = project.join("model/.venv/bin/python");
        if !python.is_file() {
            println!("Skipped: there is no model/.venv.");
            return;
        }
        let files = ["bag/1.jpg", "hat/1.jpg", "hat/a, \"b\".jpg", "hat/schön.jpg", "hat/3.jpg"];
        let folder = folder(&files);
        let decisions = Decisions::on(
            &folder,
            &[
                ("hat/1.jpg", relabel("bag")),
                ("hat/a, \"b\".jpg", Decision::Delete),
                ("hat/schön.jpg", relabel("bag")),
            ],
        );
        let root = std::env::temp_dir().join(format!("clothing-moves-{}", std::process::id()));
        let write = |path: &str, text: &str| {
            let file = root.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        files.iter().for_each(|file| write(file, file));
        let moves = plan(&folder, &decisions, "2026-11-27T00-16-44-000", ["bag/1.jpg".to_string()]);
        for Move { from, to, .. } in &moves {
            write(to, from);
            fs::remove_file(root.join(from)).unwrap();
        }
        write(".bin/2026-11-27T00-16-44-000/journal.csv", &journal(&moves));
        let undo = Command::new(python)
            .args(["-m", "clothing_model", "apply", "--undo", "--yes", "--data"])
            .arg(&root)
            .env("PYTHONPATH", project.join("model"))
            .output()
            .expect("Python runs");
        let said = String::from_utf8_lossy(&undo.stderr).into_owned();
        let read = |file: &&str| fs::read_to_string(root.join(file)).ok();
        let found: Vec<_> = files.iter().map(read).collect();
        let left: Vec<PathBuf> = ["bag/1-hat.jpg", "bag/schön.jpg"].map(|file| root.join(file)).into();
        let is_left = left.iter().any(|file| file.exists());
        fs::remove_dir_all(&root).unwrap();
        assert!(undo.status.success(), "{said}");
        assert_eq!(found, files.map(|file| Some(file.to_string())));
        assert!(!is_left);
    }
}
