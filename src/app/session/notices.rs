use leptos::prelude::*;

/// What the person is told beside the answers.
#[derive(Clone, Copy)]
pub struct Notices {
    /// A sentence about the last attempt to add photos, if there is something to say.
    shown: RwSignal<Option<String>>,
    /// What a screen reader is told next.
    announced: RwSignal<String>,
}

impl Notices {
    pub fn new() -> Self {
        Self { shown: RwSignal::new(None), announced: RwSignal::new(String::new()) }
    }

    /// Shows and announces a sentence.
    pub fn say(self, words: &str) {
        self.announce(words);
        self.show(words);
    }

    /// Shows a sentence in the place of the last.
    pub fn show(self, words: &str) {
        self.shown.set(Some(words.into()));
    }

    /// Shows none any more.
    pub fn clear(self) {
        self.shown.set(None);
    }

    /// Has a screen reader say something.
    pub fn announce(self, words: impl Into<String>) {
        self.announced.set(words.into());
    }

    pub fn shown(self) -> Option<String> {
        self.shown.get()
    }

    pub fn announced(self) -> String {
        self.announced.get()
    }
}
