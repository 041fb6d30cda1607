//! The messages, each an object with [`PROTOCOL`] under `protocol` and its kind under `type`.
//!
//! The frame tells its parent `hello`; the parent answers `connect` with a message port. From then on the port
//! is the only way, so that no other window can join in. The site never gets a photo that the visitor chose: no
//! message has room for one. It gets answers, and the names of the files.

use std::borrow::Cow;

use serde::Serialize;

use super::Options;
use crate::{
    classifier::Prediction,
    engine::{Failure, Refusal},
    words::Explained,
};

/// Name and version of what is spoken. Another number means messages that are not understood here.
pub const PROTOCOL: &str = "clothing-classifier/1";
/// The longest text that is taken from a message, in UTF-16 units. Longer ones are not even copied.
pub const LONGEST_TEXT: u32 = 4_000;
/// How many photos a site may have asked about without an answer yet.
pub const MOST_ASKED: usize = 1_000;

/// One property of a message from the site, as far as it can be of use. `P` is a photo's handle.
#[derive(Clone, Debug, PartialEq)]
pub enum Field<P> {
    Absent,
    Text(String),
    /// A text of more than [`LONGEST_TEXT`].
    LongText,
    Number(f64),
    /// A `Blob` or `File`. Its bytes stay where they are until it is their turn, when they have limits of their own.
    Photo(P),
    /// Anything else.
    Other,
}

/// What a site may ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request<P> {
    /// What garment is on this photo? The answer has the same number.
    Classify { id: u32, photo: P, name: String },
    /// Forget all photos.
    Reset,
    /// Change what the visitor sees.
    Options(Options),
}

/// Why a message is not acted upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not of this protocol at all: others may use the window as well. It is not answered.
    Foreign,
    /// It is of another version.
    Version,
    /// There is no such kind of message.
    Unknown,
    /// This property is missing or not what it should be.
    Malformed { field: &'static str },
    /// Too many photos wait already.
    TooMany,
}

impl Fault {
    /// For programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Version => "version",
            Self::Unknown => "unknown",
            Self::Malformed { .. } => "malformed",
            Self::TooMany => "too-many",
        }
    }
}

// Here rather than in `words`, which knows nothing of this module.
impl Explained for Fault {
    fn cause(&self) -> Cow<'_, str> {
        match self {
            Self::Foreign => "This message is not meant for the classifier.".into(),
            Self::Version => format!("The classifier speaks {PROTOCOL} only.").into(),
            Self::Unknown => "The classifier knows no message of this type.".into(),
            Self::Malformed { field } => {
                format!("The message's “{field}” is missing or not what it should be.").into()
            }
            Self::TooMany => format!("More than {MOST_ASKED} photos wait for their answers.").into(),
        }
    }

    /// What the site's author can do about it.
    fn remedy(&self) -> Cow<'_, str> {
        let remedy = match self {
            Self::Foreign | Self::Unknown | Self::Malformed { .. } => {
                "Use the element's methods instead of messages of your own."
            }
            Self::Version => "Load the script and the page from the same place, then reload.",
            Self::TooMany => "Wait for some of them first.",
        };
        remedy.into()
    }
}

/// A message that was not acted upon, with its number where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    pub id: Option<u32>,
    pub fault: Fault,
}

/// Whether a message speaks [`PROTOCOL`].
///
/// # Errors
///
/// [`Fault::Foreign`] and [`Fault::Version`].
pub fn check_protocol<P>(protocol: &Field<P>) -> Result<(), Fault> {
    let (name, _) = PROTOCOL.split_once('/').expect("a name and a number");
    match protocol {
        Field::Text(text) if text == PROTOCOL => Ok(()),
        Field::Text(text) if text.split('/').next() == Some(name) => Err(Fault::Version),
        _ => Err(Fault::Foreign),
    }
}

/// Reads a message of which `field` gives the properties.
///
/// # Errors
///
/// Anything but a [`Fault::TooMany`].
pub fn read<P>(field: impl Fn(&'static str) -> Field<P>) -> Result<Request<P>, Rejected> {
    let id = match field("id") {
        Field::Number(number) if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) => {
            Some(number as u32)
        }
        _ => None,
    };
    let rejected = |fault| Rejected { id, fault };
    check_protocol(&field("protocol")).map_err(rejected)?;
    let Field::Text(kind) = field("type") else {
        return Err(rejected(Fault::Malformed { field: "type" }));
    };
    match &*kind {
        "classify" => Ok(Request::Classify {
            id: id.ok_or(rejected(Fault::Malformed { field: "id" }))?,
            photo: match field("photo") {
                Field::Photo(photo) => photo,
                _ => return Err(rejected(Fault::Malformed { field: "photo" })),
            },
            name: match field("name") {
                Field::Absent => "photo".into(),
                Field::Text(name) => name,
                _ => return Err(rejected(Fault::Malformed { field: "name" })),
            },
        }),
        "reset" => Ok(Request::Reset),
        "options" => match field("options") {
            Field::Text(query) => Ok(Request::Options(Options::parse(&query))),
            _ => Err(rejected(Fault::Malformed { field: "options" })),
        },
        _ => Err(rejected(Fault::Unknown)),
    }
}

/// What the site is told.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Reply<'a> {
    /// The page is there and asks for a `connect`.
    Hello,
    /// Photos are welcome.
    Ready,
    /// How tall the page is, in CSS pixels.
    Size { height: u32 },
    /// How far it is with what takes a while.
    Progress { phase: Phase, done: u64, total: u64 },
    /// An answer: to the request of that number, or to a photo of the visitor's.
    Classified { id: Option<u32>, file: &'a str, prediction: &'a Prediction },
    /// Why there is none.
    Error { id: Option<u32>, file: Option<&'a str>, code: &'a str, reason: String, remedy: String },
}

/// What takes a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The network is loaded; counted in bytes.
    Loading,
    /// Photos that the site has asked about are answered; counted in photos.
    Classifying,
}

impl Reply<'_> {
    /// The message as JSON.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Envelope<'a> {
            protocol: &'static str,
            #[serde(flatten)]
            reply: &'a Reply<'a>,
        }
        serde_json::to_string(&Envelope { protocol: PROTOCOL, reply: self })
            .expect("strings and numbers only")
    }
}

impl From<&Rejected> for Reply<'static> {
    fn from(Rejected { id, fault }: &Rejected) -> Self {
        Self::Error {
            id: *id,
            file: None,
            code: fault.code(),
            reason: fault.cause().into_owned(),
            remedy: fault.remedy().into_owned(),
        }
    }
}

impl<'a> Reply<'a> {
    /// A photo is not answered.
    pub fn refused(id: Option<u32>, file: &'a str, refusal: &'a Refusal) -> Self {
        let code = match refusal {
            Refusal::Photo(_) => "photo",
            Refusal::Inference(_) => "inference",
            Refusal::Unreadable => "unreadable",
            Refusal::Crashed => "crashed",
            Refusal::TimedOut => "timed-out",
        };
        Self::Error {
            id,
            file: Some(file),
            code,
            reason: refusal.cause().into_owned(),
            remedy: refusal.remedy().into_owned(),
        }
    }

    /// The network cannot be loaded.
    pub fn failed(id: Option<u32>, file: Option<&'a str>, failure: &Failure) -> Self {
        Self::Error {
            id,
            file,
            code: "engine",
            reason: failure.cause().into_owned(),
            remedy: failure.remedy().into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    type Message = BTreeMap<&'static str, Field<u64>>;

    fn read_map(message: &Message) -> Result<Request<u64>, Rejected> {
        read(|name| message.get(name).cloned().unwrap_or(Field::Absent))
    }

    fn text(value: &str) -> Field<u64> {
        Field::Text(value.into())
    }

    fn classify() -> Message {
        Message::from([
            ("protocol", text(PROTOCOL)),
            ("type", text("classify")),
            ("id", Field::Number(7.0)),
            ("photo", Field::Photo(99)),
            ("name", text("a.jpg")),
        ])
    }

    fn with(changed: &[(&'static str, Field<u64>)]) -> Message {
        let mut message = classify();
        message.extend(changed.iter().cloned());
        message
    }

    #[test]
    fn requests_are_read() {
        let asked = Request::Classify { id: 7, photo: 99, name: "a.jpg".into() };
        assert_eq!(read_map(&classify()), Ok(asked));
        let unnamed = Request::Classify { id: 7, photo: 99, name: "photo".into() };
        assert_eq!(read_map(&with(&[("name", Field::Absent)])), Ok(unnamed));
        assert_eq!(read_map(&with(&[("type", text("reset"))])), Ok(Request::Reset));
        let options = with(&[("type", text("options")), ("options", text("theme=dark&compact"))]);
        assert_eq!(read_map(&options), Ok(Request::Options(Options::parse("theme=dark&compact"))));
    }

    #[test]
    fn hostile_messages_are_rejected() {
        use Fault::{Foreign, Unknown, Version};
        use Field::{Absent, LongText, Number, Other, Photo};
        let malformed = |field| Fault::Malformed { field };
        let texts = [
            ("", Foreign),
            ("clothing", Foreign),
            (" clothing-classifier/1", Foreign),
            ("CLOTHING-CLASSIFIER/1", Foreign),
            ("clothing-classifier-x/1", Foreign),
            ("webpackOk", Foreign),
            ("clothing-classifier", Version),
            ("clothing-classifier/", Version),
            ("clothing-classifier/0", Version),
            ("clothing-classifier/2", Version),
            ("clothing-classifier/1 ", Version),
            ("clothing-classifier/1.0", Version),
            ("clothing-classifier/1/1", Version),
            ("clothing-classifier/99999999999999999999", Version),
        ];
        let kinds = [
            "",
            "Classify",
            "classify ",
            "classify\0",
            "hello",
            "connect",
            "ready",
            "classified",
            "error",
            "eval",
            "fetch",
            "navigate",
            "read",
            "photos",
            "__proto__",
            "constructor",
            "toString",
            "Classify { id: 1 }",
        ];
        let numbers = [f64::NAN, f64::INFINITY, -1.0, 0.5, 4_294_967_296.0, 1e300, -f64::MIN_POSITIVE];
        let unusable = [Absent, Other, LongText, text("7")];
        let mut rows = Vec::new();
        for protocol in [Absent, Other, LongText, Number(1.0), Photo(1)] {
            rows.push((with(&[("protocol", protocol)]), Foreign));
        }
        rows.extend(texts.map(|(protocol, fault)| (with(&[("protocol", text(protocol))]), fault)));
        rows.extend(kinds.map(|kind| (with(&[("type", text(kind))]), Unknown)));
        for kind in [Absent, Other, LongText, Number(1.0), Photo(1)] {
            rows.push((with(&[("type", kind)]), malformed("type")));
        }
        rows.extend(numbers.map(|id| (with(&[("id", Number(id))]), malformed("id"))));
        rows.extend(unusable.clone().map(|id| (with(&[("id", id)]), malformed("id"))));
        rows.extend(unusable.map(|photo| (with(&[("photo", photo)]), malformed("photo"))));
        for photo in
            ["https://example.org/a.jpg", "data:image/png;base64,", "file:///etc/passwd", "[object Blob]"]
        {
            rows.push((with(&[("photo", text(photo))]), malformed("photo")));
        }
        for name in [Other, LongText, Number(1.0), Photo(1)] {
            rows.push((with(&[("name", name)]), malformed("name")));
        }
        for options in [Absent, Other, LongText, Number(1.0), Photo(1)] {
            rows.push((with(&[("type", text("options")), ("options", options)]), malformed("options")));
        }
        assert!(rows.len() >= 60, "{}", rows.len());
        for (message, fault) in rows {
            let rejected = read_map(&message).expect_err(&format!("{message:?}"));
            assert_eq!(rejected.fault, fault, "{message:?}");
            let told: Value = serde_json::from_str(&Reply::from(&rejected).to_json()).expect("JSON");
            assert_eq!(told["code"], fault.code());
            assert!(told["reason"].as_str().is_some_and(|reason| reason.ends_with('.')), "{told}");
        }
    }

    /// Numbers that look random and are the same each time (SplitMix64, Steele et al. 2014).
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u64) -> u64 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (mixed ^ (mixed >> 31)) % sides
        }

        fn field(&mut self) -> Field<u64> {
            const TEXTS: [&str; 10] = [
                PROTOCOL,
                "clothing-classifier/2",
                "classify",
                "reset",
                "options",
                "theme=dark",
                "",
                "\u{202e}",
                "%00%",
                "7",
            ];
            match self.roll(8) {
                0 => Field::Absent,
                1 => Field::LongText,
                2 => Field::Other,
                3 => Field::Photo(self.roll(1 << 40)),
                4 => Field::Number(f64::from_bits(self.roll(u64::MAX))),
                5 => Field::Number(self.roll(100) as f64),
                6 => {
                    let length = self.roll(40);
                    let character =
                        |dice: &mut Self| char::from_u32(dice.roll(0x11_0000) as u32).unwrap_or('&');
                    Field::Text((0..length).map(|_| character(self)).collect())
                }
                _ => text(TEXTS[self.roll(TEXTS.len() as u64) as usize]),
            }
        }
    }

    #[test]
    fn whatever_comes_is_answered_or_rejected() {
        let mut dice = Dice(20_261_123);
        let mut accepted = 0;
        for _ in 0..200_000 {
            let mut message = if dice.roll(2) == 0 { classify() } else { Message::new() };
            for name in ["protocol", "type", "id", "photo", "name", "options"] {
                if dice.roll(3) == 0 {
                    message.insert(name, dice.field());
                }
            }
            match read_map(&message) {
                Ok(request) => {
                    accepted += 1;
                    assert_eq!(message["protocol"], text(PROTOCOL));
                    if let Request::Classify { id, photo, .. } = request {
                        assert_eq!(message["id"], Field::Number(f64::from(id)));
                        assert_eq!(message["photo"], Field::Photo(photo));
                    }
                }
                Err(rejected) => {
                    serde_json::from_str::<Value>(&Reply::from(&rejected).to_json()).expect("JSON");
                }
            }
        }
        assert!((10_000..190_000).contains(&accepted), "both happen: {accepted} of 200000");
    }

    #[test]
    fn replies_are_flat_objects() {
        let value = |reply: Reply| serde_json::from_str::<Value>(&reply.to_json()).expect("JSON");
        assert_eq!(value(Reply::Ready), json!({ "protocol": PROTOCOL, "type": "ready" }));
        assert_eq!(
            value(Reply::Progress { phase: Phase::Loading, done: 1, total: 2 }),
            json!({ "protocol": PROTOCOL, "type": "progress", "phase": "loading", "done": 1, "total": 2 })
        );
        let refused = value(Reply::refused(Some(3), "a.jpg", &Refusal::TimedOut));
        assert_eq!(
            (&refused["id"], &refused["file"], &refused["code"]),
            (&json!(3), &json!("a.jpg"), &json!("timed-out"))
        );
    }
}
