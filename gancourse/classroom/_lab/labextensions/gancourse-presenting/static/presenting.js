/* F8 shows a notebook to a room and takes it back: code is folded, letters and pictures are large, the side bars are away.

   An extension of JupyterLab in the form in which it loads one (a container of module federation), written by hand because there is
   nothing to build: it imports nothing.  `gancourse lab` tells Lab where it lies.  All it changes are classes of elements, so that
   nothing reaches the notebook: Lab's own folding would be saved with it. */
(() => {
  const COMMAND = "gancourse:presenting", KEY = "F8", ON = "gan-presenting", OPEN = "gan-open";
  const CODE = `.${ON} .jp-Notebook .jp-CodeCell`;
  const RULES = `
.${ON} .jp-Notebook {
  --jp-content-font-size0: 18px; --jp-content-font-size1: 22px; --jp-content-font-size2: 26px; --jp-content-font-size3: 31px;
  --jp-content-font-size4: 37px; --jp-content-font-size5: 44px; --jp-code-font-size: 19px; --jp-ui-font-size1: 19px;
  --jp-cell-prompt-width: 48px;
}
.${ON} .jp-Notebook .jp-RenderedHTML { font-size: 19px; }
.${ON} .jp-Notebook .gan-live { zoom: 1.4; --jp-content-font-size1: 14px; --jp-ui-font-size1: 13px; --jp-code-font-size: 13px; }
.${ON} .jp-Notebook .jp-RenderedImage img { zoom: 1.6; max-height: 46vh; object-fit: contain; object-position: left; }
.${ON} .jp-Notebook .jp-RenderedSVG :is(img, svg) { width: 100%; height: auto; max-height: 74vh; }
.${ON} .jp-Notebook .jp-Collapser { visibility: hidden; }
.${ON} .jp-Notebook .jp-cell-toolbar { display: none !important; }
.${ON} .jp-Notebook .jp-OutputArea-prompt { visibility: hidden; }
${CODE} .jp-InputArea { display: flex !important; flex-wrap: wrap; align-items: center; }
${CODE} .jp-InputArea-prompt, ${CODE} .jp-InputPrompt { order: 0; flex: 0 0 var(--jp-cell-prompt-width); width: var(--jp-cell-prompt-width);
  min-width: 0; padding: 0 4px 0 0; font-size: 13px; line-height: 24px; overflow: hidden; }
${CODE} .jp-InputArea::after { order: 1; flex: 1 1 50%; content: "\\25B8  code"; cursor: pointer; color: var(--jp-ui-font-color1);
  font: 14px/24px var(--jp-ui-font-family); }
${CODE}.${OPEN} .jp-InputArea::after { content: "\\25BE  code"; }
${CODE} .jp-InputArea-editor { order: 2; flex: 0 0 100%; width: 100%; box-sizing: border-box; }
${CODE}:not(.${OPEN}) .jp-InputArea-editor { display: none !important; }
`;

  let before = null; // which side bars were open

  const on = () => document.body.classList.contains(ON);

  // The first cell that is seen, and how far below the notebook's upper edge it begins: folding must not lose the place.
  function place(widget) {
    const cells = [...(widget?.node.querySelectorAll(".jp-Notebook .jp-Cell") || [])];
    const box = cells[0]?.closest(".jp-WindowedPanel-outer, .jp-Notebook");
    if (!box) return () => {};
    const top = box.getBoundingClientRect().top;
    const cell = cells.find((one) => one.getBoundingClientRect().bottom > top + 1) || cells[0];
    const offset = Math.max(0, cell.getBoundingClientRect().top - top);
    return () => { box.scrollTop += cell.getBoundingClientRect().top - box.getBoundingClientRect().top - offset; };
  }

  function toggle(shell) {
    const back = place(shell.currentWidget);
    if (on()) {
      if (before?.left) shell.expandLeft?.();
      if (before?.right) shell.expandRight?.();
      document.querySelectorAll(`.${OPEN}`).forEach((cell) => cell.classList.remove(OPEN));
    } else {
      before = { left: shell.leftCollapsed === false, right: shell.rightCollapsed === false };
      if (before.left) shell.collapseLeft?.();
      if (before.right) shell.collapseRight?.();
    }
    document.body.classList.toggle(ON);
    back();
    for (const later of [50, 300]) setTimeout(back, later); // pictures and editors take their new sizes one after another
  }

  // The line "code" is drawn by a rule, so that a click on it reaches the area itself, and one into the editor does not.
  function open(event) {
    if (!on() || !event.target.matches?.(".jp-CodeCell .jp-InputArea")) return;
    event.target.closest(".jp-CodeCell").classList.toggle(OPEN);
  }

  const plugin = {
    id: "gancourse-presenting:plugin",
    autoStart: true,
    activate: ({ commands, shell }) => {
      document.head.appendChild(document.createElement("style")).textContent = RULES;
      document.addEventListener("click", open);
      commands.addCommand(COMMAND, { label: "Present This Notebook", isToggled: on, execute: () => toggle(shell) });
      commands.addKeyBinding({ command: COMMAND, keys: [KEY], selector: "body" });
    },
  };
  const container = { init: async () => {}, get: async () => () => ({ __esModule: true, default: plugin }) };
  window._JUPYTERLAB = Object.assign(window._JUPYTERLAB || {}, { "gancourse-presenting": container });
})();
