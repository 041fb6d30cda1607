use serde::Deserialize;

/// What the page shows at one moment. `snapshot.js` reads it from the document.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Snapshot {
    pub path: String,
    pub title: String,
    pub heading: Option<String>,
    /// The progress bar's value, 0 to 100.
    pub loading: Option<f64>,
    /// The message about a failure of the whole page or of the engine.
    pub failed: Option<String>,
    pub notice: Option<String>,
    /// What a screen reader was told last.
    pub announced: Option<String>,
    pub count: Option<String>,
    /// The state of offline use.
    pub offline: Option<String>,
    /// The sentence about it.
    pub offline_words: Option<String>,
    /// Whether the page shows that it accepts what is dragged over it.
    pub dropping: bool,
    /// The focused element: `#id`, or its accessible name if it has no id.
    pub focus: String,
    pub cards: Vec<Card>,
}

/// One photo of the list.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Card {
    pub file: String,
    pub state: String,
    pub open: bool,
    /// Whether the photo itself is shown.
    pub preview: bool,
    pub headline: Option<String>,
    pub label: Option<String>,
    pub verdict: Option<String>,
    pub detail: Option<String>,
    pub busy: Option<String>,
    pub facts: Option<String>,
    /// The remove button's id.
    pub remove: String,
    /// Best first; only an open card shows them.
    pub guesses: Vec<Guess>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Guess {
    pub label: String,
    pub percent: String,
}

impl Snapshot {
    /// The card of a file.
    pub fn card(&self, file: &str) -> Option<&Card> {
        self.cards.iter().find(|card| card.file == file)
    }
}

impl Card {
    pub fn is_final(&self) -> bool {
        matches!(self.state.as_str(), "done" | "refused")
    }

    /// The detail line, empty if there is none.
    pub fn words(&self) -> &str {
        self.detail.as_deref().unwrap_or_default()
    }

    /// The best guess's probability as it is shown, in whole percents: 0 to 1.
    pub fn share(&self) -> f64 {
        let shown = &self.guesses.first().unwrap_or_else(|| panic!("no guesses are shown: {self:?}")).percent;
        match shown.as_str() {
            "under 1 %" => 0.0,
            "over 99 %" => 1.0,
            _ => shown.trim_end_matches(" %").parse::<f64>().expect("a percentage") / 100.0,
        }
    }
}
