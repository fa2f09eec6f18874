// A film can be stopped, and stands still from the start where its reader asked for little motion.
"use strict";

addEventListener("load", () => {
  const little = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const film of document.querySelectorAll("img.film")) {
    const still = document.createElement("canvas"), button = document.createElement("button");
    let moves = true;
    const turn = () => {
      moves = !moves;
      if (moves) film.closest("picture")?.querySelectorAll("source").forEach((source) => source.remove());
      still.width = film.naturalWidth;
      still.height = film.naturalHeight;
      if (!moves) still.getContext("2d").drawImage(film, 0, 0);
      film.hidden = !moves;
      still.hidden = moves;
      button.textContent = moves ? "stop the film" : "play the film";
    };
    still.setAttribute("role", "img");
    still.setAttribute("aria-label", film.alt);
    still.hidden = true;
    still.className = "film";
    button.type = "button";
    button.className = "film-button";
    button.textContent = "stop the film";
    button.onclick = turn;
    (film.closest("picture") ?? film).after(still, button);
    if (little) turn();
  }
});
