// The map of an album: a thumbnail for every photo, ringed by how sure its place is, close ones in one cluster.
function geoclipAlbum(map, start) {
  let events = 0;
  const send = (event) => {
    events += 1;
    window.Streamlit.setComponentValue({ event: { ...event, number: events, since: performance.timeOrigin } });
  };
  map.setMaxZoom(18);  // clusters need one
  const legend = L.control({ position: "bottomleft" });
  legend.onAdd = () => L.DomUtil.create("div", "legend rings");
  legend.addTo(map);
  legend.getContainer().hidden = true;
  let wanted = null;
  let seen = -1;
  let shown = null;
  let placing = null;

  const element = (tag, className, parent, text) => {
    const made = L.DomUtil.create(tag, className, parent);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const icon = ({ thumbnail, sure, chosen, fixed }) => {
    const box = document.createElement("span");
    if (thumbnail) Object.assign(element("img", "", box), { src: thumbnail, alt: "" });
    return L.divIcon({ className: `photo ${sure} ${chosen ? "chosen" : ""} ${fixed ? "fixed" : ""}`, iconSize: [44, 44], html: box });
  };
  const order = ["sure", "fair", "doubtful"];
  const cluster = (group) => {
    const all = group.getAllChildMarkers();
    const worst = order[Math.max(...all.map((marker) => order.indexOf(marker.options.photo.sure)))];
    const box = document.createElement("span");
    const first = all.find((marker) => marker.options.photo.thumbnail);
    if (first) Object.assign(element("img", "", box), { src: first.options.photo.thumbnail, alt: "" });
    element("b", "", box, String(all.length));
    return L.divIcon({ className: `photo cluster ${worst}`, iconSize: [52, 52], html: box });
  };
  const draw = () => {
    if (!wanted || !L.markerClusterGroup) return;
    shown?.remove();
    shown = L.markerClusterGroup({ iconCreateFunction: cluster, showCoverageOnHover: false, maxClusterRadius: 46, animate: !matchMedia("(prefers-reduced-motion: reduce)").matches });
    for (const photo of wanted.photos) {
      const marker = L.marker(photo.latlon, { icon: icon(photo), photo, keyboard: true, title: photo.label, alt: photo.label });
      marker.on("add", () => marker.getElement()?.setAttribute("aria-label", photo.label));
      marker.on("click keypress", ({ type, originalEvent }) => (type === "click" || originalEvent.key === "Enter") && send({ kind: "photo", photo: photo.id }));
      shown.addLayer(marker);
    }
    shown.addTo(map);
    const rings = wanted.legend.map(([kind, words]) => {
      const row = document.createElement("div");
      element("i", kind, row);
      row.append(words);
      return row;
    });
    legend.getContainer().replaceChildren(...rings);
    legend.getContainer().hidden = !wanted.photos.length;
    placing = wanted.placing;
    map.getContainer().classList.toggle("drawing", placing !== null);
    const turned = wanted.fly_count !== seen;
    if (turned || map.goal) {  // until someone takes the map into their own hands, it shows all photos as they come
      seen = wanted.fly_count;
      map.goal = wanted.view;
      map.fitBounds(map.goal, { animate: false, maxZoom: 12 });
    }
  };
  map.on("click", ({ latlng }) => {
    if (placing === null) return;
    const { lat, lng } = latlng.wrap();
    send({ kind: "moved", photo: placing, point: [lat, lng] });
  });
  map.drawAlbum = (answer) => { wanted = answer; draw(); };

  const script = document.createElement("script");
  script.src = start.markercluster;
  script.onload = draw;
  document.head.append(script);
}
