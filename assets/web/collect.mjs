// Puts the files that the page serves into dist/, and nothing else: `npm run collect` after `npm ci`.
import { cpSync, mkdirSync, rmSync } from "node:fs";

const FILES = {
  "node_modules/leaflet/dist/leaflet.js": "leaflet.js",
  "node_modules/leaflet/dist/leaflet.css": "leaflet.css",
  "node_modules/leaflet/dist/images": "images",
  "node_modules/leaflet/LICENSE": "leaflet.LICENSE",
  "node_modules/leaflet.markercluster/dist/leaflet.markercluster.js": "markercluster.js",
  "node_modules/leaflet.markercluster/dist/MarkerCluster.css": "markercluster.css",
  "node_modules/leaflet.markercluster/MIT-LICENCE.txt": "markercluster.LICENSE",
  "node_modules/country-flag-emoji-polyfill/dist/TwemojiCountryFlags.woff2": "flags.woff2",
  "node_modules/country-flag-emoji-polyfill/LICENSE.md": "flags.LICENSE",
  "countries.geojson": "countries.geojson",
  "towns.json": "towns.json",
};

rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");
for (const [from, to] of Object.entries(FILES)) cpSync(from, `dist/${to}`, { recursive: true });
