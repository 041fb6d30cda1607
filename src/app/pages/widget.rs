use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::CustomEvent;

use super::title;
use crate::{
    app::{components::icon::Check, session::Session},
    classifier::Group,
};

const TAG: &str = "clothing-classifier";
/// What the element tells the page that it is in.
const EVENTS: [&str; 4] = ["ready", "progress", "classified", "error"];
/// How many lines of the event log are kept.
const LINES: usize = 50;

/// What is chosen on this page, in the words of the element's attributes.
#[derive(Clone, Copy)]
struct Choice {
    loading: RwSignal<String>,
    theme: RwSignal<String>,
    accent: RwSignal<String>,
    labels: RwSignal<String>,
    multiple: RwSignal<bool>,
    compact: RwSignal<bool>,
}

impl Choice {
    /// Attributes that differ from what the element does without them.
    fn attributes(self) -> Vec<(&'static str, String)> {
        let texts = [
            ("loading", self.loading.get(), "lazy"),
            ("theme", self.theme.get(), "auto"),
            ("accent", self.accent.get(), ""),
            ("labels", self.labels.get(), ""),
        ];
        let texts = texts.into_iter().filter(|(_, value, initial)| value != initial);
        let flags = [("multiple", self.multiple.get()), ("compact", self.compact.get())];
        texts
            .map(|(name, value, _)| (name, value))
            .chain(flags.into_iter().filter(|(_, on)| *on).map(|(name, _)| (name, String::new())))
            .collect()
    }
}

/// The widget at work, the lines to paste into a site, and what the site hears of it.
#[component]
pub fn Widget() -> impl IntoView {
    title("For your site");
    let choice = Choice {
        loading: RwSignal::new("lazy".into()),
        theme: RwSignal::new("auto".into()),
        accent: RwSignal::new(String::new()),
        labels: RwSignal::new(String::new()),
        multiple: RwSignal::new(false),
        compact: RwSignal::new(false),
    };
    let log = RwSignal::new(Vec::<String>::new());
    view! {
        <article class="prose widget">
            <h1>"For your site"</h1>
            <p>
                "Paste two lines, and your visitors can ask what garment a photo shows. Their photos stay with them: "
                "your site gets the answers only."
            </p>
            <h2>"Try it"</h2>
            <Live choice log/>
            <Options choice/>
            <h2>"What to paste"</h2>
            <Snippet name="As an element" text=Signal::derive(move || element_snippet(choice))/>
            <Snippet name="As a frame, for sites that allow no script"
                text=Signal::derive(move || frame_snippet(choice))/>
            <h2>"What your site hears"</h2>
            <Log log/>
            <h2>"From your own code"</h2>
            <pre class="code"><code>{EXAMPLE}</code></pre>
            <p>
                "A photo may be a file, a blob, an image element or an address. The element's "
                <a href="embed.d.ts" target="_blank" rel="external">"declarations"</a>
                " name all properties, methods and events."
            </p>
        </article>
    }
}

const EXAMPLE: &str = "\
const classifier = document.querySelector(\"clothing-classifier\");
const { name, probability, recognised } = await classifier.classify(photo);
classifier.addEventListener(\"classified\", ({ detail }) => console.log(detail.file, detail.name));";

/// The element itself. Its script is the one that sites load.
#[component]
fn Live(choice: Choice, log: RwSignal<Vec<String>>) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        let Some(place) = place.get() else { return };
        load_script();
        let Ok(element) = document().create_element(TAG) else { return };
        for name in EVENTS {
            let heard = Closure::<dyn Fn(CustomEvent)>::new(move |event: CustomEvent| {
                let detail = detail(&event.detail());
                log.update(|lines| {
                    lines.insert(0, format!("{name} {detail}"));
                    lines.truncate(LINES);
                });
            });
            let _ = element.add_event_listener_with_callback(name, heard.into_js_value().unchecked_ref());
        }
        place.replace_children_with_node_1(&element);
        Effect::new(move |before: Option<Vec<&'static str>>| {
            let attributes = choice.attributes();
            for name in before.unwrap_or_default() {
                if !attributes.iter().any(|(kept, _)| *kept == name) {
                    let _ = element.remove_attribute(name);
                }
            }
            for (name, value) in &attributes {
                if element.get_attribute(name).as_ref() != Some(value) {
                    let _ = element.set_attribute(name, value);
                }
            }
            attributes.into_iter().map(|(name, _)| name).collect()
        });
    });
    view! { <div node_ref=place></div> }
}

fn load_script() {
    let (id, document) = ("embed-script", document());
    if document.get_element_by_id(id).is_some() {
        return;
    }
    if let (Ok(script), Some(head)) = (document.create_element("script"), document.head()) {
        for (name, value) in [("id", id), ("type", "module"), ("src", "embed.js")] {
            let _ = script.set_attribute(name, value);
        }
        let _ = head.append_child(&script);
    }
}

/// An event's detail as text. An error's fields are its own, its message is not.
fn detail(detail: &JsValue) -> String {
    let text = js_sys::JSON::stringify(detail).ok().and_then(|text| text.as_string());
    text.filter(|text| text != "null").unwrap_or_default()
}

#[component]
fn Options(choice: Choice) -> impl IntoView {
    let labels = move || {
        let labels = Session::expect().model().map(|model| model.labels).unwrap_or_default();
        let garments = labels.into_iter().filter(|label| label.group != Group::None);
        garments.map(|label| view! { <LabelChoice choice id=label.id name=label.name/> }).collect_view()
    };
    view! {
        <fieldset class="options">
            <legend>"Options"</legend>
            <Select name="theme" words="Theme" value=choice.theme options=&["auto", "light", "dark"]/>
            <Select name="loading" words="Loads" value=choice.loading options=&["lazy", "eager"]/>
            <label>"Colour"
                <input type="color" name="accent" prop:value=move || colour(&choice.accent.get())
                    on:input=move |event| choice.accent.set(event_target_value(&event))/>
            </label>
            <Flag name="multiple" words="Several photos" value=choice.multiple/>
            <Flag name="compact" words="Compact" value=choice.compact/>
            <details>
                <summary>"Only some garments"</summary>
                <div class="choices">{labels}</div>
            </details>
        </fieldset>
    }
}

/// A colour field shows some colour, also while none is chosen.
fn colour(chosen: &str) -> String {
    if chosen.is_empty() { "#0e6b5e".into() } else { chosen.into() }
}

#[component]
fn LabelChoice(choice: Choice, id: String, name: String) -> impl IntoView {
    let changed = move |event| {
        let on = event_target_checked(&event);
        choice.labels.update(|labels| {
            let mut chosen: Vec<&str> = labels.split(',').filter(|other| !other.is_empty()).collect();
            chosen.retain(|other| *other != id);
            if on {
                chosen.push(&id);
            }
            *labels = chosen.join(",");
        });
    };
    view! { <label><input type="checkbox" on:change=changed/>{name}</label> }
}

#[component]
fn Select(
    name: &'static str,
    words: &'static str,
    value: RwSignal<String>,
    options: &'static [&'static str],
) -> impl IntoView {
    let entries =
        options.iter().map(|option| view! { <option value=*option>{*option}</option> }).collect_view();
    view! {
        <label>{words}
            <select name=name on:change=move |event| value.set(event_target_value(&event))>{entries}</select>
        </label>
    }
}

#[component]
fn Flag(name: &'static str, words: &'static str, value: RwSignal<bool>) -> impl IntoView {
    view! {
        <label>
            <input type="checkbox" name=name on:change=move |event| value.set(event_target_checked(&event))/>
            {words}
        </label>
    }
}

#[component]
fn Snippet(name: &'static str, text: Signal<String>) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        let writing = window().navigator().clipboard().write_text(&text.get_untracked());
        leptos::task::spawn_local(async move {
            copied.set(wasm_bindgen_futures::JsFuture::from(writing).await.is_ok());
        });
    };
    Effect::new(move |_| {
        text.track();
        copied.set(false);
    });
    view! {
        <div class="snippet">
            <p>{name}</p>
            <pre class="code" tabindex="0"><code>{move || text.get()}</code></pre>
            <button class="button small" on:click=copy>
                {move || if copied.get() { view! { <Check/>"Copied" }.into_any() } else { "Copy".into_any() }}
            </button>
        </div>
    }
}

#[component]
fn Log(log: RwSignal<Vec<String>>) -> impl IntoView {
    let lines = move || match log.with(Vec::is_empty) {
        true => "Nothing yet.".to_string(),
        false => log.with(|lines| lines.join("\n")),
    };
    view! { <pre class="code log" tabindex="0" role="log"><code>{lines}</code></pre> }
}

/// Where this page is, without its name.
fn place() -> String {
    document().base_uri().ok().flatten().unwrap_or_default()
}

fn element_snippet(choice: Choice) -> String {
    let attributes: String = choice
        .attributes()
        .into_iter()
        .map(
            |(name, value)| {
                if value.is_empty() { format!(" {name}") } else { format!(" {name}=\"{value}\"") }
            },
        )
        .collect();
    format!("<script type=\"module\" src=\"{}embed.js\"></script>\n<{TAG}{attributes}></{TAG}>", place())
}

fn frame_snippet(choice: Choice) -> String {
    let query = choice
        .attributes()
        .into_iter()
        .filter(|(name, _)| *name != "loading")
        .fold(form_urlencoded::Serializer::new(String::new()), |mut query, (name, value)| {
            query.append_pair(name, &value);
            query
        })
        .finish();
    let (place, height) = (place(), if choice.compact.get() { 200 } else { 480 });
    let query = if query.is_empty() { query } else { format!("?{}", query.replace('&', "&amp;")) };
    format!(
        "<iframe src=\"{place}embed{query}\" title=\"What garment is this?\" loading=\"lazy\"\n  \
         width=\"100%\" height=\"{height}\" style=\"border: 0\"></iframe>"
    )
}
