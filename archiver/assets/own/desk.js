// What the desk's pages gain with a script: they refresh themselves, the player takes keys, voices change in place.
// Every page works without it.
"use strict";

const jetzt = document.getElementById("jetzt");
if (jetzt) {
  // What was just done is told once: the page that is loaded again is the meeting's own.
  if (location.search) history.replaceState(null, "", location.pathname);
  const veraltet = document.getElementById("veraltet");
  // Rounds in a row without an answer: what is shown may be old, and whoever reads it must know.
  let missed = 0;
  const heard = (answered) => {
    missed = answered ? 0 : missed + 1;
    veraltet.hidden = missed < 3;
  };
  let shown = [...jetzt.children].map((part) => part.outerHTML);
  const refresh = async () => {
    try {
      const answer = await fetch(jetzt.dataset.fetch, { headers: { accept: "text/html" }, redirect: "error" });
      if (answer.status === 401 || answer.status === 403) return location.reload();
      heard(answer.ok);
      if (!answer.ok) return;
      const tree = new DOMParser().parseFromString(await answer.text(), "text/html");
      const parts = [...tree.body.children];
      const told = parts.map((part) => part.outerHTML);
      // Only what changed is replaced, part by part: so that nobody loses their place while reading or what they have typed,
      // no button goes from under the hand, and no alert is read aloud again because of its neighbour.
      if (told.length === shown.length && told.every((part, at) => part === shown[at])) return;
      const focused = document.activeElement?.id;
      const typed = [...jetzt.querySelectorAll("input[id]")].map((field) => [field.id, field.value]);
      const open = [...jetzt.querySelectorAll("details[id][open]")].map((details) => details.id);
      if (told.length === shown.length) {
        const old = [...jetzt.children];
        parts.forEach((part, at) => { if (told[at] !== shown[at]) old[at].replaceWith(part); });
      } else {
        jetzt.replaceChildren(...parts);
      }
      shown = told;
      for (const [id, value] of typed) { const field = document.getElementById(id); if (field) field.value = value; }
      for (const id of open) document.getElementById(id)?.setAttribute("open", "");
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    } catch {
      // The archive starts again: the next round asks anew.
      heard(false);
    }
  };
  setInterval(() => { if (!document.hidden) refresh(); }, 2000);
}

const ton = document.getElementById("ton");
if (ton) {
  const griffe = document.getElementById("griffe");
  const tempo = document.getElementById("tempo");
  const stoerung = document.getElementById("stoerung");
  const jump = (seconds) => {
    ton.currentTime = Math.max(0, Math.min(ton.duration || Infinity, ton.currentTime + seconds));
  };
  griffe.hidden = false;
  for (const button of griffe.querySelectorAll("[data-jump]")) {
    button.addEventListener("click", () => jump(Number(button.dataset.jump)));
  }
  tempo.addEventListener("change", () => { ton.playbackRate = Number(tempo.value); });
  ton.addEventListener("error", () => { stoerung.hidden = false; });
  ton.addEventListener("playing", () => { stoerung.hidden = true; });

  // Another voice at the same moment: both files have one timeline.
  for (const link of document.querySelectorAll("[data-voice]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const [at, playing] = [ton.currentTime, !ton.paused];
      for (const other of document.querySelectorAll("[data-voice]")) {
        other.classList.toggle("kern-btn--primary", other === link);
        other.classList.toggle("kern-btn--secondary", other !== link);
        if (other === link) other.setAttribute("aria-current", "true"); else other.removeAttribute("aria-current");
      }
      ton.src = link.dataset.voice;
      ton.addEventListener("loadedmetadata", () => {
        ton.currentTime = at;
        ton.playbackRate = Number(tempo.value);
        if (playing) ton.play();
      }, { once: true });
      ton.setAttribute("aria-label", ton.getAttribute("aria-label").replace(/:.*$/, `: ${link.textContent.trim()}`));
      ton.load();
      history.replaceState(null, "", link.getAttribute("href"));
    });
  }

  // A moment in the list becomes a way to go there.
  for (const when of document.querySelectorAll("[data-at]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = when.textContent;
    button.addEventListener("click", () => { ton.currentTime = Number(when.dataset.at); ton.focus(); });
    when.replaceWith(button);
  }

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const on = event.target;
    if (on instanceof HTMLElement && on.matches("input, select, textarea, summary")) return;
    const presses = on instanceof HTMLElement && on.matches("button, a, audio");
    const keys = {
      ArrowLeft: () => jump(-5),
      ArrowRight: () => jump(5),
      Home: () => { ton.currentTime = 0; },
      " ": presses ? null : () => { if (ton.paused) ton.play(); else ton.pause(); },
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
