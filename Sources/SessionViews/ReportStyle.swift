extension Report {
  static let style = #"""
    :root { --bg: #f6f7f9; --card: #fff; --ink: #17202c; --soft: #5c6878; --line: #dfe4ea; --grid: #e9edf1; --hover: #17202c;
      --a: #2563eb; --b: #d9770a; --c: #0d9488; --d: #9333ea; --e: #64748b; --good: #16a34a; --wait: #93a4bb; --warn: #e08a00; --bad: #dc2626; --off: #c3cbd5; --onspan: #fff; }
    @media (prefers-color-scheme: dark) {
      :root { --bg: #0f141b; --card: #171e28; --ink: #e6ebf2; --soft: #96a3b4; --line: #2a3442; --grid: #222b37; --hover: #e6ebf2;
        --a: #60a5fa; --b: #fbaa4b; --c: #2dd4bf; --d: #c084fc; --e: #94a3b8; --good: #34c46c; --wait: #5f7189; --warn: #f5b03e; --bad: #f87171; --off: #465365; --onspan: #0c1118; }
    }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--bg); color: var(--ink); font: 14px/1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
    header, main { max-width: 1280px; margin: 0 auto; padding: 0 20px; }
    header { padding-top: 22px; }
    h1 { font-size: 24px; margin: 0; letter-spacing: -.01em; overflow-wrap: anywhere; }
    .kind { margin: 2px 0 12px; color: var(--soft); }
    nav { position: sticky; top: 0; z-index: 5; background: var(--bg); border-bottom: 1px solid var(--line); display: flex; gap: 6px; align-items: center; flex-wrap: wrap;
      padding: 8px max(20px, calc((100% - 1280px) / 2 + 20px)); }
    nav button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: 3px 10px; cursor: pointer; }
    nav button:hover { border-color: var(--a); color: var(--a); }
    nav output { margin-left: 8px; font-variant-numeric: tabular-nums; }
    .hint { color: var(--soft); font-size: 12px; margin-left: auto; }
    .peer { margin: 22px 0 44px; }
    .verdict { display: flex; gap: 14px; align-items: center; background: var(--card); border: 1px solid var(--line); border-left: 6px solid var(--tone); border-radius: 10px; padding: 12px 16px; }
    .verdict h2 { font-size: 15px; margin: 0; color: var(--soft); font-weight: 600; overflow-wrap: anywhere; }
    .verdict p { margin: 0; font-size: 18px; }
    .verdict .dot { width: 16px; height: 16px; border-radius: 50%; background: var(--tone); flex: none; box-shadow: 0 0 0 5px color-mix(in srgb, var(--tone) 22%, transparent); }
    .good { --tone: var(--good); } .warn { --tone: var(--warn); } .bad { --tone: var(--bad); } .off { --tone: var(--off); } .wait { --tone: var(--wait); }
    .problem { background: color-mix(in srgb, var(--warn) 16%, var(--card)); border: 1px solid var(--warn); border-radius: 10px; padding: 9px 14px; margin: 12px 0 0; }
    .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(225px, 1fr)); gap: 10px; margin: 12px 0; }
    .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 9px 13px; min-width: 0; }
    .card dt { color: var(--soft); font-size: 11px; text-transform: uppercase; letter-spacing: .06em; }
    .card dd { margin: 0; overflow-wrap: anywhere; }
    .card b { display: block; font-size: 18px; font-weight: 650; letter-spacing: -.01em; }
    .card small { color: var(--soft); font-size: 12px; display: block; line-height: 1.35; }
    .panel { background: var(--card); border: 1px solid var(--line); border-radius: 10px; margin: 10px 0; padding: 8px 12px 6px; position: relative; }
    .panel h3, summary { font-size: 13px; margin: 0; font-weight: 650; display: inline-block; }
    .panel h3 small { color: var(--soft); font-weight: 400; margin-left: 6px; }
    .legend { float: right; font-size: 12px; color: var(--soft); display: flex; gap: 4px; flex-wrap: wrap; }
    .legend button { font: inherit; color: inherit; border: 0; background: none; padding: 0 5px; cursor: pointer; border-radius: 5px; }
    .legend button:hover { background: var(--grid); }
    .legend button::before { content: ""; display: inline-block; width: 10px; height: 10px; border-radius: 3px; background: var(--tone); margin-right: 5px; vertical-align: -1px; }
    .legend button[aria-pressed=false] { opacity: .4; text-decoration: line-through; }
    .t-a { --tone: var(--a); } .t-b { --tone: var(--b); } .t-c { --tone: var(--c); } .t-d { --tone: var(--d); } .t-e { --tone: var(--e); }
    .t-good { --tone: var(--good); } .t-wait { --tone: var(--wait); } .t-warn { --tone: var(--warn); } .t-bad { --tone: var(--bad); } .t-off { --tone: var(--off); }
    svg { display: block; width: 100%; user-select: none; touch-action: pan-y; overflow: hidden; }
    svg.time { cursor: crosshair; }
    svg text { font-size: 11px; fill: var(--soft); }
    svg .name { fill: var(--ink); font-size: 12px; }
    svg .grid { stroke: var(--grid); stroke-width: 1; shape-rendering: crispEdges; }
    svg .axis { stroke: var(--line); shape-rendering: crispEdges; }
    svg .span { fill: var(--tone); }
    svg .onspan { fill: var(--onspan); font-weight: 600; pointer-events: none; }
    svg .curve { fill: none; stroke: var(--tone); stroke-width: 1.7; stroke-linejoin: round; }
    svg .area { fill: var(--tone); opacity: .16; stroke: none; }
    svg .bar, svg .spot { fill: var(--tone); }
    svg .ring { fill: var(--card); stroke: var(--tone); stroke-width: 1.8; }
    svg .link { stroke: var(--tone); stroke-width: 3; stroke-linecap: round; opacity: .55; }
    svg .cursor { stroke: var(--hover); stroke-width: 1; opacity: .55; shape-rendering: crispEdges; pointer-events: none; }
    svg .chosen { fill: var(--a); opacity: .15; pointer-events: none; }
    svg .life { stroke: var(--line); stroke-width: 2; }
    svg .arrow { stroke: var(--tone); stroke-width: 2; fill: none; }
    svg .arrow.again { stroke-dasharray: 6 4; }
    svg .head { fill: var(--tone); }
    svg .flight { fill: var(--ink); font-size: 12px; text-anchor: middle; }
    svg .again-text { fill: var(--warn); font-weight: 600; }
    .stream { margin: 18px 0 0; }
    .stream > h3 { font-size: 14px; margin: 0 0 -2px; } .stream > h3 small { color: var(--soft); font-weight: 400; margin-left: 8px; }
    details.panel { padding-bottom: 8px; }
    summary { cursor: pointer; }
    .log { max-height: 340px; overflow: auto; margin-top: 6px; font-size: 12.5px; }
    .log div { display: flex; gap: 12px; padding: 2px 4px; border-radius: 5px; cursor: pointer; }
    .log div:hover { background: var(--grid); }
    .log time { color: var(--soft); font-variant-numeric: tabular-nums; min-width: 84px; text-align: right; flex: none; }
    .log span { overflow-wrap: anywhere; }
    .log i { width: 8px; height: 8px; border-radius: 50%; background: var(--tone); flex: none; margin-top: 6px; }
    .replay { color: var(--soft); font-size: 12.5px; }
    #tip { position: fixed; z-index: 9; pointer-events: none; background: var(--card); color: var(--ink); border: 1px solid var(--line); border-radius: 8px; padding: 6px 10px; font-size: 12px;
      box-shadow: 0 6px 22px rgb(0 0 0 / .22); max-width: 460px; }
    #tip div { display: flex; gap: 10px; justify-content: space-between; } #tip div b { font-variant-numeric: tabular-nums; font-weight: 600; }
    #tip div span::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 2px; background: var(--tone, transparent); margin-right: 6px; }
    #tip time { color: var(--soft); display: block; }
    @media print { nav, #tip { display: none; } .panel, .card, .verdict { break-inside: avoid; } }
    """#
}
