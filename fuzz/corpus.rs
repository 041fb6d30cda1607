//! Writes the initial corpus for fuzzing into corpus/: the fixtures, the tests' awkward files, a tiny model.

#[allow(dead_code)] // only the bytes are used here
#[path = "../tests/files/awkward.rs"]
mod awkward;
#[path = "../tests/files/encode.rs"]
mod encode;
#[allow(dead_code)]
#[path = "../tests/files/kinds.rs"]
mod kinds;
#[path = "../tests/files/tiny_model.rs"]
mod tiny_model;

use std::{fs, io, path::Path};

/// Larger files make fuzzing too slow.
const LARGEST: usize = 20_000;

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let (photos, models) = (corpus.join("photo"), corpus.join("model"));
    fs::create_dir_all(&photos)?;
    fs::create_dir_all(&models)?;
    for (number, file) in awkward::all(false).into_iter().enumerate() {
        if file.bytes.len() <= LARGEST {
            fs::write(photos.join(format!("awkward-{number}")), file.bytes)?;
        }
    }
    for (number, kind) in kinds::all().into_iter().enumerate() {
        fs::write(photos.join(format!("kind-{number}")), kind.file)?;
    }
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    for fixture in fs::read_dir(fixtures)? {
        let path = fixture?.path();
        if path.is_file() && path.metadata()?.len() <= LARGEST as u64 {
            fs::copy(&path, photos.join(path.file_name().expect("a file's name")))?;
        }
    }
    fs::write(models.join("tiny"), tiny_model::tiny_model())?;
    Ok(())
}
