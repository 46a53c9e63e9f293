// Puts the files that the page serves into dist/, and nothing else: `npm run collect` after `npm ci`.
import { cpSync, mkdirSync, rmSync } from "node:fs";

const FILES = {
  "node_modules/leaflet/dist/leaflet.js": "leaflet.js",
  "node_modules/leaflet/dist/leaflet.css": "leaflet.css",
  "node_modules/leaflet/dist/images": "images",
  "node_modules/leaflet/LICENSE": "leaflet.LICENSE",
  "countries.geojson": "countries.geojson",
};

rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");
for (const [from, to] of Object.entries(FILES)) cpSync(from, `dist/${to}`, { recursive: true });
