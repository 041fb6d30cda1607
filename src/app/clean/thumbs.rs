use leptos::prelude::*;

use super::{decision_name, judged, pictures::Pictures, state::Cleaning};
use crate::{
    app::session::Session,
    classifier::ModelInfo,
    clean::{Action, Judgement, Review},
    words::{self, label_name},
};

/// A photo of the page, as it is shown.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    photo: usize,
    file: String,
    /// Where its picture is; `None` if it has none.
    picture: Option<String>,
    given: String,
    said: String,
    /// The decision on it, in words.
    mark: String,
    decision: &'static str,
    loss: Option<f32>,
    sharpness: Option<f32>,
    is_current: bool,
}

impl Shown {
    fn of(
        review: &Review<web_sys::File>,
        place: usize,
        model: Option<&ModelInfo>,
        pictures: Pictures,
    ) -> Option<Self> {
        let &photo = review.page().1.get(place)?;
        let judgement = judged(&review.statuses()[photo]);
        let decision = review.decisions().of(photo);
        Some(Self {
            photo,
            file: review.folder().photos[photo].file.clone(),
            picture: super::picture(review, photo, pictures),
            given: label_name(review.folder().label_of(photo), model),
            said: words::said(judgement, model),
            mark: decision.map_or_else(String::new, |decision| words::decision(decision, model)),
            decision: decision_name(decision),
            loss: judgement.and_then(Judgement::loss),
            sharpness: judgement
                .and_then(|judgement| judgement.measurements)
                .map(|measured| measured.sharpness),
            is_current: review.current().is_some_and(|(current, _)| current == photo),
        })
    }
}

/// One page of the photos.
#[component]
pub fn Thumbs(pictures: Pictures) -> impl IntoView {
    let thumbs: Vec<_> = (0..Review::<()>::PAGE).map(|place| view! { <Thumb place pictures/> }).collect();
    view! { <ul class="thumbs">{thumbs}</ul> }
}

/// The photo at one place of the page. The places stay, so that turning pages moves neither focus nor layout.
#[component]
fn Thumb(place: usize, pictures: Pictures) -> impl IntoView {
    let cleaning = Cleaning::expect();
    let shown = Memo::new(move |_| {
        let model = Session::expect().network.model();
        cleaning.read(|review| Shown::of(review, place, model.as_ref(), pictures)).flatten()
    });
    let text = move |of: fn(&Shown) -> &String| {
        move || shown.with(|shown| shown.as_ref().map(|shown| of(shown).clone()).unwrap_or_default())
    };
    let figure = move |of: fn(&Shown) -> Option<f32>| {
        move || shown.with(|shown| shown.as_ref().and_then(of).map(|figure| figure.to_string()))
    };
    let picture = move || shown.with(|shown| shown.as_ref()?.picture.clone());
    let look = move |_| {
        if let Some(photo) = shown.with_untracked(|shown| shown.as_ref().map(|shown| shown.photo)) {
            cleaning.act(Action::LookAt(photo));
        }
    };
    let is_current = move || shown.with(|shown| shown.as_ref().is_some_and(|shown| shown.is_current));
    view! {
        <li hidden=move || shown.with(Option::is_none) data-file=text(|shown| &shown.file)
            data-decision=move || shown.with(|shown| shown.as_ref().map(|shown| shown.decision))
            data-loss=figure(|shown| shown.loss) data-sharpness=figure(|shown| shown.sharpness)>
            <button class="thumb" aria-current=move || is_current().to_string() on:click=look>
                <span class="thumb-photo">
                    <img decoding="async" hidden=move || picture().is_none() src=picture alt=text(|shown| &shown.file)/>
                </span>
                <span data-part="given" prop:textContent=text(|shown| &shown.given)></span>
                <span data-part="said" prop:textContent=text(|shown| &shown.said)></span>
                <span data-part="mark" prop:textContent=text(|shown| &shown.mark)></span>
            </button>
        </li>
    }
}
