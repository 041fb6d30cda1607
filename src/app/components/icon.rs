//! The page's own line drawings. Decoration all: the words beside them say what they mean.

use leptos::prelude::*;

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident: $path:literal;)*) => {$(
        $(#[$doc])*
        #[component]
        pub fn $name() -> impl IntoView {
            view! {
                <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
                    <path d=$path/>
                </svg>
            }
        }
    )*};
}

icons! {
    /// The product's mark.
    Hanger: "M9.6 6.4a2.4 2.4 0 1 1 3.4 2.2c-.7.3-1 .8-1 1.5v.9l8.4 5.6c1.1.8.6 2.4-.7 2.4H4.3c-1.3 0-1.8-1.6-.7-2.4L12 11";
    Camera: "M4 8h3l1.6-2.5h6.8L17 8h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1ZM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Z";
    Picture: "M4 5h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1ZM3.5 17.5 9 12l4 4 3-3 4.5 4.5M15.5 10a1 1 0 1 0 0-2 1 1 0 0 0 0 2Z";
    Check: "M5 12.5 10 17.5 19.5 7.5";
    Cross: "M6 6l12 12M18 6 6 18";
    Chevron: "M6 9.5l6 6 6-6";
    Download: "M12 4v11M7.5 11 12 15.5 16.5 11M5 19.5h14";
    Renew: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3l2.2 2.2M19.5 4v5h-5";
    Lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1Z";
}
