// What the map does in the browser. Panning and zooming stay here; an event that needs the model is sent to the page.
// All names come from people or tables, and reach the document as text only.
function geoclipMap(map, start) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const container = map.getContainer();
  let events = 0;
  let towns = [];
  let near = [];
  let box = null;
  let heat = null;
  let opacity = 1;
  let view = "";

  const say = (words) => start.words[words] ?? words;
  const send = (event) => {
    events += 1;
    window.Streamlit.setComponentValue({ event: { ...event, number: events, since: performance.timeOrigin } });
  };
  const element = (tag, parent, className, text) => {
    const made = L.DomUtil.create(tag, className ?? "", parent);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const button = (parent, text, action) => {
    const made = element("button", parent, "", text);
    made.type = "button";
    made.addEventListener("click", action);
    return made;
  };
  const control = (position, className) => {
    const box = L.DomUtil.create("div", className);
    L.DomEvent.disableClickPropagation(box).disableScrollPropagation(box);
    const made = L.control({ position });
    made.onAdd = () => box;
    made.addTo(map);
    return box;
  };
  const edges = (bounds) => [bounds.getSouth(), bounds.getWest(), bounds.getNorth(), bounds.getEast()];

  // --- The view: fitted again when the frame gets its width, until someone takes the map into their own hands.
  Object.entries(start.panes).forEach(([name, level]) => { map.createPane(name).style.zIndex = level; });
  container.classList.toggle("dark", start.dark);
  map.attributionControl.setPrefix("Leaflet");
  L.control.scale({ imperial: false }).addTo(map);
  map.goal = start.corners;
  map.fitBounds(map.goal, { animate: false });
  let due = false;  // Leaflet drops a jump that is wanted while it zooms by itself: it is made up for when that ends
  map.on("moveend", () => {
    if (!due || !map.goal) return;
    due = false;
    const goal = L.latLngBounds(map.goal);
    const there = Math.abs(map.getBoundsZoom(goal) - map.getZoom()) < 0.3 && map.getBounds().contains(goal.getCenter());
    if (!there) map.fitBounds(goal, { animate: false });
  });
  map.on("resize", () => map.goal && map.fitBounds(map.goal, { animate: false }));
  ["pointerdown", "wheel", "keydown"].forEach((touch) =>
    container.addEventListener(touch, () => { map.goal = null; }, { passive: true }));

  // --- Tools: look closer at what is seen, or at a box drawn by hand.
  const tools = control("topright", "tools");
  tools.hidden = !start.tools;
  const closer = button(tools, say("Look closer"), () => send({ kind: "look", box: edges(map.getBounds()) }));
  closer.title = say("Compute the map anew for what is seen");
  const draw = button(tools, say("Draw a box"), () => drawing(draw.getAttribute("aria-pressed") !== "true"));
  draw.title = say("Drag over the map; then look closer there, or search only there");
  let corner = null;
  let rectangle = null;

  const drawing = (on) => {
    draw.setAttribute("aria-pressed", on);
    container.classList.toggle("drawing", on);
    map.dragging[on ? "disable" : "enable"]();
    container.style.touchAction = on ? "none" : "";
  };
  const place = (event) => map.mouseEventToLatLng(event);
  container.addEventListener("pointerdown", (event) => {
    if (draw.getAttribute("aria-pressed") !== "true" || event.target.closest(".leaflet-control")) return;
    corner = place(event);
    rectangle?.remove();
    rectangle = L.rectangle([corner, corner], { color: "#0b63a5", weight: 2, interactive: false }).addTo(map);
  });
  container.addEventListener("pointermove", (event) => corner && rectangle.setBounds([corner, place(event)]));
  addEventListener("pointerup", () => {
    if (!corner) return;
    const bounds = rectangle.getBounds();
    corner = null;
    drawing(false);
    const [a, b] = [bounds.getNorthWest(), bounds.getSouthEast()].map((p) => map.latLngToContainerPoint(p));
    if (Math.min(b.x - a.x, b.y - a.y) < 6) return rectangle.remove();
    choose(bounds.getCenter(), [
      [say("Look closer here"), { kind: "look", box: edges(bounds) }, start.answered],
      [say("Search only in here"), { kind: "region", box: edges(bounds) }, true],
    ]);
  });

  // --- A click anywhere asks what it means.
  let quiet = 0;
  const choose = (latlng, choices) => {
    quiet = performance.now();
    const list = L.DomUtil.create("div", "choices");
    choices.forEach(([text, event, possible]) => possible && button(list, text, () => { map.closePopup(); send(event); }));
    L.popup({ closeButton: false, closeOnClick: false, minWidth: 150 }).setLatLng(latlng).setContent(list).openOn(map)
      .on("remove", () => { rectangle?.remove(); rectangle = null; });
    list.querySelector("button")?.focus({ preventScroll: true });
  };
  map.on("click", ({ latlng }) => {
    if (!start.tools || performance.now() - quiet < 300 || Math.abs(latlng.lat) > 85) return;  // the end of a drawn box is a click too
    const { lat, lng } = latlng.wrap();
    const point = [lat, lng];
    choose(latlng, [
      [say("Look here: 50 km"), { kind: "look", point, km: 50 }, start.answered],
      [say("Look here: 5 km"), { kind: "look", point, km: 5 }, start.answered],
      [say("Search around here"), { kind: "region", point }, true],
      [say("It was here"), { kind: "known", point }, start.answered],
    ]);
  });

  // --- Names of towns, thinned out by population: a larger town keeps its place, smaller ones give way.
  const names = L.layerGroup().addTo(map);
  const thin = () => {
    names.clearLayers();
    const size = map.getSize();
    const taken = [];
    const most = Math.round((size.x * size.y) / 16000);
    const far = towns.filter(([, lat, lon]) => !box?.contains([lat, lon]));
    for (const [name, lat, lon] of [...near, ...far]) {
      if (taken.length >= most) break;
      const at = map.latLngToContainerPoint([lat, lon]);
      const width = 16 + 7 * name.length;
      if (at.x < 0 || at.y < 8 || at.x + width > size.x || at.y > size.y - 8) continue;
      if (taken.some((t) => Math.abs(t.y - at.y) < 16 && at.x < t.x + t.width && t.x < at.x + width)) continue;
      taken.push({ x: at.x, y: at.y, width });
      const label = document.createElement("span");
      label.textContent = name;
      L.marker([lat, lon], {
        pane: "names", interactive: false, keyboard: false,
        icon: L.divIcon({ className: "town", iconSize: null, iconAnchor: [3, 8], html: label }),
      }).addTo(names);
    }
  };
  map.on("moveend", thin);

  // --- What the heat means, and how strongly it covers the map.
  const legend = control("bottomleft", "legend");
  legend.hidden = true;
  const explain = ({ gradient, ticks, unit, lines }) => {
    legend.replaceChildren();
    element("div", legend, "bar").style.backgroundImage = gradient;
    const scale = element("div", legend, "ticks");
    ticks.forEach(([position, words]) => {
      const tick = element("span", scale, "", words);
      tick.style.left = `${100 * position}%`;
      tick.style.transform = `translateX(${-100 * position}%)`;
    });
    element("div", legend, "unit", unit);
    const rows = element("div", legend, "lines");
    lines.forEach(([dashes, text]) => {
      const row = element("div", rows);
      row.innerHTML = '<svg viewBox="0 0 22 8"><path d="M0 4H22" stroke="currentColor" stroke-width="2"/></svg>';
      row.querySelector("path").setAttribute("stroke-dasharray", dashes ?? "");
      row.append(text);
    });
    const label = element("label", legend, "", say("Opacity"));
    const slider = element("input", label);
    Object.assign(slider, { type: "range", min: 0, max: 1, step: 0.05, value: opacity });
    slider.setAttribute("aria-label", say("Opacity of the heat"));
    slider.addEventListener("input", () => { opacity = Number(slider.value); heat?.setOpacity(opacity); });
  };

  // --- One answer.
  const pin = ({ sign, latlon, label, kind, candidate }, group) => {
    const marker = L.marker(latlon, {
      icon: L.divIcon({ className: `pin ${kind}`, iconSize: [26, 26], iconAnchor: [13, 31], html: "<b><i></i></b>" }),
      // Leaflet lays southern markers over northern ones, by pixels; here the more probable one is on top.
      zIndexOffset: kind === "chosen" ? 100000 : -1000 * (candidate ?? 0),
      keyboard: true, alt: label,
    });
    marker.on("add", () => {
      marker.getElement().querySelector("i").textContent = sign;
      marker.getElement().setAttribute("aria-label", `${sign} ${label}`);
    });
    const tip = document.createElement("span");
    tip.textContent = label;
    marker.bindTooltip(tip, { direction: "top", offset: [0, -32] });
    if (kind === "" || kind === "chosen") {
      const go = () => send({ kind: "candidate", candidate });
      marker.on("click", go).on("keypress", ({ originalEvent }) => originalEvent.key === "Enter" && go());
    }
    marker.addTo(group);
  };
  map.drawAnswer = (group, answer) => {
    start.answered = answer.heat !== null;
    closer.disabled = !start.answered;
    const outline = { interactive: false, fill: false, color: start.dark ? "#f4f7fa" : "#14202b" };
    if (answer.near) {
      L.rectangle(answer.near.box, {
        pane: "near", interactive: false, stroke: false, fillOpacity: 1, fillColor: start.sea,
      }).addTo(group);
      L.geoJSON(answer.near.land, { pane: "near", interactive: false, style: start.land }).addTo(group);
    }
    heat = null;
    if (answer.heat) {
      heat = L.imageOverlay(answer.heat.url, answer.heat.corners, { opacity, alt: "heat" }).addTo(group);
      if (answer.frame) L.rectangle(answer.heat.corners, { ...outline, color: "#7b8a99", weight: 1 }).addTo(group);
    }
    answer.outlines.forEach(({ shape, dashes, other }) => L.geoJSON(shape, {
      interactive: false, style: { ...outline, weight: answer.close ? 1.6 : 1, dashArray: dashes, ...(other && { color: "#1f7fc4" }) },
    }).addTo(group));
    if (answer.region) {
      L.geoJSON(answer.region, {
        interactive: false, style: { ...outline, color: "#0b63a5", weight: 2, dashArray: "8 6" },
      }).addTo(group);
    }
    answer.pins.forEach((made) => pin(made, group));
    if (answer.track) {
      L.polyline(answer.track.latlons, { color: "#0d7a4f", weight: 3, interactive: false }).addTo(group);
      const middle = answer.track.latlons.flat()[Math.floor(answer.track.latlons.flat().length / 2)];
      const label = document.createElement("span");
      label.textContent = answer.track.label;
      L.marker(middle, {
        interactive: false, keyboard: false, icon: L.divIcon({ className: "km", iconSize: null, html: label }),
      }).addTo(group);
    }
    legend.hidden = !answer.legend;
    if (answer.legend) explain(answer.legend);
    near = answer.near ? answer.near.towns : [];
    box = answer.near && L.latLngBounds(answer.near.box);
    const wanted = JSON.stringify([answer.fly_count, answer.view]);
    if (wanted !== view) {
      view = wanted;
      map.goal = answer.view;
      due = true;
      map.flyToBounds(map.goal, { duration: 1, animate: !still });
    }
    thin();
  };
  closer.disabled = true;

  // --- What lies under it all.
  if (start.countries) {
    map.attributionControl.addAttribution(start.attribution);
    fetch(start.countries).then((answer) => answer.json()).then((countries) => L.geoJSON(countries, {
      pane: "land", interactive: false, renderer: L.canvas({ pane: "land", padding: 1 }), style: start.land,
    }).addTo(map));
  }
  if (start.towns) {
    fetch(start.towns).then((answer) => answer.json()).then((rows) => { towns = rows; thin(); });
  }
}
