// What a sentence rests on: press it, and the passage of the business's own document is shown beneath the answer.

import { passageOf } from "./server.js";

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function quotation({ document: title, heading, place, text }) {
  const figure = element("figure", "passage");
  figure.append(element("blockquote", "", text), element("figcaption", "", [title, heading, place].filter(Boolean).join(" › ")));
  return figure;
}

async function passages(agent, citations) {
  const wanted = [...new Set(citations.map((citation) => citation.chunk_id))];
  const found = await Promise.allSettled(wanted.map((chunkId) => passageOf(agent, chunkId)));
  return found.map((one) =>
    one.status === "fulfilled" ? quotation(one.value) : element("p", "passage quiet", one.reason.message),
  );
}

// A sentence of `entry` as a button that opens and closes its passages; plain where it rests on none.
export function citedSentence(entry, agent, content, citations) {
  if (!citations?.length) {
    const plain = element("span", "sentence");
    plain.append(...content);
    return plain;
  }
  // A button would not break over lines as words do.
  const button = element("span", "sentence cited");
  Object.assign(button, { role: "button", tabIndex: 0, title: `From ${[...new Set(citations.map((one) => one.document))].join(", ")}` });
  button.setAttribute("aria-expanded", "false");
  button.append(...content);
  button.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    button.click();
  });
  button.addEventListener("click", async () => {
    const open = button.getAttribute("aria-expanded") === "true";
    entry.querySelectorAll(".cited").forEach((other) => other.setAttribute("aria-expanded", "false"));
    entry.querySelector(".passages")?.remove();
    if (open) return;
    button.setAttribute("aria-expanded", "true");
    const shown = element("div", "passages");
    entry.append(shown);
    shown.replaceChildren(...(await passages(agent, citations)));
    shown.scrollIntoView({ block: "nearest" });
  });
  return button;
}
