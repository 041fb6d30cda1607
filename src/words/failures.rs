//! What went wrong, and what to do about it.

use std::borrow::Cow;

use crate::engine::{Failure, Refusal, Told};

/// An error as a person is told of it.
pub trait Explained {
    /// What happened, in one sentence.
    fn cause(&self) -> Cow<'_, str>;

    /// What the person can do about it, in one sentence.
    fn remedy(&self) -> Cow<'_, str>;

    /// Both.
    fn explanation(&self) -> String {
        format!("{} {}", self.cause(), self.remedy())
    }
}

/// An error's sentences, to be sent to the page.
pub fn told(error: &impl Explained) -> Told {
    Told { cause: error.cause().into(), remedy: error.remedy().into() }
}

impl Explained for Failure {
    fn cause(&self) -> Cow<'_, str> {
        match self {
            Self::Unreachable => "The part that recognises garments could not be loaded.".into(),
            Self::Missing { status } => {
                format!("The part that recognises garments is missing on the server (status {status}).")
                    .into()
            }
            Self::OldBrowser => "This browser is too old to recognise garments.".into(),
            Self::Model { reason } => format!("The network's file cannot be used: {reason}").into(),
            Self::Crashed { reason } => {
                format!("The part that recognises garments stopped while starting ({reason}).").into()
            }
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        let remedy = match self {
            Self::Unreachable => "Check the connection, then try again; the photos you picked are kept.",
            Self::Missing { .. } => "Reload the page, since a newer version may be there.",
            Self::OldBrowser => {
                "Update it, or use a current Chrome, Edge, Firefox or Safari (16.4 or later)."
            }
            Self::Model { .. } => "Reload the page; if that does not help, the site's owner has to mend it.",
            Self::Crashed { .. } => "Close other tabs to free memory, then try again.",
        };
        remedy.into()
    }
}

impl Explained for Refusal {
    fn cause(&self) -> Cow<'_, str> {
        match self {
            Self::Photo(told) | Self::Inference(told) => (&*told.cause).into(),
            Self::Unreadable => "This file could not be read.".into(),
            Self::Crashed => "This photo needs more memory than this browser gives.".into(),
            Self::TimedOut => "This photo took too long.".into(),
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        match self {
            Self::Photo(told) | Self::Inference(told) => (&*told.remedy).into(),
            Self::Unreadable => {
                "It may be a folder, or have been moved or deleted. Choose the photo again.".into()
            }
            Self::Crashed | Self::TimedOut => {
                "Save it smaller, for example as a screenshot, and try that.".into()
            }
        }
    }
}
