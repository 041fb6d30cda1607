//! The state of cleaning: the folder that is open, asking the network about it, and the journal.

use std::collections::HashMap;

use leptos::{ev, prelude::*, task::spawn_local};
use web_sys::{DataTransfer, File};

use super::{
    apply::{Applying, apply},
    directory::{self, Directory},
    journal::Journal,
};
use crate::{
    app::{
        dropped::{self, Given},
        save::save,
        session::{News, Session, focus_later, is_model},
    },
    clean::{Action, ApplyError, Decision, Decisions, Folder, Judgement, Review, Status, table},
    engine::{ItemState, queue::ItemId},
    photo::Measurements,
    words::{self, Explained},
};

/// So many photos are with the engine, so that none of its workers waits, and that it is worth having several.
const AHEAD: usize = 24;

/// What is measured of photos, until their answers come.
pub type PhotoMeasurements = StoredValue<HashMap<ItemId, Measurements>, LocalStorage>;

/// A handle to the state; copies are the same.
#[derive(Clone, Copy)]
pub struct Cleaning {
    session: Session,
    pub review: RwSignal<Option<Review<File>>, LocalStorage>,
    /// What came of the last attempt to open a folder, if there is something to say.
    pub notice: RwSignal<&'static str>,
    /// Whether all decisions so far stand in the journal.
    pub is_kept: RwSignal<bool>,
    pub applying: RwSignal<Applying>,
    /// The open folder, if the browser lets the page change it.
    directory: StoredValue<Option<Directory>, LocalStorage>,
    journal: StoredValue<Option<Journal>, LocalStorage>,
    asked: StoredValue<HashMap<ItemId, usize>, LocalStorage>,
    measurements: PhotoMeasurements,
}

impl Cleaning {
    pub fn start(session: Session, measurements: PhotoMeasurements) -> Self {
        let cleaning = Self {
            session,
            review: RwSignal::new_local(None),
            notice: RwSignal::new(""),
            is_kept: RwSignal::new(true),
            applying: RwSignal::new(Applying::Idle),
            directory: StoredValue::new_local(None),
            journal: StoredValue::new_local(None),
            asked: StoredValue::new_local(HashMap::new()),
            measurements,
        };
        session.listen(move |news| match news {
            News::Photo { id, file_name: None, state } => cleaning.hear(id, state),
            News::ModelChanged => cleaning.ask_again(),
            News::Photo { .. } | News::Engine(_) => {}
        });
        let leaving = window_event_listener(ev::beforeunload, move |event| {
            if cleaning.is_moving() {
                event.prevent_default();
            }
        });
        on_cleanup(move || leaving.remove());
        cleaning
    }

    /// The state that the page's root provides.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Has the person choose a folder in the browser's own dialogue.
    pub fn pick(self) {
        spawn_local(async move {
            match directory::pick().await {
                Ok(Some(directory)) => self.open_directory(directory).await,
                Ok(None) => {}
                Err(_) => self.notice.set(words::NO_DIALOGUE),
            }
        });
    }

    async fn open_directory(self, directory: Directory) {
        let files = directory.files().await;
        self.open(files, Some(directory));
    }

    /// Takes the place of the folder that was open. `directory`: the folder, if it may perhaps be changed.
    pub fn open(self, files: Vec<(String, File)>, directory: Option<Directory>) {
        if self.is_moving() {
            return;
        }
        let folder = Folder::read(files.into_iter().map(|(path, file)| (path, file.size() as u64, file)));
        self.notice.set(if folder.photos.is_empty() { words::NO_LABELS } else { "" });
        if folder.photos.is_empty() {
            return;
        }
        self.stop_asking();
        let (journal, entries) = Journal::of(&folder.name);
        let decisions = Decisions::replay(&folder, entries);
        self.journal.set_value(Some(journal));
        self.is_kept.set(true);
        self.directory.set_value(directory);
        self.applying.set(Applying::Idle);
        self.session.notices.announce(words::announce_opened(&folder, decisions.count()));
        self.review.set(Some(Review::new(folder, decisions)));
        focus_later("review".into());
        self.ask();
    }

    /// A folder or a model was dropped on the page.
    pub fn take(self, transfer: &DataTransfer) {
        let (mut folders, mut files) = (Vec::new(), Vec::new());
        for each in dropped::dropped(transfer) {
            match each {
                Given::Entry(folder) => folders.push(folder),
                Given::File(file) => files.push(file),
            }
        }
        let handle = directory::dropped(transfer);
        spawn_local(async move {
            if let [folder] = &folders[..] {
                let directory = match handle {
                    Some(handle) => Directory::of(handle).await,
                    None => None,
                };
                return match directory {
                    Some(directory) => self.open_directory(directory).await,
                    None => self.open(dropped::files(folder.clone()).await, None),
                };
            }
            for file in files {
                if is_model(&file).await {
                    self.notice.set("");
                    return self.session.network.use_model(Some(file));
                }
            }
            self.notice.set(words::NO_FOLDER);
        });
    }

    /// Changes what is shown, if a folder is open.
    pub fn change<T>(self, change: impl FnOnce(&mut Review<File>) -> T) -> Option<T> {
        self.review.try_update(|review| review.as_mut().map(change)).flatten()
    }

    /// Reads it, if a folder is open.
    pub fn read<T>(self, read: impl FnOnce(&Review<File>) -> T) -> Option<T> {
        self.review.with(|review| review.as_ref().map(read))
    }

    /// Whether photos are being moved: until then, nothing else is decided.
    fn is_moving(self) -> bool {
        self.applying.with_untracked(|applying| matches!(applying, Applying::Moving { .. }))
    }

    /// Whether decisions can be carried out in the folder itself.
    pub fn can_apply(self) -> bool {
        self.directory.with_value(Option::is_some)
    }

    /// Asks for leave to change files, then whether it is meant.
    fn ask_to_apply(self) {
        let Some(directory) = self.directory.get_value().filter(|_| !self.is_moving()) else { return };
        spawn_local(async move {
            if directory.ask_to_write().await {
                self.applying.set(Applying::Confirming);
                focus_later("confirm".into());
            } else {
                self.end(Applying::Failed(ApplyError::Forbidden.explanation()));
            }
        });
    }

    /// It is not meant.
    fn dismiss(self) {
        if self.applying.with_untracked(|applying| *applying == Applying::Confirming) {
            self.applying.set(Applying::Idle);
            focus_later("apply".into());
        }
    }

    /// Carries the decisions out in the folder.
    fn apply(self) {
        let ready = self.applying.with_untracked(|applying| *applying == Applying::Confirming);
        let Some(directory) = self.directory.get_value().filter(|_| ready) else { return };
        let opened = untrack(|| self.read(|review| (review.folder().clone(), review.decisions().clone())));
        let Some((folder, decisions)) = opened else { return };
        self.stop_asking();
        let all = decisions.iter().filter(|(_, decision)| **decision != Decision::Keep).count();
        self.applying.set(Applying::Moving { done: 0, all });
        focus_later("review".into());
        spawn_local(async move {
            let progress = |done, all| self.applying.set(Applying::Moving { done, all });
            let outcome = apply(&directory, &folder, &decisions, progress).await;
            let binned = outcome.moved.iter().filter(|(each, _)| each.is_to_bin()).count();
            let words = words::applied(outcome.moved.len() - binned, binned);
            let moved = outcome
                .moved
                .into_iter()
                .map(|(each, file)| (each.photo, (!each.is_to_bin()).then_some((each.to, file))));
            self.stop_asking();
            let over = self.change(|review| review.carried_out(moved.collect())).unwrap_or_default();
            self.journal.with_value(|journal| {
                if let Some(journal) = journal {
                    over.into_iter().for_each(|number| journal.remove(number));
                }
            });
            self.end(match outcome.error {
                None => Applying::Done(format!("{words} {}", words::UNDO_APPLY)),
                Some(error) => Applying::Failed(format!("{words} {}", error.explanation()).trim().into()),
            });
            self.ask();
        });
    }

    fn end(self, outcome: Applying) {
        if let Applying::Done(words) | Applying::Failed(words) = &outcome {
            self.session.notices.announce(words.clone());
        }
        self.applying.set(outcome);
    }

    /// Does what the person asks for.
    pub fn act(self, action: Action) {
        match action {
            Action::Keep => self.decide(Decision::Keep),
            Action::Accept => self.accept(),
            Action::Delete => self.decide(Decision::Delete),
            Action::Relabel(index) => {
                let label = untrack(|| self.read(|review| review.folder().labels.get(index).cloned()));
                if let Some(label) = label.flatten() {
                    self.decide(Decision::Relabel(label));
                }
            }
            Action::Undo => self.undo(),
            Action::Save => self.save(),
            Action::AskToApply => self.ask_to_apply(),
            Action::Apply => self.apply(),
            Action::Cancel => self.dismiss(),
            Action::LookAt(photo) => _ = self.change(|review| review.look_at(photo)),
            Action::NextPhoto => _ = self.change(|review| review.step(true)),
            Action::PreviousPhoto => _ = self.change(|review| review.step(false)),
            Action::NextPage => _ = self.change(|review| review.turn(true)),
            Action::PreviousPage => _ = self.change(|review| review.turn(false)),
            Action::Rank => _ = self.change(Review::rank),
        }
    }

    /// Decides on the photo that is looked at.
    fn decide(self, decision: Decision) {
        if self.is_moving() {
            return;
        }
        if self.applying.with_untracked(|applying| matches!(applying, Applying::Done(_))) {
            self.applying.set(Applying::Idle);
        }
        let entry = untrack(|| {
            self.read(|review| {
                let (photo, _) = review.current()?;
                let is_its_own = decision == Decision::Relabel(review.folder().label_of(photo).into());
                Some(review.entry(photo, if is_its_own { &Decision::Keep } else { &decision }))
            })
        });
        let Some(entry) = entry.flatten() else { return };
        let number = self.journal.try_update_value(|journal| journal.as_mut()?.append(&entry)).flatten();
        self.is_kept.update(|kept| *kept &= number.is_some());
        let words = words::announce_decision(&entry);
        self.change(|review| review.decide(entry.decision, number));
        self.session.notices.announce(words);
    }

    /// Gives the photo that is looked at the label that the network proposes.
    fn accept(self) {
        let proposal =
            untrack(|| self.read(|review| review.proposal(review.current()?.0).map(String::from)).flatten());
        match proposal {
            Some(label) => self.decide(Decision::Relabel(label)),
            None => self.session.notices.announce(words::NO_PROPOSAL),
        }
    }

    /// Takes the last decision back.
    fn undo(self) {
        if self.is_moving() {
            return;
        }
        let Some((photo, number)) = self.change(Review::undo).flatten() else { return };
        self.journal.with_value(|journal| {
            if let (Some(journal), Some(number)) = (journal, number) {
                journal.remove(number);
            }
        });
        let file = untrack(|| self.read(|review| review.folder().photos[photo].file.clone()));
        self.session.notices.announce(words::undone(&file.unwrap_or_default()));
    }

    /// Saves the decisions as the table that is carried out.
    fn save(self) {
        let text =
            untrack(|| self.read(|review| table(review.folder(), review.decisions(), review.statuses())));
        save("decisions.csv", &text.unwrap_or_default());
    }

    fn hear(self, id: ItemId, state: &ItemState) {
        let measurements =
            self.measurements.try_update_value(|measurements| measurements.remove(&id)).flatten();
        let status = |label: &str| match state {
            ItemState::Done(answered) => {
                let answer = &answered.answer;
                let mut judgement = Judgement::of(&answer.prediction, label, measurements);
                judgement.preview.clone_from(&answer.preview);
                Some(Status::Judged(judgement))
            }
            ItemState::Refused(refusal) => Some(Status::Refused(refusal.explanation())),
            ItemState::Waiting | ItemState::Working => None,
        };
        let Some(photo) = self.asked.with_value(|asked| asked.get(&id).copied()) else { return };
        let label = untrack(|| self.read(|review| review.folder().label_of(photo).to_string()));
        let Some(status) = label.and_then(|label| status(&label)) else { return };
        self.asked.update_value(|asked| _ = asked.remove(&id));
        self.change(|review| review.settle(photo, status));
        self.ask();
    }

    fn ask(self) {
        while self.asked.with_value(HashMap::len) < AHEAD {
            // No news for the page.
            let next = self.review.try_update_untracked(|review| {
                let review = review.as_mut()?;
                let photo = review.next_to_ask()?;
                Some((photo, review.folder().photos[photo].source.clone()))
            });
            let Some((photo, file)) = next.flatten() else { return };
            let id = self.session.ask(file);
            self.asked.update_value(|asked| _ = asked.insert(id, photo));
        }
    }

    fn stop_asking(self) {
        for id in self.asked.try_update_value(std::mem::take).unwrap_or_default().into_keys() {
            self.session.network.cancel(id);
        }
        self.measurements.update_value(HashMap::clear);
    }

    /// What another model has said does not hold any more.
    fn ask_again(self) {
        self.stop_asking();
        self.change(Review::forget_answers);
        self.ask();
    }
}
