// Sliders and a wall of random faces, drawn in the browser by the network that lecture 09 uses.
"use strict";

(() => {
  const script = document.currentScript.src.replace("play.js", "weights.js");
  const WALL = 12;

  const random = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()); // Box and Muller
  const latent = (n) => Float32Array.from({ length: n }, random);

  const load = () =>
    new Promise((done, failed) => {
      if (gancourse.tensors) return done();
      const element = Object.assign(document.createElement("script"), { src: script, onerror: failed });
      element.onload = () => {
        const bytes = Uint8Array.from(atob(gancourse.network.tensors), (letter) => letter.charCodeAt(0));
        gancourse.tensors = gancourse.readTensors(bytes);
        done();
      };
      document.head.append(element);
    });

  // How much of each label: a slider at 2.3 asks for 0.7 of the third value and 0.3 of the fourth.
  const shares = (sliders) =>
    sliders.flatMap(({ names, input }) => names.map((_, i) => Math.max(0, 1 - Math.abs(input.valueAsNumber - i))));

  const asked = ({ names, input }) => {
    const at = input.valueAsNumber, below = Math.floor(at), part = at - below;
    return part ? `${Math.round(100 * part)} % of the way from ${names[below]} to ${names[below + 1]}` : names[below];
  };

  const paint = (canvas, image) => {
    const { size } = gancourse.network, pixels = new ImageData(size, size);
    for (let i = 0; i < size * size; i++) {
      for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = 127.5 * (image[c * size * size + i] + 1);
      pixels.data[4 * i + 3] = 255;
    }
    canvas.getContext("2d").putImageData(pixels, 0, 0);
  };

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const canvas = (label) => {
    const element = make("canvas", { width: gancourse.network.size, height: gancourse.network.size });
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", label);
    return element;
  };

  const slider = (name, names, max, value, changed) => {
    const input = make("input", { type: "range", min: 0, max, step: 0.05, value, oninput: changed });
    const reading = make("output");
    return { name, names, input, reading, row: make("label", {}, make("span", { textContent: name }), input, reading) };
  };

  const build = (place) => {
    const { labels, latents } = gancourse.network;
    let z = latent(latents), waiting = false;
    const later = () => {
      if (!waiting) requestAnimationFrame(draw);
      waiting = true;
    };
    const face = canvas("");
    const sliders = Object.entries(labels).map(([name, names]) => slider(name.replace("_", " "), names, names.length - 1, 0, later));
    const length = slider("length of z", [], 2, 1, later);
    const scaled = (values) => values.map((value) => value * length.input.valueAsNumber);

    const draw = () => {
      waiting = false;
      for (const one of sliders) one.reading.textContent = asked(one);
      length.reading.textContent = `${length.input.valueAsNumber.toFixed(2)} of a random one's`;
      for (const one of [...sliders, length]) one.input.setAttribute("aria-valuetext", one.reading.textContent);
      face.setAttribute("aria-label", "A drawn face. " + sliders.map((one) => `${one.name}: ${asked(one)}`).join("; "));
      paint(face, gancourse.draw(gancourse.tensors, scaled(z), shares(sliders)));
    };
    const wish = () => {
      for (const { input, names } of sliders) input.valueAsNumber = Math.floor(Math.random() * names.length);
    };
    const other = (also) => () => {
      z = latent(latents);
      if (also) wish();
      later();
    };
    const buttons = [
      make("button", { type: "button", textContent: "another person", title: "another latent, the same wishes", onclick: other(false) }),
      make("button", { type: "button", textContent: "another face", title: "another latent, other wishes", onclick: other(true) }),
    ];
    wish();
    const controls = make("div", { className: "play-controls" }, ...sliders.map(({ row }) => row), length.row, make("p", {}, ...buttons));
    place.replaceChildren(make("div", { className: "play-face" }, face), controls);
    draw();
    if ("wall" in place.dataset) place.after(wall((chosen, wishes) => {
      z = chosen;
      sliders.forEach(({ input }, i) => (input.valueAsNumber = wishes[i]));
      later();
      place.scrollIntoView({ block: "nearest" });
    }));
  };

  // Random faces; a click puts one under the sliders.
  const wall = (choose) => {
    const { labels, latents } = gancourse.network, counts = Object.values(labels).map((names) => names.length);
    const faces = Array.from({ length: WALL }, (_, i) => {
      const picture = canvas("");
      return { picture, button: make("button", { type: "button", title: "take this face" }, picture), n: i + 1 };
    });
    const draw = (i) => {
      if (i === WALL) return;
      const one = faces[i], z = latent(latents), wishes = counts.map((n) => Math.floor(Math.random() * n));
      const row = wishes.flatMap((at, k) => Array.from({ length: counts[k] }, (_, j) => Number(j === at)));
      one.button.onclick = () => choose(z, wishes);
      one.picture.setAttribute("aria-label", `Random face ${one.n}: ${Object.keys(labels).map((name, k) => `${name.replace("_", " ")} ${labels[name][wishes[k]]}`).join(", ")}`);
      paint(one.picture, gancourse.draw(gancourse.tensors, z, row));
      setTimeout(draw, 0, i + 1); // one after the other: the page stays at hand
    };
    draw(0);
    const again = make("button", { type: "button", textContent: "other faces", onclick: () => draw(0) });
    return make("div", { className: "play-wall" }, make("div", {}, ...faces.map(({ button }) => button)), again);
  };

  const begin = (place) => load().then(() => build(place), () => (place.textContent = "The network's weights (weights.js) could not be read."));
  const watch = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) if (isIntersecting) watch.unobserve(target), begin(target);
  });
  document.querySelectorAll(".play").forEach((place) => watch.observe(place));
})();
