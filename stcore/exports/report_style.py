"""The style of a report's page and the script that draws its figures. Nothing in it comes from data."""

# with this policy the browser refuses whatever would leave the page
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
    "form-action 'none'"
)
STYLE = """
:root { --ink: #1a2530; --soft: #52606d; --paper: #ffffff; --line: #d5dce3; --quiet: #f4f6f8;
  --yes: #0072b2; --no: #b84a00; --open: #52606d; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8edf2; --soft: #a9b6c2; --paper: #0f1720; --line: #33424f; --quiet: #1a2630;
    --yes: #56b4e9; --no: #e69f00; --open: #a9b6c2; } }
@media print { :root { --ink: #000; --soft: #444; --paper: #fff; --line: #bbb; --quiet: #fff;
  --yes: #0072b2; --no: #b84a00; --open: #444; } }
:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 "Segoe UI", Helvetica, Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 28px 64px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 1.3rem; margin: 52px 0 4px; }
h3 { font-size: 1rem; margin: 22px 0 0; }
.about, .meaning, footer { color: var(--soft); }
.meaning { max-width: 78ch; margin: 0 0 8px; }
.verdict { border-left: 5px solid var(--open); background: var(--quiet); padding: 14px 20px; margin: 18px 0;
  font-size: 1.2rem; line-height: 1.45; }
.verdict b { display: block; font-size: 0.85rem; letter-spacing: 0.04em; text-transform: uppercase; color: var(--open); }
.verdict.yes { border-color: var(--yes); } .verdict.yes b { color: var(--yes); }
.verdict.no { border-color: var(--no); } .verdict.no b { color: var(--no); }
.tag { border: 1px solid var(--line); border-radius: 4px; padding: 1px 8px; font-size: 0.85rem; }
.figure { width: 100%; margin: 6px 0 10px; }
details { margin: 8px 0; } summary { cursor: pointer; color: var(--soft); }
.scroll { overflow: auto; max-height: 420px; border: 1px solid var(--line); margin-top: 8px; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 12px; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { position: sticky; top: 0; background: var(--quiet); font-weight: 600; }
td.number, th.number { text-align: right; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.8rem; background: var(--quiet); padding: 12px; }
@media print { main { max-width: none; padding: 0; } .figure, .verdict, h2, h3 { break-inside: avoid; }
  h2, h3, .meaning { break-after: avoid; } details:not([open]) { display: none; } .scroll { max-height: none; } }
"""
SCRIPT = """
const dark = matchMedia("(prefers-color-scheme: dark)");
const drawn = new Set();
const looks = {displaylogo: false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d"]};
function draw(box, theme) {
  const figure = JSON.parse(document.getElementById(box.id + "-" + theme).textContent);
  Plotly.react(box, figure.data, figure.layout, looks);
  drawn.add(box);
}
const theme = () => dark.matches ? "dark" : "light";
const boxes = [...document.querySelectorAll(".figure")];
const near = new IntersectionObserver(found => found.forEach(one => {
  if (one.isIntersecting) { near.unobserve(one.target); draw(one.target, theme()); }
}), {rootMargin: "800px"});
boxes.forEach(box => near.observe(box));
dark.addEventListener("change", () => drawn.forEach(box => draw(box, theme())));
addEventListener("beforeprint", () => boxes.forEach(box => { near.unobserve(box); draw(box, "light"); }));
addEventListener("afterprint", () => drawn.forEach(box => draw(box, theme())));
"""
