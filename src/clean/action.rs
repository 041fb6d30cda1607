/// What a person does while reviewing photos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The photo's label is right.
    Keep,
    /// The label that the network proposes is right.
    Accept,
    /// The photo belongs to no label.
    Delete,
    /// The label of this index among [`Folder::labels`](super::Folder::labels) is right.
    Relabel(usize),
    /// Takes the last decision back.
    Undo,
    /// Looks at the photo of this index among [`Folder::photos`](super::Folder::photos).
    LookAt(usize),
    NextPhoto,
    PreviousPhoto,
    NextPage,
    PreviousPage,
    /// Ranks again, with the answers that have come since.
    Rank,
    /// Saves the decisions as a table.
    Save,
    /// Asks whether to carry the decisions out in the folder.
    AskToApply,
    /// Carries them out.
    Apply,
    /// Does not.
    Cancel,
}

/// The first labels have a key each.
const LABEL_KEYS: [&str; 10] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"];

impl Action {
    /// What a key means, as [`KeyboardEvent.key`](https://www.w3.org/TR/uievents-key/) names it. `with_control`: whether
    /// Control or Command is held.
    pub fn of_key(key: &str, with_control: bool) -> Option<Self> {
        let key = key.to_ascii_lowercase();
        if with_control {
            return (key == "z").then_some(Self::Undo);
        }
        Some(match &*key {
            "k" => Self::Keep,
            "r" => Self::Accept,
            "d" | "delete" => Self::Delete,
            "u" => Self::Undo,
            "arrowright" => Self::NextPhoto,
            "arrowleft" => Self::PreviousPhoto,
            "escape" => Self::Cancel,
            key => Self::Relabel(LABEL_KEYS.iter().position(|label| *label == key)?),
        })
    }

    /// The key that gives the label of this index, if it has one.
    pub fn key_of_label(index: usize) -> Option<&'static str> {
        LABEL_KEYS.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_decide_and_move_and_control_is_left_to_the_browser_but_for_undo() {
        for (key, with_control, action) in [
            ("k", false, Some(Action::Keep)),
            ("K", false, Some(Action::Keep)),
            ("r", false, Some(Action::Accept)),
            ("d", false, Some(Action::Delete)),
            ("Delete", false, Some(Action::Delete)),
            ("u", false, Some(Action::Undo)),
            ("z", true, Some(Action::Undo)),
            ("z", false, None),
            ("r", true, None),
            ("ArrowRight", false, Some(Action::NextPhoto)),
            ("ArrowLeft", false, Some(Action::PreviousPhoto)),
            ("Escape", false, Some(Action::Cancel)),
            ("1", false, Some(Action::Relabel(0))),
            ("0", false, Some(Action::Relabel(9))),
            ("1", true, None),
            ("x", false, None),
            ("Tab", false, None),
            ("", false, None),
        ] {
            assert_eq!(Action::of_key(key, with_control), action, "{key}, {with_control}");
        }
    }

    #[test]
    fn the_first_ten_labels_have_the_keys_that_give_them() {
        for index in 0..12 {
            let key = Action::key_of_label(index);
            assert_eq!(key.is_some(), index < 10);
            assert!(key.is_none_or(|key| Action::of_key(key, false) == Some(Action::Relabel(index))));
        }
    }
}
