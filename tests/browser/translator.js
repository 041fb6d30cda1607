// Changes the page like the translators of browsers and extensions: some time after a text node has appeared, it is replaced by
// two nested <font> elements with other words (here the same ones in ‹›), or changed and moved into them.
(() => {
  const isWords = (node) => /\p{L}/u.test(node.data) && !node.parentElement?.closest("font, script, style, [translate=no]");
  const textsOf = (root) => {
    if (root.nodeType === Node.TEXT_NODE) return [root];
    const texts = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) texts.push(walker.currentNode);
    return texts;
  };
  let turn = 0;
  window.translating = 0;
  window.lost = []; // texts written to nodes that are no longer in the page
  const gone = new MutationObserver((records) => lost.push(...records.map(({ target }) => target.data)));
  const translate = (text, words) => {
    translating -= 1;
    if (!text.isConnected || text.data !== words || !isWords(text)) return;
    const [outer, inner] = [document.createElement("font"), document.createElement("font")];
    outer.append(inner);
    text.replaceWith(outer);
    turn += 1;
    if (turn % 3 === 0) {
      text.data = `‹${words}›`;
      inner.append(text);
    } else {
      inner.textContent = `‹${words}›`;
      gone.observe(text, { characterData: true });
    }
  };
  const consider = (root) => {
    for (const text of textsOf(root).filter(isWords)) {
      const words = text.data;
      translating += 1;
      setTimeout(() => translate(text, words), 30);
    }
  };
  const start = () => {
    new MutationObserver((records) => {
      for (const { type, target, addedNodes } of records) {
        for (const node of type === "characterData" ? [target] : addedNodes) consider(node);
      }
    }).observe(document.body, { childList: true, characterData: true, subtree: true });
    consider(document.body);
  };
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})();
