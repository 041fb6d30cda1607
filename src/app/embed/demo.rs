use js_sys::{Function, JSON, Promise, Reflect};
use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CustomEvent, DataTransfer, FormData, HtmlFormElement};

use crate::{
    app::{dropped, session::Session, shell::title},
    classifier::{Group, Label},
    words,
};

const TAG: &str = "clothing-classifier";
/// What the element tells the page that it is in.
const EVENTS: [&str; 4] = ["ready", "progress", "classified", "error"];
/// How many lines of the event log are kept.
const LINES: usize = 50;

/// The element's attributes as they are chosen on this page, those that change nothing left out.
type Attributes = Vec<(&'static str, String)>;

/// Choices that always have some value, and the one that the element has without them.
const INITIAL: [(&str, &str); 3] = [("loading", "lazy"), ("theme", "auto"), ("accent", "#0e6b5e")];

fn chosen(form: &HtmlFormElement) -> Attributes {
    let Ok(data) = FormData::new_with_form(form) else { return Attributes::new() };
    let values = INITIAL.into_iter().filter_map(|(name, initial)| {
        let value = data.get(name).as_string()?;
        (value != initial).then_some((name, value))
    });
    let labels = String::from(data.get_all("labels").join(","));
    let labels = (!labels.is_empty()).then_some(("labels", labels));
    let flags = ["multiple", "compact"].into_iter().filter(|name| data.has(name));
    values.chain(labels).chain(flags.map(|name| (name, String::new()))).collect()
}

/// The widget at work, the lines to paste into a site, and what the site hears of it.
#[component]
pub fn Demo() -> impl IntoView {
    title("For your site");
    let session = Session::expect();
    let choice = RwSignal::new(Attributes::new());
    let log = RwSignal::new(Vec::<String>::new());
    view! {
        <article class="prose widget">
            <h1>"For your site"</h1>
            <p>
                "Paste two lines, and your visitors can ask what garment a photo shows. Their photos stay with them: "
                "your site gets the answers only."
            </p>
            <h2>"Try it"</h2>
            {move || session.notices.shown().map(|notice| view! { <p class="notice" role="alert" prop:textContent=notice></p> })}
            <Live choice log/>
            <Options choice/>
            <h2>"What to paste"</h2>
            <Snippet name="As an element" text=Signal::derive(move || choice.with(element_snippet))/>
            <Snippet name="As a frame, for sites that allow no script"
                text=Signal::derive(move || choice.with(frame_snippet))/>
            <h2>"What your site hears"</h2>
            <Log log/>
            <h2>"From your own code"</h2>
            <pre class="code" tabindex="0" translate="no"><code>{EXAMPLE}</code></pre>
            <p>
                "A photo may be a file, a blob, an image, a canvas, a video or an address. The element's "
                <a href="embed.d.ts" target="_blank" rel="external">"declarations"</a>
                " name all properties, methods and events."
            </p>
        </article>
    }
}

const EXAMPLE: &str = "\
const classifier = document.querySelector(\"clothing-classifier\");
const { name, recognised } = await classifier.classify(photo);
classifier.addEventListener(\"classified\", (event) => {
  console.log(event.detail.file, event.detail.name);
});";

/// The element itself. Its script is the one that sites load.
#[component]
fn Live(choice: RwSignal<Attributes>, log: RwSignal<Vec<String>>) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        let Some(place) = place.get() else { return };
        load_script();
        let Ok(element) = document().create_element(TAG) else { return };
        let _ = element.set_attribute("samples", "");
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
            let attributes = choice.get();
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

/// Asks the element about photos that were dropped beside it, one after the other.
pub fn hand_over(session: Session, transfer: &DataTransfer) {
    let given = dropped::dropped(transfer);
    let Ok(Some(element)) = document().query_selector(TAG) else { return };
    let classify = Reflect::get(&element, &"classify".into()).ok();
    let Some(classify) = classify.and_then(|method| method.dyn_into::<Function>().ok()) else { return };
    spawn_local(async move {
        let (photos, without) = dropped::photos(given).await;
        match &without[..] {
            [] => session.notices.clear(),
            folders => session.notices.show(&words::no_photos(folders)),
        }
        for photo in photos {
            let answer = photo.file().await.and_then(|file| classify.call1(&element, &file).ok());
            if let Some(answer) = answer {
                // The log has it, good or bad, from the element's event.
                let _ = JsFuture::from(Promise::resolve(&answer)).await;
            }
        }
    });
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
    let text = JSON::stringify(detail).ok().and_then(|text| text.as_string());
    text.filter(|text| text != "null").unwrap_or_default()
}

#[component]
fn Options(choice: RwSignal<Attributes>) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    let read = move |_| {
        if let Some(form) = form.get_untracked() {
            choice.set(chosen(&form));
        }
    };
    let labels = move || {
        let labels = Session::expect().network.model().map(|model| model.labels).unwrap_or_default();
        let garments = labels.into_iter().filter(|label| label.group != Group::None);
        let choice = |Label { id, name, .. }| {
            view! { <label><input type="checkbox" name="labels" value=id/><span prop:textContent=name></span></label> }
        };
        garments.map(choice).collect_view()
    };
    view! {
        <form class="options" aria-label="Options" node_ref=form on:input=read on:submit=|event| event.prevent_default()>
            <label>"Theme"<select name="theme">
                <option value="auto">"auto"</option><option value="light">"light"</option><option value="dark">"dark"</option>
            </select></label>
            <label>"Loads"<select name="loading">
                <option value="lazy">"lazy"</option><option value="eager">"eager"</option>
            </select></label>
            <label>"Colour"<input type="color" name="accent" value="#0e6b5e"/></label>
            <label><input type="checkbox" name="multiple"/>"Several photos"</label>
            <label><input type="checkbox" name="compact"/>"Compact"</label>
            <details>
                <summary>"Only some garments"</summary>
                <div class="choices">{labels}</div>
            </details>
        </form>
    }
}

#[component]
fn Snippet(name: &'static str, text: Signal<String>) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        let writing = window().navigator().clipboard().write_text(&text.get_untracked());
        spawn_local(async move {
            copied.set(JsFuture::from(writing).await.is_ok());
        });
    };
    Effect::new(move |_| {
        text.track();
        copied.set(false);
    });
    view! {
        <div class="snippet">
            <p>{name}</p>
            <button class="button small" on:click=copy
                prop:textContent=move || words::copy_button(copied.get())></button>
            <pre class="code" tabindex="0" translate="no"><code prop:textContent=move || text.get()></code></pre>
        </div>
    }
}

#[component]
fn Log(log: RwSignal<Vec<String>>) -> impl IntoView {
    let lines = move || match log.with(Vec::is_empty) {
        true => words::NOTHING_HEARD.to_string(),
        false => log.with(|lines| lines.join("\n")),
    };
    view! { <pre class="code log" tabindex="0" role="log" translate="no"><code prop:textContent=lines></code></pre> }
}

/// Where this page is, without its name.
fn place() -> String {
    document().base_uri().ok().flatten().unwrap_or_default()
}

fn element_snippet(attributes: &Attributes) -> String {
    let mut written = String::new();
    for (name, value) in attributes {
        written += " ";
        written += name;
        if !value.is_empty() {
            written = written + "=\"" + value + "\"";
        }
    }
    format!("<script type=\"module\" src=\"{}embed.js\"></script>\n<{TAG}{written}></{TAG}>", place())
}

fn frame_snippet(attributes: &Attributes) -> String {
    let has = |wanted| attributes.iter().any(|(name, _)| *name == wanted);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(attributes.iter().filter(|(name, _)| *name != "loading"));
    let query = query.finish().replace('&', "&amp;");
    let mark = if query.is_empty() { "" } else { "?" };
    let height = if has("compact") { 200 } else { 480 };
    format!(
        "<iframe src=\"{}embed{mark}{query}\" title=\"What garment is this?\" loading=\"lazy\"\n  \
         width=\"100%\" height=\"{height}\" style=\"border: 0\"></iframe>",
        place()
    )
}
