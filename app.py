"""The page: run it with ``streamlit run app.py``; add ``-- --demo`` for public hosting.

Streamlit reads this file twice over: once to serve what it finds as ``app``, then as the script of every visit.
"""

import streamlit as st

if st.runtime.exists():
    from geoclip_core.page import page

    page.show()
else:
    from starlette.middleware import Middleware

    from geoclip_core.page.server import Compressed, opened

    app = st.App(__file__, lifespan=opened, middleware=[Middleware(Compressed)])
