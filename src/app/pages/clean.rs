//! Cleaning labelled photos.
//!
//! The page's code has to stay small, and every cell that is a component's costs some hundred bytes of it. So what
//! stands still here is plain HTML, of which the view is made, and one effect fills in what changes.

use std::collections::HashMap;

use js_sys::Reflect;
use leptos::{
    ev::{KeyboardEvent, MouseEvent},
    html,
    prelude::*,
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, HtmlInputElement, Url};

use super::title;
use crate::{
    app::{
        applying::Applying,
        cleaning::Cleaning,
        components::{engine_status::EngineStatus, own_model::OwnModel},
        disk, opened,
        session::{Session, focus_later},
        words::{self, count, label_name, percent},
    },
    classifier::ModelInfo,
    clean::{Decision, Judgement, LabelledPhoto, Order, Review, Status, Subset, changes},
};

/// The first labels have a key each.
const DIGITS: &str = "1234567890";

/// So many photos that nearly equal another are named.
const TWINS: usize = 4;

/// A photo of the list.
const THUMB: &str = r#"<li hidden><button class="thumb" data-act="look">
<span class="thumb-photo"><img decoding="async"></span>
<span data-part="given"></span><span data-part="said"></span><span data-part="mark"></span>
</button></li>"#;

/// Finding wrong labels in a folder of photos, and deciding about them.
#[component]
pub fn Clean() -> impl IntoView {
    title("Clean labelled photos");
    let (session, cleaning) = (Session::expect(), Cleaning::expect());
    let is_open = Memo::new(move |_| cleaning.review.with(Option::is_some));
    let folder = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if let Some(input) = folder.get() {
            input.set_webkitdirectory(true);
        }
    });
    // Both inputs: that for folders, and that for a model.
    let chosen = move |event: Event| {
        let input: HtmlInputElement = event.target().expect("an input changed").unchecked_into();
        if let Some(files) = input.files() {
            if input.webkitdirectory() {
                cleaning.open(opened::chosen(&files), None);
            } else if let Some(file) = files.get(0) {
                session.use_model(Some(file));
            }
        }
        input.set_value("");
    };
    // Where there is a dialogue for folders that can be changed, it takes the place of the input's own.
    let pick = move |event: MouseEvent| {
        if disk::can_pick() {
            event.prevent_default();
            cleaning.pick();
        }
    };
    view! {
        <section class="ask clean-ask" class:empty=move || !is_open.get()>
            <h1>"Clean labelled photos"</h1>
            <p class="lead">
                "Open a folder that holds a folder of photos for each label. Those whose label looks wrong come first."
            </p>
            <div class="picker" on:change=chosen>
                <input id="open-folder" class="visually-hidden" type="file" node_ref=folder on:click=pick/>
                <label class="button primary" for="open-folder">"Open a folder"</label>
                <input id="give-model" class="visually-hidden" type="file"/>
                <label class="button" for="give-model">"Use your own network"</label>
            </div>
            <p class="hint">"Or drop a folder, or a network’s ONNX file, on this page."</p>
            <p class="notice" role="alert" hidden=move || cleaning.notice.get().is_empty()
                prop:textContent=move || cleaning.notice.get()></p>
            <OwnModel/>
            <EngineStatus/>
            <p class="private">"Nothing is sent. No file is changed before you say so, and none is ever deleted."</p>
        </section>
        {move || is_open.get().then(|| view! { <Reviewed/> })}
    }
}

#[component]
fn Reviewed() -> impl IntoView {
    let (session, cleaning) = (Session::expect(), Cleaning::expect());
    let root = NodeRef::<html::Section>::new();
    let pictures = StoredValue::new_local(Pictures::default());
    Effect::new(move || {
        let (Some(root), model) = (root.get(), session.model()) else { return };
        let is_kept = cleaning.is_kept.get();
        cleaning.read(|review| {
            pictures.update_value(|pictures| {
                let drawing = Drawing { root: &root, review, model: model.as_ref() };
                drawing.draw(pictures);
            });
        });
        show(&root, "not-kept", !is_kept);
        cleaning.applying.with(|applying| draw_applying(&root, cleaning, applying));
        // What has the focus may be gone.
        if document().active_element().is_none_or(|element| element.tag_name() == "BODY") {
            focus_later("review".into());
        }
    });
    view! {
        <section class="review" id="review" tabindex="-1" aria-label="Photos to decide on" node_ref=root
            on:keydown=move |event| pressed(cleaning, event) on:click=move |event| clicked(cleaning, event.into())
            on:change=move |event| selected(cleaning, event)>
            <div class="toolbar">
                <p class="count" data-part="progress"></p>
                <div class="downloads">
                    <button class="button small" id="rank" data-act="rank" data-part="late"></button>
                    <select id="filter" class="button small" aria-label="Which photos" data-part="filter"></select>
                    <select id="order" class="button small" aria-label="Which first">
                        <option value="loss">"Highest loss first"</option>
                        <option value="margin">"Least margin first"</option>
                        <option value="disagreement">"Surest disagreement first"</option>
                        <option value="blur">"Blurriest first"</option>
                        <option value="twins">"Near-duplicates first"</option>
                    </select>
                </div>
            </div>
            <p class="file-name" data-part="notes"></p>
            <div class="look" data-part="look">
                <div class="stage">
                    <img data-part="photo" decoding="async"/>
                    <p class="detail" data-part="begin">"Press → or choose a photo to begin."</p>
                </div>
                <div class="verdict" data-part="verdict">
                    <dl class="facts-list">
                        <dt>"Label"</dt>
                        <dd><b data-part="given"></b>" "<span data-part="own"></span></dd>
                        <dt>"Network"</dt>
                        <dd><b data-part="said"></b>" "<span data-part="share"></span></dd>
                        <dt>"Loss"</dt>
                        <dd data-part="loss"></dd>
                        <dt>"Decision"</dt>
                        <dd data-part="decided"></dd>
                    </dl>
                    <div data-part="with-twins">
                        <p class="detail">"Nearly equal:"</p>
                        <ul class="chips" aria-label="Nearly equal photos" data-part="twins"></ul>
                    </div>
                    <p class="detail" data-part="refusal"></p>
                    <div class="decide">
                        <button class="button small" data-act="keep" aria-keyshortcuts="K">
                            "Keep"<kbd aria-hidden="true">"K"</kbd>
                        </button>
                        <button class="button small" data-act="accept" aria-keyshortcuts="R">
                            <span data-part="proposal"></span><kbd aria-hidden="true">"R"</kbd>
                        </button>
                        <button class="button small" data-act="delete" aria-keyshortcuts="D">
                            "Delete"<kbd aria-hidden="true">"D"</kbd>
                        </button>
                    </div>
                    <ul class="chips" aria-label="Another label" data-part="chips"></ul>
                    <p class="file-name"><span data-part="place"></span>" "<span data-part="file" translate="no"></span></p>
                </div>
            </div>
            <ul class="thumbs" data-part="thumbs"></ul>
            <div class="toolbar">
                <p class="count" data-part="range"></p>
                <div class="downloads">
                    <button class="button small" data-act="back">"Previous page"</button>
                    <button class="button small" data-act="forward" id="forward">"Next page"</button>
                </div>
            </div>
            <div class="summary">
                <div class="toolbar">
                    <h2 class="count" data-part="decisions"></h2>
                    <div class="downloads">
                        <button class="button small" id="undo" data-act="undo" data-part="undo" aria-keyshortcuts="U">
                            "Undo"<kbd aria-hidden="true">"U"</kbd>
                        </button>
                        <button class="button small" id="save" data-act="save" data-part="save">"Save decisions"</button>
                        <button class="button small" id="apply" data-act="apply" data-part="apply">"Apply to the folder"</button>
                    </div>
                </div>
                <p class="notice" role="alert" data-part="not-kept">
                    "This browser keeps nothing here: save your decisions before you leave the page."
                </p>
                <p class="changes" data-part="changes"></p>
                <div class="confirm" role="group" aria-labelledby="question" data-part="confirm">
                    <p id="question" data-part="question"></p>
                    <div class="downloads">
                        <button class="button small primary" id="confirm" data-act="confirm">"Apply"</button>
                        <button class="button small" data-act="dismiss">"Cancel"</button>
                    </div>
                </div>
                <div class="loading" data-part="moving">
                    <label for="moved" data-part="moved"></label>
                    <progress id="moved" data-part="bar"></progress>
                </div>
                <p class="notice" data-part="applied"></p>
                <p class="file-name" data-part="how">
                    "Saved decisions are carried out by "<code translate="no">"python -m clothing_model apply decisions.csv --data FOLDER"</code>
                </p>
            </div>
        </section>
    }
}

// ---- what the person does

fn pressed(cleaning: Cleaning, event: KeyboardEvent) {
    let is_select =
        event.target().is_some_and(|target| target.unchecked_into::<Element>().tag_name() == "SELECT");
    let with_control = event.ctrl_key() || event.meta_key();
    let key = event.key().to_ascii_lowercase();
    if is_select || event.alt_key() || with_control != (key == "z") {
        return;
    }
    let act = match key.as_str() {
        "k" => "keep",
        "r" => "accept",
        "d" | "delete" => "delete",
        "u" | "z" => "undo",
        "arrowright" => "next",
        "arrowleft" => "former",
        "escape" => "dismiss",
        digit if digit.len() == 1 => match DIGITS.find(digit) {
            Some(number) => {
                event.prevent_default();
                return relabel(cleaning, number);
            }
            None => return,
        },
        _ => return,
    };
    event.prevent_default();
    do_it(cleaning, act);
}

fn clicked(cleaning: Cleaning, event: Event) {
    let target = event.target().map(JsCast::unchecked_into::<Element>);
    let button = target.and_then(|target| target.closest("[data-act]").ok().flatten());
    let Some(button) = button else { return };
    let number = button.get_attribute("data-number").and_then(|number| number.parse().ok()).unwrap_or(0);
    match button.get_attribute("data-act").as_deref() {
        Some("look") => _ = cleaning.change(|review| review.look_at(number)),
        Some("relabel") => relabel(cleaning, number),
        Some(act) => do_it(cleaning, act),
        None => {}
    }
}

fn do_it(cleaning: Cleaning, act: &str) {
    match act {
        "keep" => cleaning.decide(Decision::Keep),
        "accept" => cleaning.accept(),
        "delete" => cleaning.decide(Decision::Delete),
        "undo" => cleaning.undo(),
        "save" => cleaning.save(),
        "apply" => cleaning.prepare_to_apply(),
        "confirm" => cleaning.apply(),
        "dismiss" => cleaning.dismiss(),
        _ => {
            cleaning.change(|review| match act {
                "next" => review.step(true),
                "former" => review.step(false),
                "forward" => review.turn(true),
                "back" => review.turn(false),
                _ => review.rank(),
            });
        }
    }
}

fn relabel(cleaning: Cleaning, number: usize) {
    let label = untrack(|| cleaning.read(|review| review.folder().labels.get(number).cloned()));
    if let Some(label) = label.flatten() {
        cleaning.decide(Decision::Relabel(label));
    }
}

fn selected(cleaning: Cleaning, event: Event) {
    let value = event_target_value(&event);
    cleaning.change(|review| {
        let (mut filter, mut order) = (review.subset(), review.order());
        match value.as_str() {
            "loss" => order = Order::Loss,
            "margin" => order = Order::Margin,
            "disagreement" => order = Order::Disagreement,
            "blur" => order = Order::Blur,
            "twins" => order = Order::NearDuplicates,
            "all" => filter = Subset::All,
            "decided" => filter = Subset::Decided,
            "refused" => filter = Subset::Refused,
            label => filter = Subset::Label(label.parse().unwrap_or_default()),
        }
        review.show(filter, order);
    });
}

// ---- what the page shows

/// Object URLs of the photos that are shown, and of no others, by the photos' paths: their numbers change when photos are
/// moved.
#[derive(Default)]
struct Pictures(HashMap<String, String>);

impl Pictures {
    /// Lets go of all others.
    fn keep(&mut self, files: &[&str]) {
        self.0.retain(|file, url| {
            let is_kept = files.contains(&&**file);
            if !is_kept {
                let _ = Url::revoke_object_url(url);
            }
            is_kept
        });
    }
}

impl Drop for Pictures {
    fn drop(&mut self) {
        self.keep(&[]);
    }
}

/// One state of the review, to be brought to the page.
struct Drawing<'a> {
    root: &'a Element,
    review: &'a Review<web_sys::File>,
    model: Option<&'a ModelInfo>,
}

impl Drawing<'_> {
    fn draw(&self, pictures: &mut Pictures) {
        let (root, review) = (self.root, self.review);
        let current = review.current();
        let (first, page, length) = review.page();
        let shown = page.iter().copied().chain(current.map(|(photo, _)| photo));
        let shown: Vec<_> = shown.map(|photo| &*review.folder().photos[photo].file).collect();
        pictures.keep(&shown);

        self.draw_progress();
        self.draw_labels();
        show(root, "begin", current.is_none());
        show(root, "photo", false);
        show(root, "verdict", current.is_some());
        match current {
            Some((photo, place)) => self.draw_look(photo, place, pictures),
            None => set(root, "look", "data-decision", None),
        }
        let range = match page.len() {
            0 => "None to show yet".into(),
            shown => format!("{}–{} of {length}", first + 1, first + shown),
        };
        fill(root, "range", &range);
        let Some(thumbs) = part(root, "thumbs") else { return };
        if thumbs.child_element_count() == 0 {
            thumbs.set_inner_html(&THUMB.repeat(Review::<()>::PAGE));
        }
        for slot in 0..Review::<()>::PAGE {
            if let Some(thumb) = thumbs.children().item(slot as u32) {
                attribute(&thumb, "hidden", page.get(slot).is_none().then_some(""));
                if let Some(&photo) = page.get(slot) {
                    self.draw_thumb(&thumb, photo, pictures);
                }
            }
        }
        self.draw_summary();
    }

    fn draw_progress(&self) {
        let (root, review) = (self.root, self.review);
        let folder = review.folder();
        let progress = match review.progress() {
            (done, all) if done == all => format!("{}: {}", folder.name, count(all, "photo", "photos")),
            (done, all) => format!("{}: {done} of {all} photos looked at", folder.name),
        };
        fill(root, "progress", &progress);
        show(root, "late", review.late() > 0);
        fill(root, "late", &format!("Rank again with {} more", review.late()));
        let is_unknown = |label: &&String| self.model.is_some_and(|model| model.label(label).is_none());
        let unknown: Vec<_> = folder.labels.iter().filter(is_unknown).map(String::as_str).collect();
        fill(root, "notes", &words::folder_notes(&unknown, &folder.unlabelled));
    }

    /// Labels by their names, as chips and to choose from.
    fn draw_labels(&self) {
        let (Some(chips), Some(filter)) = (part(self.root, "chips"), part(self.root, "filter")) else {
            return;
        };
        let names: Vec<_> = self.review.folder().labels.iter().map(|label| self.name(label)).collect();
        let key = names.join("/");
        if chips.get_attribute("data-names").as_deref() == Some(&key) {
            return;
        }
        attribute(&chips, "data-names", Some(&key));
        chips.set_inner_html("");
        filter.set_inner_html("");
        add_option(&filter, "all", "All photos");
        for (number, name) in names.iter().enumerate() {
            add_option(&filter, &number.to_string(), name);
            let Some(chip) = add(&chips, "li", "").and_then(|item| add(&item, "button", name)) else {
                continue;
            };
            attribute(&chip, "class", Some("chip"));
            attribute(&chip, "data-act", Some("relabel"));
            attribute(&chip, "data-number", Some(&number.to_string()));
            if let Some(digit) = DIGITS.get(number..=number) {
                attribute(&chip, "aria-keyshortcuts", Some(digit));
                if let Some(key) = add(&chip, "kbd", digit) {
                    attribute(&key, "aria-hidden", Some("true"));
                }
            }
        }
        add_option(&filter, "decided", "Decided");
        add_option(&filter, "refused", "Not readable");
    }

    fn draw_look(&self, photo: usize, place: Option<usize>, pictures: &mut Pictures) {
        let (root, review) = (self.root, self.review);
        let status = &review.statuses()[photo];
        let judgement = judged(status);
        let decision = review.decisions().of(photo);
        if let Some(look) = part(root, "look") {
            self.draw_facts(&look, photo);
            attribute(&look, "data-decision", Some(state(decision)));
        }
        if let Some(picture) = part(root, "photo") {
            self.draw_picture(&picture, photo, pictures);
        }
        let own = judgement.and_then(|judgement| judgement.own);
        fill(root, "own", &own.map_or(String::new(), percent));
        fill(root, "share", &judgement.map_or(String::new(), |judgement| percent(judgement.probability)));
        fill(
            root,
            "loss",
            &judgement.and_then(Judgement::loss).map_or("–".into(), |loss| format!("{loss:.2}")),
        );
        fill(root, "refusal", if let Status::Refused(reason) = status { reason } else { "" });
        fill(
            root,
            "decided",
            &decision.map_or("not yet".into(), |decision| words::decision(decision, self.model)),
        );
        let proposal = review.proposal(photo).map(|label| format!("It is: {}", self.name(label)));
        fill(root, "proposal", proposal.as_deref().unwrap_or("No proposal"));
        fill(root, "file", &review.folder().photos[photo].file);
        fill(root, "place", &place.map_or(String::new(), |place| format!("{} ·", place + 1)));
        self.draw_twins(photo);
    }

    /// The photos that nearly equal one; each can be looked at.
    fn draw_twins(&self, photo: usize) {
        let twins = self.review.near_duplicates(photo);
        show(self.root, "with-twins", !twins.is_empty());
        let Some(list) = part(self.root, "twins") else { return };
        let folder = self.review.folder();
        let name = |&twin: &usize| {
            let file = folder.photos[twin].file.rsplit('/').next().unwrap_or_default();
            format!("{}: {file}", self.name(folder.label_of(twin)))
        };
        let names: Vec<_> = twins.iter().take(TWINS).map(name).collect();
        let key = format!("{}: {twins:?} {names:?}", folder.photos[photo].file);
        if list.get_attribute("data-key").as_deref() == Some(&key) {
            return;
        }
        attribute(&list, "data-key", Some(&key));
        list.set_inner_html("");
        for (&twin, name) in twins.iter().zip(&names) {
            if let Some(button) = add(&list, "li", "").and_then(|item| add(&item, "button", name)) {
                let is_other = folder.label_of(twin) != folder.label_of(photo);
                attribute(&button, "class", Some(if is_other { "chip other" } else { "chip" }));
                attribute(&button, "data-act", Some("look"));
                attribute(&button, "data-number", Some(&twin.to_string()));
            }
        }
        if twins.len() > TWINS {
            add(&list, "li", &format!("and {} more", twins.len() - TWINS));
        }
    }

    fn draw_thumb(&self, thumb: &Element, photo: usize, pictures: &mut Pictures) {
        let decision = self.review.decisions().of(photo);
        let loss = judged(&self.review.statuses()[photo]).and_then(Judgement::loss);
        attribute(thumb, "data-file", Some(&self.review.folder().photos[photo].file));
        attribute(thumb, "data-decision", Some(state(decision)));
        attribute(thumb, "data-loss", loss.map(|loss| loss.to_string()).as_deref());
        let traits = judged(&self.review.statuses()[photo]).and_then(|judgement| judgement.measurements);
        attribute(thumb, "data-sharpness", traits.map(|traits| traits.sharpness.to_string()).as_deref());
        if let Ok(Some(button)) = thumb.query_selector("button") {
            let is_current = self.review.current().is_some_and(|(current, _)| current == photo);
            attribute(&button, "aria-current", Some(if is_current { "true" } else { "false" }));
            attribute(&button, "data-number", Some(&photo.to_string()));
        }
        if let Ok(Some(picture)) = thumb.query_selector("img") {
            self.draw_picture(&picture, photo, pictures);
        }
        self.draw_facts(thumb, photo);
        let mark = decision.map_or(String::new(), |decision| words::decision(decision, self.model));
        fill(thumb, "mark", &mark);
    }

    /// The label, and what the network says instead.
    fn draw_facts(&self, within: &Element, photo: usize) {
        fill(within, "given", &self.name(self.review.folder().label_of(photo)));
        let said = judged(&self.review.statuses()[photo]).map(|judgement| self.name(&judgement.predicted));
        fill(within, "said", said.as_deref().unwrap_or("no answer"));
    }

    fn draw_picture(&self, picture: &Element, photo: usize, pictures: &mut Pictures) {
        let LabelledPhoto { file, source, .. } = &self.review.folder().photos[photo];
        let url = pictures
            .0
            .entry(file.clone())
            .or_insert_with(|| Url::create_object_url_with_blob(source).unwrap_or_default());
        let status = &self.review.statuses()[photo];
        let is_refused = matches!(status, Status::Refused(_));
        let preview = judged(status).and_then(|judgement| judgement.preview.as_deref());
        attribute(picture, "hidden", is_refused.then_some(""));
        attribute(picture, "alt", Some(file));
        attribute(picture, "src", (!is_refused).then_some(preview.unwrap_or(url)));
    }

    fn draw_summary(&self) {
        let (root, review) = (self.root, self.review);
        let decided = review.decisions().count();
        fill(root, "decisions", &count(decided, "decision", "decisions"));
        let changes = changes(review.folder(), review.decisions());
        let changes: Vec<_> = changes.iter().map(|change| words::change(change, self.model)).collect();
        fill(root, "changes", &changes.join("\n"));
        set(root, "apply", "disabled", changes.is_empty().then_some(""));
        fill(root, "question", &words::ask_to_apply(&review.folder().name, review.decisions()));
        show(root, "how", decided > 0);
        set(root, "save", "disabled", (decided == 0).then_some(""));
        set(root, "undo", "disabled", (!review.decisions().can_undo()).then_some(""));
    }

    fn name(&self, label: &str) -> String {
        label_name(label, self.model)
    }
}

fn draw_applying(root: &Element, cleaning: Cleaning, applying: &Applying) {
    let (moved, words) = match applying {
        Applying::Moving { done, all } => (Some((done, all)), ""),
        Applying::Done(words) | Applying::Failed(words) => (None, &**words),
        Applying::Idle | Applying::Confirming => (None, ""),
    };
    show(root, "apply", cleaning.can_apply());
    let has_changes = cleaning.read(|review| !changes(review.folder(), review.decisions()).is_empty());
    show(root, "confirm", *applying == Applying::Confirming && has_changes == Some(true));
    show(root, "moving", moved.is_some());
    if let Some((done, all)) = moved {
        fill(root, "moved", &words::moving(*done, *all));
        set(root, "bar", "max", Some(&all.to_string()));
        set(root, "bar", "value", Some(&done.to_string()));
    }
    fill(root, "applied", words);
    set(root, "applied", "data-done", matches!(applying, Applying::Done(_)).then_some(""));
}

fn judged(status: &Status) -> Option<&Judgement> {
    match status {
        Status::Judged(judgement) => Some(judgement),
        Status::Waiting | Status::Refused(_) => None,
    }
}

fn state(decision: Option<&Decision>) -> &'static str {
    match decision {
        None => "undecided",
        Some(Decision::Keep) => "keep",
        Some(Decision::Relabel(_)) => "relabel",
        Some(Decision::Delete) => "delete",
    }
}

// ---- the parts of the page, by their names

fn part(within: &Element, name: &str) -> Option<Element> {
    within.query_selector(&format!("[data-part={name}]")).ok().flatten()
}

/// Has a part say that, unless it does. What it holds is no measure: it may have been translated.
fn fill(within: &Element, name: &str, text: &str) {
    let (key, text) = (JsValue::from("said"), JsValue::from(text));
    if let Some(part) = part(within, name)
        && Reflect::get(&part, &key).as_ref() != Ok(&text)
    {
        part.set_text_content(text.as_string().as_deref());
        let _ = Reflect::set(&part, &key, &text);
    }
}

fn show(within: &Element, name: &str, is_shown: bool) {
    set(within, name, "hidden", (!is_shown).then_some(""));
}

fn set(within: &Element, name: &str, key: &str, value: Option<&str>) {
    if let Some(part) = part(within, name) {
        attribute(&part, key, value);
    }
}

/// Sets it, or removes it.
fn attribute(element: &Element, key: &str, value: Option<&str>) {
    if element.get_attribute(key).as_deref() != value {
        let _ = match value {
            Some(value) => element.set_attribute(key, value),
            None => element.remove_attribute(key),
        };
    }
}

fn add(parent: &Element, tag: &str, text: &str) -> Option<Element> {
    let element = document().create_element(tag).ok()?;
    element.set_text_content(Some(text));
    parent.append_child(&element).ok()?;
    Some(element)
}

fn add_option(choice: &Element, value: &str, text: &str) {
    if let Some(option) = add(choice, "option", text) {
        attribute(&option, "value", Some(value));
    }
}
