"""What the server runs where people sign in: the application behind the guard.

Started by ``dashboard.launch --auth FILE``, which sets ``MIRAGE_AUTH``.
"""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from core.access import VARIABLE
from dashboard.guard import Guard

app = st.App(
    Path(__file__).resolve().with_name("app.py"),
    middleware=[Middleware(Guard, path=Path(os.environ[VARIABLE]))],
)
