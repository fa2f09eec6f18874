// A deck without a library: which slide is shown, how large, and what the speaker's window says.
(() => {
  const root = document.documentElement;
  const slides = [...document.querySelectorAll("section")];
  const bar = document.getElementById("progress");
  const help = document.getElementById("help");
  let now = 0, speaker = null, began = Date.now();

  // Text that does not fit is set smaller, down to 60 %, and long lines are broken where a little does not help: tables in print
  // stay in line.  The test of the decks reads data-size and data-overflows.
  const fits = (slide) => {
    const body = slide.querySelector(".body");
    const parts = [slide, body, ...slide.querySelectorAll(".words, .shown, pre, .said")];
    return parts.every((part) => part.scrollHeight <= part.clientHeight + 2 && part.scrollWidth <= part.clientWidth + 2);
  };
  const shrink = (slide, least) => {
    const body = slide.querySelector(".body");
    let k = 100;
    body.style.setProperty("--k", 1);
    while (k > least && !fits(slide)) body.style.setProperty("--k", (k -= 4) / 100);
    slide.dataset.size = k;
  };
  const size = (slide) => {
    slide.classList.add("unwrapped");
    shrink(slide, 76);
    if (fits(slide)) return;
    slide.classList.remove("unwrapped");
    shrink(slide, 60);
    slide.toggleAttribute("data-overflows", !fits(slide));
  };

  const show = (to) => {
    now = Math.max(0, Math.min(slides.length - 1, to));
    slides.forEach((slide, place) => slide.classList.toggle("now", place === now));
    slides.forEach((slide, place) => slide.setAttribute("aria-hidden", String(live() && place !== now)));
    bar.classList.toggle("deeper", slides[now].classList.contains("deeper"));
    bar.style.width = `${(100 * (now + 1)) / slides.length}%`;
    if (location.hash !== `#/${now + 1}`) history.replaceState(null, "", `#/${now + 1}`);
    tell();
  };
  const live = () => root.classList.contains("live");
  const scale = () => root.style.setProperty("--fit", Math.min(innerWidth / 1280, innerHeight / 720));
  const fromHash = () => show((parseInt(location.hash.slice(2), 10) || 1) - 1);
  const overview = (on) => {
    root.classList.toggle("overview", on);
    if (root.classList.contains("overview")) slides[now].scrollIntoView({ block: "center" });
  };

  // The speaker's window: notes of this slide, the title of the next, the clock.
  const PAGE = `<!doctype html><meta charset="utf-8"><title>Notes</title><style>
    body { font: 20px/1.5 sans-serif; margin: 0; padding: 20px 28px; color: #222; } h1 { font-size: 26px; margin: 0 0 6px; }
    #top { display: flex; justify-content: space-between; color: #5f6368; } #next { color: #5f6368; margin: 6px 0 14px; }
    pre { white-space: pre-wrap; } table { border-collapse: collapse; } td, th { padding: 2px 10px; border-bottom: 1px solid #ccc; }
    .anchor-link { display: none; }</style>
    <div id="top"><span id="place"></span><span id="time"></span></div><h1 id="title"></h1><div id="next"></div><div id="notes"></div>`;
  const notes = () => {
    speaker = window.open("", "gancourse-notes", "width=960,height=720");
    if (!speaker) return help.classList.add("open");
    speaker.document.open();
    speaker.document.write(PAGE);
    speaker.document.close();
    speaker.document.addEventListener("keydown", onKey);
    began = Date.now();
    tell();
  };
  const title = (place) => (slides[place] ? `${deeper(place)}${slides[place].querySelector("h2").textContent}` : "the end");
  const deeper = (place) => (slides[place].classList.contains("deeper") ? "deeper: " : "");
  const tell = () => {
    if (!speaker || speaker.closed) return;
    const at = (id) => speaker.document.getElementById(id);
    at("place").textContent = `${now + 1} of ${slides.length}`;
    at("title").textContent = title(now);
    at("next").textContent = `next: ${title(now + 1)}`;
    at("notes").innerHTML = slides[now].querySelector("aside")?.innerHTML || "<p>No notes.</p>";
  };
  setInterval(() => {
    if (!speaker || speaker.closed) return;
    const seconds = Math.floor((Date.now() - began) / 1000);
    const passed = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    speaker.document.getElementById("time").textContent = `${passed}   ${new Date().toLocaleTimeString()}`;
  }, 500);

  const step = (by) => () => show(now + by);
  const KEYS = {
    ArrowRight: step(1), ArrowDown: step(1), PageDown: step(1), " ": step(1), n: step(1),
    ArrowLeft: step(-1), ArrowUp: step(-1), PageUp: step(-1), Backspace: step(-1), p: step(-1),
    Home: () => show(0), End: () => show(slides.length - 1),
    o: () => overview(), Escape: () => overview(), Enter: () => overview(false), s: notes,
    b: () => root.classList.toggle("dark"), ".": () => root.classList.toggle("dark"), "?": () => help.classList.toggle("open"),
    f: () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()),
  };
  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !live()) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = event.key === " " && event.shiftKey ? step(-1) : KEYS[key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  let touched = null;
  document.addEventListener("touchstart", (event) => { touched = event.changedTouches[0]; }, { passive: true });
  document.addEventListener("touchend", (event) => {
    const by = event.changedTouches[0].clientX - touched.clientX;
    if (live() && !root.classList.contains("overview") && Math.abs(by) > 50) show(now + (by < 0 ? 1 : -1));
  });
  slides.forEach((slide, place) => slide.addEventListener("click", () => {
    if (!root.classList.contains("overview")) return;
    overview(false);
    show(place);
  }));
  document.addEventListener("keydown", onKey);
  document.addEventListener("toggle", (event) => size(event.target.closest("section")), true); // a box that is opened needs room
  addEventListener("resize", scale);
  addEventListener("hashchange", fromHash);
  const printed = new URLSearchParams(location.search).has("print-pdf");
  const enliven = (on) => { root.classList.toggle("live", on && !printed); show(now); };
  addEventListener("beforeprint", () => enliven(false));
  addEventListener("afterprint", () => enliven(true));
  addEventListener("load", () => { slides.forEach(size); enliven(true); });
  scale();
  fromHash(); // before anything is shown, which writes the address
  enliven(true);
})();
