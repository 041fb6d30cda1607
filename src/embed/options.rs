use std::fmt;

/// Longest query that is read, in characters; more is cut off.
const LONGEST: usize = 4_000;
/// Most labels that a choice may name.
const MOST_LABELS: usize = 100;

/// What a site chooses about the page in its frame. The default is the page as it stands by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub theme: Theme,
    /// The colour of buttons and bars, instead of the page's own.
    pub accent: Option<Colour>,
    /// Ids of the labels among which an answer is chosen; empty for all.
    pub labels: Vec<String>,
    /// Whether the visitor may have several photos in the list.
    pub multiple: bool,
    /// Whether only the most needful is shown.
    pub compact: bool,
    /// Whether there are pictures to try, for visitors without a photo.
    pub samples: bool,
    /// Tells the site's page from others: its frames share one engine. It is heeded at the beginning only.
    pub page: Option<String>,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the visitor's device has it.
    #[default]
    Auto,
    Light,
    Dark,
}

impl Options {
    /// Reads the query of an address, or the same in a message: `theme=dark&accent=%230e6b5e&labels=jeans,socks&
    /// multiple&compact&samples`. As with HTML's attributes, what is unknown or malformed is as if it were not there.
    pub fn parse(query: &str) -> Self {
        let mut options = Self::default();
        let end = query.char_indices().nth(LONGEST).map_or(query.len(), |(at, _)| at);
        for (name, value) in form_urlencoded::parse(&query.as_bytes()[..end]) {
            let is_on = value != "false";
            match &*name {
                "theme" => options.theme = Theme::parse(&value),
                "accent" => options.accent = Colour::parse(&value),
                "labels" => options.labels = labels(&value),
                "multiple" => options.multiple = is_on,
                "compact" => options.compact = is_on,
                "samples" => options.samples = is_on,
                "page" => options.page = Some(value.into_owned()).filter(|page| !page.is_empty()),
                _ => {}
            }
        }
        options
    }
}

impl Theme {
    fn parse(value: &str) -> Self {
        match value {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }
}

fn labels(value: &str) -> Vec<String> {
    let ids = value.split([',', ' ']).filter(|id| !id.is_empty());
    ids.take(MOST_LABELS).map(String::from).collect()
}

/// A colour of the sRGB space: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// Least contrast of text, by WCAG 2.2, 1.4.3.
const READABLE: f32 = 4.5;

impl Colour {
    pub const BLACK: Self = Self([0; 3]);
    pub const WHITE: Self = Self([255; 3]);
    /// The darkest ground of the light theme on which something has the accent's colour, and a little darker.
    pub const LIGHT_GROUND: Self = Self([0xEC, 0xE8, 0xE2]);
    /// The lightest such ground of the dark theme, and a little lighter.
    pub const DARK_GROUND: Self = Self([0x2C, 0x30, 0x31]);

    /// `#rgb` or `#rrggbb`; `None` for all else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Option<Vec<u8>> =
            text.strip_prefix('#')?.chars().map(|digit| Some(digit.to_digit(16)? as u8)).collect();
        match *digits?.as_slice() {
            [r, g, b] => Some(Self([r, g, b].map(|digit| digit * 17))),
            [r, rr, g, gg, b, bb] => Some(Self([r * 16 + rr, g * 16 + gg, b * 16 + bb])),
            _ => None,
        }
    }

    /// This colour, darkened or lightened as little as makes it readable on that ground.
    pub fn readable_on(self, ground: Self) -> Self {
        let end = if ground.luminance() > 0.18 { Self::BLACK } else { Self::WHITE };
        (0..=20)
            .map(|step| self.towards(end, step as f32 / 20.0))
            .find(|colour| colour.contrast(ground) >= READABLE)
            .unwrap_or(end)
    }

    /// Black or white, whichever can be read better on this colour.
    pub fn ink(self) -> Self {
        if self.contrast(Self::BLACK) > self.contrast(Self::WHITE) { Self::BLACK } else { Self::WHITE }
    }

    fn towards(self, other: Self, share: f32) -> Self {
        let mix = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share).round() as u8;
        Self(std::array::from_fn(|channel| mix(self.0[channel], other.0[channel])))
    }

    /// WCAG's contrast ratio, 1 to 21.
    fn contrast(self, other: Self) -> f32 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// WCAG's relative luminance, 0 to 1.
    fn luminance(self) -> f32 {
        let linear = |value: u8| match f32::from(value) / 255.0 {
            low if low <= 0.04045 => low / 12.92,
            high => ((high + 0.055) / 1.055).powf(2.4),
        };
        let [r, g, b] = self.0.map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }
}

/// As CSS writes it: `#rrggbb`.
impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_what_the_site_chooses() {
        let options = Options::parse(
            "theme=dark&accent=%23C08&labels=jeans%2C+socks,,shoes&multiple&compact=&samples&page=x1",
        );
        assert_eq!(
            options,
            Options {
                theme: Theme::Dark,
                accent: Some(Colour([0xCC, 0x00, 0x88])),
                labels: ["jeans", "socks", "shoes"].map(String::from).into(),
                multiple: true,
                compact: true,
                samples: true,
                page: Some("x1".into()),
            }
        );
    }

    #[test]
    fn what_is_unknown_or_malformed_is_as_if_it_were_not_there() {
        for query in [
            "",
            "?",
            "&&&=&=x",
            "theme=Dark",
            "theme",
            "theme=dark&theme=",
            "accent=red",
            "accent=%23ff",
            "accent=%23gggggg",
            "accent=%23ffff",
            "accent=url(https://example.org)",
            "accent=%E2%82%AC",
            "labels=,%20,",
            "multiple=false",
            "compact=false",
            "samples=false",
            "page",
            "photo=https://example.org/a.jpg",
            "%",
            "%zz=%ff",
        ] {
            assert_eq!(Options::parse(query), Options::default(), "{query}");
        }
    }

    #[test]
    fn nothing_is_read_without_end() {
        let many = "labels=".to_string() + &"a,".repeat(1_000);
        assert_eq!(Options::parse(&many).labels.len(), MOST_LABELS);
        let late = "x=".to_string() + &"é".repeat(LONGEST) + "&compact";
        assert_eq!(Options::parse(&late), Options::default());
    }

    #[test]
    fn any_accent_can_be_read_and_written_upon() {
        for colour in 0..=0xFFF {
            let colour = Colour::parse(&format!("#{colour:03x}")).expect("a colour");
            assert!(colour.contrast(colour.ink()) >= READABLE, "{colour}");
            for ground in [Colour::LIGHT_GROUND, Colour::DARK_GROUND] {
                let readable = colour.readable_on(ground);
                assert!(readable.contrast(ground) >= READABLE, "{colour} on {ground}: {readable}");
                assert_eq!(readable.readable_on(ground), readable);
            }
        }
        let dark = Colour::parse("#0e6b5e").expect("a colour");
        assert_eq!(dark.readable_on(Colour::LIGHT_GROUND), dark, "it is readable as it is");
        assert_eq!(dark.to_string(), "#0e6b5e");
    }
}
