// Reads what the page shows; the result is harness/snapshot.rs's Snapshot.
const text = (element) => (element ? element.textContent.replace(/\s+/g, " ").trim() : null);
const one = (selector, within = document) => text(within.querySelector(selector));
const visible = (selector) => [...document.querySelectorAll(selector)].find((element) => element.checkVisibility());
// While a page loads it may lack all of these.
const focused = document.activeElement ?? document.documentElement ?? document.createElement("html");
return {
  path: location.pathname,
  title: document.title,
  heading: one("h1"),
  loading: document.querySelector("#loading")?.value ?? null,
  failed: text(visible(".failed")),
  notice: one(".notice"),
  announced: one("[role=status]"),
  count: one(".count"),
  offline: document.querySelector(".offline")?.dataset.offline ?? null,
  offline_words: one(".offline p"),
  dropping: document.querySelector(".drop-hint.over") !== null,
  focus: focused.id ? `#${focused.id}` : focused.ariaLabel ?? (text(focused).slice(0, 40) || focused.querySelector("img")?.alt) ?? "",
  cards: [...document.querySelectorAll("li.card")].map((card) => {
    const headline = card.querySelector(".headline");
    const photo = card.querySelector("img");
    return {
      file: card.dataset.file,
      state: card.dataset.state,
      open: card.classList.contains("open"),
      preview: photo !== null && photo.checkVisibility() && photo.complete && photo.naturalWidth > 0,
      headline: text(headline),
      label: headline?.dataset.label ?? null,
      verdict: headline?.dataset.verdict ?? null,
      detail: one(".detail", card),
      busy: one(".busy", card),
      facts: one(".facts", card),
      remove: card.querySelector("[id^=remove-]").id,
      guesses: [...card.querySelectorAll(".guesses li")].map((guess) => ({
        label: guess.dataset.label,
        percent: one(".bar-figure", guess),
      })),
    };
  }),
};
