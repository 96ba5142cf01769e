"use strict";
(function () {
  const near = 14; // pixels of a chart, 560 wide
  const tip = document.createElement("div");
  let hot = [], anchor = null; // anchor: the mark that the keyboard chose, which the tip follows
  tip.id = "tip";
  tip.hidden = true;
  tip.setAttribute("role", "status");
  document.body.append(tip);

  // Once this script shows what a mark is, the browser's own tooltip would hide it.
  function textOf(mark) {
    const title = mark.querySelector("title");
    if (title) {
      mark.setAttribute("aria-label", title.textContent);
      title.remove();
    }
    return mark.getAttribute("aria-label");
  }

  function marksOf(chart) {
    if (!chart.marks) {
      chart.marks = [...chart.querySelectorAll(".p")].map(function (mark) {
        const place = mark.getAttribute("cx")
          ? [mark.getAttribute("cx"), mark.getAttribute("cy")]
          : /^M([\d.-]+) ([\d.-]+)/.exec(mark.getAttribute("d")).slice(1);
        return { mark: mark, x: +place[0], y: +place[1] };
      });
    }
    return chart.marks;
  }

  function show(text, box, marks) {
    hide();
    const cells = new Set(marks.map((mark) => mark.dataset.c).filter(Boolean));
    hot = [...marks];
    for (const cell of cells) hot.push(...document.querySelectorAll('[data-c="' + cell + '"]'));
    for (const mark of hot) mark.classList.add("hot");
    tip.textContent = text;
    tip.hidden = false;
    put(box);
  }

  function put(box) {
    const width = tip.offsetWidth, height = tip.offsetHeight;
    const left = Math.max(8, Math.min(box.left + box.width / 2 - width / 2, innerWidth - width - 8));
    const top = box.top - height - 10 > 0 ? box.top - height - 10 : box.bottom + 10;
    tip.style.left = left + "px";
    tip.style.top = Math.max(4, Math.min(top, innerHeight - height - 4)) + "px";
  }

  function hide() {
    for (const mark of hot) mark.classList.remove("hot");
    hot = [];
    anchor = null;
    tip.hidden = true;
  }

  // The marks at one place, the nearest to the pointer.
  function marksAt(chart, x, y) {
    const point = new DOMPoint(x, y).matrixTransform(chart.getScreenCTM().inverse());
    let best = near * near, nearest = null;
    for (const one of marksOf(chart)) {
      const far = (one.x - point.x) ** 2 + (one.y - point.y) ** 2;
      if (far < best) {
        best = far;
        nearest = one;
      }
    }
    if (!nearest) return [];
    const same = marksOf(chart).filter((one) => Math.abs(one.x - nearest.x) < 1 && Math.abs(one.y - nearest.y) < 1);
    return same.map((one) => one.mark);
  }

  function showMarks(marks) {
    const shown = marks.slice(0, 4).map(textOf);
    if (marks.length > shown.length) shown.push("and " + (marks.length - shown.length) + " more at this place");
    show(shown.join("\n"), marks[0].getBoundingClientRect(), marks);
  }

  function point(event) {
    const chart = event.target.closest("svg.chart, svg.cell");
    if (!chart) return hide();
    const marks = chart.matches(".chart") ? marksAt(chart, event.clientX, event.clientY) : [];
    if (marks.length) return showMarks(marks);
    const other = event.target.closest("[aria-label]:not(svg)") || event.target.closest(":has(> title)");
    if (other && other !== chart && textOf(other)) return show(textOf(other), other.getBoundingClientRect(), [other]);
    hide();
  }

  // Arrow keys go from mark to mark of the chart that has the focus; Enter goes to the row of the cell.
  function press(event) {
    const chart = event.target.closest && event.target.closest("svg.chart");
    if (event.key === "Escape") return hide();
    if (!chart) return;
    const marks = [...chart.querySelectorAll(".p, .t")];
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (event.key === "Enter" && chart.at !== undefined) return visit(marks[chart.at]);
    if (event.key === "Home") chart.at = 0;
    else if (event.key === "End") chart.at = marks.length - 1;
    else if (steps[event.key]) chart.at = chart.at === undefined ? 0 : (chart.at + steps[event.key] + marks.length) % marks.length;
    else return;
    event.preventDefault();
    if (!marks.length) return;
    showMarks([marks[chart.at]]);
    anchor = marks[chart.at];
    anchor.scrollIntoView({ block: "nearest", behavior: "instant" });
    put(anchor.getBoundingClientRect());
  }

  function visit(mark) {
    const row = mark && mark.dataset.c && document.getElementById("c" + mark.dataset.c);
    if (!row) return;
    for (let at = row; at; at = at.parentElement) if (at.matches("details")) at.open = true;
    location.hash = row.id;
  }

  document.addEventListener("pointermove", point);
  document.addEventListener("pointerdown", point);
  document.addEventListener("scroll", () => (anchor ? put(anchor.getBoundingClientRect()) : hide()), { passive: true, capture: true });
  document.addEventListener("keydown", press);
  document.addEventListener("focusout", hide);
  document.addEventListener("click", function (event) {
    const chart = event.target.closest("svg.chart");
    if (chart) visit(marksAt(chart, event.clientX, event.clientY)[0] || event.target.closest("[data-c]"));
  });

  // Tables: sorted by a column, copied as comma-separated values.
  const valueOf = (row, column) => row.cells[column].textContent.trim();
  function sort(table, header) {
    const column = header.cellIndex, up = header.getAttribute("aria-sort") === "descending";
    const number = header.matches(".n"), body = table.tBodies[0];
    const rows = [...body.rows].sort(function (a, b) {
      const one = valueOf(a, column), other = valueOf(b, column);
      if (!number) return one.localeCompare(other);
      if ((one === "-") !== (other === "-")) return (one === "-") === up ? -1 : 1;
      return (parseFloat(one) || 0) - (parseFloat(other) || 0);
    });
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", up ? "ascending" : "descending");
    body.append(...(up ? rows : rows.reverse()));
  }

  const quoted = (text) => (/[",\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text);
  function csvOf(table) {
    return [...table.rows].map((row) => [...row.cells].map((cell) => {
      const text = cell.textContent.trim();
      return quoted(text === "-" ? "" : text);
    }).join(",")).join("\n") + "\n";
  }

  function copy(text, button) {
    const said = button.textContent;
    const done = (word) => {
      button.textContent = word;
      setTimeout(() => { button.textContent = said; }, 2000);
    };
    const old = () => {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const worked = document.execCommand("copy");
      area.remove();
      done(worked ? "copied" : "cannot copy here");
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => done("copied"), old);
    else old();
  }

  function copier(word, text) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = word;
    button.addEventListener("click", () => copy(text(), button));
    return button;
  }

  for (const table of document.querySelectorAll("table.data")) {
    table.caption.append(copier("Copy as CSV", () => csvOf(table)));
    for (const header of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => sort(table, header));
    }
  }
  for (const command of document.querySelectorAll("pre.command")) {
    const box = document.createElement("div");
    box.className = "command-box";
    command.replaceWith(box);
    box.append(command, copier("Copy", () => command.textContent.trim()));
  }

  addEventListener("hashchange", function () {
    const row = document.getElementById(location.hash.slice(1));
    for (let at = row; at; at = at.parentElement) if (at.matches("details")) at.open = true;
  });
  let closed = [];
  addEventListener("beforeprint", function () {
    closed = [...document.querySelectorAll("details.print:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", function () {
    for (const one of closed) one.open = false;
  });
})();
