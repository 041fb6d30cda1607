use serde::{Deserialize, Serialize};

use super::Folder;

/// What a person decides about a photo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Its label is right.
    Keep,
    /// Its label is this one, the name of a folder.
    Relabel(String),
    /// It is to be deleted.
    Delete,
}

/// An entry in the journal. It names the photo by path and size, so that it applies only to the folder it was made for, also when
/// that is opened again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub file: String,
    pub bytes: u64,
    pub decision: Decision,
}

/// The decisions on a folder's photos, and all steps that led to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Decisions {
    current: Vec<Option<Decision>>,
    steps: Vec<Step>,
    decided: usize,
}

#[derive(Clone, Debug, PartialEq)]
struct Step {
    photo: usize,
    /// The decision before this step.
    before: Option<Decision>,
    /// The number of its entry in the journal, if it has one.
    number: Option<u64>,
}

impl Decisions {
    /// Without any decision yet. `photos`: their number.
    pub fn new(photos: usize) -> Self {
        Self { current: vec![None; photos], steps: Vec::new(), decided: 0 }
    }

    /// The decisions in a journal, its entries in the order of their numbers. Entries about photos that are not in this folder, or
    /// with labels that are not, are ignored.
    pub fn replay<P>(folder: &Folder<P>, journal: impl IntoIterator<Item = (u64, Entry)>) -> Self {
        let mut decisions = Self::new(folder.photos.len());
        for (number, entry) in journal {
            // They are sorted by path.
            let Ok(photo) = folder.photos.binary_search_by(|photo| photo.file.cmp(&entry.file)) else {
                continue;
            };
            let is_known =
                !matches!(&entry.decision, Decision::Relabel(label) if !folder.labels.contains(label));
            if folder.photos[photo].bytes == entry.bytes && is_known {
                decisions.decide(photo, entry.decision, Some(number));
            }
        }
        decisions
    }

    /// Decides on a photo, perhaps not for the first time. `number`: that of the entry in the journal.
    pub fn decide(&mut self, photo: usize, decision: Decision, number: Option<u64>) {
        let before = self.current[photo].replace(decision);
        self.decided += usize::from(before.is_none());
        self.steps.push(Step { photo, before, number });
    }

    /// Takes the last step back. Returns its photo and the number of its entry in the journal; `None` if there was no step.
    pub fn undo(&mut self) -> Option<(usize, Option<u64>)> {
        let Step { photo, before, number } = self.steps.pop()?;
        self.decided -= usize::from(before.is_none());
        self.current[photo] = before;
        Some((photo, number))
    }

    /// The decisions that are left once those on the photos `done` were carried out, and the numbers of the journal's entries that
    /// are done with. `numbers`: each photo's new index, `None` if it is gone.
    pub fn carried_out(self, done: &[usize], numbers: &[Option<usize>]) -> (Self, Vec<u64>) {
        let mut left = Self::new(numbers.iter().flatten().count());
        let mut over = Vec::new();
        for Step { photo, before, number } in self.steps {
            match numbers[photo] {
                Some(new) if !done.contains(&photo) => {
                    left.decided += usize::from(left.current[new].is_none());
                    left.current[new].clone_from(&self.current[photo]);
                    left.steps.push(Step { photo: new, before, number });
                }
                _ => over.extend(number),
            }
        }
        (left, over)
    }

    /// The decision on a photo, if there is one.
    pub fn of(&self, photo: usize) -> Option<&Decision> {
        self.current[photo].as_ref()
    }

    /// How many photos have a decision.
    pub fn count(&self) -> usize {
        self.decided
    }

    /// Whether there is a step to take back.
    pub fn can_undo(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The photos that have a decision, in their order, with it.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Decision)> {
        self.current.iter().enumerate().filter_map(|(photo, decision)| Some((photo, decision.as_ref()?)))
    }
}

#[cfg(test)]
impl Decisions {
    /// These decisions, by the photos' paths.
    pub(super) fn on<P>(folder: &Folder<P>, on: &[(&str, Decision)]) -> Self {
        let mut decisions = Self::new(folder.photos.len());
        for (file, decision) in on {
            let photo = folder.photos.iter().position(|photo| photo.file == *file).expect("a photo");
            decisions.decide(photo, decision.clone(), None);
        }
        decisions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> Folder<()> {
        let file = |path: &str| (format!("hats/{path}"), path.len() as u64, ());
        Folder::read(["bowler/1.jpg", "bowler/2.jpg", "beanie/10.jpg"].map(file))
    }

    fn relabel(label: &str) -> Decision {
        Decision::Relabel(label.into())
    }

    #[test]
    fn every_step_can_be_taken_back() {
        let mut decisions = Decisions::new(3);
        let steps = [
            (0, Decision::Keep),
            (1, relabel("b")),
            (0, Decision::Delete),
            (0, relabel("b")),
            (2, Decision::Keep),
        ];
        let mut before = Vec::new();
        for (photo, decision) in steps {
            before.push(decisions.clone());
            decisions.decide(photo, decision, None);
        }
        assert_eq!((decisions.of(0), decisions.count()), (Some(&relabel("b")), 3));
        for (earlier, photo) in before.iter().rev().zip([2, 0, 0, 1, 0]) {
            assert_eq!(decisions.undo(), Some((photo, None)));
            assert_eq!(&decisions, earlier);
        }
        assert_eq!((decisions.undo(), decisions.count(), decisions.can_undo()), (None, 0, false));
    }

    #[test]
    fn a_journal_brings_back_decisions_and_steps() {
        let entry = |file: &str, decision| Entry { file: file.into(), bytes: file.len() as u64, decision };
        let text = serde_json::to_string(&entry("bowler/1.jpg", relabel("beanie"))).unwrap();
        assert_eq!(text, r#"{"file":"bowler/1.jpg","bytes":12,"decision":{"relabel":"beanie"}}"#);
        let journal = [
            (3, serde_json::from_str(&text).unwrap()),
            (4, entry("bowler/2.jpg", Decision::Delete)),
            (9, entry("bowler/1.jpg", Decision::Keep)),
        ];
        let mut decisions = Decisions::replay(&folder(), journal);
        assert_eq!(decisions.iter().collect::<Vec<_>>(), [(1, &Decision::Keep), (2, &Decision::Delete)]);
        assert_eq!(decisions.undo(), Some((1, Some(9))));
        assert_eq!(decisions.of(1), Some(&relabel("beanie")));
        assert_eq!(
            (decisions.undo(), decisions.undo(), decisions.undo()),
            (Some((2, Some(4))), Some((1, Some(3))), None)
        );
    }

    #[test]
    fn decisions_that_are_carried_out_are_over_and_the_others_stay() {
        let mut decisions = Decisions::new(4);
        for (number, (photo, decision)) in [
            (0, Decision::Keep),
            (1, relabel("b")),
            (3, Decision::Keep),
            (0, relabel("b")),
            (2, Decision::Delete),
            (3, relabel("a")),
            (3, Decision::Keep),
        ]
        .into_iter()
        .enumerate()
        {
            decisions.decide(photo, decision, Some(number as u64));
        }
        // 0 is moved behind 1, 2 is gone.
        let (mut left, over) = decisions.carried_out(&[0, 2], &[Some(1), Some(0), None, Some(2)]);
        assert_eq!(over, [0, 3, 4]);
        assert_eq!(left.iter().collect::<Vec<_>>(), [(0, &relabel("b")), (2, &Decision::Keep)]);
        assert_eq!((left.count(), left.undo()), (2, Some((2, Some(6)))));
        assert_eq!(left.of(2), Some(&relabel("a")));
        assert_eq!(
            [left.undo(), left.undo(), left.undo(), left.undo()],
            [Some((2, Some(5))), Some((2, Some(2))), Some((0, Some(1))), None]
        );
        assert_eq!(left.count(), 0);
    }

    #[test]
    fn what_a_journal_has_of_other_photos_is_passed_over() {
        let entry = |file: &str, bytes, decision| (0, Entry { file: file.into(), bytes, decision });
        let journal = [
            entry("bowler/1.jpg", 999, Decision::Delete),
            entry("bowler/3.jpg", 12, Decision::Delete),
            entry("bowler/2.jpg", 12, relabel("top hat")),
            entry("beanie/10.jpg", 13, Decision::Keep),
        ];
        let decisions = Decisions::replay(&folder(), journal);
        assert_eq!(decisions.iter().collect::<Vec<_>>(), [(0, &Decision::Keep)]);
    }
}
