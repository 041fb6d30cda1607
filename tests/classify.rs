//! The command line, run as a program.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use clothing_classifier::classifier::{Classifier, ModelInfo};
use image::{Rgb, RgbImage};
use prost::Message;
use serde_json::Value;
use tiny_model::colour_model;
use tract_onnx::pb::ModelProto;

#[path = "files/tiny_model.rs"]
mod tiny_model;

/// A test's own folder, empty at first.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> &Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    fn photo(&self, name: &str) -> &Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        RgbImage::from_fn(60, 40, |x, y| Rgb([x as u8 * 4, y as u8 * 6, 90])).save(path).unwrap();
        self
    }

    /// Runs the command in this folder.
    fn classify(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_classify")).current_dir(&self.0).args(arguments).output().unwrap()
    }
}

fn lines(bytes: &[u8]) -> Vec<&str> {
    std::str::from_utf8(bytes).unwrap().lines().collect()
}

fn json(output: &Output) -> Vec<Value> {
    lines(&output.stdout).into_iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn files(output: &Output) -> Vec<String> {
    json(output).iter().map(|line| line["file"].as_str().unwrap().replace('\\', "/")).collect()
}

fn model() -> ModelInfo {
    let file = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/model/clothing.onnx")).unwrap();
    Classifier::from_onnx(&file).unwrap().info().clone()
}

#[test]
fn json_has_one_line_for_each_photo_with_all_labels() {
    let folder = Folder::new("json");
    folder.photo("b.png").photo("a.jpg");
    let output = folder.classify(&["--json", "b.png", "a.jpg"]);
    assert!(output.status.success());
    assert_eq!(files(&output), ["b.png", "a.jpg"]);
    let model = model();
    for line in json(&output) {
        assert_eq!(line["model"], model.version);
        assert_eq!((&line["width"], &line["height"]), (&60.into(), &40.into()));
        let others = line["alternatives"].as_array().unwrap();
        let mut labels: Vec<&str> = others.iter().map(|other| other["label"].as_str().unwrap()).collect();
        labels.push(line["label"].as_str().unwrap());
        labels.sort_unstable();
        let mut expected: Vec<&str> = model.labels.iter().map(|label| &*label.id).collect();
        expected.sort_unstable();
        assert_eq!(labels, expected);
        let mut probabilities: Vec<f64> = vec![line["probability"].as_f64().unwrap()];
        probabilities.extend(others.iter().map(|other| other["probability"].as_f64().unwrap()));
        assert!(probabilities.is_sorted_by(|a, b| a >= b), "{probabilities:?}");
        assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-5);
    }
}

#[test]
fn words_are_the_default() {
    let folder = Folder::new("words");
    folder.photo("a.png");
    let output = folder.classify(&["a.png"]);
    let line = lines(&output.stdout)[0];
    assert!(output.status.success());
    let answer = line.strip_prefix("a.png: ").unwrap();
    let of_verdicts = [" % sure", " % sure of the kind, not of the garment", " %)", "large in the photo"];
    assert!(of_verdicts.iter().any(|end| answer.ends_with(end)), "{line}");
}

#[test]
fn no_answer_is_said_to_be_certain() {
    let mut model = ModelProto::decode(&*colour_model()).unwrap();
    for entry in model.metadata_props.iter_mut().filter(|entry| entry.key == "temperature") {
        entry.value = "0.01".into();
    }
    let folder = Folder::new("certain");
    folder.photo("a.png").write("certain.onnx", &model.encode_to_vec());
    let ask = |form: &[&str]| folder.classify(&[&["--model", "certain.onnx"], form, &["a.png"]].concat());
    assert_eq!(json(&ask(&["--json"]))[0]["probability"], 1.0);
    assert_eq!(lines(&ask(&[]).stdout), ["a.png: Green thing, over 99 % sure"]);
}

#[test]
fn csv_has_a_header_and_a_column_for_each_label() {
    let folder = Folder::new("csv");
    folder.photo("a.png").write("note.txt", b"Buy shirts");
    let output = folder.classify(&["--csv", "a.png", "note.txt"]);
    assert_eq!(output.status.code(), Some(1));
    let lines = lines(&output.stdout);
    let fields: Vec<Vec<&str>> = lines.iter().map(|line| line.split(',').collect()).collect();
    assert_eq!(fields.len(), 3);
    assert_eq!(fields[0].len(), 12 + model().labels.len());
    assert_eq!(fields[1].len(), fields[0].len());
    let sum: f64 = fields[1][12..].iter().map(|probability| probability.parse::<f64>().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-5);
    assert!(
        lines[2].starts_with("note.txt,,") && lines[2].contains("This file is not a photo."),
        "{}",
        lines[2]
    );
}

#[test]
fn a_file_that_cannot_be_read_does_not_keep_the_others_from_being_answered() {
    let folder = Folder::new("unreadable");
    folder
        .photo("a.png")
        .write("shirt.jpg", b"a text file named .jpg")
        .photo("c.png")
        .write("empty.png", b"");
    let output = folder.classify(&["--json", "a.png", "shirt.jpg", "lost.jpg", "empty.png", "c.png"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(files(&output), ["a.png", "shirt.jpg", "lost.jpg", "empty.png", "c.png"]);
    let answered: Vec<bool> = json(&output).iter().map(|line| line["error"].is_null()).collect();
    assert_eq!(answered, [true, false, false, false, true]);
    assert_eq!(
        lines(&output.stderr),
        [
            "classify: shirt.jpg: This file is not a photo. Choose a picture: JPEG, PNG, WebP, GIF or BMP.",
            "classify: lost.jpg: There is no such file or folder.",
            "classify: empty.png: This file is empty. It may not have finished downloading: fetch it again.",
        ]
    );
}

/// Shops send AVIF files, often named as JPEG.
#[test]
fn avif_is_read_whatever_its_name() {
    let folder = Folder::new("avif");
    let fixture =
        |name| fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap();
    let avif = fixture("formats/upright.avif");
    folder
        .write("in/a.avif", &avif)
        .write("in/b.jpg", &avif)
        .write("in/c.jpg", &fixture("orientation-1.jpg"));
    folder.write("in/d.avif", &avif[..avif.len() / 2]);
    let output = folder.classify(&["--json", "in"]);
    assert_eq!(files(&output), ["in/a.avif", "in/b.jpg", "in/c.jpg", "in/d.avif"]);
    let lines = json(&output);
    for line in &lines[..2] {
        assert_eq!((&line["width"], &line["height"]), (&300.into(), &400.into()));
        // All show the same drawing.
        assert_eq!(line["label"], lines[2]["label"]);
        let share = |line: &Value| line["probability"].as_f64().unwrap();
        assert!((share(line) - share(&lines[2])).abs() < 0.05, "{line}, {}", lines[2]);
    }
    let error = lines[3]["error"].as_str().unwrap();
    assert!(error.starts_with("This AVIF picture is damaged"), "{error}");
}

#[test]
fn folders_are_searched_in_order_without_hidden_files_and_other_formats() {
    let folder = Folder::new("folders");
    folder.photo("in/b.png").photo("in/a/z.JPG").photo("in/a/b.jpg").photo("in/c.png");
    folder.photo("in/.hidden.png").photo("in/.cache/d.png").write("in/note.txt", b"Buy shirts");
    folder.write("in/d.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    let output = folder.classify(&["--json", "in"]);
    assert_eq!(files(&output), ["in/a/b.jpg", "in/a/z.JPG", "in/b.png", "in/c.png", "in/d.heic"]);
    assert!(json(&output)[4]["error"].as_str().unwrap().starts_with("This is a HEIC photo"));
    assert_eq!(output.status.code(), Some(1));
    // A hidden file or folder is read if it is named.
    assert_eq!(files(&folder.classify(&["--json", "in/.hidden.png"])), ["in/.hidden.png"]);
    assert_eq!(files(&folder.classify(&["--json", "in/.cache"])), ["in/.cache/d.png"]);
}

#[test]
fn many_photos_keep_their_order() {
    let folder = Folder::new("order");
    let names: Vec<String> = (0..40).map(|number| format!("{number}.png")).collect();
    for name in &names {
        folder.photo(name);
    }
    let expected: Vec<String> = names.iter().map(|name| format!("./{name}")).collect();
    assert_eq!(files(&folder.classify(&["--json", "."])), expected);
}

#[test]
fn a_folder_without_photos_is_reported() {
    let folder = Folder::new("none");
    folder.write("in/note.txt", b"Buy shirts");
    let output = folder.classify(&["in"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(lines(&output.stderr), ["classify: in: There are no photos in this folder."]);
}

#[test]
fn without_a_path_the_usage_is_shown() {
    let output = Folder::new("usage").classify(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Usage: classify"));
}

#[test]
fn another_model_is_used_or_refused_in_words() {
    let folder = Folder::new("model");
    folder.photo("a.png").write("broken.onnx", b"not a model");
    let whole = concat!(env!("CARGO_MANIFEST_DIR"), "/model/clothing.onnx");
    assert!(folder.classify(&["--model", whole, "a.png"]).status.success());
    for (name, reason) in [
        ("broken.onnx", "classify: broken.onnx: The model file is not a whole ONNX file ("),
        ("lost.onnx", "classify: lost.onnx: "),
    ] {
        let output = folder.classify(&["--model", name, "a.png"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).starts_with(reason));
        assert!(output.stdout.is_empty());
    }
}
