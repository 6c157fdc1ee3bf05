// Guesses and questions that can be clicked without Python: lessons.py lays them out.
document.addEventListener("click", (event) => {
  const button = event.target.closest(".guess button, .ask button");
  if (!button) return;
  const box = button.parentElement;
  for (const other of box.querySelectorAll("button")) {
    other.setAttribute("aria-pressed", other === button);
  }
  const note = box.querySelector("[aria-live]");
  if (box.classList.contains("ask")) {
    note.innerHTML = button.dataset.say;
    return;
  }
  const input = box.querySelector("input");
  const said = input ? input.value.trim() : button.dataset.say;
  if (!said) return;
  note.textContent = `You say: ${said}. Now see what comes out.`;
  for (const place of document.querySelectorAll(`[data-said="${box.dataset.after}"]`)) {
    place.textContent = `You said “${said}”. `;
  }
  for (const folded of document.querySelectorAll(`.tag_after-${box.dataset.after} details`)) {
    folded.open = true;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches(".guess input")) {
    event.target.nextElementSibling.click();
  }
});
// What moves: sliders.py has drawn it, moving.py laid it out.
document.addEventListener("DOMContentLoaded", () => {
  const make = { slider, windows: listeningTest, "song-map": songMap };
  for (const box of document.querySelectorAll(".moving")) {
    make[box.classList[1]](box, JSON.parse(box.querySelector("script").textContent));
  }
});
function slider(box, words) {
  const picture = box.querySelector("img");
  box.addEventListener("input", () => {
    let state = 0;
    for (const knob of box.querySelectorAll("input, select")) {
      const labels = knob.options ?? JSON.parse(knob.dataset.labels);
      state = state * labels.length + Number(knob.value);
      if (knob.options) continue;
      knob.setAttribute("aria-valuetext", labels[knob.value]);
      knob.nextElementSibling.textContent = labels[knob.value];
    }
    picture.src = `${box.dataset.pictures}/${state}.png`;
    picture.alt = words[state];
  });
}
// Twenty windows by picture, and at the end one's own share beside the models'.
function listeningTest(box, { songs, right, genres, rivals, scores, duels }) {
  const [text, form, picture, result] = ["p", ".form", "img", ".result"].map((what) => box.querySelector(what));
  const given = [];
  const ask = () => {
    const number = `Window ${given.length + 1}`;
    text.textContent = `${number} of ${songs.length}. Which genre?`;
    picture.src = `${box.dataset.pictures}/${given.length}.png`;
    picture.alt = picture.alt.replace(/^Window \d+/, number);
    box.querySelector(".back").disabled = given.length === 0;
  };
  const count = (answers, others) =>
    answers.filter((said, at) => said === right[at] && others?.[at] !== right[at]).length;
  const table = (heads, rows) => {
    const table = document.createElement("table");
    table.className = "dataframe";
    const body = table.createTBody();
    for (const cells of [heads, ...rows]) {
      const row = cells === heads ? table.createTHead().insertRow() : body.insertRow();
      for (const cell of cells) {
        const place = document.createElement(cells === heads ? "th" : "td");
        place.className = "text";
        place.textContent = cell;
        row.append(place);
      }
    }
    const wide = document.createElement("div");
    wide.className = "frame";
    wide.append(table);
    return wide;
  };
  const line = (words) => Object.assign(document.createElement("p"), { textContent: words });
  const tell = () => {
    const people = { "you, by picture": given, ...rivals };
    const board = Object.entries(people).map(([who, said]) =>
      [who, `${count(said)} of ${songs.length}`, scores[count(said)]]);
    const lines = Object.entries(rivals).map(([who, said]) =>
      line(`you (A) against ${who} (B): ${duels[count(given, said)][count(said, given)]}`));
    const rows = songs.map((song, at) =>
      [at + 1, song, right[at], ...Object.values(people).map((said) => (said[at] === right[at] ? "✔ " : "✘ ") + said[at])]);
    text.textContent = `${count(given)} of ${songs.length} are right: ${scores[count(given)]}.`;
    form.hidden = true;
    result.hidden = false;
    result.replaceChildren(
      table(["who", "right", "accuracy [95 %]"], board),
      line("The intervals are Wilson’s: no artist plays in two of the windows."),
      ...lines,
      line(`For the class: ${given.map((said) => genres.indexOf(said)).join("")}`),
      table(["", "song", "genre", ...Object.keys(people)], rows));
    result.focus();
  };
  box.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.className === "start") {
      button.hidden = true;
      form.hidden = false;
      box.querySelector(".genres button").focus();
    } else if (button.className === "back") {
      given.pop();
    } else {
      given.push(button.textContent);
    }
    given.length < songs.length ? ask() : tell();
  });
}
// Songs of a map, by their places in the picture: named under the pointer, a finger, or by keyboard.
function songMap(box, songs) {
  const [map, ring, name] = [".map", "i", "[aria-live]"].map((what) => box.querySelector(what));
  const picture = map.querySelector("img");
  const place = ([x, y]) => [x * picture.clientWidth, y * picture.clientHeight];
  let at = -1;
  const go = (next, byKey) => {
    if (next < 0 || next === at) return;
    at = next;
    const [x, y] = songs[at];
    Object.assign(ring.style, { left: `${100 * x}%`, top: `${100 * y}%` });
    ring.hidden = false;
    if (byKey) ring.scrollIntoView({ block: "nearest", inline: "nearest" });
    name.textContent = songs[at][2];
  };
  // The nearest song, of those that `counts` lets through.
  const nearest = (from, counts) => {
    let [best, least] = [-1, Infinity];
    songs.forEach((song, other) => {
      const [x, y] = place(song);
      const [right, down] = [x - from[0], y - from[1]];
      const far = Math.hypot(right, down);
      if (far < least && counts(right, down, far)) [best, least] = [other, far];
    });
    return best;
  };
  const point = (event) => {
    const corner = picture.getBoundingClientRect();
    const reach = event.pointerType === "mouse" ? 12 : 24;
    go(nearest([event.clientX - corner.left, event.clientY - corner.top], (right, down, far) => far < reach));
  };
  map.addEventListener("pointermove", point);
  map.addEventListener("pointerdown", point);
  const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  map.addEventListener("focus", () => { if (at < 0) go(0); });
  map.addEventListener("keydown", (event) => {
    const way = ways[event.key];
    if (!way) return;
    event.preventDefault();
    const ahead = (right, down) => {
      const along = right * way[0] + down * way[1];
      return along > 0 && along >= Math.abs(right * way[1] + down * way[0]);
    };
    go(nearest(place(songs[at]), ahead), true);
  });
}
// A page that was opened as a file may not read its neighbors: their text, for the search's
// excerpts, comes along as a script (conf.py writes it).
if (location.protocol === "file:" && DOCUMENTATION_OPTIONS.pagename === "search") {
  const texts = new Promise((done) => {
    const script = document.createElement("script");
    script.src = "_static/texts.js";
    script.onload = () => done(window.COURSE_TEXTS);
    document.head.append(script);
  });
  window.fetch = async (address) =>
    new Response((await texts)[String(address).replace(/^\.\/|[#?].*$/g, "")] ?? "");
}
