// Charts: neutral data in (see console/charts.py), ECharts out, one theme for all of them.
"use strict";

(() => {
  const COLOURS = ["#0f766e", "#d97706", "#4f86c6", "#8b6fb3", "#6b8e23", "#c2566e", "#5b6f6c"];
  const DARK = ["#2bb3a6", "#e8a14a", "#7aa9df", "#ab92d1", "#9cbf4f", "#e08299", "#93a6a3"];
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const live = new Map();
  const chinese = document.documentElement.lang.startsWith("zh");

  function theme() {
    const dark = document.documentElement.dataset.bsTheme === "dark";
    return {
      colours: dark ? DARK : COLOURS,
      ink: token("--ink"), soft: token("--ink-2"), faint: token("--ink-3"),
      line: token("--line"), grid: token("--line-2"), paper: token("--paper"),
      pond: dark ? "#2bb3a6" : "#14958a", deep: dark ? "#1b7f77" : "#0d5c58",
      pale: dark ? "#1f5450" : "#a9ddd5", warm: dark ? "#e8a14a" : "#d97706",
    };
  }

  const plain = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
  function value(number, unit) {
    if (number === null || number === undefined) return "–";
    if (unit === "money") {
      const sign = number < 0 ? "−" : "";
      return `${sign}¥${(Math.abs(number) / 100).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
    }
    if (unit === "rate") return `${(number * 100).toFixed(1)}%`;
    if (unit === "duration") return short(number, unit);
    return plain.format(number).replace("-", "−");
  }
  const SPANS = chinese ? [[86400, " 天"], [3600, " 小时"], [60, " 分钟"], [0, " 秒"]] : [[86400, " d"], [3600, " h"], [60, " min"], [0, " s"]];
  function short(number, unit) {
    if (unit === "duration") {
      const [size, name] = SPANS.find(([limit]) => Math.abs(number) >= limit);
      return `${+(number / (size || 1)).toFixed(1)}${name}`;
    }
    if (unit === "rate") return `${+(number * 100).toFixed(1)}%`;
    const size = unit === "money" ? number / 100 : number;
    const sign = unit === "money" ? "¥" : "";
    const steps = chinese ? [[1e8, "亿"], [1e4, "万"]] : [[1e9, "B"], [1e6, "M"], [1e3, "k"]];
    const step = steps.find(([limit]) => Math.abs(size) >= limit);
    const minus = size < 0 ? "−" : "", large = Math.abs(size);
    return step ? `${minus}${sign}${+(large / step[0]).toFixed(1)}${step[1]}` : `${minus}${sign}${+large.toFixed(2)}`;
  }

  const whole = (spec) => spec.series.every((s) => s.values.every((v) => Number.isInteger(v ?? 0)));
  const grid = (more = {}) => ({ left: 6, right: 14, top: 16, bottom: 4, containLabel: true, ...more });
  function axes(spec, look, flat, width = 0) {
    const category = {
      type: "category", data: spec.labels, axisTick: { show: false },
      axisLine: { lineStyle: { color: look.line } }, axisLabel: { color: look.faint, hideOverlap: true },
    };
    const number = {
      type: "value", splitLine: { lineStyle: { color: look.grid } }, splitNumber: 4,
      minInterval: spec.unit === "count" && whole(spec) ? 1 : undefined, // no third of a customer on the axis
      axisLabel: { color: look.faint, formatter: (n) => short(n, spec.unit) },
    };
    return flat ? { xAxis: { ...number, show: false }, yAxis: { ...category, inverse: true, axisLine: { show: false }, axisLabel: { color: look.soft, width: Math.max(70, width * 0.45), overflow: "truncate" } } }
      : { xAxis: category, yAxis: number };
  }
  const tooltip = (spec, look, more = {}) => ({
    trigger: "axis", confine: true, backgroundColor: look.paper, borderColor: look.line,
    textStyle: { color: look.ink, fontSize: 12.5 }, axisPointer: { type: "line", lineStyle: { color: look.line } },
    valueFormatter: (n) => value(n, spec.unit), ...more,
  });

  // What happened on days: bands and lines behind the series, words on top where there is room.
  const unmarked = () => { try { return localStorage.getItem("yutang-marks") === "off"; } catch { return false; } };
  const NOTES = ["campaign", "release", "incident", "other"];
  function marks(spec, look, option) {
    if (!spec.marks?.length || unmarked() || !option.series?.length) return option;
    const tone = { incident: look.colours[5], holiday: look.faint, workday: look.faint };
    const few = spec.marks.length <= 8;
    const named = (m) => ({ show: NOTES.includes(m.kind) || (few && m.kind === "sale"), formatter: m.text.replace(/^[^:：]{1,12}[:：] ?/, "").slice(0, 10), color: look.soft, fontSize: 11, position: "insideEndTop", distance: 3 });
    const colour = (m) => tone[m.kind] || (NOTES.includes(m.kind) ? look.warm : look.pond);
    const lines = spec.marks.filter((m) => m.first === m.last && m.kind !== "workday");
    const bands = spec.marks.filter((m) => m.first !== m.last);
    Object.assign(option.series[0], {
      markLine: { silent: true, symbol: "none", animation: false, data: lines.map((m) => ({ xAxis: m.first, label: named(m), lineStyle: { color: colour(m), type: "dotted", width: 1.2 } })) },
      markArea: { silent: true, animation: false, data: bands.map((m) => [{ xAxis: m.first, itemStyle: { color: colour(m), opacity: 0.09 }, label: { ...named(m), position: "insideTop" } }, { xAxis: m.last }]) },
    });
    const safe = window.echarts.format.encodeHTML;
    option.tooltip.formatter = (items) => {
      const [first] = items;
      const said = spec.marks.filter((m) => m.first <= first.dataIndex && first.dataIndex <= m.last).map((m) => `<br>◆ ${safe(m.text)}`);
      return [safe(first.name), ...items.map((p) => `${p.marker}${safe(p.seriesName)} <b>${value(p.value, spec.unit)}</b>`)].join("<br>") + said.join("");
    };
    return option;
  }

  function lines(spec, look) {
    const drawn = [];
    const shown = spec.series;
    let colour = 0;
    for (const s of shown) {
      const pale = s.role === "compare";
      if (s.role === "marks") {
        drawn.push({ type: "scatter", name: s.name, data: s.values, symbolSize: 9, itemStyle: { color: look.warm }, z: 5 });
        continue;
      }
      const tone = pale ? look.pale : look.colours[colour++ % look.colours.length];
      drawn.push({
        type: "line", name: s.name, data: s.values, symbol: s.values.length < 3 ? "circle" : "none", smooth: false,
        lineStyle: { width: pale ? 1.6 : 2.1, type: pale ? "dashed" : "solid" }, itemStyle: { color: tone }, z: pale ? 1 : 3,
        areaStyle: spec.kind === "area" && !pale ? { opacity: 0.08 } : undefined,
        labelLayout: { moveOverlap: "shiftY" }, // two lines that end at one height keep both names readable
        endLabel: { show: shown.length > 1 && shown.length < 5, formatter: "{a}", color: pale ? look.faint : tone, fontSize: 12 },
      });
    }
    const right = shown.length > 1 && shown.length < 5 ? 26 + 12 * Math.max(...shown.map((s) => s.name.length)) : 14;
    return { ...axes(spec, look), grid: grid({ right: Math.min(right, 110), top: shown.length > 4 ? 34 : 16 }), series: drawn, tooltip: tooltip(spec, look), legend: legend(shown.length > 4, look, spec) };
  }
  const FIRST = 7; // colours that stay apart; further series are there to be chosen
  const legend = (show, look, spec) => ({ show, selected: Object.fromEntries(spec.series.map((s, i) => [s.name, i < FIRST])), top: 0, right: 0, icon: "roundRect", itemWidth: 12, itemHeight: 8, textStyle: { color: look.soft }, type: "scroll" });

  function bars(spec, look, flat, stacked, width = 0) {
    const many = spec.series.length > 1;
    const series = spec.series.map((s, index) => {
      const pale = s.role === "compare";
      const tone = pale ? look.pale : many ? look.colours[index % look.colours.length] : look.pond;
      const round = stacked ? 0 : flat ? [0, 4, 4, 0] : [4, 4, 0, 0];
      return {
        type: "bar", name: s.name, data: s.values, stack: stacked ? "all" : undefined,
        itemStyle: { color: tone, borderRadius: round }, barMaxWidth: flat ? 15 : 46, barGap: "12%", labelLayout: { hideOverlap: true },
        label: { show: !stacked && (flat || spec.labels.length <= 10) && !pale, position: flat ? "right" : "top", color: look.soft, fontSize: 12, formatter: (p) => value(p.value, spec.unit) },
      };
    });
    return { ...axes(spec, look, flat, width), grid: grid({ right: flat ? 86 : 14, top: many || stacked ? 34 : 24 }), series, legend: legend(many || stacked, look, spec), tooltip: tooltip(spec, look, { axisPointer: { type: "none" } }) };
  }

  function funnel(spec, look, width) {
    const main = spec.series.find((s) => s.role === "main").values;
    const option = bars(spec, look, false, false);
    option.yAxis = { type: "value", show: false, max: "dataMax" };
    option.grid = grid({ top: spec.series.length > 1 ? 62 : 42, left: 4, right: 4 });
    option.xAxis.axisLabel = { color: look.soft, fontSize: 13, lineHeight: 16, interval: 0, width: Math.min(150, Math.max(40, width / spec.labels.length - 8)), overflow: "break" };
    const step = (p) => {
      const before = p.dataIndex ? main[p.dataIndex - 1] : 0;
      const share = before ? `\n{s|${((100 * p.value) / before).toFixed(1)}%}` : "";
      return `${value(p.value, spec.unit)}${share}`;
    };
    option.series.forEach((s, index) => {
      const first = index === 0 && spec.series[0].role === "main" && spec.series.length <= 2;
      s.barMaxWidth = first ? 82 : 40;
      if (first) { s.itemStyle = { color: look.pond, borderRadius: [5, 5, 0, 0] }; }
      s.label = { show: spec.series[index].role === "main" && spec.series.length <= 2, position: "top", formatter: step, lineHeight: 18, color: look.ink, fontSize: 12.5, rich: { s: { color: look.soft, fontSize: 12 } } };
    });
    return option;
  }

  const NARROW = 460; // below this many pixels the steps of a waterfall stand one below the other
  function waterfall(spec, look, width) {
    const flat = width < NARROW;
    const steps = spec.series[0].values;
    const last = steps.length - 1;
    let level = 0;
    const levels = steps.map((v, i) => { if (i === 0 || i === last) level = v; else level += v; return level; });
    const floor = Math.min(...levels, ...levels.map((l, i) => (i && i < last ? l - steps[i] : l)));
    const cut = floor > 0.5 * Math.max(...levels) ? floor * 0.985 : 0;
    const base = steps.map((v, i) => (i === 0 || i === last ? cut : v > 0 ? levels[i] - v : levels[i]));
    const shown = steps.map((v, i) => {
      const end = i === 0 || i === last;
      return {
        value: end ? v - cut : Math.abs(v),
        itemStyle: { color: end ? look.deep : v >= 0 ? look.pond : look.warm, borderRadius: 3 },
        label: { formatter: `${!end && v > 0 ? "+" : ""}${value(v, spec.unit)}` },
      };
    });
    const option = axes(spec, look, flat);
    const amount = { show: false, min: cut, type: "value" };
    return {
      ...option, grid: flat ? grid({ top: 4, right: 62 }) : grid({ top: 26 }),
      ...(flat ? { xAxis: amount, yAxis: { ...option.yAxis, axisLabel: { color: look.soft, interval: 0, width: 96, overflow: "break" } } } : { yAxis: amount, xAxis: { ...option.xAxis, axisLabel: { color: look.faint, interval: 0, fontSize: 11.5, lineHeight: 14, width: Math.max(24, width / spec.labels.length - 6), overflow: "break" } } }),
      series: [
        { type: "bar", stack: "a", data: base, itemStyle: { color: "transparent" }, silent: true },
        { type: "bar", stack: "a", data: shown, barMaxWidth: flat ? 14 : 34, label: { show: true, position: flat ? "right" : "top", color: look.soft, fontSize: 11.5 } },
      ],
    };
  }

  // Bars that touch: what is counted lies on one scale.
  function histogram(spec, look) {
    const option = bars(spec, look, false, false);
    option.series.forEach((s) => { Object.assign(s, { barCategoryGap: "6%", barMaxWidth: undefined }); s.itemStyle.borderRadius = [2, 2, 0, 0]; });
    return option;
  }

  function sankey(spec, look, width) {
    const nodes = spec.nodes.map((name, i) => ({ name: String(i), depth: spec.layers[i] ?? undefined, itemStyle: { color: look.colours[i % look.colours.length] } }));
    const lowest = Math.min(...nodes.map((n) => n.depth ?? 0));
    nodes.forEach((n) => { if (n.depth !== undefined) n.depth -= lowest; });
    // A node too thin for its name is named when it is pointed at.
    const through = spec.nodes.map((_, i) => Math.max(...["source", "target"].map((end) => spec.flows.reduce((sum, f) => sum + (f[end] === i ? f.value : 0), 0))));
    const layers = nodes.reduce((sums, n, i) => sums.set(n.depth, (sums.get(n.depth) || 0) + through[i]), new Map());
    nodes.forEach((n, i) => { if (through[i] * (spec.height - 20) < 11 * Math.max(...layers.values())) n.label = { show: false }; });
    const named = (p) => (p.dataType === "edge" ? `${spec.nodes[+p.data.source]} → ${spec.nodes[+p.data.target]}` : spec.nodes[+p.name]);
    return {
      tooltip: { ...tooltip(spec, look), trigger: "item", formatter: (p) => `${window.echarts.format.encodeHTML(named(p))}<br><b>${value(p.value, spec.unit)}</b>` },
      series: [{
        type: "sankey", data: nodes, links: spec.flows.map((f) => ({ source: String(f.source), target: String(f.target), value: f.value })),
        left: 4, right: width < NARROW ? 70 : 130, top: 10, bottom: 10, nodeWidth: 12, nodeGap: 12, layoutIterations: 24, draggable: false,
        emphasis: { focus: "adjacency" }, lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 },
        label: { color: look.ink, fontSize: 12, width: width < NARROW ? 64 : 120, overflow: "truncate", formatter: (p) => spec.nodes[+p.name] },
      }],
    };
  }

  const KINDS = {
    histogram, sankey, curve: lines,
    line: lines, area: lines, funnel, waterfall,
    bar: (s, l) => bars(s, l, false, false), rows: (s, l, w) => bars(s, l, true, false, w), stacked: (s, l) => bars(s, l, false, true),
  };

  function draw(figure) {
    const canvas = figure.querySelector(".canvas");
    const spec = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
    const look = theme();
    const font = getComputedStyle(document.body).fontFamily;
    const chart = live.get(figure) || window.echarts.init(canvas, null, { renderer: "canvas" });
    live.set(figure, chart);
    if (spec.kind === "waterfall") {
      const height = canvas.clientWidth < NARROW ? Math.max(spec.height, 27 * spec.labels.length) : spec.height;
      canvas.style.height = `${height}px`;
      chart.resize();
    }
    chart.setOption({ animation: false, color: look.colours, textStyle: { fontFamily: font, color: look.soft }, ...marks(spec, look, KINDS[spec.kind](spec, look, canvas.clientWidth)) }, true);
    chart.off("click");
    if (spec.links && spec.links.length) chart.on("click", (p) => { const to = (p.dataType === "node" ? spec.node_links : spec.links)?.[p.dataIndex]; if (to) location.href = to; });
    one("[data-chart-marks]", figure)?.setAttribute("aria-pressed", String(!unmarked()));
    canvas.dataset.drawn = "1";
  }
  function drawAll() {
    for (const [figure, chart] of live) if (!figure.isConnected) { chart.dispose(); live.delete(figure); }
    document.querySelectorAll("figure.chart").forEach((figure) => { if (!live.has(figure)) draw(figure); });
  }

  // --- many series: search them, take the first few, choose ---
  const choose = (box) => live.get(box.closest("figure")).dispatchAction({ type: box.checked ? "legendSelect" : "legendUnSelect", name: box.dataset.series });
  document.addEventListener("input", (event) => {
    const boxes = [...event.target.closest(".series")?.querySelectorAll("[data-series]") || []];
    if (event.target.matches("[data-series-find]")) {
      const wanted = event.target.value.trim().toLowerCase();
      boxes.forEach((box) => { box.parentElement.hidden = !box.dataset.series.toLowerCase().includes(wanted); });
    } else if (event.target.matches("[data-series-top]")) {
      boxes.forEach((box, i) => { box.checked = i < Number(event.target.value); choose(box); });
    } else if (event.target.matches("[data-series]")) choose(event.target);
  });
  document.addEventListener("yutang:theme", () => live.forEach((_, figure) => draw(figure)));
  document.addEventListener("htmx:after:swap", drawAll);
  window.addEventListener("resize", () => live.forEach((chart, figure) => { chart.resize(); draw(figure); }));
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-chart-marks]")) {
      localStorage.setItem("yutang-marks", unmarked() ? "on" : "off");
      live.forEach((_, figure) => draw(figure));
    }
    const button = event.target.closest("[data-chart-png]");
    if (!button) return;
    const chart = live.get(button.closest("figure"));
    const link = document.createElement("a");
    link.href = chart.getDataURL({ pixelRatio: 2, backgroundColor: theme().paper });
    link.download = `${button.dataset.chartPng}.png`;
    link.click();
  });
  drawAll();
})();
