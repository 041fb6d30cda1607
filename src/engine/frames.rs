//! Which frame of a page runs the engine for all of them, and who is asked and told what.
//!
//! One frame runs it; the others ask that one through a channel. When it leaves, another takes its turn, and every frame
//! asks it again for what has no answer yet.
//!
//! [`Frame::handle`] takes what has happened in this frame and says what is to be done about it. It touches no browser, so
//! its tests run natively; `shared` carries the [`Effect`]s out and brings back what comes of them.

use serde::{Deserialize, Serialize};

use super::{
    pool::Output,
    queue::ItemId,
    state::{EngineState, ItemState},
};

/// Names a frame on the channel.
pub type FrameId = u32;

/// What frames say to each other. Every other frame hears it; from one frame to another, messages keep their order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Message<Q> {
    /// To the one that runs the engine.
    Add {
        from: FrameId,
        id: u32,
        question: Q,
    },
    Cancel {
        from: FrameId,
        id: u32,
    },
    Load,
    /// This frame is gone.
    Left {
        from: FrameId,
    },
    /// From the one that runs the engine: it does so from now on.
    Here,
    Engine(EngineState),
    Item {
        to: FrameId,
        id: u32,
        state: ItemState,
    },
}

/// What happens to a frame. `Q` is what is asked about a photo.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
pub enum Input<Q> {
    /// This frame asks about a photo.
    Add(ItemId, Q),
    /// It forgets a photo; nothing more is said of it.
    Cancel(ItemId),
    /// It wants the engine loaded, also again after a failure.
    Load,
    /// It is its turn to run the engine.
    Turn,
    /// Another frame says this.
    Heard(Message<Q>),
    /// The engine says this, if this frame runs it.
    Engine(Output),
    /// The person leaves this frame.
    Leave,
}

/// What is to be done, in this order.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there are few at a time")]
pub enum Effect<Q> {
    /// Start an engine in this frame. The next three are for this engine.
    Start,
    Load,
    Add(ItemId, Q),
    Cancel(ItemId),
    /// Say this to the other frames.
    Say(Message<Q>),
    Tell(Output),
}

/// A photo that the engine of this frame has.
#[derive(Debug)]
struct Job {
    /// Its number there.
    number: ItemId,
    /// The frame that asked, and the photo's number in that frame.
    asked: (FrameId, ItemId),
}

/// The engine of the frame that runs it.
#[derive(Debug)]
struct Running {
    state: EngineState,
    jobs: Vec<Job>,
    next: u32,
}

/// One frame's share in the engine.
#[derive(Debug)]
pub struct Frame<Q> {
    me: FrameId,
    /// What this frame has asked and is not answered, in that order.
    open: Vec<(ItemId, Q)>,
    /// Whether this frame wants the engine loaded.
    wanted: bool,
    /// The engine, if this frame runs it.
    running: Option<Running>,
    effects: Vec<Effect<Q>>,
}

impl<Q: Clone> Frame<Q> {
    pub fn new(me: FrameId) -> Self {
        Self { me, open: Vec::new(), wanted: false, running: None, effects: Vec::new() }
    }

    /// Takes note of what has happened; returns what is to be done.
    pub fn handle(&mut self, input: Input<Q>) -> Vec<Effect<Q>> {
        let from = self.me;
        match input {
            Input::Add(id, question) => {
                self.open.push((id, question.clone()));
                self.command(Message::Add { from, id: id.0, question });
            }
            Input::Cancel(id) => {
                if let Some(index) = self.position(id) {
                    self.open.remove(index);
                    self.command(Message::Cancel { from, id: id.0 });
                }
            }
            Input::Load => {
                self.wanted = true;
                self.command(Message::Load);
            }
            Input::Turn => {
                self.running = Some(Running { state: EngineState::Asleep, jobs: Vec::new(), next: 0 });
                self.effects.push(Effect::Start);
                self.ask_again();
                self.say(Message::Here);
            }
            Input::Heard(message) => self.hear(message),
            Input::Engine(output) => self.pass_on(output),
            Input::Leave => self.say(Message::Left { from }),
        }
        std::mem::take(&mut self.effects)
    }

    /// Asks the frame that runs the engine, which may be this one.
    fn command(&mut self, message: Message<Q>) {
        if self.running.is_some() { self.hear(message) } else { self.say(message) }
    }

    /// Another engine runs, which knows nothing of what this frame wants.
    fn ask_again(&mut self) {
        if self.wanted {
            self.command(Message::Load);
        }
        for (id, question) in self.open.clone() {
            self.command(Message::Add { from: self.me, id: id.0, question });
        }
    }

    fn hear(&mut self, message: Message<Q>) {
        match (message, &mut self.running) {
            (Message::Add { from, id, question }, Some(running)) => {
                let asked = (from, ItemId(id));
                // A frame asks again where it cannot know that it was heard.
                if running.jobs.iter().all(|job| job.asked != asked) {
                    let number = ItemId(running.next);
                    running.next += 1;
                    running.jobs.push(Job { number, asked });
                    self.effects.push(Effect::Add(number, question));
                }
            }
            (Message::Cancel { from, id }, _) => self.forget(from, Some(ItemId(id))),
            (Message::Left { from }, _) => self.forget(from, None),
            (Message::Load, Some(running)) => {
                if let EngineState::Asleep | EngineState::Failed(_) = running.state {
                    running.state = EngineState::Loading { received: 0, total: 1 };
                    self.effects.push(Effect::Load);
                }
                let state = running.state.clone();
                self.tell_all(state);
            }
            // Another frame runs the engine.
            (Message::Add { .. } | Message::Load, None) => {}
            (Message::Here, _) => self.ask_again(),
            (Message::Engine(state), _) => self.tell_engine(state),
            (Message::Item { to, id, state }, _) => self.answer(to, ItemId(id), state),
        }
    }

    /// A frame has no more use for this photo, or for any.
    fn forget(&mut self, from: FrameId, id: Option<ItemId>) {
        let Some(running) = &mut self.running else { return };
        running.jobs.retain(|job| {
            let is_kept = job.asked.0 != from || id.is_some_and(|id| job.asked.1 != id);
            if !is_kept {
                self.effects.push(Effect::Cancel(job.number));
            }
            is_kept
        });
    }

    /// What the engine says goes to whom it concerns.
    fn pass_on(&mut self, output: Output) {
        let Some(running) = &mut self.running else { return };
        match output {
            Output::Engine(state) => {
                running.state = state.clone();
                self.tell_all(state);
            }
            Output::Item(number, state) => {
                let Some(index) = running.jobs.iter().position(|job| job.number == number) else { return };
                let (to, id) = running.jobs[index].asked;
                if state.is_final() {
                    running.jobs.remove(index);
                }
                if to == self.me {
                    self.answer(to, id, state);
                } else {
                    self.say(Message::Item { to, id: id.0, state });
                }
            }
            // Another model is only given to the engine of the same frame.
            Output::ModelChanged { .. } | Output::ModelRefused { .. } => {
                self.effects.push(Effect::Tell(output))
            }
        }
    }

    /// Nothing is told of a photo that is not open: it was cancelled while its answer was under way, or a former engine
    /// had answered it too.
    fn answer(&mut self, to: FrameId, id: ItemId, state: ItemState) {
        if to == self.me
            && let Some(index) = self.position(id)
        {
            if state.is_final() {
                self.open.remove(index);
            }
            self.effects.push(Effect::Tell(Output::Item(id, state)));
        }
    }

    fn position(&self, id: ItemId) -> Option<usize> {
        self.open.iter().position(|(open, _)| *open == id)
    }

    fn tell_all(&mut self, state: EngineState) {
        self.say(Message::Engine(state.clone()));
        self.tell_engine(state);
    }

    fn tell_engine(&mut self, state: EngineState) {
        if self.wanted {
            self.effects.push(Effect::Tell(Output::Engine(state)));
        }
    }

    fn say(&mut self, message: Message<Q>) {
        self.effects.push(Effect::Say(message));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet, VecDeque};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        classifier::ModelInfo,
        engine::state::{Failure, Refusal, Told},
    };

    /// What is asked of a photo: whose it is, so that it can be seen where its answer goes.
    type Question = (FrameId, ItemId);
    type Input = super::Input<Question>;
    type Effect = super::Effect<Question>;
    type Message = super::Message<Question>;

    fn ready() -> EngineState {
        let json = r#"{"version":"1","labels":[],"input_size":224,"resize":{"fit":"pad","filter":"bilinear"},
            "mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5],"temperature":1,"training_data":"sha256:0","license":"MIT"}"#;
        EngineState::Ready(serde_json::from_str::<ModelInfo>(json).unwrap())
    }

    fn failed() -> EngineState {
        EngineState::Failed(Failure::Unreachable)
    }

    /// A final answer that names the photo.
    fn answer_to((frame, id): Question) -> ItemState {
        ItemState::Refused(Refusal::Photo(Told { cause: format!("{frame}/{}", id.0), remedy: String::new() }))
    }

    fn told_state(state: &EngineState) -> &'static str {
        match state {
            EngineState::Asleep => "asleep",
            EngineState::Loading { .. } => "loading",
            EngineState::Ready(_) => "ready",
            EngineState::Failed(_) => "failed",
        }
    }

    fn told_item(state: &ItemState) -> &str {
        match state {
            ItemState::Waiting => "waiting",
            ItemState::Working => "working",
            ItemState::Refused(Refusal::Photo(told)) => &told.cause,
            other => panic!("{other:?}"),
        }
    }

    /// An effect in a few words.
    fn told(effect: &Effect) -> String {
        match effect {
            Effect::Start => "start".into(),
            Effect::Load => "load".into(),
            Effect::Add(number, (frame, id)) => format!("add {} = {frame}/{}", number.0, id.0),
            Effect::Cancel(number) => format!("cancel {}", number.0),
            Effect::Say(Message::Add { from, id, .. }) => format!("say add {from}/{id}"),
            Effect::Say(Message::Cancel { from, id }) => format!("say cancel {from}/{id}"),
            Effect::Say(Message::Load) => "say load".into(),
            Effect::Say(Message::Left { from }) => format!("say left {from}"),
            Effect::Say(Message::Here) => "say here".into(),
            Effect::Say(Message::Engine(state)) => format!("say {}", told_state(state)),
            Effect::Say(Message::Item { to, id, state }) => format!("say to {to}/{id}: {}", told_item(state)),
            Effect::Tell(Output::Engine(state)) => format!("tell {}", told_state(state)),
            Effect::Tell(Output::Item(id, state)) => format!("tell {}: {}", id.0, told_item(state)),
            Effect::Tell(Output::ModelChanged { .. }) => "tell changed".into(),
            Effect::Tell(Output::ModelRefused { .. }) => "tell refused".into(),
        }
    }

    /// One frame, and the others as the test plays them.
    struct Rig(Frame<Question>);

    impl Rig {
        /// Frame 1, which asks others.
        fn new() -> Self {
            Self(Frame::new(1))
        }

        /// Frame 1, which runs the engine, not loaded yet.
        fn runner() -> Self {
            let mut rig = Self::new();
            assert_eq!(rig.does(Input::Turn), ["start", "say here"]);
            rig
        }

        /// What is done about it, a few words each.
        fn does(&mut self, input: Input) -> Vec<String> {
            self.0.handle(input).iter().map(told).collect()
        }

        fn adds(&mut self, id: u32) -> Vec<String> {
            self.does(Input::Add(ItemId(id), (1, ItemId(id))))
        }

        fn cancels(&mut self, id: u32) -> Vec<String> {
            self.does(Input::Cancel(ItemId(id)))
        }

        fn hears(&mut self, message: Message) -> Vec<String> {
            self.does(Input::Heard(message))
        }

        fn hears_add(&mut self, from: FrameId, id: u32) -> Vec<String> {
            self.hears(Message::Add { from, id, question: (from, ItemId(id)) })
        }

        /// The engine says this of the photo that it has under this number.
        fn engine_says(&mut self, number: u32, state: ItemState) -> Vec<String> {
            self.does(Input::Engine(Output::Item(ItemId(number), state)))
        }
    }

    const NOTHING: [&str; 0] = [];

    #[test]
    fn a_frame_alone_asks_its_own_engine() {
        let mut rig = Rig::runner();
        assert_eq!(rig.adds(7), ["add 0 = 1/7"], "nothing is loaded unasked");
        assert_eq!(rig.does(Input::Load), ["load", "say loading", "tell loading"]);
        assert_eq!(rig.does(Input::Engine(Output::Engine(ready()))), ["say ready", "tell ready"]);
        assert_eq!(rig.engine_says(0, ItemState::Working), ["tell 7: working"]);
        assert_eq!(rig.engine_says(0, answer_to((1, ItemId(7)))), ["tell 7: 1/7"]);
        assert_eq!(rig.engine_says(0, ItemState::Working), NOTHING, "it has its answer");
    }

    #[test]
    fn a_frame_that_does_not_run_the_engine_asks_the_one_that_does() {
        let mut rig = Rig::new();
        assert_eq!(rig.does(Input::Load), ["say load"]);
        assert_eq!(rig.adds(7), ["say add 1/7"]);
        assert_eq!(rig.hears(Message::Engine(ready())), ["tell ready"]);
        let item = |to, state| Message::Item { to, id: 7, state };
        assert_eq!(rig.hears(item(2, ItemState::Working)), NOTHING, "of another frame's photo");
        assert_eq!(rig.hears(item(1, ItemState::Working)), ["tell 7: working"]);
        assert_eq!(rig.hears(item(1, answer_to((1, ItemId(7))))), ["tell 7: 1/7"]);
        assert_eq!(rig.hears(item(1, answer_to((1, ItemId(7))))), NOTHING, "two engines may have answered");
        assert_eq!(rig.does(Input::Leave), ["say left 1"]);
    }

    #[test]
    fn what_is_for_the_frame_that_runs_the_engine_is_nothing_to_the_others() {
        let mut rig = Rig::new();
        assert_eq!(rig.hears(Message::Load), NOTHING);
        assert_eq!(rig.hears_add(2, 7), NOTHING);
        assert_eq!(rig.hears(Message::Cancel { from: 2, id: 7 }), NOTHING);
        assert_eq!(rig.hears(Message::Left { from: 2 }), NOTHING);
    }

    #[test]
    fn each_answer_goes_to_the_frame_that_asked() {
        let mut rig = Rig::runner();
        rig.adds(7);
        assert_eq!(rig.hears_add(2, 7), ["add 1 = 2/7"], "photos of two frames may have the same number");
        assert_eq!(rig.engine_says(1, ItemState::Working), ["say to 2/7: working"]);
        assert_eq!(rig.engine_says(1, answer_to((2, ItemId(7)))), ["say to 2/7: 2/7"]);
        assert_eq!(rig.engine_says(0, answer_to((1, ItemId(7)))), ["tell 7: 1/7"]);
    }

    #[test]
    fn a_photo_that_is_asked_twice_is_run_once() {
        let mut rig = Rig::runner();
        assert_eq!(rig.hears_add(2, 7), ["add 0 = 2/7"]);
        assert_eq!(rig.hears_add(2, 7), NOTHING);
        assert_eq!(rig.engine_says(0, answer_to((2, ItemId(7)))), ["say to 2/7: 2/7"]);
        assert_eq!(rig.hears_add(2, 7), ["add 1 = 2/7"], "it would not ask if it had heard the answer");
    }

    #[test]
    fn the_next_engine_is_asked_what_the_former_left_open() {
        let mut rig = Rig::new();
        rig.does(Input::Load);
        for id in [7, 8, 9] {
            rig.adds(id);
        }
        rig.hears(Message::Item { to: 1, id: 7, state: answer_to((1, ItemId(7))) });
        rig.hears(Message::Item { to: 1, id: 8, state: ItemState::Working });
        assert_eq!(
            rig.hears(Message::Here),
            ["say load", "say add 1/8", "say add 1/9"],
            "another frame runs it"
        );
        let own = ["start", "load", "say loading", "tell loading", "add 0 = 1/8", "add 1 = 1/9", "say here"];
        assert_eq!(rig.does(Input::Turn), own, "this frame runs it");
    }

    #[test]
    fn a_photo_is_cancelled_where_it_is() {
        let mut rig = Rig::new();
        rig.adds(7);
        assert_eq!(rig.cancels(7), ["say cancel 1/7"], "in another frame's engine");
        assert_eq!(rig.cancels(7), NOTHING, "already");
        let late = Message::Item { to: 1, id: 7, state: ItemState::Working };
        assert_eq!(rig.hears(late), NOTHING, "what was under way");
        assert_eq!(rig.does(Input::Turn), ["start", "say here"], "it is not asked again");
        rig.adds(8);
        assert_eq!(rig.cancels(8), ["cancel 0"], "in this frame's engine");
        assert_eq!(rig.engine_says(0, ItemState::Working), NOTHING);
        rig.adds(9);
        rig.engine_says(1, answer_to((1, ItemId(9))));
        assert_eq!(rig.cancels(9), NOTHING, "answered");
        rig.hears_add(2, 7);
        assert_eq!(
            rig.hears(Message::Cancel { from: 3, id: 7 }),
            NOTHING,
            "by a frame that has no such photo"
        );
        assert_eq!(rig.hears(Message::Cancel { from: 2, id: 7 }), ["cancel 2"]);
    }

    #[test]
    fn the_photos_of_a_frame_that_left_are_cancelled() {
        let mut rig = Rig::runner();
        rig.adds(7);
        rig.hears_add(2, 7);
        rig.hears_add(3, 7);
        rig.hears_add(2, 8);
        assert_eq!(rig.hears(Message::Left { from: 2 }), ["cancel 1", "cancel 3"]);
        assert_eq!(rig.engine_says(1, ItemState::Working), NOTHING);
        assert_eq!(rig.engine_says(2, ItemState::Working), ["say to 3/7: working"]);
    }

    #[test]
    fn the_engine_is_loaded_once_however_many_frames_want_it() {
        let mut rig = Rig::runner();
        assert_eq!(rig.hears(Message::Load), ["load", "say loading"], "this frame does not want it");
        assert_eq!(rig.hears(Message::Load), ["say loading"]);
        assert_eq!(rig.does(Input::Engine(Output::Engine(ready()))), ["say ready"]);
        assert_eq!(rig.does(Input::Load), ["say ready", "tell ready"]);
    }

    #[test]
    fn a_failed_engine_is_loaded_again_when_a_frame_asks() {
        let mut rig = Rig::runner();
        rig.does(Input::Load);
        assert_eq!(rig.does(Input::Engine(Output::Engine(failed()))), ["say failed", "tell failed"]);
        assert_eq!(rig.hears(Message::Load), ["load", "say loading", "tell loading"]);
    }

    #[test]
    fn a_frame_that_joins_late_hears_of_the_engine_once_it_wants_it() {
        let mut rig = Rig::new();
        assert_eq!(rig.hears(Message::Engine(ready())), NOTHING);
        assert_eq!(rig.hears(Message::Here), NOTHING, "and has none loaded");
        rig.does(Input::Load);
        assert_eq!(rig.hears(Message::Engine(ready())), ["tell ready"]);
    }

    #[test]
    fn another_model_is_between_a_frame_and_its_own_engine() {
        let mut rig = Rig::runner();
        let refused = Output::ModelRefused { file_name: None, reason: "no network".into() };
        assert_eq!(rig.does(Input::Engine(refused)), ["tell refused"]);
        let changed = Output::ModelChanged { file_name: None };
        assert_eq!(rig.does(Input::Engine(changed)), ["tell changed"]);
    }

    #[test]
    fn without_an_engine_in_this_frame_nothing_is_heard_from_one() {
        let mut rig = Rig::new();
        rig.does(Input::Load);
        assert_eq!(rig.does(Input::Engine(Output::Engine(ready()))), NOTHING);
    }

    /// What may happen next on a page with several frames. The numbers choose among what there is.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Join,
        /// The lock is free: the frame that has waited longest runs the engine.
        Turn,
        /// A browser gives no locks: a frame runs an engine of its own.
        OwnTurn(usize),
        Add(usize),
        Cancel(usize, usize),
        Load(usize),
        /// A message arrives.
        Deliver(usize),
        /// An engine has loaded, or not.
        Loads(usize, bool),
        /// An engine says that it works on a photo, or its answer.
        Says(usize, usize, bool),
        /// A frame is closed. When a tab crashes, it has no time to say so.
        Leave(usize, bool),
    }

    fn step() -> impl Strategy<Value = Step> {
        let n = any::<usize>;
        prop_oneof![
            2 => Just(Step::Join),
            3 => Just(Step::Turn),
            1 => n().prop_map(Step::OwnTurn),
            6 => n().prop_map(Step::Add),
            2 => (n(), n()).prop_map(|(frame, photo)| Step::Cancel(frame, photo)),
            2 => n().prop_map(Step::Load),
            16 => n().prop_map(Step::Deliver),
            3 => (n(), prop::bool::weighted(0.8)).prop_map(|(frame, well)| Step::Loads(frame, well)),
            8 => (n(), n(), any::<bool>()).prop_map(|(frame, photo, last)| Step::Says(frame, photo, last)),
            1 => (n(), any::<bool>()).prop_map(|(frame, says)| Step::Leave(frame, says)),
        ]
    }

    /// What an engine of one frame was told.
    #[derive(Default)]
    struct Engine {
        is_loading: bool,
        is_ready: bool,
        numbers: BTreeSet<ItemId>,
        has: BTreeMap<ItemId, Question>,
    }

    struct Member {
        frame: Frame<Question>,
        engine: Option<Engine>,
        wants: bool,
        photos: u32,
        cancelled: BTreeSet<ItemId>,
        answered: BTreeSet<ItemId>,
    }

    /// The browser around the frames. It does what it is told, and minds what may never be told.
    #[derive(Default)]
    struct World {
        members: BTreeMap<FrameId, Member>,
        joined: u32,
        lock: Option<FrameId>,
        /// What is under way from one frame to another, in order.
        channel: BTreeMap<(FrameId, FrameId), VecDeque<Message>>,
        is_wanted: bool,
    }

    impl World {
        fn take(&mut self, me: FrameId, input: Input) {
            for effect in self.members.get_mut(&me).expect("a frame").frame.handle(input) {
                self.carry_out(me, effect);
            }
        }

        fn carry_out(&mut self, me: FrameId, effect: Effect) {
            let others: Vec<_> = self.members.keys().copied().filter(|&other| other != me).collect();
            let member = self.members.get_mut(&me).expect("a frame");
            let engine = &mut member.engine;
            match effect {
                Effect::Start => assert!(engine.replace(Engine::default()).is_none(), "started twice"),
                Effect::Load => {
                    let engine = engine.as_mut().expect("an engine");
                    assert!(self.is_wanted, "nobody wants it");
                    assert!(
                        !engine.is_ready && !std::mem::replace(&mut engine.is_loading, true),
                        "loaded twice"
                    );
                }
                Effect::Add(number, question) => {
                    let engine = engine.as_mut().expect("an engine");
                    assert!(engine.numbers.insert(number), "a number twice");
                    assert!(engine.has.values().all(|other| *other != question), "run twice at a time");
                    engine.has.insert(number, question);
                }
                Effect::Cancel(number) => {
                    let engine = engine.as_mut().expect("an engine");
                    engine.has.remove(&number).expect("a photo that the engine has");
                }
                Effect::Say(message) => {
                    for other in others {
                        self.channel.entry((me, other)).or_default().push_back(message.clone());
                    }
                }
                Effect::Tell(Output::Engine(_)) => assert!(member.wants, "of an engine it does not want"),
                Effect::Tell(Output::Item(id, state)) => {
                    assert!(id.0 < member.photos, "of no photo of this frame");
                    assert!(!member.cancelled.contains(&id), "of a photo that nobody wants");
                    assert!(!member.answered.contains(&id), "of a photo that has its answer");
                    if state.is_final() {
                        assert_eq!(state, answer_to((me, id)), "another photo's answer");
                        member.answered.insert(id);
                    }
                }
                Effect::Tell(Output::ModelChanged { .. } | Output::ModelRefused { .. }) => unreachable!(),
            }
        }

        /// One of the frames.
        fn frame(&self, n: usize) -> Option<FrameId> {
            self.members.keys().copied().nth(n.checked_rem(self.members.len())?)
        }

        /// One of the frames that run an engine; but for browsers without locks there is one at most.
        fn runner(&self, n: usize) -> Option<FrameId> {
            let runners: Vec<_> = self.members.iter().filter(|(_, member)| member.engine.is_some()).collect();
            Some(*runners[n.checked_rem(runners.len())?].0)
        }

        /// `None` if there is nothing of the kind.
        fn takes_step(&mut self, step: Step) -> Option<()> {
            match step {
                Step::Join => {
                    self.joined += 1;
                    let member = Member {
                        frame: Frame::new(self.joined),
                        engine: None,
                        wants: false,
                        photos: 0,
                        cancelled: BTreeSet::new(),
                        answered: BTreeSet::new(),
                    };
                    self.members.insert(self.joined, member);
                }
                Step::Turn => {
                    let mut waiting = self.members.iter().filter(|(_, member)| member.engine.is_none());
                    let me = *waiting.next()?.0;
                    if self.lock.is_none() {
                        self.lock = Some(me);
                        self.take(me, Input::Turn);
                    }
                }
                Step::OwnTurn(n) => {
                    let me = self.frame(n)?;
                    if self.members[&me].engine.is_none() {
                        self.take(me, Input::Turn);
                    }
                }
                Step::Add(n) => {
                    let me = self.frame(n)?;
                    let member = self.members.get_mut(&me)?;
                    let id = ItemId(member.photos);
                    member.photos += 1;
                    self.take(me, Input::Add(id, (me, id)));
                }
                Step::Cancel(n, photo) => {
                    let me = self.frame(n)?;
                    let member = self.members.get_mut(&me)?;
                    let id = ItemId(photo.checked_rem(member.photos as usize)? as u32);
                    member.cancelled.insert(id);
                    self.take(me, Input::Cancel(id));
                }
                Step::Load(n) => {
                    let me = self.frame(n)?;
                    self.is_wanted = true;
                    self.members.get_mut(&me)?.wants = true;
                    self.take(me, Input::Load);
                }
                Step::Deliver(n) => {
                    let index = n.checked_rem(self.channel.len())?;
                    let way = *self.channel.keys().nth(index)?;
                    let messages = self.channel.get_mut(&way)?;
                    let message = messages.pop_front()?;
                    if messages.is_empty() {
                        self.channel.remove(&way);
                    }
                    self.take(way.1, Input::Heard(message));
                }
                Step::Loads(n, well) => {
                    let me = self.runner(n)?;
                    let engine = self.members.get_mut(&me)?.engine.as_mut()?;
                    if std::mem::take(&mut engine.is_loading) {
                        engine.is_ready = well;
                        let state = if well { ready() } else { failed() };
                        self.take(me, Input::Engine(Output::Engine(state)));
                    }
                }
                Step::Says(n, photo, last) => {
                    let me = self.runner(n)?;
                    let engine = self.members.get_mut(&me)?.engine.as_mut()?;
                    let (&number, &question) = engine.has.iter().nth(photo.checked_rem(engine.has.len())?)?;
                    if !engine.is_ready {
                        return None;
                    }
                    let state = if last { answer_to(question) } else { ItemState::Working };
                    if last {
                        engine.has.remove(&number);
                    }
                    self.take(me, Input::Engine(Output::Item(number, state)));
                }
                Step::Leave(n, says) => {
                    let me = self.frame(n)?;
                    if says {
                        self.take(me, Input::Leave);
                    }
                    self.members.remove(&me);
                    self.channel.retain(|way, _| way.1 != me);
                    self.lock = self.lock.filter(|&holder| holder != me);
                }
            }
            Some(())
        }

        /// From now on all goes well: everybody wants answers, whatever is under way arrives, and engines do their work.
        fn comes_to_rest(&mut self) {
            self.takes_step(Step::Turn);
            for n in 0..self.members.len() {
                self.takes_step(Step::Load(n));
            }
            loop {
                while self.takes_step(Step::Deliver(0)).is_some() {}
                for n in 0..self.members.len() {
                    self.takes_step(Step::Loads(n, true));
                    while self.takes_step(Step::Says(n, 0, true)).is_some() {}
                }
                if self.channel.is_empty() {
                    break;
                }
            }
        }
    }

    proptest! {
        #[test]
        fn no_photo_is_lost_or_answered_twice_and_answers_reach_the_frame_that_asked(
            steps in prop::collection::vec(step(), 0..120),
        ) {
            let mut world = World::default();
            for step in steps {
                world.takes_step(step);
            }
            world.comes_to_rest();
            for (me, member) in &world.members {
                for id in (0..member.photos).map(ItemId) {
                    let is_done = member.cancelled.contains(&id) || member.answered.contains(&id);
                    prop_assert!(is_done, "{me}/{} is lost", id.0);
                }
                let jobs = member.frame.running.as_ref().map_or(0, |running| running.jobs.len());
                prop_assert_eq!((member.frame.open.len(), jobs), (0, 0), "all is forgotten in the end");
            }
        }
    }
}
