/* The page's own name space: reading data blocks and building elements. */
(function () {
  "use strict";

  const muster = { layers: {}, loading: [] };
  window.muster = muster;

  /* Signs of base64 that are read at once; fours of them are three bytes. */
  const SIGNS = 1 << 16;

  /** Content of the data block that belongs to a layer. It is read once: the text goes to save memory. */
  muster.content = function (name) {
    const block = document.getElementById("muster-" + name);
    const content = JSON.parse(block.textContent);
    block.textContent = "";
    return content;
  };

  /** Give the bytes of a text that was compressed (zlib) and written in base64 to `take`, piece by piece. */
  muster.unpackTo = async function (text, take) {
    let at = 0;
    const packed = new ReadableStream({
      pull(controller) {
        if (at >= text.length) return controller.close();
        const signs = atob(text.slice(at, at + SIGNS));
        const bytes = new Uint8Array(signs.length);
        for (let i = 0; i < signs.length; i++) bytes[i] = signs.charCodeAt(i);
        controller.enqueue(bytes);
        at += SIGNS;
      },
    });
    const reader = packed.pipeThrough(new DecompressionStream("deflate")).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) take(piece.value);
  };

  /** All bytes of such a text. */
  muster.unpack = async function (text) {
    const pieces = [];
    await muster.unpackTo(text, (piece) => pieces.push(piece));
    const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  };

  /** Value that was written as compressed JSON. */
  muster.unpackJson = async function (text) {
    return JSON.parse(new TextDecoder().decode(await muster.unpack(text)));
  };

  /** Undo differences between hours, in place: frames of `size` bytes, one after another. */
  muster.addUp = function (bytes, size) {
    for (let i = size; i < bytes.length; i++) bytes[i] = (bytes[i] + bytes[i - size]) & 255;
    return bytes;
  };

  /**
   * New element. `text` is set as text, never as markup; `word` names an entry of the word list
   * and follows the language, as do `wordLabel` (accessible name), `wordTitle` (tooltip) and `wordHint`
   * (what stands in an empty box).
   */
  muster.node = function (tag, options, children) {
    const { text, word, wordLabel, wordTitle, wordHint, ...attributes } = options || {};
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text !== undefined) node.textContent = text;
    if (word) node.dataset.word = word;
    if (wordLabel) node.dataset.wordLabel = wordLabel;
    if (wordTitle) node.dataset.wordTitle = wordTitle;
    if (wordHint) node.dataset.wordHint = wordHint;
    if (children) node.append(...children);
    return node;
  };

  /** New SVG element with the given attributes. */
  muster.drawn = function (tag, attributes, children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (children) node.append(...children);
    return node;
  };

  /** Follow only some parts of the state, named by `keys`: act when one of them is another. */
  muster.watchParts = function (store, keys, action) {
    let before = null;
    store.watch((state) => {
      const now = keys.map((key) => state[key]);
      if (before && now.every((value, i) => value === before[i])) return;
      before = now;
      action(state);
    });
  };

  const QUIET_MS = 500;

  /** A function that acts half a second after it was last called. */
  muster.whenQuiet = function (action) {
    let timer = null;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(action, QUIET_MS);
    };
  };

  /** Follow the state as long as a `details` element is open, and when it opens. */
  muster.whenOpen = function (details, store, redraw) {
    store.watch((state) => details.open && redraw(state));
    details.addEventListener("toggle", () => details.open && redraw(store.state));
  };

  /** Do something to a list and leave the focus on the entry of the same place. */
  muster.keepFocus = function (list, action) {
    const before = [...list.querySelectorAll("button")].indexOf(document.activeElement);
    action();
    if (before >= 0) list.querySelectorAll("button")[before]?.focus({ preventScroll: true });
  };

  /** Write the words of a language into every element that names one. */
  muster.speak = function (words) {
    for (const node of document.querySelectorAll("[data-word]")) {
      const word = words[node.dataset.word];
      if (node.textContent !== word) node.textContent = word;
    }
    for (const node of document.querySelectorAll("[data-word-label]")) {
      node.setAttribute("aria-label", words[node.dataset.wordLabel]);
    }
    for (const node of document.querySelectorAll("[data-word-title]")) {
      node.title = words[node.dataset.wordTitle];
    }
    for (const node of document.querySelectorAll("[data-word-hint]")) {
      node.placeholder = words[node.dataset.wordHint];
    }
  };
})();
