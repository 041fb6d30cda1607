//! Whether the page works without a connection.

/// How the page stands without a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offline {
    /// It needs a connection: nothing is kept yet.
    OnlineOnly,
    /// Bytes of the page's files that are kept, of all there are.
    Preparing { stored: u64, total: u64 },
    /// It opens and answers without a connection; `since_now` if that was just reached.
    Ready { since_now: bool },
    /// Another version is there and waits for the person, and for the page's `other_tabs` to be closed.
    UpdateWaiting { other_tabs: bool },
    /// It will need a connection.
    Unavailable(Obstacle),
}

impl Offline {
    /// Whether it is to be said that the page works offline: it has just come to that.
    pub fn is_new(&self) -> bool {
        matches!(self, Self::Preparing { .. } | Self::Ready { since_now: true })
    }
}

/// Why the page cannot be kept on the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The browser has no service workers, or not here: in a private window, or without https.
    Unsupported,
    /// The browser gives less room than the page needs.
    NoRoom { bytes: u64 },
    /// A file did not come, or another version was put on the server meanwhile.
    Interrupted,
}
