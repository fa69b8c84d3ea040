/** The page's one style sheet. */
export const style = `
:root{--paper:#fbfaf7;--card:#fff;--ink:#1c1d1f;--soft:#62656b;--line:#e3e0d8;--stripe:#f4f2ec;--good:#1c7c4a;--mixed:#a86400;--bad:#b3261e;--open:#335c99;
--detect:#8b8f98;--decide:#d99a2b;--execute:#2f62b5;--verify:#4c9f8a;--run:#9db8e0;--tone:var(--open)}
@media (prefers-color-scheme:dark){:root{--paper:#16181b;--card:#1e2125;--ink:#e9e8e4;--soft:#9ea2a9;--line:#33373d;--stripe:#1b1e22;--good:#5fc48e;--mixed:#e5a84b;--bad:#ff8a80;--open:#8ab0ea;
--detect:#7d828c;--decide:#d99a2b;--execute:#6f9fe8;--verify:#5fb8a2;--run:#3b5379}}
.good{--tone:var(--good)}.mixed{--tone:var(--mixed)}.bad{--tone:var(--bad)}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums;border-top:6px solid var(--tone);overflow-wrap:break-word}
main{max-width:1064px;margin:0 auto;padding:40px 32px 72px}
header{margin-bottom:32px;max-width:820px}
.eyebrow{margin:0 0 6px;color:var(--tone);font-weight:650;font-size:14px}.eyebrow::first-letter{text-transform:uppercase}.eyebrow span{color:var(--soft);font-weight:400}
h1{margin:0 0 12px;font:600 38px/1.14 Charter,"Bitstream Charter","Iowan Old Style","Source Serif 4",Georgia,"Noto Serif","DejaVu Serif",serif;letter-spacing:-.012em;text-wrap:balance}
.lede{margin:0 0 8px;font-size:18px;line-height:1.45}.when{margin:0;color:var(--soft)}
section{margin-top:44px}
h2{margin:0 0 14px;font-size:19px;line-height:1.3;font-weight:650;letter-spacing:-.005em}
h3{margin:22px 0 8px;font-size:14px;font-weight:650}
small{display:block;color:var(--soft);font-size:12.5px;line-height:1.4}
.none{color:var(--soft);margin:8px 0 0;font-size:13.5px}
.met{color:var(--good)}.miss{color:var(--bad)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(205px,1fr));gap:14px;margin-top:0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px 16px 15px;min-width:0}
.tile h2{margin:0;font-size:13px;font-weight:500;color:var(--soft)}
.figure{margin:3px 0 5px;font-size:29px;line-height:1.15;font-weight:620;letter-spacing:-.02em}
.figure.long{font-size:21px;line-height:1.57}.figure.name{overflow:hidden;text-overflow:ellipsis}.figure.name.long{font-size:17px;line-height:1.94;letter-spacing:-.01em}
.tile small.met,.tile small.miss{font-weight:600}.tile small.met{color:var(--good)}.tile small.miss{color:var(--bad)}.tile small.met,.tile small.miss{text-wrap:balance}.tile small span{color:var(--soft);font-weight:400}
.findings{list-style:none;margin:0;padding:0;border-top:1px solid var(--line)}
.findings li{display:grid;grid-template-columns:78px 1fr;gap:12px;padding:8px 0;border-bottom:1px solid var(--line)}
.findings b{font-size:13px;line-height:22.5px;color:var(--soft);font-weight:600}.findings .must b{color:var(--bad)}.findings .should b{color:var(--mixed)}.findings .note span{color:var(--soft)}
.bar{display:flex;gap:2px;height:34px;border-radius:6px;overflow:hidden}.bar i{min-width:3px}
i.detect{background:var(--detect)}i.decide{background:var(--decide)}i.execute{background:var(--execute)}i.verify{background:var(--verify)}
.ends{display:flex;justify-content:space-between;gap:16px;margin:5px 0 16px;color:var(--soft);font-size:12.5px}
.legend{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(205px,1fr));gap:14px}
.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:7px}.legend b{font-weight:500}.legend strong{font-weight:650}.legend em{font-style:normal;color:var(--soft)}.legend small{padding-left:18px}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;min-width:720px;font-size:14px}
th{text-align:left;font-weight:500;font-size:12.5px;color:var(--soft);padding:0 14px 6px 0;border-bottom:1px solid var(--line)}
td{vertical-align:top;padding:9px 14px 9px 0;border-bottom:1px solid var(--line);max-width:440px}
.number{text-align:right;white-space:nowrap;padding-right:0}.time{white-space:nowrap;color:var(--soft)}
tr.void td{color:var(--soft)}tr.void b:not(.miss){font-weight:500}
.steps td:first-child{width:235px}.dot{color:var(--execute);font-style:normal;font-size:11px;vertical-align:1px}
.seen{list-style:none;margin:0;padding:0}.seen li+li{margin-top:3px}.seen .trouble{color:var(--bad)}.seen .proof{color:var(--good)}.checks{font-size:14px}
.banner{border-left:4px solid var(--bad);background:var(--card);padding:9px 14px;margin:0 0 16px}
details{border-bottom:1px solid var(--line);padding:7px 0;font-size:14px}summary{cursor:pointer}summary b{font-weight:600}details dl{margin:10px 0 6px 18px}
.pairs{display:grid;grid-template-columns:minmax(120px,190px) 1fr;gap:5px 18px;margin:0;font-size:14px}dt{color:var(--soft)}dd{margin:0;min-width:0;overflow-wrap:anywhere}
a{color:inherit;text-decoration-color:var(--soft);text-underline-offset:2px}
.gantt{display:block;width:100%;min-width:760px;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
.gantt text{fill:var(--ink)}.gantt .row{font-size:13px}.gantt .row.critical{font-weight:650}.gantt .took{fill:var(--soft);font-size:11.5px;paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
.gantt .axis{fill:var(--soft);text-anchor:middle;font-size:11px}.gantt .tick{stroke:var(--line);fill:none}.gantt .stripe{fill:var(--stripe)}.gantt .folded{fill:var(--soft);opacity:.1}
.gantt .run{fill:var(--run)}.gantt .run.critical{fill:var(--execute)}.gantt .own,.gantt .unfinished{fill:var(--detect)}.gantt .own{opacity:.75}.gantt .failed{fill:var(--bad)}.gantt .undone{fill:var(--mixed)}
.gantt .wait{fill:url(#wait)}.wait-ground{fill:var(--decide);opacity:.3}.wait-line{fill:var(--decide)}
.gantt .path{stroke:var(--execute);fill:none;stroke-width:1.3;opacity:.7}.gantt path.moment{stroke-width:1.5;fill:none}.gantt text.moment{font-weight:650;font-size:11.5px}
.gantt path.failure{stroke:var(--bad)}.gantt text.failure{fill:var(--bad)}.gantt path.served{stroke:var(--good)}.gantt text.served{fill:var(--good)}
.key{list-style:none;display:flex;flex-wrap:wrap;gap:4px 20px;margin:10px 0 0;padding:0;color:var(--soft);font-size:12.5px}
.key i{display:inline-block;width:22px;height:10px;border-radius:2px;margin-right:7px;background:var(--run)}.key .critical{background:var(--execute)}.key .failed{background:var(--bad)}.key .fold{background:var(--soft);opacity:.2}
.key .wait{background:repeating-linear-gradient(-45deg,var(--decide) 0 2.5px,color-mix(in srgb,var(--decide) 30%,transparent) 2.5px 6px)}
@media screen and (max-width:640px){main{padding:24px 18px 48px}.tile{padding:12px 13px}h1{font-size:29px}.figure{font-size:25px}.figure.name.long{font-size:15px;line-height:1.3}.lede{font-size:16.5px}.tiles,.legend{grid-template-columns:1fr 1fr}.pairs{grid-template-columns:1fr;gap:0}.pairs dd{margin-bottom:8px}}
@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#555;--line:#ccc;--stripe:#f6f6f6;--good:#14663b;--mixed:#8a5200;--bad:#9c1c15;--open:#274a80;--execute:#2f62b5;--run:#9db8e0;--verify:#4c9f8a}
body,td,dd,dt,.pairs,.checks,details{font-size:10.5px}small,.none,.key,.ends,.legend small,th{font-size:9.5px}.lede{font-size:13px}h2{font-size:14px}h1{text-wrap:balance}.tile{padding:9px 11px}.findings b{line-height:16px}.findings li{padding:5px 0}td{padding:5px 10px 5px 0}.legend{grid-template-columns:repeat(4,1fr)}body{-webkit-print-color-adjust:exact;print-color-adjust:exact}main{max-width:none;padding:0}section{margin-top:24px}h1{font-size:26px}.wide{overflow:visible}table,.gantt{min-width:0;font-size:10.5px}tr,.tile,.findings li,.gantt{break-inside:avoid}h2{break-after:avoid}details::details-content{content-visibility:visible;display:block;height:auto}.tiles{grid-template-columns:repeat(4,1fr);gap:8px}.figure{font-size:21px}.figure.long,.figure.name.long{font-size:13px}}
`;
