/** What the dashboard adds to the style sheet of reports. */
export const ownStyle = `
.of{font-size:16px;font-weight:500;color:var(--soft);letter-spacing:0}
.tiles{grid-template-columns:repeat(auto-fit,minmax(165px,1fr))}
.systems td:first-child{border-left:4px solid var(--tone);padding-left:12px;width:205px}.systems td:last-child{width:195px;padding-right:0}
.ages{display:grid;grid-template-columns:1fr 1fr;gap:8px 18px;width:330px;font-size:13px;line-height:1.35}.ages li+li{margin:0}.ages b{font-weight:600}.ages small{font-size:12px}
.gauge{display:block;height:4px;border-radius:2px;background:var(--line);overflow:hidden;margin:3px 0 1px}.gauge i{display:block;height:100%;background:var(--good)}.key .due{height:4px;background:var(--good)}.gauge i.late{background:var(--bad)}
.trend{margin:0 0 6px}.trend figcaption{font-size:12.5px;color:var(--soft);line-height:1.4}.trend figcaption b{color:var(--ink);font-weight:600}.trend svg{width:180px;height:40px;display:block}.trend polyline{fill:none;stroke:var(--run);stroke-width:1.5}
.trend circle{fill:var(--card);stroke:var(--execute);stroke-width:1.5}.trend .live{fill:var(--execute)}.trend .failed{stroke:var(--bad);fill:var(--bad)}
.found td:first-child{width:215px}.found td:nth-child(3){width:200px}code{font-size:12px;overflow-wrap:anywhere}.heads td{max-width:none}
@media screen and (max-width:640px){
.systems,.found,.next,.heads{min-width:0;display:block}.systems thead{display:none}.systems tbody,.found tbody,.next tbody,.heads tbody{display:block}
.systems tr,.found tr,.next tr,.heads tr{display:block;padding:10px 0 12px;border-bottom:1px solid var(--line)}.ages{width:auto}.systems tr{border-left:4px solid var(--tone);padding-left:12px}
.systems td,.found td,.next td,.heads td{display:block;width:auto!important;max-width:none;border:0!important;padding:3px 0!important}}
@media print{.tiles{grid-template-columns:repeat(5,1fr)}.of{font-size:12px}.systems td:first-child,.found td:first-child{width:130px}.found td:nth-child(3){width:130px}.systems td:last-child{width:140px}
.ages{width:240px;font-size:10px}.ages small{font-size:9px}.trend figcaption,code{font-size:9.5px}.trend svg{width:130px;height:29px}}
`;
