use leptos::prelude::*;

use super::{decision_name, judged, pictures::Pictures, state::Cleaning};
use crate::{
    app::session::Session,
    classifier::ModelInfo,
    clean::{Action, Judgement, Review, Status},
    words::{self, label_name, percent},
};

/// How many photos that nearly equal another are named.
const NAMED: usize = 4;

/// The photo that is looked at, as it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
struct Looked {
    file: String,
    /// Its place in the list.
    place: String,
    /// Where its picture is; `None` if it has none.
    picture: Option<String>,
    /// Its label.
    given: String,
    /// The network's probability of that.
    own: String,
    /// The network's label.
    said: String,
    /// The network's probability of that.
    share: String,
    loss: String,
    refusal: String,
    decided: String,
    decision: &'static str,
    proposal: String,
    duplicates: Vec<NearDuplicate>,
    /// Those that are not named.
    more_duplicates: Option<String>,
}

/// A photo that nearly equals the one that is looked at.
#[derive(Clone, Debug, PartialEq)]
struct NearDuplicate {
    photo: usize,
    name: String,
    has_other_label: bool,
}

impl Looked {
    fn of(review: &Review<web_sys::File>, model: Option<&ModelInfo>, pictures: Pictures) -> Option<Self> {
        let (photo, place) = review.current()?;
        let folder = review.folder();
        let status = &review.statuses()[photo];
        let judgement = judged(status);
        let decision = review.decisions().of(photo);
        let name = |label: &str| label_name(label, model);
        let duplicates = review.near_duplicates(photo);
        let named = duplicates.iter().take(NAMED).map(|&duplicate| {
            let file = folder.photos[duplicate].file.rsplit('/').next().unwrap_or_default();
            NearDuplicate {
                photo: duplicate,
                name: format!("{}: {file}", name(folder.label_of(duplicate))),
                has_other_label: folder.label_of(duplicate) != folder.label_of(photo),
            }
        });
        Some(Self {
            file: folder.photos[photo].file.clone(),
            place: place.map_or_else(String::new, |place| format!("{} ·", place + 1)),
            picture: super::picture(review, photo, pictures),
            given: name(folder.label_of(photo)),
            own: judgement.and_then(|judgement| judgement.own).map_or_else(String::new, percent),
            said: words::said(judgement, model),
            share: judgement.map_or_else(String::new, |judgement| percent(judgement.probability)),
            loss: words::loss(judgement.and_then(Judgement::loss)),
            refusal: if let Status::Refused(reason) = status { reason.clone() } else { String::new() },
            decided: words::decided(decision, model),
            decision: decision_name(decision),
            proposal: words::proposal(review.proposal(photo), model),
            duplicates: named.collect(),
            more_duplicates: (duplicates.len() > NAMED).then(|| words::and_more(duplicates.len() - NAMED)),
        })
    }
}

/// The photo that is looked at, large, with what is known of it, and what can be decided.
#[component]
pub fn Look(pictures: Pictures) -> impl IntoView {
    let cleaning = Cleaning::expect();
    let model = move || Session::expect().network.model();
    let looked =
        Memo::new(move |_| cleaning.read(|review| Looked::of(review, model().as_ref(), pictures)).flatten());
    let text = move |of: fn(&Looked) -> &String| {
        move || looked.with(|looked| looked.as_ref().map(|looked| of(looked).clone()).unwrap_or_default())
    };
    let picture = move || looked.with(|looked| looked.as_ref()?.picture.clone());
    let is_none = move || looked.with(Option::is_none);
    let labels = Memo::new(move |_| {
        cleaning.read(|review| words::label_names(review.folder(), model().as_ref())).unwrap_or_default()
    });
    let chips = move || {
        let chip = |(index, name): (usize, String)| {
            let key = Action::key_of_label(index);
            view! {
                <li>
                    <button class="chip" aria-keyshortcuts=key on:click=move |_| cleaning.act(Action::Relabel(index))>
                        <span prop:textContent=name></span>
                        {key.map(|key| view! { <kbd aria-hidden="true">{key}</kbd> })}
                    </button>
                </li>
            }
        };
        labels.get().into_iter().enumerate().map(chip).collect_view()
    };
    let duplicates = Memo::new(move |_| {
        looked.with(|looked| {
            looked.as_ref().map(|looked| (looked.duplicates.clone(), looked.more_duplicates.clone()))
        })
    });
    let named = move || {
        let duplicate = |NearDuplicate { photo, name, has_other_label }| {
            let class = if has_other_label { "chip other" } else { "chip" };
            view! {
                <li><button class=class prop:textContent=name on:click=move |_| cleaning.act(Action::LookAt(photo))></button></li>
            }
        };
        let (named, more) = duplicates.get().unwrap_or_default();
        (
            named.into_iter().map(duplicate).collect_view(),
            more.map(|more| view! { <li prop:textContent=more></li> }),
        )
    };
    let has_duplicates =
        move || duplicates.with(|duplicates| duplicates.as_ref().is_some_and(|(named, _)| !named.is_empty()));
    view! {
        <div class="look" data-decision=move || looked.with(|looked| looked.as_ref().map(|looked| looked.decision))>
            <div class="stage">
                <img data-part="photo" decoding="async" hidden=move || picture().is_none() src=picture
                    alt=text(|looked| &looked.file)/>
                <p class="detail" hidden=move || !is_none()>"Press → or choose a photo to begin."</p>
            </div>
            <div class="verdict" hidden=is_none>
                <dl class="facts-list">
                    <dt>"Label"</dt>
                    <dd>
                        <b data-part="given" prop:textContent=text(|looked| &looked.given)></b>" "
                        <span prop:textContent=text(|looked| &looked.own)></span>
                    </dd>
                    <dt>"Network"</dt>
                    <dd>
                        <b data-part="said" prop:textContent=text(|looked| &looked.said)></b>" "
                        <span prop:textContent=text(|looked| &looked.share)></span>
                    </dd>
                    <dt>"Loss"</dt>
                    <dd data-part="loss" prop:textContent=text(|looked| &looked.loss)></dd>
                    <dt>"Decision"</dt>
                    <dd data-part="decided" prop:textContent=text(|looked| &looked.decided)></dd>
                </dl>
                <div hidden=move || !has_duplicates()>
                    <p class="detail">"Nearly equal:"</p>
                    <ul class="chips" aria-label="Nearly equal photos" data-part="twins">{named}</ul>
                </div>
                <p class="detail" data-part="refusal" prop:textContent=text(|looked| &looked.refusal)></p>
                <div class="decide">
                    <button class="button small" aria-keyshortcuts="K" on:click=move |_| cleaning.act(Action::Keep)>
                        "Keep"<kbd aria-hidden="true">"K"</kbd>
                    </button>
                    <button class="button small" aria-keyshortcuts="R" on:click=move |_| cleaning.act(Action::Accept)>
                        <span data-part="proposal" prop:textContent=text(|looked| &looked.proposal)></span>
                        <kbd aria-hidden="true">"R"</kbd>
                    </button>
                    <button class="button small" aria-keyshortcuts="D" on:click=move |_| cleaning.act(Action::Delete)>
                        "Delete"<kbd aria-hidden="true">"D"</kbd>
                    </button>
                </div>
                <ul class="chips" aria-label="Another label">{chips}</ul>
                <p class="file-name">
                    <span prop:textContent=text(|looked| &looked.place)></span>" "
                    <span data-part="file" translate="no" prop:textContent=text(|looked| &looked.file)></span>
                </p>
            </div>
        </div>
    }
}
