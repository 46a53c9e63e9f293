"""The page: run it with ``streamlit run app.py``; add ``-- --demo`` for public hosting.

``python -m geoclip_core app`` opens the same page where the package is installed without this file.
"""

import streamlit as st
from starlette.middleware import Middleware

from geoclip_core.page.launch import SCRIPT
from geoclip_core.page.server import Compressed, opened

# Streamlit reads this file for an assignment of st.App before it runs it, so it stands here in full.
app = st.App(SCRIPT, lifespan=opened, middleware=[Middleware(Compressed)])
