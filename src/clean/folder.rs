use std::collections::BTreeSet;

/// Folders above those of the labels, if photos are split for training.
const SPLITS: [&str; 3] = ["train", "val", "test"];

/// Photos in a folder for each label: `<label>/<photo>`; or `<split>/<label>/<photo>`, if there is a folder `train`. A photo's
/// bytes can be read from its `P`.
#[derive(Clone, Debug, PartialEq)]
pub struct Folder<P> {
    /// The opened folder's own name.
    pub name: String,
    /// The folders of the labels, sorted.
    pub labels: Vec<String>,
    /// Sorted by path.
    pub photos: Vec<LabelledPhoto<P>>,
    /// Paths of the files that are not in a label's folder.
    pub unlabelled: Vec<String>,
}

/// A file in a label's folder. It need not be a photo: nobody has read it yet.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledPhoto<P> {
    /// Its path within the opened folder, with forward slashes.
    pub file: String,
    /// Index of its folder among [`Folder::labels`].
    pub label: usize,
    /// Its size in bytes.
    pub bytes: u64,
    pub source: P,
}

impl<P> Folder<P> {
    /// `files`: path with the opened folder's name first, as browsers give it, size in bytes, and source. Hidden files and
    /// folders, whose names begin with a dot, are left out.
    pub fn read(files: impl IntoIterator<Item = (String, u64, P)>) -> Self {
        let mut name = String::new();
        let mut visible: Vec<(String, u64, P)> = Vec::new();
        for (path, bytes, source) in files {
            let Some((root, file)) = path.split_once('/') else { continue };
            name = root.into();
            if !file.split('/').any(|part| part.starts_with('.')) {
                visible.push((file.into(), bytes, source));
            }
        }
        visible.sort_by(|a, b| a.0.cmp(&b.0));
        let is_split = visible.iter().any(|(file, ..)| file.starts_with("train/"));

        let labels: BTreeSet<&str> = visible.iter().filter_map(|(file, ..)| label(file, is_split)).collect();
        let labels: Vec<String> = labels.into_iter().map(String::from).collect();
        let (mut photos, mut unlabelled) = (Vec::new(), Vec::new());
        for (file, bytes, source) in visible {
            match label(&file, is_split).and_then(|label| labels.iter().position(|known| known == label)) {
                Some(label) => photos.push(LabelledPhoto { file, label, bytes, source }),
                None => unlabelled.push(file),
            }
        }
        Self { name, labels, photos, unlabelled }
    }

    /// Photos were moved or removed. `moved`: a photo's index and its new path and source, `None` if it was removed. Returns each
    /// photo's new index.
    pub fn relocate(
        &mut self,
        moved: impl IntoIterator<Item = (usize, Option<(String, P)>)>,
    ) -> Vec<Option<usize>> {
        let mut photos: Vec<_> = std::mem::take(&mut self.photos).into_iter().map(Some).collect();
        for (number, place) in moved {
            photos[number] = photos[number].take().zip(place).map(|(photo, (file, source))| {
                let name = file.split('/').rev().nth(1).unwrap_or_default();
                let label = self.labels.iter().position(|known| known == name).unwrap_or(photo.label);
                LabelledPhoto { file, label, source, ..photo }
            });
        }
        let mut numbers = vec![None; photos.len()];
        let mut left: Vec<_> =
            photos.into_iter().enumerate().filter_map(|(old, photo)| Some((old, photo?))).collect();
        left.sort_by(|(_, a), (_, b)| a.file.cmp(&b.file));
        for (new, (old, _)) in left.iter().enumerate() {
            numbers[*old] = Some(new);
        }
        self.photos = left.into_iter().map(|(_, photo)| photo).collect();
        numbers
    }

    /// The label of the photo with that index.
    pub fn label_of(&self, photo: usize) -> &str {
        &self.labels[self.photos[photo].label]
    }
}

/// The label whose folder a file is in, if any.
fn label(file: &str, is_split: bool) -> Option<&str> {
    let parts: Vec<_> = file.split('/').collect();
    match parts[..] {
        [label, _] if !is_split => Some(label),
        [split, label, _] if is_split && SPLITS.contains(&split) => Some(label),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(paths: &[&str]) -> Folder<usize> {
        Folder::read(paths.iter().enumerate().map(|(number, path)| (path.to_string(), 10, number)))
    }

    #[test]
    fn a_folder_for_each_label() {
        let folder = read(&["hats/bowler/2.jpg", "hats/beanie/1.jpg", "hats/bowler/1.jpg"]);
        assert_eq!(
            (folder.name.as_str(), folder.labels.as_slice()),
            ("hats", &["beanie".into(), "bowler".into()][..])
        );
        let photos: Vec<_> =
            folder.photos.iter().map(|photo| (photo.file.as_str(), photo.label, photo.source)).collect();
        assert_eq!(photos, [("beanie/1.jpg", 0, 1), ("bowler/1.jpg", 1, 2), ("bowler/2.jpg", 1, 0)]);
        assert_eq!(folder.label_of(2), "bowler");
        assert!(folder.unlabelled.is_empty());
    }

    #[test]
    fn splits_are_known_by_the_folder_train() {
        let folder = read(&["d/train/a/1.jpg", "d/val/b/2.jpg", "d/other/a/3.jpg", "d/train/a/deep/4.jpg"]);
        assert_eq!(folder.labels, ["a", "b"]);
        assert_eq!(folder.unlabelled, ["other/a/3.jpg", "train/a/deep/4.jpg"]);
        // Without it, a folder of that name is one of a label.
        assert_eq!(read(&["d/val/1.jpg", "d/a/2.jpg"]).labels, ["a", "val"]);
    }

    #[test]
    fn photos_that_have_moved_take_their_new_place() {
        let mut folder = read(&["d/a/1.jpg", "d/a/2.jpg", "d/b/1.jpg", "d/b/3.jpg"]);
        let numbers = folder.relocate([(0, Some(("b/2.jpg".into(), 9))), (3, None)]);
        let photos: Vec<_> =
            folder.photos.iter().map(|photo| (photo.file.as_str(), photo.label, photo.source)).collect();
        assert_eq!(photos, [("a/2.jpg", 0, 1), ("b/1.jpg", 1, 2), ("b/2.jpg", 1, 9)]);
        assert_eq!(numbers, [Some(2), Some(0), Some(1), None]);
        assert_eq!(folder.labels, ["a", "b"]);
    }

    #[test]
    fn files_elsewhere_are_named_and_hidden_ones_are_left_out() {
        let folder =
            read(&["d/manifest.csv", "d/.bin/2026/a/1.jpg", "d/a/.DS_Store", "d/a/letter.txt", "lost.jpg"]);
        assert_eq!(folder.unlabelled, ["manifest.csv"]);
        assert_eq!(folder.photos.len(), 1, "what is no photo is told by who reads it");
        assert_eq!(read(&[]).photos, []);
    }
}
