//! Which workers there are, what each does, and which model they answer by.
//!
//! One worker answers the first photos. While many wait, more are started, up to what the device bears; they share the
//! downloaded code and model, but no memory, so that one's death costs the others nothing.
//!
//! [`Pool::handle`] takes what has happened and says what is to be done about it. It touches no browser, so its tests
//! run natively; `client` carries the [`Effect`]s out and brings back what comes of them.

use super::{
    queue::{Death, ItemId, Queue},
    state::{EngineState, Failure, ItemState, Outcome, Refusal},
};
use crate::classifier::ModelInfo;

/// How long a worker may take to load the model, and to answer one photo, on a slow phone.
const PATIENCE_MS: u32 = 60_000;
/// How long an idle worker is kept. Its memory never shrinks; ending it gives that back, and the next
/// photo starts another from what is already downloaded.
const IDLE_MS: u32 = 60_000;
/// The same for a worker that is not the only one.
const SPARE_IDLE_MS: u32 = 5_000;
/// Another worker is started when this many photos wait for each existing one: fewer are answered before it is ready.
const WORTH_A_WORKER: usize = 4;
/// How many workers in a row may die before they are ready.
const STARTS: u8 = 2;

/// Names a worker. Numbers are not used again, so that what an ended worker still sends is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerId(pub u32);

/// A model that takes the place of the page's own.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFile<B> {
    pub name: String,
    pub bytes: B,
}

/// What happens to the pool. `Q` is what is asked about a photo, `B` holds a model file's bytes.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
pub enum Input<Q, B> {
    /// Loads, also again after a [`Failure`]; waiting photos are answered then.
    Load,
    /// Bytes of the model that have arrived, of all there are.
    Progress {
        received: u64,
        total: u64,
    },
    /// What came of [`Effect::Download`].
    Downloaded(Result<(), Failure>),
    /// A photo joins the queue.
    Add(ItemId, Q),
    /// A photo is forgotten; nothing more is said of it.
    Cancel(ItemId),
    /// Photos are answered by this model from now on, or by the page's own again.
    UseModel(Option<ModelFile<B>>),
    Worker(WorkerId, WorkerEvent),
}

/// What becomes of a worker.
#[derive(Debug)]
pub enum WorkerEvent {
    /// The browser could not open it, or not send it code and model.
    NotStarted(Failure),
    /// It has loaded the model.
    Ready(ModelInfo),
    /// It cannot use the model; the loader's reason.
    BadModel {
        reason: String,
    },
    Answered(ItemId, Outcome),
    Died {
        reason: String,
    },
    /// What was last asked of it took longer than it may.
    TookTooLong,
    /// It has had nothing to do for as long as it is kept then.
    Idled,
}

/// What is to be done, in this order.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there are few at a time")]
pub enum Effect<Q, B> {
    /// Fetch the worker's code and the page's own model.
    Download,
    /// Open a worker, which then fetches its script.
    Open(WorkerId),
    /// Send it code and model: this one, or else the page's own.
    Start(WorkerId, Option<B>),
    Ask(WorkerId, ItemId, Q),
    End(WorkerId),
    /// Report this of the worker after so many milliseconds, unless another timer is set for it or it ends.
    SetTimer(WorkerId, u32, Due),
    Tell(Output),
}

/// What a worker's timer reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    TookTooLong,
    Idled,
}

impl From<Due> for WorkerEvent {
    fn from(due: Due) -> Self {
        match due {
            Due::TookTooLong => Self::TookTooLong,
            Due::Idled => Self::Idled,
        }
    }
}

/// What the page hears.
#[derive(Debug)]
pub enum Output {
    Engine(EngineState),
    Item(ItemId, ItemState),
    /// Another model answers from now on: the one in this file, or the page's own. What the former one said is out of date.
    ModelChanged {
        file_name: Option<String>,
    },
    /// A model cannot be used, for this reason; the former one answers again.
    ModelRefused {
        file_name: Option<String>,
        reason: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It has or fetches its script, and waits for code and model.
    Open,
    /// It makes the model ready.
    Starting,
    /// It has a photo, or is about to.
    Working,
    /// It has nothing to do, and there are others: it is kept for [`SPARE_IDLE_MS`].
    Spare,
    /// It has nothing to do, and is kept for [`IDLE_MS`].
    Resting,
}

#[derive(Debug)]
struct Worker {
    id: WorkerId,
    stage: Stage,
}

impl Worker {
    fn is_ready(&self) -> bool {
        !matches!(self.stage, Stage::Open | Stage::Starting)
    }
}

/// Whether code and model are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parts {
    Missing,
    Coming,
    Here,
}

/// What answered before the model that is being tried: a file's model, or the page's own.
#[derive(Debug)]
struct Former<B>(Option<ModelFile<B>>);

#[derive(Debug)]
pub struct Pool<Q, B> {
    parts: Parts,
    /// The model in the place of the page's own, if any.
    model: Option<ModelFile<B>>,
    /// The same, while another is tried.
    former: Option<Former<B>>,
    /// Which model was ready last, and the name of its file.
    answering: Option<(ModelInfo, Option<String>)>,
    workers: Vec<Worker>,
    /// How many there may be. Fewer than at first when one did not start or died beside others: memory may be short.
    most: usize,
    last_id: u32,
    failed_starts: u8,
    queue: Queue<Q>,
    effects: Vec<Effect<Q, B>>,
}

impl<Q: Clone, B: Clone> Pool<Q, B> {
    /// Without a worker yet, and with `most` (at least 1) at the same time later.
    pub fn new(most: usize) -> Self {
        Self {
            parts: Parts::Missing,
            model: None,
            former: None,
            answering: None,
            workers: Vec::new(),
            most,
            last_id: 0,
            failed_starts: 0,
            queue: Queue::default(),
            effects: Vec::new(),
        }
    }

    /// Takes note of what has happened; returns what is to be done.
    pub fn handle(&mut self, input: Input<Q, B>) -> Vec<Effect<Q, B>> {
        match input {
            Input::Load => {
                self.failed_starts = 0;
                self.load();
            }
            Input::Progress { received, total } => self.tell_engine(EngineState::Loading { received, total }),
            Input::Downloaded(Ok(())) => {
                self.parts = Parts::Here;
                self.start_worker();
            }
            Input::Downloaded(Err(failure)) => {
                self.parts = Parts::Missing;
                self.fail(failure);
            }
            Input::Add(id, question) => {
                self.queue.push(id, question);
                self.tell_item(id, ItemState::Waiting);
                self.advance();
            }
            Input::Cancel(id) => self.queue.cancel(id),
            Input::UseModel(model) => {
                let former = std::mem::replace(&mut self.model, model);
                self.former.get_or_insert(Former(former));
                self.replace_workers();
            }
            Input::Worker(id, event) => {
                // One that was ended meanwhile is not listened to.
                if let Some(index) = self.workers.iter().position(|worker| worker.id == id) {
                    self.handle_worker(index, event);
                }
            }
        }
        std::mem::take(&mut self.effects)
    }

    fn load(&mut self) {
        match self.parts {
            Parts::Here if self.workers.is_empty() => self.start_worker(),
            Parts::Here => {}
            // It fetches its script while code and model are under way.
            Parts::Missing | Parts::Coming if self.workers.is_empty() => {
                self.open_worker();
                self.download();
            }
            Parts::Missing | Parts::Coming => self.download(),
        }
    }

    fn download(&mut self) {
        if std::mem::replace(&mut self.parts, Parts::Coming) == Parts::Missing {
            self.effects.push(Effect::Download);
        }
    }

    fn handle_worker(&mut self, index: usize, event: WorkerEvent) {
        let Worker { id, stage } = self.workers[index];
        match event {
            WorkerEvent::NotStarted(failure) => {
                self.end_worker(index);
                if self.workers.is_empty() { self.fail(failure) } else { self.most = self.workers.len() }
            }
            WorkerEvent::Ready(info) => {
                self.workers[index].stage = Stage::Working;
                self.failed_starts = 0;
                self.former = None;
                self.tell_engine(EngineState::Ready(info.clone()));
                self.note_model(info);
                self.advance();
            }
            // The others can use the same model: what it lacks is memory.
            WorkerEvent::BadModel { .. } if self.workers.len() > 1 => {
                self.lose_worker(index, String::new(), Refusal::Crashed)
            }
            WorkerEvent::BadModel { reason } => match self.former.take() {
                Some(former) => self.refuse_model(former, reason),
                None => {
                    self.parts = Parts::Missing;
                    self.fail(Failure::Model { reason });
                }
            },
            WorkerEvent::Answered(item, outcome) => {
                if self.queue.answered(id.0, item) {
                    self.tell_item(item, outcome.map_or_else(ItemState::Refused, ItemState::Done));
                }
                self.advance();
            }
            WorkerEvent::Died { reason } => self.lose_worker(index, reason, Refusal::Crashed),
            WorkerEvent::TookTooLong => {
                self.lose_worker(index, "it took too long".into(), Refusal::TimedOut);
            }
            // It was given a photo at that very moment.
            WorkerEvent::Idled if self.queue.is_busy(id.0) => {}
            // The others have gone since it became idle.
            WorkerEvent::Idled if self.workers.len() == 1 && stage == Stage::Spare => self.rest(index),
            WorkerEvent::Idled => self.end_worker(index),
        }
    }

    /// A model is ready. Says so if another was before: a replaced worker's is the same.
    fn note_model(&mut self, info: ModelInfo) {
        let file_name = self.model.as_ref().map(|model| model.name.clone());
        let now = (info, file_name);
        let former = self.answering.replace(now.clone());
        let is_news = former.map_or(now.1.is_some(), |former| former != now);
        if is_news {
            self.tell(Output::ModelChanged { file_name: now.1 });
        }
    }

    /// Goes back to what answered before.
    fn refuse_model(&mut self, Former(model): Former<B>, reason: String) {
        let refused = std::mem::replace(&mut self.model, model);
        self.tell(Output::ModelRefused { file_name: refused.map(|model| model.name), reason });
        self.replace_workers();
    }

    /// Starts a worker with the model as it now is, in the place of all others.
    fn replace_workers(&mut self) {
        self.failed_starts = 0;
        self.end_all();
        if self.parts == Parts::Here {
            self.tell_engine(EngineState::Loading { received: 1, total: 1 });
        }
        self.load();
    }

    fn open_worker(&mut self) -> usize {
        self.last_id += 1;
        let id = WorkerId(self.last_id);
        self.workers.push(Worker { id, stage: Stage::Open });
        self.effects.push(Effect::Open(id));
        self.workers.len() - 1
    }

    /// Starts the worker that is open, or else one more.
    fn start_worker(&mut self) {
        let open = self.workers.iter().position(|worker| worker.stage == Stage::Open);
        let index = open.unwrap_or_else(|| self.open_worker());
        let worker = &mut self.workers[index];
        worker.stage = Stage::Starting;
        let model = self.model.as_ref().map(|model| model.bytes.clone());
        self.effects.push(Effect::Start(worker.id, model));
        self.effects.push(Effect::SetTimer(worker.id, PATIENCE_MS, Due::TookTooLong));
    }

    /// A worker is of no more use: a photo it had is tried once more, then refused.
    fn lose_worker(&mut self, index: usize, reason: String, refusal: Refusal) {
        let Worker { id, stage } = self.workers[index];
        self.end_worker(index);
        if stage == Stage::Open {
            // Another takes its place when all is there; it is too early to say what that means.
            return;
        }
        if !self.workers.is_empty() {
            self.most = self.workers.len();
        } else if stage == Stage::Starting {
            self.failed_starts += 1;
            // Loaders assert what a file may not keep to.
            if let Some(former) = self.former.take() {
                self.refuse_model(former, format!("The network cannot be started ({reason})."));
            } else if self.failed_starts >= STARTS {
                self.fail(Failure::Crashed { reason });
            } else {
                self.start_worker();
            }
            return;
        }
        match self.queue.died(id.0) {
            Death::Idle => {}
            Death::Retried(item) => self.tell_item(item, ItemState::Waiting),
            Death::GivenUp(item) => self.tell_item(item, ItemState::Refused(refusal)),
        }
        self.advance();
    }

    fn fail(&mut self, failure: Failure) {
        self.end_all();
        self.tell_engine(EngineState::Failed(failure));
    }

    /// Gives idle workers their next photos, starts one if many photos wait, and lets those rest that have nothing to do.
    fn advance(&mut self) {
        for index in 0..self.workers.len() {
            let Worker { id, stage } = self.workers[index];
            if !self.workers[index].is_ready() {
                continue;
            }
            if let Some((item, question)) = self.queue.take_next(id.0) {
                self.workers[index].stage = Stage::Working;
                self.effects.push(Effect::Ask(id, item, question));
                self.effects.push(Effect::SetTimer(id, PATIENCE_MS, Due::TookTooLong));
                self.tell_item(item, ItemState::Working);
            } else if stage == Stage::Working && !self.queue.is_busy(id.0) {
                if self.workers.len() == 1 { self.rest(index) } else { self.spare(index) }
            }
        }
        let waiting = self.queue.waiting();
        let wants_another = match self.workers.len() {
            0 => waiting > 0 && self.failed_starts < STARTS,
            // Once the first has shown that the model can be used.
            workers => {
                workers < self.most
                    && waiting >= WORTH_A_WORKER * workers
                    && self.workers.iter().all(Worker::is_ready)
            }
        };
        if wants_another && self.parts == Parts::Here {
            self.start_worker();
        }
    }

    fn spare(&mut self, index: usize) {
        self.workers[index].stage = Stage::Spare;
        self.effects.push(Effect::SetTimer(self.workers[index].id, SPARE_IDLE_MS, Due::Idled));
    }

    fn rest(&mut self, index: usize) {
        self.workers[index].stage = Stage::Resting;
        self.effects.push(Effect::SetTimer(self.workers[index].id, IDLE_MS, Due::Idled));
    }

    fn end_worker(&mut self, index: usize) {
        let worker = self.workers.remove(index);
        self.effects.push(Effect::End(worker.id));
    }

    /// Their photos come first again.
    fn end_all(&mut self) {
        self.queue.interrupt();
        self.effects.extend(self.workers.drain(..).map(|worker| Effect::End(worker.id)));
    }

    fn tell(&mut self, output: Output) {
        self.effects.push(Effect::Tell(output));
    }

    fn tell_engine(&mut self, state: EngineState) {
        self.tell(Output::Engine(state));
    }

    fn tell_item(&mut self, id: ItemId, state: ItemState) {
        self.tell(Output::Item(id, state));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    type Input = super::Input<&'static str, &'static str>;
    type Effect = super::Effect<&'static str, &'static str>;

    fn info(version: &str) -> ModelInfo {
        let json = format!(
            r#"{{"version":"{version}","labels":[],"input_size":224,"resize":{{"fit":"pad","filter":"bilinear"}},
            "mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5],"temperature":1,"training_data":"sha256:0","license":"MIT"}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    /// A pool, and what it has had done so far.
    struct Rig {
        pool: Pool<&'static str, &'static str>,
    }

    impl Rig {
        fn new(most: usize) -> Self {
            Self { pool: Pool::new(most) }
        }

        /// With code, model and one worker that is ready.
        fn ready(most: usize) -> Self {
            let mut rig = Self::new(most);
            rig.does(Input::Load);
            rig.does(Input::Downloaded(Ok(())));
            rig.worker(1, WorkerEvent::Ready(info("1")));
            rig
        }

        /// What is done about it, a word each.
        fn does(&mut self, input: Input) -> Vec<String> {
            self.pool.handle(input).iter().map(told).collect()
        }

        fn worker(&mut self, id: u32, event: WorkerEvent) -> Vec<String> {
            self.does(Input::Worker(WorkerId(id), event))
        }

        fn add(&mut self, ids: std::ops::Range<u32>) -> Vec<String> {
            ids.flat_map(|id| self.does(Input::Add(ItemId(id), "photo"))).collect()
        }

        fn answers(&mut self, id: u32, item: u32) -> Vec<String> {
            self.worker(id, WorkerEvent::Answered(ItemId(item), Err(Refusal::Unreadable)))
        }

        fn dies(&mut self, id: u32) -> Vec<String> {
            self.worker(id, WorkerEvent::Died { reason: "memory".into() })
        }

        fn tries(&mut self, model: &'static str) -> Vec<String> {
            self.does(Input::UseModel(Some(ModelFile { name: model.into(), bytes: model })))
        }
    }

    fn told(effect: &Effect) -> String {
        match effect {
            Effect::Download => "download".into(),
            Effect::Open(id) => format!("open {}", id.0),
            Effect::Start(id, model) => format!("start {} by {}", id.0, model.unwrap_or("own")),
            Effect::Ask(id, item, _) => format!("ask {} about {}", id.0, item.0),
            Effect::End(id) => format!("end {}", id.0),
            Effect::SetTimer(id, milliseconds, due) => {
                format!("{due:?} {} in {} s", id.0, milliseconds / 1000)
            }
            Effect::Tell(Output::Engine(state)) => match state {
                EngineState::Asleep => "asleep".into(),
                EngineState::Loading { received, total } => format!("loading {received} of {total}"),
                EngineState::Ready(info) => format!("ready {}", info.version),
                EngineState::Failed(failure) => format!("failed: {failure:?}"),
            },
            Effect::Tell(Output::Item(item, state)) => match state {
                ItemState::Refused(refusal) => format!("{} refused: {refusal:?}", item.0),
                ItemState::Done(_) => format!("{} done", item.0),
                state => format!("{} {state:?}", item.0).to_lowercase(),
            },
            Effect::Tell(Output::ModelChanged { file_name }) => {
                format!("answered by {}", file_name.as_deref().unwrap_or("own"))
            }
            Effect::Tell(Output::ModelRefused { file_name, reason }) => {
                format!("{} refused: {reason}", file_name.as_deref().unwrap_or("own"))
            }
        }
    }

    #[test]
    fn a_worker_opens_while_its_parts_come_and_starts_when_they_are_there() {
        let mut rig = Rig::new(2);
        assert_eq!(rig.add(7..8), ["7 waiting"], "nothing is loaded unasked");
        assert_eq!(rig.does(Input::Load), ["open 1", "download"]);
        assert_eq!(rig.does(Input::Load), [""; 0], "nothing is loaded twice");
        assert_eq!(rig.does(Input::Progress { received: 1, total: 3 }), ["loading 1 of 3"]);
        assert_eq!(rig.does(Input::Downloaded(Ok(()))), ["start 1 by own", "TookTooLong 1 in 60 s"]);
        assert_eq!(
            rig.worker(1, WorkerEvent::Ready(info("1"))),
            ["ready 1", "ask 1 about 7", "TookTooLong 1 in 60 s", "7 working"]
        );
        assert_eq!(rig.does(Input::Load), [""; 0]);
        assert_eq!(rig.answers(1, 7), ["7 refused: Unreadable", "Idled 1 in 60 s"]);
    }

    #[test]
    fn what_could_not_be_downloaded_is_tried_again_when_asked() {
        let mut rig = Rig::new(1);
        rig.does(Input::Load);
        rig.add(1..2);
        assert_eq!(rig.does(Input::Downloaded(Err(Failure::Unreachable))), ["end 1", "failed: Unreachable"]);
        assert_eq!(rig.does(Input::Load), ["open 2", "download"]);
        rig.does(Input::Downloaded(Ok(())));
        assert!(rig.worker(2, WorkerEvent::Ready(info("1"))).contains(&"ask 2 about 1".into()));
    }

    #[test]
    fn many_waiting_photos_are_worth_more_workers_but_no_more_than_the_device_bears() {
        let mut rig = Rig::ready(2);
        let first = rig.add(0..4);
        assert!(first.contains(&"ask 1 about 0".into()) && !first.contains(&"open 2".into()), "{first:?}");
        assert_eq!(rig.add(4..5), ["4 waiting", "open 2", "start 2 by own", "TookTooLong 2 in 60 s"]);
        assert!(!rig.add(5..20).iter().any(|done| done.starts_with("open")), "while another starts");
        assert_eq!(
            rig.worker(2, WorkerEvent::Ready(info("1"))),
            ["ready 1", "ask 2 about 1", "TookTooLong 2 in 60 s", "1 working"]
        );
        assert!(!rig.add(20..40).iter().any(|done| done.starts_with("open")));
    }

    #[test]
    fn idle_workers_end_the_spare_ones_soon() {
        let mut rig = Rig::ready(2);
        rig.add(0..5);
        rig.worker(2, WorkerEvent::Ready(info("1")));
        for (id, item) in [(1, 0), (2, 1), (1, 2)] {
            rig.answers(id, item);
        }
        assert_eq!(rig.answers(2, 3), ["3 refused: Unreadable", "Idled 2 in 5 s"]);
        assert_eq!(rig.worker(2, WorkerEvent::Idled), ["end 2"]);
        assert_eq!(rig.answers(1, 4), ["4 refused: Unreadable", "Idled 1 in 60 s"]);
        assert_eq!(rig.worker(1, WorkerEvent::Idled), ["end 1"]);
        assert_eq!(
            rig.add(5..6),
            ["5 waiting", "open 3", "start 3 by own", "TookTooLong 3 in 60 s"],
            "comes back unnoticed"
        );
    }

    #[test]
    fn the_last_of_several_is_kept_as_long_as_a_single_one() {
        let mut rig = Rig::ready(2);
        rig.add(0..5);
        rig.worker(2, WorkerEvent::Ready(info("1")));
        for (id, item) in [(1, 0), (2, 1), (1, 2), (2, 3), (1, 4)] {
            rig.answers(id, item);
        }
        rig.worker(1, WorkerEvent::Idled);
        assert_eq!(rig.worker(2, WorkerEvent::Idled), ["Idled 2 in 60 s"]);
        assert_eq!(rig.worker(2, WorkerEvent::Idled), ["end 2"]);
    }

    #[test]
    fn a_timer_that_rings_for_a_worker_that_was_given_a_photo_changes_nothing() {
        let mut rig = Rig::ready(1);
        rig.add(0..1);
        assert_eq!(rig.worker(1, WorkerEvent::Idled), [""; 0]);
    }

    #[test]
    fn a_worker_that_dies_while_open_is_replaced_once_its_parts_are_there() {
        let mut rig = Rig::new(1);
        rig.does(Input::Load);
        assert_eq!(rig.dies(1), ["end 1"]);
        assert_eq!(
            rig.does(Input::Downloaded(Ok(()))),
            ["open 2", "start 2 by own", "TookTooLong 2 in 60 s"]
        );
    }

    #[test]
    fn a_worker_that_dies_while_starting_is_started_once_more() {
        let mut rig = Rig::new(1);
        rig.does(Input::Load);
        rig.does(Input::Downloaded(Ok(())));
        assert_eq!(rig.dies(1), ["end 1", "open 2", "start 2 by own", "TookTooLong 2 in 60 s"]);
        assert_eq!(
            rig.worker(2, WorkerEvent::TookTooLong),
            ["end 2", r#"failed: Crashed { reason: "it took too long" }"#]
        );
        assert_eq!(rig.add(0..1), ["0 waiting"], "nothing is started until the person asks for it");
        assert_eq!(rig.does(Input::Load), ["open 3", "start 3 by own", "TookTooLong 3 in 60 s"]);
    }

    #[test]
    fn a_worker_that_dies_while_starting_beside_others_is_not_missed() {
        let mut rig = Rig::ready(3);
        rig.add(0..5);
        assert_eq!(rig.dies(2), ["end 2"]);
        assert!(!rig.add(5..30).iter().any(|done| done.starts_with("open")), "memory may be short");
        assert_eq!(rig.answers(1, 0)[1], "ask 1 about 1");
    }

    #[test]
    fn a_model_that_only_a_second_worker_cannot_use_is_not_at_fault() {
        let mut rig = Rig::ready(2);
        rig.add(0..5);
        assert_eq!(rig.worker(2, WorkerEvent::BadModel { reason: "memory".into() }), ["end 2"]);
        assert_eq!(rig.answers(1, 0)[1], "ask 1 about 1");
    }

    #[test]
    fn a_photo_whose_worker_dies_is_tried_once_more_and_then_refused() {
        let mut rig = Rig::ready(1);
        rig.add(0..2);
        assert_eq!(rig.dies(1), ["end 1", "0 waiting", "open 2", "start 2 by own", "TookTooLong 2 in 60 s"]);
        rig.worker(2, WorkerEvent::Ready(info("1")));
        assert_eq!(rig.worker(2, WorkerEvent::TookTooLong)[..2], ["end 2", "0 refused: TimedOut"]);
        assert!(rig.worker(3, WorkerEvent::Ready(info("1"))).contains(&"ask 3 about 1".into()));
    }

    #[test]
    fn a_worker_that_dies_at_work_beside_others_leaves_its_photo_to_them() {
        let mut rig = Rig::ready(2);
        rig.add(0..6);
        rig.worker(2, WorkerEvent::Ready(info("1")));
        assert_eq!(rig.dies(1), ["end 1", "0 waiting"]);
        assert_eq!(rig.answers(2, 1)[1], "ask 2 about 0");
    }

    #[test]
    fn a_worker_that_dies_idle_costs_nothing() {
        let mut rig = Rig::ready(1);
        assert_eq!(rig.dies(1), ["end 1"]);
        assert_eq!(rig.answers(1, 0), [""; 0], "what an ended worker says is not heard");
    }

    #[test]
    fn a_worker_that_cannot_be_started_is_a_failure_only_if_there_is_no_other() {
        let mut rig = Rig::new(1);
        rig.does(Input::Load);
        assert_eq!(
            rig.worker(1, WorkerEvent::NotStarted(Failure::OldBrowser)),
            ["end 1", "failed: OldBrowser"]
        );
        let mut rig = Rig::ready(3);
        rig.add(0..5);
        assert_eq!(rig.worker(2, WorkerEvent::NotStarted(Failure::OldBrowser)), ["end 2"]);
        assert!(!rig.add(5..30).iter().any(|done| done.starts_with("open")));
    }

    #[test]
    fn a_cancelled_photo_is_not_asked_about_and_its_answer_not_told() {
        let mut rig = Rig::ready(1);
        rig.add(0..3);
        assert_eq!(rig.does(Input::Cancel(ItemId(1))), [""; 0], "waiting");
        assert_eq!(rig.does(Input::Cancel(ItemId(0))), [""; 0], "with the worker");
        assert_eq!(rig.answers(1, 0), ["ask 1 about 2", "TookTooLong 1 in 60 s", "2 working"]);
        rig.answers(1, 2);
        assert_eq!(rig.does(Input::Cancel(ItemId(2))), [""; 0], "answered");
        rig.add(3..4);
        rig.does(Input::Cancel(ItemId(3)));
        assert_eq!(rig.dies(1), ["end 1"], "over a photo that nobody wants");
    }

    #[test]
    fn the_pages_own_model_that_cannot_be_used_is_fetched_again() {
        let mut rig = Rig::new(1);
        rig.does(Input::Load);
        rig.does(Input::Downloaded(Ok(())));
        assert_eq!(
            rig.worker(1, WorkerEvent::BadModel { reason: "cut".into() }),
            ["end 1", r#"failed: Model { reason: "cut" }"#]
        );
        assert_eq!(rig.does(Input::Load), ["open 2", "download"]);
    }

    #[test]
    fn another_model_answers_from_its_first_start_on_and_the_pages_own_comes_back() {
        let mut rig = Rig::ready(2);
        rig.add(0..5);
        assert_eq!(
            rig.tries("a"),
            ["end 1", "end 2", "loading 1 of 1", "open 3", "start 3 by a", "TookTooLong 3 in 60 s"]
        );
        assert_eq!(
            rig.worker(3, WorkerEvent::Ready(info("a")))[..3],
            ["ready a", "answered by a", "ask 3 about 0"],
            "the photo whose worker was ended comes first"
        );
        assert!(
            rig.does(Input::UseModel(None)).contains(&"start 5 by own".into()),
            "4 was the second beside 3"
        );
        assert_eq!(rig.worker(4, WorkerEvent::Ready(info("a"))), [""; 0]);
        assert_eq!(
            rig.worker(5, WorkerEvent::Ready(info("1")))[..3],
            ["ready 1", "answered by own", "ask 5 about 0"]
        );
    }

    #[test]
    fn a_worker_that_takes_anothers_place_is_no_other_model() {
        let mut rig = Rig::ready(1);
        rig.dies(1);
        rig.add(0..1);
        assert_eq!(rig.worker(2, WorkerEvent::Ready(info("1")))[..2], ["ready 1", "ask 2 about 0"]);
    }

    #[test]
    fn a_refused_model_leaves_the_former_one() {
        for refuse in [
            |rig: &mut Rig, id| rig.worker(id, WorkerEvent::BadModel { reason: "no network".into() }),
            |rig: &mut Rig, id| rig.dies(id),
        ] {
            let mut rig = Rig::ready(1);
            rig.tries("a");
            rig.worker(2, WorkerEvent::Ready(info("a")));
            rig.tries("b");
            rig.tries("c");
            let done = refuse(&mut rig, 4);
            assert!(done.iter().any(|done| done.starts_with("c refused: ")), "{done:?}");
            assert!(done.contains(&"start 5 by a".into()), "not b, which never answered: {done:?}");
            assert_eq!(rig.worker(5, WorkerEvent::Ready(info("a")))[..1], ["ready a"]);
            assert!(rig.dies(5).iter().all(|done| !done.contains("refused")), "it is no trial any more");
        }
    }

    #[test]
    fn a_model_that_is_given_before_anything_was_loaded_is_the_first() {
        let mut rig = Rig::new(1);
        assert_eq!(rig.tries("a"), ["open 1", "download"]);
        assert_eq!(rig.does(Input::Downloaded(Ok(())))[0], "start 1 by a");
        assert_eq!(rig.worker(1, WorkerEvent::Ready(info("a")))[..2], ["ready a", "answered by a"]);
    }

    /// What a browser and a person may do next. The numbers choose among what there is.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Load,
        Downloaded(bool),
        Add,
        Cancel(usize),
        UseModel(bool),
        Worker(usize, Event),
    }

    #[derive(Clone, Copy, Debug)]
    enum Event {
        NotStarted,
        Loads(bool),
        Answers,
        Dies,
        TakesTooLong,
        Idles,
    }

    fn step() -> impl Strategy<Value = Step> {
        let event = prop_oneof![
            1 => Just(Event::NotStarted),
            6 => prop::bool::weighted(0.8).prop_map(Event::Loads),
            6 => Just(Event::Answers),
            1 => Just(Event::Dies),
            1 => Just(Event::TakesTooLong),
            2 => Just(Event::Idles),
        ];
        prop_oneof![
            1 => Just(Step::Load),
            2 => prop::bool::weighted(0.8).prop_map(Step::Downloaded),
            6 => Just(Step::Add),
            1 => any::<usize>().prop_map(Step::Cancel),
            1 => any::<bool>().prop_map(Step::UseModel),
            12 => (any::<usize>(), event).prop_map(|(worker, event)| Step::Worker(worker, event)),
        ]
    }

    #[derive(Default)]
    struct Running {
        is_started: bool,
        is_ready: bool,
        asked: Option<ItemId>,
    }

    /// The browser around a pool. It does what it is told, and minds what may never be told.
    struct World {
        pool: Pool<&'static str, &'static str>,
        most: usize,
        is_downloading: bool,
        running: BTreeMap<WorkerId, Running>,
        ended: Vec<WorkerId>,
        photos: u32,
        cancelled: BTreeSet<ItemId>,
        answered: BTreeSet<ItemId>,
        model: ModelInfo,
    }

    impl World {
        fn new(most: usize) -> Self {
            Self {
                pool: Pool::new(most),
                most,
                is_downloading: false,
                running: BTreeMap::new(),
                ended: Vec::new(),
                photos: 0,
                cancelled: BTreeSet::new(),
                answered: BTreeSet::new(),
                model: info("1"),
            }
        }

        fn take(&mut self, input: Input) {
            for effect in self.pool.handle(input) {
                match effect {
                    Effect::Download => assert!(!std::mem::replace(&mut self.is_downloading, true)),
                    Effect::Open(id) => {
                        assert!(
                            self.running.insert(id, Running::default()).is_none()
                                && !self.ended.contains(&id)
                        );
                        assert!(self.running.len() <= self.most, "too many workers");
                    }
                    Effect::Start(id, _) => {
                        let worker = self.running.get_mut(&id).expect("a worker that was opened");
                        assert!(!std::mem::replace(&mut worker.is_started, true), "started twice");
                    }
                    Effect::Ask(id, item, _) => {
                        let worker = self.running.get_mut(&id).expect("a worker that was opened");
                        assert!(worker.is_ready && worker.asked.replace(item).is_none(), "asked while busy");
                        assert!(!self.cancelled.contains(&item) && !self.answered.contains(&item));
                    }
                    Effect::End(id) => {
                        self.running.remove(&id).expect("a worker that was opened");
                        self.ended.push(id);
                    }
                    Effect::SetTimer(id, ..) => assert!(self.running.contains_key(&id)),
                    Effect::Tell(Output::Item(item, state)) => {
                        assert!(!self.cancelled.contains(&item), "of a photo that nobody wants");
                        assert!(!self.answered.contains(&item), "of a photo that has its answer");
                        if state.is_final() {
                            self.answered.insert(item);
                        }
                    }
                    Effect::Tell(_) => {}
                }
            }
        }

        fn takes_step(&mut self, step: Step) {
            match step {
                Step::Load => self.take(Input::Load),
                Step::Downloaded(well) => {
                    if std::mem::take(&mut self.is_downloading) {
                        self.take(Input::Downloaded(if well { Ok(()) } else { Err(Failure::Unreachable) }));
                    }
                }
                Step::Add => {
                    self.photos += 1;
                    self.take(Input::Add(ItemId(self.photos), "photo"));
                }
                Step::Cancel(n) => {
                    if self.photos > 0 {
                        let id = ItemId(1 + (n % self.photos as usize) as u32);
                        self.cancelled.insert(id);
                        self.take(Input::Cancel(id));
                    }
                }
                Step::UseModel(given) => {
                    let model = ModelFile { name: "own.onnx".into(), bytes: "own" };
                    self.take(Input::UseModel(given.then_some(model)));
                }
                Step::Worker(n, event) => self.hears(n, event),
            }
        }

        /// From a worker that runs, if it can say that, or from one that was ended.
        fn hears(&mut self, n: usize, event: Event) {
            let all: Vec<_> = self.running.keys().chain(&self.ended).copied().collect();
            let Some(&id) = n.checked_rem(all.len()).map(|n| &all[n]) else { return };
            let worker = self.running.get_mut(&id);
            let is_ended = worker.is_none();
            let said = match (event, worker) {
                (Event::NotStarted, Some(worker)) if worker.is_ready => return,
                (Event::NotStarted, _) => WorkerEvent::NotStarted(Failure::OldBrowser),
                (Event::Loads(_), Some(worker)) if !worker.is_started || worker.is_ready => return,
                (Event::Loads(false), _) => WorkerEvent::BadModel { reason: "none".into() },
                (Event::Loads(true), worker) => {
                    worker.into_iter().for_each(|worker| worker.is_ready = true);
                    WorkerEvent::Ready(self.model.clone())
                }
                (Event::Answers, worker) => match worker.map(|worker| worker.asked.take()) {
                    Some(None) => return,
                    Some(Some(item)) => WorkerEvent::Answered(item, Err(Refusal::Unreadable)),
                    None => WorkerEvent::Answered(ItemId(1), Err(Refusal::Unreadable)),
                },
                (Event::Dies, _) => WorkerEvent::Died { reason: "memory".into() },
                (Event::TakesTooLong, Some(worker)) if worker.is_ready && worker.asked.is_none() => return,
                (Event::TakesTooLong, _) => WorkerEvent::TookTooLong,
                (Event::Idles, Some(worker)) if !worker.is_ready => return,
                (Event::Idles, _) => WorkerEvent::Idled,
            };
            if is_ended {
                assert!(self.pool.handle(Input::Worker(id, said)).is_empty(), "an ended worker is heard");
            } else {
                self.take(Input::Worker(id, said));
            }
        }

        /// From now on all goes well.
        fn comes_to_rest(&mut self) {
            self.take(Input::Load);
            self.takes_step(Step::Downloaded(true));
            for _ in 0..4 * (self.photos + 2) {
                for n in 0..self.running.len() {
                    self.hears(n, Event::Loads(true));
                    self.hears(n, Event::Answers);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn no_photo_is_lost_or_answered_twice_and_no_worker_is_too_many(
            most in 1..4_usize,
            steps in prop::collection::vec(step(), 0..120),
        ) {
            let mut world = World::new(most);
            steps.into_iter().for_each(|step| world.takes_step(step));
            world.comes_to_rest();
            for id in (1..=world.photos).map(ItemId) {
                prop_assert!(world.cancelled.contains(&id) || world.answered.contains(&id), "{:?} is lost", id);
            }
        }
    }
}
