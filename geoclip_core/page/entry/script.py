"""What Streamlit runs at every visit.

It has a folder of its own because Streamlit puts the script's folder in front of the search path for modules, and reads
``.streamlit/config.toml`` beside the script.
"""

from geoclip_core.page.page import show

show()
