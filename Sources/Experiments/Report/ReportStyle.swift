/// How the page looks, on light and on dark screens and on paper.
enum ReportStyle {
  static let text = """
    :root {
      color-scheme: light dark;
      --paper: #fbfaf7; --card: #ffffff; --ink: #22221f; --soft: #6c6a63; --line: #e4e1d8; --accent: #7a3b1d; --track: #efece4;
      --mono: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
      --serif: "Source Serif 4", Charter, "Bitstream Charter", "DejaVu Serif", Georgia, serif;
      --sans: system-ui, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #191917; --card: #222220; --ink: #ecebe6; --soft: #a3a097; --line: #37352f; --accent: #e5a27c; --track: #33312c;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0; display: grid; grid-template-columns: 15rem minmax(0, 1fr); background: var(--paper); color: var(--ink);
      font: 15px/1.5 var(--sans);
    }
    nav {
      position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 0 1.5rem 1rem; border-right: 1px solid var(--line);
    }
    nav a {
      display: block; padding: .3rem .9rem; color: inherit; text-decoration: none; border-left: 3px solid transparent;
      overflow-wrap: anywhere;
    }
    nav a:hover { background: var(--track); }
    nav a[aria-current] { border-left-color: var(--accent); background: var(--track); font-weight: 600; }
    nav small { display: block; color: var(--soft); font-weight: 400; font-variant-numeric: tabular-nums; }
    main { padding: 2rem clamp(1rem, 3vw, 3rem) 5rem; max-width: 110rem; }
    h1 { font: 600 1.9rem/1.2 var(--serif); margin: 0 0 1rem; overflow-wrap: anywhere; }
    h2 { font: 600 1.3rem/1.3 var(--serif); margin: 2.2rem 0 .6rem; }
    p { max-width: 46rem; }
    .lead { color: var(--soft); margin: .2rem 0 1.2rem; }
    .lead b { color: var(--ink); }
    dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1.2rem; margin: 0 0 1.5rem; }
    dt { color: var(--soft); }
    dd { margin: 0; overflow-wrap: anywhere; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    th { text-align: left; font-weight: 600; color: var(--soft); font-size: .85rem; }
    th, td { padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
    td.number, th.number { text-align: right; }
    th.bars { width: 35%; }
    .wide { overflow-x: auto; }
    td a { color: inherit; }
    .stack { display: flex; height: .8rem; min-width: 8rem; background: var(--track); border-radius: 2px; overflow: hidden; }
    .legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; color: var(--soft); font-size: .9rem; }
    .swatch { display: inline-block; width: .75rem; height: .75rem; border-radius: 2px; margin-right: .4rem; vertical-align: -1px; }
    .chart { columns: 17rem; column-gap: 2.5rem; margin: 0 0 1.5rem; }
    .chart section { margin-bottom: .8rem; }
    .chart h3 { font: 600 .85rem/1.6 var(--sans); color: var(--soft); margin: 0; break-after: avoid; }
    .bar {
      display: grid; grid-template-columns: 8.5rem minmax(0, 1fr) 2.6rem; gap: .6rem; align-items: center; width: 100%;
      padding: .08rem .3rem; border: 0; border-radius: 3px; background: none; color: inherit; font: inherit; font-size: .9rem;
      text-align: left; cursor: pointer; break-inside: avoid;
    }
    .bar:hover, .bar[aria-pressed=true] { background: var(--track); }
    .bar[aria-pressed=true] { font-weight: 600; }
    .bar > span:first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .bar > span:last-child { text-align: right; font-variant-numeric: tabular-nums; }
    .bar i { display: block; height: .85rem; border-radius: 2px; }
    .tools {
      position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .5rem 1.4rem; align-items: center;
      padding: .6rem 0; margin-bottom: 1rem; background: var(--paper); border-bottom: 1px solid var(--line);
    }
    .tools div { display: flex; align-items: center; gap: .3rem; }
    .tools span { color: var(--soft); font-size: .9rem; }
    .tools button, .tools select {
      font: inherit; font-size: .9rem; padding: .2rem .7rem; color: inherit; background: var(--card); border: 1px solid var(--line);
      border-radius: 4px; cursor: pointer;
    }
    .tools button[aria-pressed=true] { background: var(--ink); color: var(--paper); border-color: var(--ink); }
    .tools label { font-size: .9rem; cursor: pointer; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: 1rem; }
    .card {
      display: flex; flex-direction: column; gap: .6rem; padding: .8rem 1rem 1rem; background: var(--card);
      border: 1px solid var(--line); border-top: 3px solid var(--tone, var(--line)); border-radius: 5px;
    }
    .card header { display: flex; align-items: baseline; gap: .7rem; }
    .card h3 { margin: 0; font: 600 1.05rem/1.3 var(--serif); flex: 1; overflow-wrap: anywhere; }
    .card .unit { font: .85rem var(--mono); color: var(--soft); }
    .card .iou { font: 600 1rem var(--mono); }
    .card .below { color: var(--soft); font-weight: 400; }
    .fits {
      display: grid; grid-template-columns: minmax(0, 8.5rem) minmax(0, 1fr) 3rem; gap: .1rem .6rem; font-size: .85rem;
      align-items: center;
    }
    .fits span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .fits b { font: .8rem var(--mono); text-align: right; }
    .fits i { display: block; height: .5rem; border-radius: 2px; }
    .images { display: grid; grid-template-columns: repeat(auto-fill, minmax(max(5.8rem, 28%), 1fr)); gap: .4rem; }
    .images figure { margin: 0; }
    .images canvas { display: block; width: 100%; height: auto; border-radius: 2px; background: var(--track); }
    .images figcaption {
      font-size: .72rem; line-height: 1.4; color: var(--soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
    }
    .numbers { display: flex; flex-wrap: wrap; gap: 0 1.1rem; font-size: .8rem; color: var(--soft); margin-top: auto; }
    .numbers b { font: .8rem var(--mono); color: var(--ink); margin-left: .3rem; }
    .empty { color: var(--soft); }
    @media (max-width: 800px) {
      body { grid-template-columns: minmax(0, 1fr); }
      nav { position: static; height: auto; display: flex; overflow-x: auto; padding: .5rem; border: 0;
        border-bottom: 1px solid var(--line); }
      nav a { flex: none; max-width: 70vw; border-left: 0; border-bottom: 3px solid transparent; }
      nav a[aria-current] { border-bottom-color: var(--accent); }
      .tools { position: static; }
      dl { grid-template-columns: minmax(0, 1fr); }
      dd { margin-bottom: .4rem; }
    }
    @media (max-width: 600px) {
      main { padding: 1.2rem .8rem 3rem; }
      .bars, .extra { display: none; }
      th, td { padding-right: .5rem; font-size: .85rem; }
      td { overflow-wrap: anywhere; }
      td.number { overflow-wrap: normal; white-space: nowrap; }
      .bar { grid-template-columns: minmax(0, 7rem) minmax(0, 1fr) 2.2rem; }
      .card header { flex-wrap: wrap; }
    }
    @media print {
      body { display: block; }
      nav, .tools { display: none; }
      .wide { overflow: visible; }
      .card { break-inside: avoid; }
    }
    """
}
