// Draws each table that stands below [data-chart]: the table is the data, so nothing is said twice.
// "columns": one column of numbers each; "bars": the first column of numbers, lying down.
(() => {
  const drawn = [];
  const NARROW_PIXELS = 480;
  const LONGEST_LINE = 20;

  // A canvas knows no variables: the browser works them out on an element that nobody sees.
  const probe = document.body.appendChild(document.createElement("span"));
  probe.hidden = true;
  const colour = (name) => {
    probe.style.color = `var(--tblr-${name})`;
    return getComputedStyle(probe).color;
  };

  // On a phone a long name stands in lines: it would be cut off at the edge.
  const inLines = (name) => name.split(" ").reduce((lines, word) => {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= LONGEST_LINE) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
    return lines;
  }, []);

  const read = (place) => {
    const table = place.querySelector("table");
    const rows = [...table.tBodies[0].rows];
    return {
      titles: [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim()),
      labels: rows.map((row) => row.cells[0].textContent.trim()),
      number: (column) => rows.map((row) => Number(row.cells[column + 1].textContent.replace(/\D/g, ""))),
    };
  };

  const draw = (place) => {
    const data = read(place);
    if (!data.number(0).some(Boolean)) return;
    const isColumns = place.dataset.chart === "columns";
    const shown = isColumns ? data.titles : data.titles.slice(0, 1);
    const colours = isColumns ? [colour("azure"), colour("green")] : [colour("azure")];
    const text = colour("secondary");
    const frame = place.querySelector(".ratio");
    const isNarrow = place.clientWidth < NARROW_PIXELS;
    if (!isColumns && isNarrow) frame.classList.replace("ratio-16x9", "ratio-4x3");
    const counted = { beginAtZero: true, ticks: { precision: 0, color: text }, grid: { color: colour("border-color") } };
    const named = { ticks: { color: text, autoSkip: isColumns }, grid: { display: false } };
    frame.hidden = false;
    drawn.push(new Chart(place.querySelector("canvas"), {
      type: "bar",
      data: {
        labels: !isColumns && isNarrow ? data.labels.map(inLines) : data.labels,
        datasets: shown.map((label, column) => ({ label, data: data.number(column), backgroundColor: colours[column], borderRadius: 3, maxBarThickness: 28 })),
      },
      options: {
        indexAxis: isColumns ? "x" : "y",
        maintainAspectRatio: false,
        animation: false,
        scales: isColumns ? { x: named, y: counted } : { x: counted, y: named },
        plugins: { legend: { display: isColumns, labels: { color: text } } },
      },
    }));
  };

  const drawAll = () => {
    drawn.splice(0).forEach((chart) => chart.destroy());
    document.querySelectorAll("[data-chart]").forEach((place) => {
      if (place.querySelector("canvas") && place.querySelector("table")) draw(place);
    });
  };

  drawAll();
  document.addEventListener("theme", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(drawAll));
})();
