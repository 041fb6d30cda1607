// Reads what the cleaning page shows.
const text = (element) => (element ? element.textContent.replace(/\s+/g, " ").trim() : "");
const one = (selector, within = document) => text(within.querySelector(selector));
const look = document.querySelector(".look");
const shown = look?.querySelector(".verdict").checkVisibility();
return {
  count: one(".review .count"),
  notes: one("[data-part=notes]"),
  notice: text([...document.querySelectorAll(".clean-ask .notice")].find((notice) => notice.checkVisibility() && !notice.id)),
  refused_model: one("#model-refused"),
  own_model: one(".own-model b"),
  rows: [...document.querySelectorAll(".thumbs li:not([hidden])")].map((row) => ({
    file: row.dataset.file,
    decision: row.dataset.decision,
    loss: row.dataset.loss ?? "",
    sharpness: row.dataset.sharpness ?? "",
    given: one("[data-part=given]", row),
    said: one("[data-part=said]", row),
    current: row.querySelector("[aria-current=true]") !== null,
  })),
  look: shown
    ? {
        file: one("[data-part=file]", look),
        given: one("[data-part=given]", look),
        said: one("[data-part=said]", look),
        loss: one("[data-part=loss]", look),
        decided: one("[data-part=decided]", look),
        refusal: one("[data-part=refusal]", look),
        proposal: one("[data-part=proposal]", look),
        twins: [...look.querySelectorAll("[data-part=twins] button")].filter((twin) => twin.checkVisibility()).map(text),
      }
    : null,
  changes: (document.querySelector(".changes")?.textContent ?? "").split("\n").filter(Boolean),
  decisions: one(".summary h2"),
  can_apply: document.querySelector("#apply")?.checkVisibility() ?? false,
  question: document.querySelector("#question")?.checkVisibility() ? one("#question") : "",
  applied: one("[data-part=applied]"),
};
