"""Photos pasted or dropped anywhere on the page: they go the way of an upload, limits included."""

from __future__ import annotations

import streamlit as st

_LISTEN = """
export default function () {
    const uploader = '[data-testid="stFileUploader"]';
    const take = (event, files) => {
        const photos = [...(files ?? [])];
        const input = document.querySelector(`${uploader} input[type="file"]`);
        if (!photos.length || !input) return;
        event.preventDefault();
        const moved = new DataTransfer();
        photos.forEach((photo) => moved.items.add(photo));
        input.files = moved.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
    };
    const isPhoto = (file) => file.type.startsWith("image/");
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
    const own = (event) => event.target.closest?.(uploader);  // Streamlit sees to these
    const heard = {
        paste: (event) => take(event, [...(event.clipboardData?.files ?? [])].filter(isPhoto)),
        dragover: (event) => { if (!own(event) && carriesFiles(event)) event.preventDefault(); },
        drop: (event) => { if (!own(event)) take(event, event.dataTransfer?.files); },
    };
    Object.entries(heard).forEach(([name, hear]) => document.addEventListener(name, hear));
    return () => Object.entries(heard).forEach(([name, hear]) => document.removeEventListener(name, hear));
}
"""

_listener = st.components.v2.component("paste", js=_LISTEN)


def listen() -> None:
    """Hand pasted and dropped photos to the page's uploader."""
    _listener(key="paste", height=1)
