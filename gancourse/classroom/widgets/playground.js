// The playground's picture and controls. Python sends frames, a message and one buffer of floats each; what is drawn here is
// acknowledged, so that no frame waits behind others. Nothing is loaded from anywhere; what is drawn stands in
// playground_pictures.js, which board.py puts before this, as it does holdKeys.

const STYLE = `
.gan-play { color: var(--jp-ui-font-color1, var(--vscode-foreground, var(--colab-primary-text-color, inherit)));
  font: 13px/1.35 system-ui, sans-serif; max-width: 900px; padding: 4px; box-sizing: border-box; }
.gan-play .bar, .gan-play .views, .gan-play .rules { display: flex; flex-wrap: wrap; gap: 6px 8px; align-items: flex-end; }
.gan-play .views { gap: 14px; margin: 6px 0; align-items: flex-start; }
.gan-play .views > div { max-width: min(100%, ${SIDE + 2}px); }
.gan-play .rules { align-items: stretch; }
.gan-play button, .gan-play select { font: inherit; color: inherit; min-height: 28px; padding: 2px 8px; border-radius: 4px;
  border: 1px solid #8a8a8a; background: var(--jp-layout-color1, var(--vscode-editor-background, Canvas)); }
.gan-play select { max-width: 170px; padding: 2px 4px; }
.gan-play button { cursor: pointer; }
.gan-play button.main { font-weight: 600; min-width: 74px; }
.gan-play button[aria-pressed="true"] { outline: 2px solid currentColor; outline-offset: -3px; }
.gan-play :focus-visible { outline: 3px solid #e6b800; outline-offset: 1px; }
.gan-play label { display: inline-flex; flex-direction: column; gap: 1px; font-size: 12px; }
.gan-play label.tick { flex-direction: row; align-items: center; gap: 4px; font-size: 13px; }
.gan-play canvas { max-width: 100%; border-radius: 4px; display: block; }
.gan-play .plane { border: 1px solid #8a8a8a; touch-action: none; }
.gan-play p { margin: 5px 0 0; }
.gan-play .shows { min-height: 1.35em; }
.gan-play .key, .gan-play .hint { font-size: 12px; margin: 4px 0 2px; }
.gan-play .key i { display: inline-block; width: 10px; height: 10px; margin: 0 5px 0 9px; vertical-align: -1px; }
.gan-play .key i:first-child { margin-left: 0; }
.gan-play .note:not(:empty) { border-left: 4px solid #d55e00; padding-left: 8px; font-weight: 600; }
.gan-play fieldset { border: 1px solid #8a8a8a; border-radius: 4px; padding: 2px 8px 6px; margin: 0;
  display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: flex-end; min-width: 0; }
.gan-play legend { padding: 0 4px; font-size: 12px; font-weight: 600; }
`;

const MOST = 2000;

const make = (tag, parent, set = {}, attributes = {}) => {
  const node = Object.assign(document.createElement(tag), set);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return parent.appendChild(node);
};

// The widget -------------------------------------------------------------------------------------------------------------

function render({ model, el }) {
  const choices = model.get("choices"), presets = model.get("presets"), colours = model.get("colours");
  const reach = model.get("reach"), measures = model.get("measures");
  const root = make("div", el, { className: "gan-play" }, { role: "group", "aria-label": "GAN playground" });
  make("style", root, { textContent: STYLE });
  const say = (kind, more = {}) => model.send({ kind, ...more });

  const bar = make("div", root, { className: "bar" }, { role: "toolbar", "aria-label": "Game" });
  const button = (parent, text, title, action, name = "") => {
    const made = make("button", parent, { textContent: text, title, type: "button", className: name });
    made.addEventListener("click", (event) => {
      action();
      if (event.detail > 0) plane.focus({ preventScroll: true });  // after a click of the mouse the keys are the plane's
    });
    return made;
  };
  const menu = (parent, text, name, options, action, whole = text) => {
    const label = make("label", parent, { textContent: text, title: whole });
    const select = make("select", label, { name }, { "aria-label": whole });
    options.forEach(([value, shownAs, title = ""]) => make("option", select, { value, textContent: shownAs, title }));
    select.addEventListener("change", () => action(select.value));
    return select;
  };

  const playing = button(bar, "Play", "Play or pause (space)", () => say(state.playing ? "pause" : "play"), "main");
  button(bar, "Step", "One round: k steps of D, one of G (full stop)", () => say("round"));
  button(bar, "Step D", "One step of D alone (d)", () => say("step", { player: "D" }));
  button(bar, "Step G", "One step of G alone (g)", () => say("step", { player: "G" }));
  button(bar, "Start again", "Both players as they were at first (r)", () => say("restart"));
  const speeds = Object.entries(choices.speed).map(([name, title]) => [name, name, title]);
  const games = Object.entries(presets).map(([name, known]) => [name, known.title]);
  const load = (name) => say("preset", { preset: name });
  const speed = menu(bar, "speed", "speed", speeds, (value) => say("speed", { speed: value }));
  const preset = menu(bar, "game", "preset", games, load);
  const cure = button(bar, "The cure", "Load the preset that mends this", () => load(presets[preset.value].cure));
  const shows = make("p", root, { className: "shows" });
  const note = make("p", root, { className: "note" }, { role: "status" });

  const views = make("div", root, { className: "views" });
  const left = make("div", views), right = make("div", views);
  const plane = make("canvas", left, { className: "plane", tabIndex: 0 }, { role: "application" });
  plane.style.width = `${SIDE}px`;
  const key = make("p", left, { className: "key" });
  const charts = make("canvas", right, {}, { role: "img" });
  charts.style.width = `${CHART[0]}px`;

  const layers = { surface: "D's surface", lattice: "G's lattice", samples: "samples", arrows: "arrows" }, on = {};
  const ticks = make("div", left, { className: "bar" }, { role: "group", "aria-label": "Layers" });
  for (const [name, text] of Object.entries(layers)) {
    const label = make("label", ticks, { className: "tick" });
    on[name] = make("input", label, { type: "checkbox", checked: true }, { "aria-label": `show ${text}` });
    label.append(text);
    on[name].addEventListener("change", () => draw());
  }

  make("p", left, { className: "hint", textContent: "Keys: space plays, . steps, d and g one player, r again, p paints." });
  const rules = make("div", root, { className: "rules" }), fields = {};
  const group = (legend) => {
    const set = make("fieldset", rules);
    make("legend", set, { textContent: legend });
    return set;
  };
  const number = (name) => (value) => say("rules", { rules: { [name]: Number(value) } });
  const word = (name) => (value) => say("rules", { rules: { [name]: value } });
  const named = (known) => Object.entries(known).map(([value, title]) => [value, value.replaceAll("_", " "), title]);
  const counted = (values, first) => values.map((v) => [String(v), first && v === 0 ? first : String(v)]);
  const game = group("Game"), dSide = group("D"), gSide = group("G"), hand = group("Your own data");
  fields.data = menu(game, "data", "data", named(choices.data), word("data"));
  fields.objective = menu(game, "objective", "objective", named(choices.objective), word("objective"));
  fields.width = menu(game, "width", "width", counted(choices.width, "linear"), number("width"), "width of both networks");
  fields.k = menu(dSide, "k", "k", counted(choices.k), number("k"), "k, steps of D in a round");
  fields.d_lr = menu(dSide, "rate", "d_lr", counted(choices.lr), number("d_lr"), "learning rate of D");
  fields.d_optimizer = menu(dSide, "optimiser", "d_optimizer", named(choices.optimizer), word("d_optimizer"), "optimiser of D");
  fields.penalty = menu(dSide, "penalty", "penalty", named(choices.penalty), word("penalty"), "penalty on D");
  fields.strength = menu(dSide, "strength", "strength", counted(choices.strength), number("strength"), "strength of the penalty");
  fields.g_lr = menu(gSide, "rate", "g_lr", counted(choices.lr), number("g_lr"), "learning rate of G");
  fields.g_optimizer = menu(gSide, "optimiser", "g_optimizer", named(choices.optimizer), word("g_optimizer"), "optimiser of G");
  fields.noise = menu(gSide, "noise", "noise", named(choices.noise), word("noise"), "noise of G");
  const dimensions = [["1", "1-D"], ["2", "2-D"]];
  fields.latent_dim = menu(gSide, "in", "latent_dim", dimensions, number("latent_dim"), "dimensions of the noise");
  const brush = button(hand, "Paint", "Paint a distribution in the plane (p)", () => togglePaint());
  button(hand, "Clear", "Take the painted points away", () => { painted = []; draw(); });
  brush.setAttribute("aria-pressed", "false");

  // What Python said last, and what is painted here
  let state = { playing: false, rules: {}, numbers: {} }, arrays = null, history = [], curves = "";
  let asked = 0, resting = null, tones = null, drawn = 0;
  let painted = [], painting = false, down = false, spot = [0, 0], byKeys = false, timer = null;

  const place = (x, y) => [(x + reach) / (2 * reach) * SIDE, (reach - y) / (2 * reach) * SIDE];
  const draw = () => {
    if (!arrays) return;
    tones = palette(root, colours);  // the page's theme may have changed
    root.style.colorScheme = tones.dark ? "dark" : "light";
    drawn += 1;
    const pen = fitted(plane, [SIDE, SIDE]);
    pen.fillStyle = css(tones.paper);
    pen.fillRect(0, 0, SIDE, SIDE);
    if (on.surface.checked) {
      drawSurface(pen, arrays.surface, tones);
      if (state.half) drawUndecided(pen, arrays.surface, tones);
    }
    if (on.lattice.checked) drawLattice(pen, arrays.lattice, place, tones);
    if (on.samples.checked) {
      drawSamples(pen, arrays.real.data, place, tones.real, tones, false);
      drawSamples(pen, arrays.fake.data, place, tones.fake, tones, true);
    }
    if (on.arrows.checked) drawArrows(pen, arrays.fake.data, arrays.arrows.data, place, tones);
    if (painted.length) drawSamples(pen, painted.flat(), place, tones.accent, tones, false);
    if (painting && byKeys) {
      pen.strokeStyle = css(tones.ink);
      pen.lineWidth = 2;
      pen.strokeRect(...place(...spot).map((v) => v - 8), 16, 16);
    }
    if (curves !== [history.length, history.at(-measures.length), tones.dark].join()) {
      drawCharts(charts, history, measures, state.numbers, tones);
      curves = [history.length, history.at(-measures.length), tones.dark].join();
    }
  };

  const describe = () => {
    const at = (name) => history[history.length - measures.length + measures.indexOf(name)];
    const modes = state.numbers.total && Number.isFinite(at("modes")) ? `, ${at("modes")} of ${state.numbers.total} modes` : "";
    const words = `round ${state.numbers.g_steps}: Wasserstein distance ${shown(at("wasserstein"))}${modes}, losses of D ` +
      `${shown(at("d_loss"))} and of G ${shown(at("g_loss"))}, gradient of G ${shown(at("slope"))}`;
    charts.setAttribute("aria-label", `Curves. ${words}`);
    plane.setAttribute("aria-label", `The plane. ${words}. Space plays and pauses, full stop steps` +
      (painting ? ", arrow keys move the brush, Enter paints" : ", p paints"));
  };
  const legend = () => {
    const swatch = (tone, round, text) => `<i style="background:${css(tone)};border-radius:${round}"></i>${text}`;
    key.innerHTML = swatch(tones.real, "50%", "real") + swatch(tones.fake, "0", "generated") +
      swatch(tones.generator, "0", "G's lattice") + `<span style="margin-left:9px">${state.means}</span>`;
  };
  const controls = () => {
    playing.textContent = state.playing ? "Pause" : "Play";
    playing.setAttribute("aria-pressed", String(state.playing));
    const put = (select, value) => {
      if (document.activeElement === select && !select.dataset.sent) return;  // an open menu is not moved under the hand
      if (![...select.options].some((option) => option.value === value)) make("option", select, { value, textContent: value });
      select.value = value;
    };
    for (const [name, value] of Object.entries(state.rules)) if (fields[name]) put(fields[name], String(value));
    put(speed, state.speed);
    put(preset, state.preset);
    const known = presets[state.preset];
    cure.style.display = known.cure ? "" : "none";
    const turn = state.turn ? ` ${state.turn}'s turn.` : "";
    shows.textContent = known.shows + (state.changed ? " (The rules have been changed since.)" : "") + turn;
    note.textContent = state.note || "";
  };
  const ask = () => {
    if (asked) return;
    asked = requestAnimationFrame(() => {
      const began = performance.now(), seen = state;
      draw();
      if (!seen.playing || drawn % 20 === 1) { describe(); legend(); }
      resting = setTimeout(() => {  // as long as the picture took, the page is free for everything else
        asked = 0;
        say("ack", { number: seen.number });
        if (seen !== state) ask();
      }, Math.min(100, performance.now() - began));
    });
  };
  const take = (head, body) => {
    const before = JSON.stringify([state.rules, state.playing, state.note, state.turn, state.preset, state.speed]);
    state = head;
    if (body) {
      arrays = unpacked(head.shapes, body);
      history = arrays.history.data;
    }
    if (before !== JSON.stringify([state.rules, state.playing, state.note, state.turn, state.preset, state.speed])) controls();
    ask();
  };
  const heard = (message, buffers) => { if (message.kind === "frame") take(message, buffers && buffers[0]); };

  // Painting and keys
  const sendPaint = () => {
    clearTimeout(timer);
    timer = null;
    if (painted.length) say("paint", { points: painted.slice() });
  };
  const dab = ([x, y]) => {
    for (let i = 0; i < 6 && painted.length < MOST; i++) {
      const [angle, far] = [2 * Math.PI * Math.random(), 0.09 * Math.sqrt(Math.random())];
      painted.push([x + far * Math.cos(angle), y + far * Math.sin(angle)].map((v) => Math.round(1000 * v) / 1000));
    }
    draw();
    if (timer === null) timer = setTimeout(sendPaint, 300);
  };
  const togglePaint = () => {
    painting = !painting;
    brush.setAttribute("aria-pressed", String(painting));
    plane.style.cursor = painting ? "crosshair" : "";
    describe();
    draw();
  };
  const spotOf = (event) => {
    const edge = plane.getBoundingClientRect();
    const part = [(event.clientX - edge.left) / edge.width, (event.clientY - edge.top) / edge.height];
    return [(2 * part[0] - 1) * reach, (1 - 2 * part[1]) * reach];
  };
  plane.addEventListener("pointerdown", (event) => {
    plane.focus({ preventScroll: true });
    if (!painting) return;
    event.preventDefault();
    byKeys = false;
    down = true;
    try { plane.setPointerCapture(event.pointerId); } catch (error) { /* a pointer that is gone needs no capture */ }
    dab(spotOf(event));
  });
  plane.addEventListener("pointermove", (event) => { if (down) dab(spotOf(event)); });
  const lifted = () => { if (down) { down = false; sendPaint(); } };
  for (const end of ["pointerup", "pointercancel"]) plane.addEventListener(end, lifted);

  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const acts = { " ": () => say(state.playing ? "pause" : "play"), ".": () => say("round"), d: () => say("step", { player: "D" }),
    g: () => say("step", { player: "G" }), r: () => say("restart"), p: togglePaint };
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter")) return;
    const own = event.target, pressed = ["BUTTON", "INPUT"].includes(own.tagName) && " Enter".includes(event.key);
    const native = own.tagName === "SELECT" || pressed;
    if (native && event.key !== ".") return; // a menu, a button or a box has the key
    const way = own === plane && painting && ways[event.key];
    if (way) {
      byKeys = true;
      const step = event.shiftKey ? 0.5 : 0.1;
      spot = spot.map((v, i) => Math.min(Math.max(v + step * way[i], -reach), reach));
      draw();
    } else if (own === plane && painting && event.key === "Enter") { byKeys = true; dab(spot); }
    else if (acts[event.key]) acts[event.key]();
    else return;
    event.preventDefault();
  });
  for (const select of root.querySelectorAll("select")) {
    select.addEventListener("change", () => { select.dataset.sent = "true"; });
    select.addEventListener("focus", () => { delete select.dataset.sent; });
  }

  const themes = new MutationObserver(() => ask());
  themes.observe(document.body, { attributes: true });
  model.on("msg:custom", heard);
  take({ ...model.get("opening"), number: 0 }, model.get("body"));
  say("hello");
  const release = holdKeys(root);
  return () => {
    release();
    themes.disconnect();
    cancelAnimationFrame(asked);
    clearTimeout(resting);
    clearTimeout(timer);
    model.off("msg:custom", heard);
    say("gone");
  };
}
export default { render };
