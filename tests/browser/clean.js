// Says what the page for cleaning shows.
const text = (element) => (element ? element.textContent.replace(/\s+/g, " ").trim() : "");
const one = (selector, within = document) => text(within.querySelector(selector));
const look = document.querySelector(".look");
const shown = look?.querySelector(".verdict").checkVisibility();
return {
  count: one(".review .count"),
  notes: one(".notes"),
  notice: one(".notice"),
  refused_model: one("#model-refused"),
  own_model: one(".own-model b"),
  rows: [...document.querySelectorAll(".thumbs li")].map((row) => ({
    file: row.dataset.file,
    decision: row.dataset.decision,
    loss: row.dataset.loss,
    given: one(".given", row),
    said: one(".said", row),
    current: row.querySelector("[aria-current=true]") !== null,
  })),
  look: shown
    ? {
        file: one(".verdict .file-name", look).split(" · ")[1],
        given: one(".given", look),
        said: one(".said", look),
        loss: one(".loss", look),
        decided: one(".decided", look),
        refusal: one(".refusal", look),
        proposal: one(".decide button:nth-child(2)", look),
      }
    : null,
  changes: [...document.querySelectorAll(".changes li")].map(text),
  decisions: one(".summary h2"),
};
