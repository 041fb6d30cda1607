//! The command line: tells what garment is on each photo.

use std::{
    collections::BTreeMap,
    error::Error,
    fs::File,
    io::{self, Read, Write},
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use clap::Parser;
use clothing_classifier::{
    classifier::{
        Classifier, ModelInfo, Prediction,
        report::{self, Row},
    },
    photo::{self, Limits, is_photo_name, sort_key},
    words::{self, Explained},
};
use walkdir::WalkDir;

/// The model that is used by default. It is part of the program, so that it works anywhere.
static MODEL: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/model/clothing.onnx"));

/// Help on `PATH`, before and after the formats that are read.
const PATHS_HELP: [&str; 2] = [
    "Photos, and folders to search for photos\n\n",
    " are read. In a folder and its subfolders, every file with a picture's ending counts, hidden ones excepted; a file \
     named here is read whatever its name.",
];

/// Tells what garment is on each photo.
///
/// Photos are answered in the given order, those of a folder sorted by name.
/// A file that cannot be read is reported on the standard error stream. The others are still answered,
/// and the exit code is 1 in the end.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Photos, and folders to search for photos
    #[arg(required = true, value_name = "PATH", long_help = PATHS_HELP.join(photo::READ))]
    paths: Vec<PathBuf>,

    /// Print one JSON object a line, with the probabilities of all labels
    ///
    /// For a file that cannot be read it has the keys "file" and "error" only.
    #[arg(long, conflicts_with = "csv")]
    json: bool,

    /// Print a table with a header, with the probabilities of all labels
    ///
    /// For a file that cannot be read only the columns "file" and "error" are filled.
    #[arg(long)]
    csv: bool,

    /// Use this model file instead of the built-in one
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // The reader of the output has seen enough, such as `head`.
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(is_broken_pipe) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("classify: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Answers all photos. Returns whether every file could be read.
fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    let classifier = match &arguments.model {
        Some(path) => {
            let named = |reason: String| format!("{}: {reason}", path.display());
            let (bytes, _) = read(path, ModelInfo::LARGEST_FILE).map_err(named)?;
            Classifier::from_onnx(&bytes).map_err(|error| named(error.explanation()))?
        }
        None => Classifier::from_onnx(MODEL).map_err(|error| error.explanation())?,
    };
    let info = classifier.info();
    if arguments.csv {
        writeln!(io::stdout(), "{}", report::csv_header(&info.labels))?;
    }

    let files: Vec<_> = arguments.paths.iter().flat_map(|path| find(path)).collect();
    let mut all_read = true;
    let print = |row: Row| {
        if let Err(error) = &row.outcome {
            all_read = false;
            eprintln!("classify: {}: {error}", row.file);
        }
        let line = if arguments.json {
            report::json_line(&row)
        } else if arguments.csv {
            report::csv_line(&row, &info.labels)
        } else if let Ok(prediction) = &row.outcome {
            // No-break spaces are of no use in a terminal.
            format!("{}: {}", row.file, words::answer(prediction, info).line.replace('\u{a0}', " "))
        } else {
            return Ok(());
        };
        writeln!(io::stdout(), "{line}")
    };
    in_order(&files, |found| answer(&classifier, found), print)?;
    Ok(all_read)
}

/// A file to answer; or a path where none was found, and why.
type Found = Result<PathBuf, (PathBuf, String)>;

/// The path itself or, if it is a folder, the photos in it and its subfolders, sorted by name.
fn find(path: &Path) -> Vec<Found> {
    if !path.is_dir() {
        return vec![Ok(path.into())];
    }
    let is_hidden = |entry: &walkdir::DirEntry| entry.file_name().to_string_lossy().starts_with('.');
    let found: Vec<Found> = WalkDir::new(path)
        .follow_links(true)
        .sort_by_key(|entry| sort_key(&entry.file_name().to_string_lossy()))
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry))
        .filter_map(|entry| match entry {
            Ok(entry) => {
                let is_photo =
                    entry.file_type().is_file() && is_photo_name(&entry.file_name().to_string_lossy());
                is_photo.then(|| Ok(entry.into_path()))
            }
            Err(error) => Some(Err((error.path().unwrap_or(path).into(), words::unreadable(&error.into())))),
        })
        .collect();
    if found.is_empty() { vec![Err((path.into(), words::EMPTY_FOLDER.into()))] } else { found }
}

fn answer(classifier: &Classifier, found: &Found) -> Row {
    let (path, outcome) = match found {
        Ok(path) => (path, classify(classifier, path)),
        Err((path, reason)) => (path, Err(reason.clone())),
    };
    Row { file: path.to_string_lossy().into(), outcome }
}

fn classify(classifier: &Classifier, path: &Path) -> Result<Prediction, String> {
    let limits = Limits::default();
    let (bytes, size) = read(path, limits.bytes)?;
    let format = photo::accept(size, &bytes, &limits).map_err(|error| error.explanation())?;
    // A fault in a decoder must not cost the other photos their answers.
    match panic::catch_unwind(AssertUnwindSafe(|| classifier.classify_as(format, &bytes, &limits))) {
        Ok(outcome) => outcome.map(|answer| answer.prediction).map_err(|error| error.explanation()),
        Err(_) => Err(words::DECODER_PANICKED.into()),
    }
}

/// A file's bytes, at most one more than `most`, and its size. With one more, even an endless device is refused.
fn read(path: &Path, most: u64) -> Result<(Vec<u8>, u64), String> {
    let read = || {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes)?;
        let size = size.max(bytes.len() as u64);
        Ok((bytes, size))
    };
    read().map_err(|error| words::unreadable(&error))
}

/// Does `work` on all items, with as many threads as there are processors, and passes the results to `done` in the items' order,
/// each as soon as all before it are there.
fn in_order<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut done: impl FnMut(R) -> io::Result<()>,
) -> io::Result<()> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads {
            let sender = sender.clone();
            let (next, work) = (&next, &work);
            scope.spawn(move || {
                loop {
                    let ix = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(ix) else { break };
                    if sender.send((ix, work(item))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut expected = 0;
        for (ix, result) in receiver {
            early.insert(ix, result);
            while let Some(result) = early.remove(&expected) {
                done(result)?;
                expected += 1;
            }
        }
        Ok(())
    })
}

fn is_broken_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}
