// Lists words that are broken across lines. File names, and addresses in licences, may be.
const torn = [];
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let text = texts.nextNode(); text; text = texts.nextNode()) {
  const element = text.parentElement;
  if (!element.checkVisibility() || element.closest(".file-name, .visually-hidden, script, .skip, pre:not(.code)")) continue;
  for (const word of text.data.matchAll(/[^\s\u00ad-]+/g)) {
    const range = document.createRange();
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
    if (lines.size > 1) torn.push(word[0]);
  }
}
return torn;
