// Hands tables and figures of the page to their libraries.
const { default: DataTable, set_or_remove_dark_class } = window.dataTables;
set_or_remove_dark_class();

for (const table of document.querySelectorAll("table.display")) {
  const { grouped, searched, page } = table.dataset;
  new DataTable(table, {
    autoWidth: false,
    columnDefs: [{ targets: [0, 1], visible: false }],
    layout: {
      topStart: null, topEnd: searched === "1" ? "search" : null,
      bottomStart: Number(page) ? "info" : null, bottomEnd: Number(page) ? "paging" : null,
    },
    language: { search: "Filter rows" },
    order: [],
    orderFixed: { pre: [[0, "asc"], [1, "asc"]] },
    paging: Number(page) > 0,
    pageLength: Number(page) || 10,
    rowGroup: grouped === "1" ? { dataSrc: (row) => row[0].display ?? row[0] } : false,
  });
}

const charts = [...document.querySelectorAll(".chart")].map((place) => ({
  place, spec: JSON.parse(place.nextElementSibling.textContent),
}));

// Labels of rows in lines of so many letters, around the middle of their row, and the most lines.
function inLines(spec, letters) {
  const rows = spec.concat.flatMap((view) => view.layer ?? [])
    .flatMap((layer) => layer.encoding?.y?.scale?.domain ?? []);
  const words = new RegExp(`(.{1,${letters}})(\\s|$)`, "g");
  const lines = Math.max(1, ...rows.filter((row) => typeof row === "string")
    .map((row) => row.replace(words, "$1\n").trim().split("\n").length));
  if (lines === 1) return { lines, axisY: {} };
  const labelExpr = `split(trim(replace(datum.label, /(.{1,${letters}})(\\s|$)/g, '$1\\n')), '\\n')`;
  const condition = Array.from({ length: lines }, (_, n) => (
    { test: `length(${labelExpr}) == ${n + 1}`, value: -6.5 * n }));
  return { lines, axisY: { labelExpr, labelOffset: { condition, value: 0 } } };
}

// As many axes beside each other as the window has room for.
function fitted({ place, spec }) {
  const { across, labels: widest, legend: longest } = spec.usermeta;
  const room = place.clientWidth - 8;
  // Alone in its row a set of axes leaves half of the room to long labels.
  const labels = across > 1 ? widest : Math.min(widest, Math.max(190, Math.floor(room / 2)));
  const { lines, axisY } = inLines(spec, Math.floor((labels - 12) / 6.2));
  const columns = Math.max(1, Math.min(across, Math.floor(room / (labels + 190))));
  const width = Math.max(120, Math.floor(room / columns) - labels - 40);
  const concat = spec.concat.map((view) => ({
    ...view,
    ...(view.width.step ? {} : { width }),
    ...(view.height?.step ? { height: { ...view.height, step: Math.max(view.height.step, 13 * lines + 4) } } : {}),
  }));
  const beside = Math.max(1, Math.min(4, Math.floor((room - labels) / longest)));
  const legend = { ...spec.config.legend, columns: beside, labelLimit: room - labels - 20 };
  const axis = { ...spec.config.axis, labelLimit: Math.max(190, labels) };
  return { ...spec, columns, concat, config: { ...spec.config, axis, axisY, legend } };
}

let drawn = 0;
async function draw() {
  if (drawn === innerWidth) return;
  drawn = innerWidth;
  for (const chart of charts) {
    await vegaEmbed(chart.place, fitted(chart), {
      actions: { export: { svg: true, png: true }, source: false, compiled: false, editor: false },
      ast: true,
      downloadFileName: chart.place.dataset.name,
      renderer: "svg",
    });
  }
  document.body.dataset.drawn = "1";
}
let wait;
addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(draw, 200); });
draw();
