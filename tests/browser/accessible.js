// Lists accessibility faults: elements without names and the like.
const faults = [];
const shown = (selector) => [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
const expect = (holds, words, element) => {
  if (!holds) faults.push(element ? `${words}: ${element.outerHTML.slice(0, 120)}` : words);
};
const name = (element) =>
  element.ariaLabel || [...(element.labels ?? [])].map((label) => label.textContent).join("") || element.textContent.trim() ||
  element.querySelector("img")?.alt;

expect(document.documentElement.lang, "the page's language is not told");
expect(document.title, "the page has no title");
expect(shown("h1").length === 1, "there is not one h1");
expect(document.querySelectorAll("main").length === 1, "there is not one main");
// A page without code has no status to announce.
const announcers = document.scripts.length > 0 ? 1 : 0;
expect(document.querySelectorAll("[role=status]").length === announcers, "there is not one announcer");
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
expect(new Set(ids).size === ids.length, `an id is there twice: ${ids}`);

for (const image of shown("img")) expect(image.alt, "no alternative text", image);
for (const element of shown("button, a[href], input, progress")) expect(name(element), "no name", element);
for (const drawing of shown("svg, canvas")) expect(drawing.closest("[aria-hidden=true]"), "a drawing is read out", drawing);
for (const label of shown("label")) expect(label.control, "a label of nothing", label);
for (const reference of document.querySelectorAll("[aria-labelledby], [aria-describedby], [aria-controls]"))
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls"])
    for (const id of (reference.getAttribute(attribute) ?? "").split(" ").filter(Boolean))
      expect(document.getElementById(id), `${attribute} of nothing`, reference);
for (const positive of document.querySelectorAll("[tabindex]"))
  expect(positive.tabIndex <= 0, "a tabindex above 0", positive);

let level = 0;
for (const heading of shown("h1, h2, h3, h4")) {
  const next = Number(heading.localName[1]);
  expect(next <= level + 1, "a level of headings is left out", heading);
  level = next;
}
return faults;
