"""The page behind the front door: `streamlit run` serves this application.

Streamlit lets a WebSocket of any page come in that is on this machine, whatever its port: the door does not.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from local.door.asgi import Doorkeeper

PAGE = Path(__file__).resolve().parent / "app.py"

app = st.App(PAGE, middleware=[Middleware(Doorkeeper, ports=(int(st.get_option("server.port")),))])
