// The first half of the playground's script: what is drawn, the plane and the curves. board.py puts playground.js after it.

const SIDE = 410, CHART = [390, 410];
const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const mixed = (a, b, t) => a.map((v, i) => Math.round(v + (b[i] - v) * t));
const css = (colour, alpha = 1) => `rgba(${colour.join(",")},${alpha})`;
const shown = (value) => (!Number.isFinite(value) ? "-" : Math.abs(value) >= 0.01 && Math.abs(value) < 1000
  ? String(Number(value.toPrecision(3))) : value === 0 ? "0" : value.toExponential(1));

// One buffer, cut into the arrays that the message names.
function unpacked(shapes, body) {
  const bytes = new Uint8Array(body.buffer ?? body, body.byteOffset ?? 0, body.byteLength);
  const floats = new Float32Array(bytes.slice().buffer), arrays = {};
  let at = 0;
  for (const [name, shape] of shapes) {
    const size = shape.reduce((a, b) => a * b, 1);
    arrays[name] = { shape, data: floats.subarray(at, at + size) };
    at += size;
  }
  return arrays;
}

function palette(root, colours) {
  const ink = (getComputedStyle(root).color.match(/[\d.]+/g) || [0, 0, 0]).slice(0, 3).map(Number);
  const dark = 0.299 * ink[0] + 0.587 * ink[1] + 0.114 * ink[2] > 128;
  const paper = dark ? [24, 24, 24] : [255, 255, 255];
  const found = { dark, ink, paper };
  for (const [name, hex] of Object.entries(colours)) found[name] ??= dark ? mixed(rgb(hex), [255, 255, 255], 0.38) : rgb(hex);
  return found;
}

function fitted(canvas, [width, height]) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return pen;
}

// The plane --------------------------------------------------------------------------------------------------------------

const sheet = document.createElement("canvas");

function drawSurface(pen, { shape: [n], data }, tones) {
  [sheet.width, sheet.height] = [n, n];
  const image = new ImageData(n, n);
  const ends = [tones.fake, tones.real].map((tone) => mixed(tone, tones.paper, tones.dark ? 0.62 : 0.5));
  // the tint grows as the root of the distance from 1/2: near an equilibrium D says 0.4 or 0.6, and that has to be seen
  const shade = (t) => mixed(tones.paper, ends[t < 0.5 ? 0 : 1], Math.sqrt(Math.abs(2 * t - 1)));
  const shades = Array.from({ length: 256 }, (_, i) => [...shade(i / 255), 255]);  // fewer than the places of a surface
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      image.data.set(shades[Math.round(255 * data[(n - 1 - row) * n + column])], 4 * (row * n + column));
    }
  }
  sheet.getContext("2d").putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = true;
  const half = SIDE / (n - 1) / 2;  // the values stand at the lattice's points, the first and the last on the edge
  pen.drawImage(sheet, -half, -half, SIDE + 2 * half, SIDE + 2 * half);
}

// Where D is undecided: in each small square, a piece of the line between the sides that it crosses.
function drawUndecided(pen, { shape: [n], data }, tones) {
  const cell = SIDE / (n - 1), at = (i, j) => data[j * n + i] - 0.5;
  pen.strokeStyle = css(tones.ink, 0.75);
  pen.lineWidth = 1.2;
  pen.beginPath();
  for (let j = 0; j + 1 < n; j++) {
    for (let i = 0; i + 1 < n; i++) {
      const real = (at(i, j) >= 0) + (at(i + 1, j) >= 0) + (at(i, j + 1) >= 0) + (at(i + 1, j + 1) >= 0);
      if (real % 4 === 0) continue;  // all on one side
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], hits = [];
      corners.forEach(([x, y], k) => {
        const [u, v] = corners[(k + 1) % 4], a = at(x, y), b = at(u, v);
        if (a < 0 !== b < 0) hits.push([x + (u - x) * a / (a - b), y + (v - y) * a / (a - b)]);
      });
      for (let k = 0; k + 1 < hits.length; k += 2) {
        pen.moveTo(hits[k][0] * cell, SIDE - hits[k][1] * cell);
        pen.lineTo(hits[k + 1][0] * cell, SIDE - hits[k + 1][1] * cell);
      }
    }
  }
  pen.stroke();
}

function drawLattice(pen, { shape: [rows, columns], data }, place, tones) {
  const at = (i, j) => place(data[2 * (i * columns + j)], data[2 * (i * columns + j) + 1]);
  pen.strokeStyle = css(tones.generator, rows === 1 ? 0.95 : 0.55);
  pen.lineWidth = rows === 1 ? 2.5 : 1;
  pen.beginPath();
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) pen[j ? "lineTo" : "moveTo"](...at(i, j));
  if (rows > 1) for (let j = 0; j < columns; j++) for (let i = 0; i < rows; i++) pen[i ? "lineTo" : "moveTo"](...at(i, j));
  pen.stroke();
}

// Real samples are discs, generated ones squares: told apart without colour, too.
function drawSamples(pen, points, place, tone, tones, square) {
  pen.fillStyle = css(tone);
  pen.strokeStyle = css(tones.paper, 0.9);
  pen.lineWidth = 0.8;
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = place(points[i], points[i + 1]);
    pen.beginPath();
    if (square) pen.rect(x - 2.6, y - 2.6, 5.2, 5.2);
    else pen.arc(x, y, 2.9, 0, 2 * Math.PI);
    pen.fill();
    pen.stroke();
  }
}

function drawArrows(pen, from, by, place, tones) {
  pen.strokeStyle = pen.fillStyle = css(tones.ink, 0.85);
  pen.lineWidth = 1.3;
  for (let i = 0; i < by.length; i += 2) {
    const size = Math.hypot(by[i], by[i + 1]), length = 46 * size / (0.35 + size);  // a long one grows no further than 46 pixels
    if (!(length > 1.5)) continue;
    const [x, y] = place(from[i], from[i + 1]), [ex, ey] = [by[i] / size, -by[i + 1] / size];
    const [u, v] = [x + length * ex, y + length * ey], head = Math.min(6, length / 2);
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(u - head * ex, v - head * ey);
    pen.stroke();
    pen.beginPath();
    pen.moveTo(u, v);
    pen.lineTo(u - head * ex - head * ey / 2, v - head * ey + head * ex / 2);
    pen.lineTo(u - head * ex + head * ey / 2, v - head * ey - head * ex / 2);
    pen.fill();
  }
}

// The curves -------------------------------------------------------------------------------------------------------------

function drawCurve(pen, xs, ys, [left, top, width, height], [x0, x1], [low, high], tone, dash) {
  pen.strokeStyle = css(tone);
  pen.lineWidth = 1.8;
  pen.setLineDash(dash || []);
  pen.beginPath();
  let drawing = false;
  xs.forEach((x, i) => {
    if (!Number.isFinite(ys[i])) { drawing = false; return; }
    const px = left + (x - x0) / Math.max(x1 - x0, 1e-9) * width;
    const py = top + height - (Math.min(Math.max(ys[i], low), high) - low) / (high - low) * height;
    pen[drawing ? "lineTo" : "moveTo"](px, py);
    drawing = true;
  });
  pen.stroke();
  pen.setLineDash([]);
}

function extent(series, fixed) {
  if (fixed) return fixed;
  const known = series.flat().filter(Number.isFinite);
  if (!known.length) return [0, 1];
  let [low, high] = [Math.min(...known), Math.max(...known)];
  if (high - low < 1e-6) [low, high] = [low - 0.5, high + 0.5];
  return [low - 0.06 * (high - low), high + 0.06 * (high - low)];
}

function drawPanel(pen, panel, xs, box, tones) {
  const [left, top, width, height] = box, bounds = extent(panel.series.map((s) => s.values), panel.fixed);
  pen.strokeStyle = css(tones.ink, 0.35);
  pen.lineWidth = 1;
  pen.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
  pen.fillStyle = css(tones.ink, 0.9);
  pen.font = "11px system-ui, sans-serif";
  pen.textAlign = "right";
  const label = panel.log ? (v) => shown(10 ** v) : shown;
  pen.fillText(label(panel.top ?? bounds[1]), left - 5, top + 10);
  pen.fillText(label(bounds[0]), left - 5, top + height);
  pen.textAlign = "left";
  pen.font = "12px system-ui, sans-serif";
  let x = left;
  pen.fillText(panel.title, x, top - 6);
  x += pen.measureText(panel.title).width + 12;
  for (const { name, values, tone, dash } of panel.series) {
    drawCurve(pen, xs, values, box, [xs[0] ?? 0, xs[xs.length - 1] ?? 1], bounds, tone, dash);
    const last = values[values.length - 1], text = `${name} ${shown(panel.log ? 10 ** last : last)}`.trim();
    pen.strokeStyle = css(tone);
    pen.lineWidth = 2.5;
    pen.setLineDash(dash || []);
    pen.beginPath();
    pen.moveTo(x, top - 10);
    pen.lineTo(x + 18, top - 10);
    pen.stroke();
    pen.setLineDash([]);
    pen.fillText(text, x + 23, top - 6);
    x += pen.measureText(text).width + 36;
  }
}

function drawCharts(canvas, history, measures, numbers, tones) {
  const pen = fitted(canvas, CHART), [width, height] = CHART, wide = measures.length;
  pen.clearRect(0, 0, width, height);
  const column = (name) => {
    const k = measures.indexOf(name);
    return Array.from({ length: history.length / wide }, (_, i) => history[i * wide + k]);
  };
  const xs = column("round"), distance = column("distance"), log = (values) => values.map((v) => (v > 0 ? Math.log10(v) : NaN));
  const panels = [
    { title: "losses", series: [{ name: "D", values: column("d_loss"), tone: tones.discriminator },
      { name: "G", values: column("g_loss"), tone: tones.generator, dash: [5, 3] }] },
    { title: "Wasserstein distance", series: [{ name: "", values: column("wasserstein"), tone: tones.ink }] },
    { title: "gradient of G", log: true, series: [{ name: "", values: log(column("slope")), tone: tones.generator }] },
  ];
  if (distance.some(Number.isFinite)) {
    panels.push({ title: "distance to the equilibrium", series: [{ name: "", values: distance, tone: tones.discriminator }] });
  } else if (numbers.total) {
    panels.push({ title: `modes, of ${numbers.total}`, fixed: [0, numbers.total * 1.05], top: numbers.total,
      series: [{ name: "", values: column("modes"), tone: tones.real }] });
  }
  const each = (height - 22) / panels.length;
  panels.forEach((panel, i) => drawPanel(pen, panel, xs, [52, i * each + 22, width - 60, each - 34], tones));
  pen.fillStyle = css(tones.ink, 0.9);
  pen.font = "11px system-ui, sans-serif";
  pen.fillText(`round ${xs[0] ?? 0}`, 52, height - 16);
  pen.textAlign = "right";
  pen.fillText(`round ${xs[xs.length - 1] ?? 0}`, width - 8, height - 16);
  pen.textAlign = "left";
}
