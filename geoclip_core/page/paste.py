"""Photos from the clipboard: what is pasted anywhere on the page goes the way of an upload, limits included."""

from __future__ import annotations

import streamlit as st

_LISTEN = """
export default function () {
    const paste = (event) => {
        const photos = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
        const input = document.querySelector('[data-testid="stFileUploader"] input[type="file"]');
        if (!photos.length || !input) return;
        event.preventDefault();
        const moved = new DataTransfer();
        photos.forEach((photo) => moved.items.add(photo));
        input.files = moved.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
    };
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
}
"""

_listener = st.components.v2.component("paste", js=_LISTEN)


def listen() -> None:
    """Hand pasted photos to the page's uploader."""
    _listener(key="paste", height=1)
