"""Jobs: what waits, works or has ended in this workspace; stop, resume, duplicate, delete and undo."""

from dashboard import state, theme
from dashboard.job_board import panel

theme.page_title("Jobs", "Trainings, benchmarks and report cards of all who use this workspace.")

with state.faults():
    panel.show()
