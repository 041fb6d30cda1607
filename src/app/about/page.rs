use leptos::prelude::*;

use crate::{
    app::{
        components::{
            bars::{Bar, Bars},
            engine_status::EngineStatus,
        },
        session::Session,
        shell::title,
    },
    classifier::{Group, Label, Metrics, ModelInfo},
    photo::{READ, READ_BY_BROWSERS},
    words::{self, percent},
};

/// What stands still, as a string: views of many cells make the page's code large. Links are relative to the page's base.
const ABOUT: &str = "\
<h1>About</h1>
<p>This page tells what garment is on a photo. A neural network does it, and the network runs here, in your browser, not on a \
server.</p>
<h2>Where your photos go</h2>
<p>Nowhere. They are read, looked at and forgotten on this device. The page sends nothing: no photos, no answers, no \
statistics, and it sets no cookies.</p>
<h2>Where it fails</h2>
<ul>
<li>It names one garment a photo. Of a whole outfit it names what it finds most of.</li>
<li>Show the whole garment: a dress without its hem looks like a t-shirt.</li>
<li>A polo shirt whose collar is hidden is a t-shirt to it; shirts, long-sleeved tops and jackets are close neighbours.</li>
<li>It was trained mostly on garments that lie, hang or are worn, on phone and shop photos; drawings and unusual angles can \
mislead it.</li>
<li>“Sure” is measured, not promised: of the answers it calls 80 % sure, about one in five is wrong.</li>
</ul>
<h2>Your own labels</h2>
<p>A network that you trained on other things answers here too: drop its ONNX file on the page. And the network helps to find \
wrong labels among your photos: <a href='clean' rel='external'>clean labelled photos</a>.</p>
<h2>Photos it can read</h2>
<p>";

/// What follows the formats that are read.
const ABOUT_LIMITS: &str = " where the browser itself knows them. Of an animation, the first picture counts. Up to 100 million \
pixels and 100 MB; on phones, which have less memory, half of that. Photos that are stored sideways are turned first.</p>
<p>All of this may be used and changed freely, as <a href='licences' rel='external'>its licences</a> say.</p>";

/// What the network knows and how good it is, as the model's file says; and where it fails.
#[component]
pub fn About() -> impl IntoView {
    title("About – What garment is this?");
    let session = Session::expect();
    let model = Memo::new(move |_| session.network.model());
    view! {
        <article class="prose">
            <div class="prose" inner_html={[ABOUT, READ, "; ", READ_BY_BROWSERS, ABOUT_LIMITS].concat()}></div>
            // Last, since it comes with the network: what stood below would jump.
            {move || match model.get() {
                Some(model) => knowledge(model).into_any(),
                None => view! { <EngineStatus/> }.into_any(),
            }}
        </article>
    }
}

fn knowledge(model: ModelInfo) -> impl IntoView {
    let names = |group: Group| {
        let of_group = model.labels.iter().filter(|label| label.group == group);
        of_group.map(|label| label.name.clone()).collect::<Vec<_>>()
    };
    let list = |names: Vec<String>| {
        let entries: Vec<_> =
            names.into_iter().map(|name| view! { <li prop:textContent=name></li> }).collect();
        view! { <ul class="labels">{entries}</ul> }
    };
    let (core, others) = (names(Group::Core), names(Group::Garment));
    let facts = words::model_facts(&model);
    view! {
        <h2>"What it knows"</h2>
        <p>"It is made for these:"</p>
        {list(core)}
        {(!others.is_empty()).then(|| view! { <p>"It also knows:"</p> {list(others)} })}
        <p>"When it sees none of them, or is not sure enough, it says so."</p>
        {model.metrics.map(|metrics| quality(metrics, model.metrics_familiar, model.labels))}
        <p class="facts" prop:textContent=facts></p>
    }
}

fn quality(unseen: Metrics, familiar: Option<Metrics>, labels: Vec<Label>) -> impl IntoView {
    let bar = |Label { id, name, recall, .. }| recall.map(|share| Bar { id, name, share });
    let bars: Vec<_> = labels.into_iter().filter_map(bar).collect();
    view! {
        <h2>"How good it is"</h2>
        {figures(words::measured_on_unseen(&unseen), &unseen)}
        {(!bars.is_empty()).then(|| view! {
            <p>"How many photos of each it finds:"</p>
            <Bars class="recall" label="Found, by label" bars/>
        })}
        {familiar.map(|familiar| figures(words::measured_on_familiar(&familiar), &familiar))}
    }
}

fn figures(heading: String, metrics: &Metrics) -> AnyView {
    let rows = [
        ("right on the garments it is made for, when only those compete", metrics.top1_core_only),
        ("right on them among all labels", metrics.top1_core),
        ("right on all photos among all labels", metrics.top1),
    ];
    let rows = rows.map(|(what, share)| {
        view! { <div><dt prop:textContent=what></dt><dd prop:textContent=percent(share)></dd></div> }
    });
    view! {
        <p prop:textContent=heading></p>
        <dl class="figures">{rows.to_vec()}</dl>
    }
    .into_any()
}
