use leptos::{ev::KeyboardEvent, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement, Url};

use super::title;
use crate::{
    app::{
        cleaning::Cleaning,
        components::{engine_status::EngineStatus, icon::Download, own_model::OwnModel},
        opened,
        session::{Session, focus_later},
        words::{self, count, label_name, percent},
    },
    classifier::ModelInfo,
    clean::{Decision, Filter, Judgement, Order, Review, Standing, changes},
};

/// The first labels have a key each.
const DIGITS: &str = "1234567890";

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
    let opened = move |event: Event| {
        let input: HtmlInputElement = event.target().expect("an input changed").unchecked_into();
        if let Some(files) = input.files() {
            cleaning.open(opened::chosen(&files));
        }
        input.set_value("");
    };
    let given = move |event: Event| {
        let input: HtmlInputElement = event.target().expect("an input changed").unchecked_into();
        session.use_model(input.files().and_then(|files| files.get(0)));
        input.set_value("");
    };
    view! {
        <section class="ask clean-ask" class:empty=move || !is_open.get()>
            <h1>"Clean labelled photos"</h1>
            <p class="lead">
                "Open a folder that holds a folder of photos for each label. Those whose label looks wrong come first."
            </p>
            <div class="picker">
                <input id="open-folder" class="visually-hidden" type="file" node_ref=folder on:change=opened/>
                <label class="button primary" for="open-folder">"Open a folder"</label>
                <input id="give-model" class="visually-hidden" type="file" accept=".onnx" on:change=given/>
                <label class="button" for="give-model">"Use your own network"</label>
            </div>
            <p class="hint">"Or drop a folder, or a network’s ONNX file, on this page."</p>
            {move || cleaning.notice.get().map(|notice| view! { <p class="notice" role="alert">{notice}</p> })}
            <OwnModel/>
            <EngineStatus/>
            <p class="private">"No file is changed or sent: what you decide is saved as a table, which one command carries out."</p>
        </section>
        {move || is_open.get().then(|| view! { <Reviewed/> })}
    }
}

/// What is said of the photo that is looked at.
#[derive(Clone, Default, PartialEq)]
struct Look {
    place: String,
    file: String,
    label: String,
    own: String,
    said: String,
    share: String,
    loss: String,
    refusal: String,
    decision: &'static str,
    decided: String,
    proposal: Option<String>,
}

impl Look {
    fn of<P>(review: &Review<P>, model: Option<&ModelInfo>) -> Option<Self> {
        let (photo, place) = review.current()?;
        let standing = &review.standings()[photo];
        let (label, said, loss) = figures(review, photo, model);
        let judgement = judged(standing);
        Some(Self {
            place: place.map_or(String::new(), |place| format!("{} of {}", place + 1, review.page().2)),
            file: review.folder().photos[photo].file.clone(),
            label,
            own: judgement
                .and_then(|judgement| judgement.own)
                .map_or("not known to the network".into(), percent),
            said,
            share: judgement.map_or(String::new(), |judgement| percent(judgement.probability)),
            loss,
            refusal: match standing {
                Standing::Refused(reason) => reason.clone(),
                _ => String::new(),
            },
            decision: state(review.decisions().of(photo)),
            decided: review
                .decisions()
                .of(photo)
                .map_or("not decided".into(), |decision| words::decision(decision, model)),
            proposal: review.proposal(photo).map(|label| label_name(label, model)),
        })
    }
}

fn judged(standing: &Standing) -> Option<&Judgement> {
    match standing {
        Standing::Judged(judgement) => Some(judgement),
        Standing::Waiting | Standing::Refused(_) => None,
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

/// A photo's label, what the network says instead, and the loss.
fn figures<P>(review: &Review<P>, photo: usize, model: Option<&ModelInfo>) -> (String, String, String) {
    let label = label_name(review.folder().label_of(photo), model);
    match judged(&review.standings()[photo]) {
        Some(judgement) => (
            label,
            label_name(&judgement.predicted, model),
            judgement.loss().map_or("–".into(), |loss| format!("{loss:.2}")),
        ),
        None => (label, "no answer".into(), "–".into()),
    }
}

#[component]
fn Reviewed() -> impl IntoView {
    let (session, cleaning) = (Session::expect(), Cleaning::expect());
    let model = Memo::new(move |_| session.model());
    let look = Memo::new(move |_| {
        model.with(|model| cleaning.read(|review| Look::of(review, model.as_ref())).flatten())
    });
    let photo =
        Memo::new(move |_| cleaning.read(|review| review.current().map(|(photo, _)| photo)).flatten());
    let page = Memo::new(move |_| cleaning.read(|review| review.page().1.to_vec()).unwrap_or_default());
    let range = Memo::new(move |_| {
        cleaning.read(|review| (review.page().0, review.page().1.len(), review.page().2)).unwrap_or_default()
    });

    // What has the focus may go with its page.
    Effect::new(move || {
        photo.track();
        page.track();
        request_animation_frame(|| {
            if document().active_element().is_none_or(|element| element.tag_name() == "BODY") {
                focus_later("review".into());
            }
        });
    });

    let pressed = move |event: KeyboardEvent| {
        let is_select =
            event.target().is_some_and(|target| target.unchecked_into::<Element>().tag_name() == "SELECT");
        let undoes = (event.ctrl_key() || event.meta_key()) && event.key() == "z";
        if is_select || event.alt_key() || (event.ctrl_key() || event.meta_key()) && !undoes {
            return;
        }
        match event.key().to_ascii_lowercase().as_str() {
            "k" => cleaning.decide(Decision::Keep),
            "r" => cleaning.accept(),
            "d" | "delete" => cleaning.decide(Decision::Delete),
            "u" | "z" if undoes || event.key() != "z" => cleaning.undo(),
            "arrowright" => _ = cleaning.change(|review| review.step(true)),
            "arrowleft" => _ = cleaning.change(|review| review.step(false)),
            key => {
                let label = DIGITS.find(key).filter(|_| key.len() == 1).and_then(|number| {
                    untrack(|| cleaning.read(|review| review.folder().labels.get(number).cloned())).flatten()
                });
                match label {
                    Some(label) => cleaning.decide(Decision::Relabel(label)),
                    None => return,
                }
            }
        }
        event.prevent_default();
    };

    let text = move |of: fn(Look) -> String| move || look.get().map(of).unwrap_or_default();
    let none = move || photo.get().is_none();
    let button = move |class: &'static str, key: &'static str, words: Signal<String>, act: fn(Cleaning)| {
        view! {
            <button class=class disabled=none aria-keyshortcuts=key on:click=move |_| act(cleaning)>
                {words}<kbd aria-hidden="true">{key}</kbd>
            </button>
        }
    };
    let proposal = Signal::derive(move || match look.get().and_then(|look| look.proposal) {
        Some(label) => format!("It is: {label}"),
        None => "No proposal".into(),
    });

    view! {
        <section class="review" id="review" tabindex="-1" aria-label="Photos to decide on" on:keydown=pressed>
            <Toolbar model/>
            <div class="look" data-decision=move || look.get().map(|look| look.decision)>
                <div class="stage">
                    {move || match photo.get() {
                        Some(photo) => view! { <Picture photo/> }.into_any(),
                        None => view! { <p class="detail">"Press → or choose a photo to begin."</p> }.into_any(),
                    }}
                </div>
                <div class="verdict" hidden=none>
                    <dl class="facts-list">
                        <dt>"Label"</dt>
                        <dd class="given"><b>{text(|look| look.label)}</b>" "{text(|look| look.own)}</dd>
                        <dt>"Network"</dt>
                        <dd class="said"><b>{text(|look| look.said)}</b>" "{text(|look| look.share)}</dd>
                        <dt>"Loss"</dt>
                        <dd class="loss">{text(|look| look.loss)}</dd>
                        <dt>"Decision"</dt>
                        <dd class="decided">{text(|look| look.decided)}</dd>
                    </dl>
                    <p class="detail refusal">{text(|look| look.refusal)}</p>
                    <div class="decide">
                        {button("button small", "K", "Keep".to_string().into(), |cleaning| cleaning.decide(Decision::Keep))}
                        {button("button small", "R", proposal, Cleaning::accept)}
                        {button("button small", "D", "Delete".to_string().into(), |cleaning| cleaning.decide(Decision::Delete))}
                    </div>
                    <Labels model/>
                    <p class="file-name">{text(|look| look.place)}" · "{text(|look| look.file)}</p>
                </div>
            </div>
            <ul class="thumbs">
                <For each=move || page.get() key=|photo| *photo let:photo>
                    <Thumb photo model/>
                </For>
            </ul>
            <div class="toolbar">
                <p class="count">{move || match range.get() {
                    (_, 0, _) => "None to show yet".into(),
                    (first, shown, all) => format!("{}–{} of {all}", first + 1, first + shown),
                }}</p>
                <div class="downloads">
                    {[("Previous page", false), ("Next page", true)].map(|(words, forward)| view! {
                        <button class="button small" on:click=move |_| _ = cleaning.change(|review| review.turn(forward))>
                            {words}
                        </button>
                    }).to_vec()}
                </div>
            </div>
            <Summary model/>
        </section>
    }
}

/// How far it is, and what is shown.
#[component]
fn Toolbar(model: Memo<Option<ModelInfo>>) -> impl IntoView {
    let cleaning = Cleaning::expect();
    let progress = Memo::new(move |_| cleaning.read(Review::progress).unwrap_or_default());
    let late = Memo::new(move |_| cleaning.read(Review::late).unwrap_or_default());
    let name = Memo::new(move |_| cleaning.read(|review| review.folder().name.clone()).unwrap_or_default());
    let facts = Memo::new(move |_| {
        model.with(|model| {
            let notes = cleaning.read(|review| {
                let folder = review.folder();
                let unknown =
                    |label: &&String| model.as_ref().is_some_and(|model| model.label(label).is_none());
                let unknown: Vec<_> = folder.labels.iter().filter(unknown).map(String::as_str).collect();
                let mut notes = Vec::new();
                if !unknown.is_empty() {
                    notes.push(format!(
                        "The network does not know {}: these photos come last.",
                        unknown.join(", ")
                    ));
                }
                if !folder.outside.is_empty() {
                    let files = count(folder.outside.len(), "file lies", "files lie");
                    notes.push(format!(
                        "{files} in no label’s folder and left out, such as {}.",
                        folder.outside[0]
                    ));
                }
                notes.join(" ")
            });
            notes.unwrap_or_default()
        })
    });
    let labels =
        Memo::new(move |_| cleaning.read(|review| review.folder().labels.clone()).unwrap_or_default());
    let ordered = move |event| {
        let order = match event_target_value(&event).as_str() {
            "margin" => Order::Margin,
            "disagreement" => Order::Disagreement,
            _ => Order::Loss,
        };
        cleaning.change(|review| review.show(review.filter(), order));
    };
    let filtered = move |event| {
        let filter = match event_target_value(&event).as_str() {
            "" => Filter::All,
            "decided" => Filter::Decided,
            "refused" => Filter::Refused,
            label => Filter::Label(label.parse().unwrap_or_default()),
        };
        cleaning.change(|review| review.show(filter, review.order()));
    };
    let options = move || {
        let labels = labels.get().into_iter().enumerate();
        let named = |label: &str| model.with(|model| label_name(label, model.as_ref()));
        let labels: Vec<_> = labels.map(|(number, label)| (number.to_string(), named(&label))).collect();
        let others = [("decided", "Decided"), ("refused", "Not readable")]
            .map(|(id, words)| (id.into(), words.into()));
        labels
            .into_iter()
            .chain(others)
            .map(|(id, words)| view! { <option value=id>{words}</option> })
            .collect_view()
    };
    view! {
        <div class="toolbar">
            <p class="count">{move || match progress.get() {
                (done, all) if done == all => format!("{}: {}", name.get(), count(all, "photo", "photos")),
                (done, all) => format!("{}: {done} of {all} photos looked at", name.get()),
            }}</p>
            <div class="downloads">
                {move || (late.get() > 0).then(|| view! {
                    <button class="button small" id="rank" on:click=move |_| _ = cleaning.change(Review::rank)>
                        {move || format!("Rank again: {} more", late.get())}
                    </button>
                })}
                <select id="filter" class="button small" aria-label="Which photos" on:change=filtered>
                    <option value="">"All photos"</option>
                    {options}
                </select>
                <select id="order" class="button small" aria-label="Which first" on:change=ordered>
                    <option value="loss">"Highest loss first"</option>
                    <option value="margin">"Least margin first"</option>
                    <option value="disagreement">"Surest disagreement first"</option>
                </select>
            </div>
        </div>
        <p class="file-name notes">{facts}</p>
    }
}

/// Each label's folder at a click.
#[component]
fn Labels(model: Memo<Option<ModelInfo>>) -> impl IntoView {
    let cleaning = Cleaning::expect();
    let labels =
        Memo::new(move |_| cleaning.read(|review| review.folder().labels.clone()).unwrap_or_default());
    let chips = move || {
        let named = |label: &str| model.with(|model| label_name(label, model.as_ref()));
        let chip = |(number, label): (usize, String)| {
            let (words, key) = (named(&label), DIGITS.get(number..=number));
            let decide = move |_| cleaning.decide(Decision::Relabel(label.clone()));
            view! {
                <li>
                    <button class="chip" aria-keyshortcuts=key on:click=decide>
                        {words}{key.map(|key| view! { <kbd aria-hidden="true">{key}</kbd> })}
                    </button>
                </li>
            }
        };
        labels.get().into_iter().enumerate().map(chip).collect_view()
    };
    view! { <ul class="chips" aria-label="Another label">{chips}</ul> }
}

/// The photo itself, as long as it is shown.
#[component]
fn Picture(photo: usize) -> impl IntoView {
    let cleaning = Cleaning::expect();
    let url = cleaning.file(photo).and_then(|file| Url::create_object_url_with_blob(&file).ok());
    let (url, failed) = (url.unwrap_or_default(), RwSignal::new(false));
    let alt = untrack(|| cleaning.read(|review| review.folder().photos[photo].file.clone()));
    let shown = url.clone();
    on_cleanup(move || _ = Url::revoke_object_url(&shown));
    view! {
        <img src=url alt=alt decoding="async" hidden=move || failed.get() on:error=move |_| failed.set(true)/>
        {move || failed.get().then(|| view! { <span class="no-preview">"No preview"</span> })}
    }
}

/// One photo of the page's list.
#[component]
fn Thumb(photo: usize, model: Memo<Option<ModelInfo>>) -> impl IntoView {
    let cleaning = Cleaning::expect();
    let is_current = Memo::new(move |_| {
        cleaning.read(|review| review.current().is_some_and(|(current, _)| current == photo)) == Some(true)
    });
    let figures = Memo::new(move |_| {
        model.with(|model| cleaning.read(|review| figures(review, photo, model.as_ref()))).unwrap_or_default()
    });
    let decision =
        Memo::new(move |_| cleaning.read(|review| review.decisions().of(photo).cloned()).flatten());
    let file = untrack(|| cleaning.read(|review| review.folder().photos[photo].file.clone()));
    let decided = move || {
        decision.with(|decision| {
            decision.as_ref().map_or(String::new(), |decision| {
                model.with(|model| words::decision(decision, model.as_ref()))
            })
        })
    };
    view! {
        <li data-file=file data-decision=move || decision.with(|decision| state(decision.as_ref()))
            data-loss=move || figures.get().2>
            <button class="thumb" aria-current=move || is_current.get().to_string()
                on:click=move |_| _ = cleaning.change(|review| review.look_at(photo))>
                <span class="thumb-photo"><Picture photo/></span>
                <span class="given">{move || figures.get().0}</span>
                <span class="said">{move || figures.get().1}</span>
                <span class="mark">{decided}</span>
            </button>
        </li>
    }
}

/// What the decisions come to, and the way to carry them out.
#[component]
fn Summary(model: Memo<Option<ModelInfo>>) -> impl IntoView {
    let cleaning = Cleaning::expect();
    let decided = Memo::new(move |_| cleaning.read(|review| review.decisions().count()).unwrap_or_default());
    let changes = Memo::new(move |_| {
        cleaning.read(|review| changes(review.folder(), review.decisions())).unwrap_or_default()
    });
    let lines = move || {
        let line = |model: &Option<ModelInfo>| {
            let lines = changes.get();
            lines.iter().map(|change| words::change(change, model.as_ref())).collect::<Vec<_>>()
        };
        model.with(line).into_iter().map(|line| view! { <li>{line}</li> }).collect_view()
    };
    let none = move || decided.get() == 0;
    let undoable =
        Memo::new(move |_| cleaning.read(|review| review.decisions().can_undo()).unwrap_or_default());
    view! {
        <div class="summary">
            <div class="toolbar">
                <h2 class="count">{move || count(decided.get(), "decision", "decisions")}</h2>
                <div class="downloads">
                    <button class="button small" id="undo" disabled=move || !undoable.get() aria-keyshortcuts="U"
                        on:click=move |_| cleaning.undo()>
                        "Undo"<kbd aria-hidden="true">"U"</kbd>
                    </button>
                    <button class="button small" id="save" disabled=none on:click=move |_| cleaning.save()>
                        <Download/>"Save decisions"
                    </button>
                </div>
            </div>
            {move || (!cleaning.is_kept.get()).then(|| view! { <p class="notice" role="alert">{words::NOT_KEPT}</p> })}
            <ul class="changes">{lines}</ul>
            <p class="file-name" hidden=none>
                "Carry them out with "<code>"python -m clothing_model apply decisions.csv --data FOLDER"</code>
            </p>
        </div>
    }
}
